#include "cli/sweep_end.hpp"

#include "sweepctl/core/json_text.hpp"

#include "cli/progress.hpp"

#include <catch2/catch.hpp>

using namespace sweepctl;
using namespace sweepctl::cli;
using namespace std::chrono_literals;

namespace {

ParamValue sweep(const std::string& status,
                 const std::string& counts,
                 const std::string& more = {}) {
    return *parse_json(R"({"id":"s1","status":")" + status + R"(","counts":{)" + counts + "}" +
                       (more.empty() ? "" : "," + more) + "}");
}

}  // namespace

TEST_CASE("sweep end: every status has its answer", "[cli][sweep_end]") {
    struct Row {
        const char* status;
        const char* counts;
        const char* more;
        int code;  // -1: it goes on
        bool certain;
    };
    const auto row = GENERATE(values<Row>({
        {"pending", R"("pending":3)", "", -1, true},
        {"running", R"("running":1,"failed":2)", "", -1, true},
        {"paused", R"("running":0,"finished":2)", R"("drained":true)", -1, true},
        {"paused", R"("failed":10)", R"("reason":"fail_fast","drained":true)", kGaveUp, true},
        {"paused", R"("failed":10,"pending":1)", R"("reason":"fail_fast","drained":false)", kGaveUp,
         false},
        {"paused", R"("failed":10,"running":1)", R"("reason":"fail_fast")", -1, true},
        {"finished", R"("finished":4)", "", kOk, true},
        {"finished", R"("finished":3,"failed":1)", "", kRunsFailed, true},
        {"finished", R"("finished":3,"crashed":1)", "", kRunsFailed, true},
        {"finished", R"("finished":3,"killed":1)", "", kRunsFailed, true},
        {"finished", "", "", kOk, true},
        {"stopped", R"("finished":3,"running":1)", "", -1, true},
        {"stopped", R"("finished":3)", R"("drained":true)", kOk, true},
        {"stopped", R"("finished":3,"killed":1)", R"("drained":true)", kRunsFailed, true},
        {"stopped", R"("finished":3,"pending":2)", R"("drained":false)", kRunsFailed, false},
        {"cancelled", R"("killed":3)", "", kGaveUp, true},
        {"cancelled", R"("killed":2,"running":1)", "", -1, true},
        {"cancelled", R"("killed":2,"pending":1)", "", -1, true},
        {"failed", R"("running":1)", "", kGaveUp, true},
        {"crashed", "", "", kGaveUp, true},
        {"a status of a later version", "", "", -1, true},
    }));
    CAPTURE(row.status, row.counts, row.more);
    const auto end = end_of(sweep(row.status, row.counts, row.more));
    REQUIRE(end.has_value() == (row.code >= 0));
    if (end) {
        CHECK(end->code == row.code);
        CHECK(end->certain == row.certain);
        CHECK_FALSE(end->why.empty());
    }
}

TEST_CASE("sweep end: garbage goes on, and breaks nothing", "[cli][sweep_end]") {
    for (const char* text :
         {"{}", "[]", "null", R"({"status":3})", R"({"status":"finished","counts":[]})",
          R"({"status":"finished","counts":{"failed":-1,"finished":"x"}})"}) {
        CAPTURE(text);
        const auto end = end_of(*parse_json(text));
        if (end) CHECK(end->code == kOk);
    }
}

TEST_CASE("pace: an end is foretold from the last minute", "[cli][progress]") {
    const WallTime start{};
    Pace pace;
    CHECK_FALSE(pace.time_for(10).has_value());
    pace.add(start, 0);
    CHECK_FALSE(pace.time_for(10).has_value());
    for (int i = 1; i <= 10; ++i)
        pace.add(start + i * 1s, static_cast<std::uint64_t>(i));
    CHECK(pace.time_for(10) == 10s);
    CHECK(pace.time_for(0) == 0s);
    // It became ten times faster, more than a minute ago.
    for (int i = 1; i <= 700; ++i)
        pace.add(start + 10s + i * 100ms, static_cast<std::uint64_t>(10 + i));
    CHECK(pace.time_for(100) == 10s);
    // Runs were deleted: what was seen before tells nothing.
    pace.add(start + 100s, 5);
    CHECK_FALSE(pace.time_for(10).has_value());
}

TEST_CASE("progress: the bar is full only when all is done", "[cli][progress]") {
    CHECK(progress_bar(0, 10, 10, false) == "[----------]");
    CHECK(progress_bar(5, 10, 10, false) == "[#####-----]");
    CHECK(progress_bar(999, 1000, 10, false) == "[#########-]");
    CHECK(progress_bar(10, 10, 10, false) == "[##########]");
    CHECK(progress_bar(11, 10, 10, false) == "[##########]");
    CHECK(progress_bar(0, 0, 3, false) == "[---]");
    CHECK(progress_bar(1, 2, 2, true) == "█░");
}

TEST_CASE("progress: lines fit every terminal, and say what matters", "[cli][progress]") {
    Progress progress;
    progress.sweep = sweep("running", R"("running":2,"finished":1234,"failed":1,"pending":9)",
                           R"("expected_runs":1000000,"name":"a\u001b[2Jname","reason":"because",)"
                           R"("best":{"run":"r1","value":0.5},"metric":{"name":"loss"})");
    progress.note = "the controller is gone";
    for (int i = 0; i < 5; ++i) {
        progress.latest.push_front({WallTime{}, "r" + std::to_string(i), "finished", "exit 1",
                                    "lr=0.1 optimizer.name=sgd", "loss=0.3"});
    }
    for (std::size_t width = 1; width < 130; ++width) {
        for (const std::size_t height : {std::size_t{1}, std::size_t{4}, std::size_t{40}}) {
            CAPTURE(width, height);
            const auto lines =
                progress_lines(progress, Terminal(true, false, true, width), WallTime{}, height);
            CHECK(lines.size() <= height);
            CHECK(lines.size() >= 1);
            for (const std::string& line : lines) {
                CHECK(line.find('\x1b') == std::string::npos);
                CHECK(line.size() <= 4 * width);
            }
        }
    }
    const auto lines = progress_lines(progress, Terminal(true, false, true, 100), WallTime{}, 40);
    CHECK(lines.at(1).find("1,235/1,000,000  0%") != std::string::npos);
    CHECK(lines.at(2).find("1 failed") != std::string::npos);
    CHECK(lines.at(3) == "best loss 0.5 (run r1)");
    CHECK(lines.at(4) == "the controller is gone");
}

// What early stopping reads of the store after a restart. Both stores say the same.

#include "sweepctl/store/memory_store.hpp"
#include "sweepctl/store/reader.hpp"
#include "sweepctl/store/sqlite_store.hpp"

#include "records.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace sweepctl;

namespace {

/// Of sweep s1 run r9 began anew after its first attempt, and was preempted twice since.
Changes logged() {
    Changes changes;
    changes.new_sweeps = {make_sweep("s1"), make_sweep("s2")};
    for (const auto& [id, number] : {std::pair("r9", 1), std::pair("r2", 2), std::pair("r3", 3)})
        changes.runs.push_back(
            RunRow{make_run(id, "s1", static_cast<std::uint64_t>(number)), true});
    changes.runs.push_back(RunRow{make_run("r4", "s2", 1), true});
    changes.runs[0].run.attempt = 4;
    changes.attempts.resize(3);
    for (std::uint32_t i = 0; i < 3; ++i) {
        changes.attempts[i].run = RunId("r9");
        changes.attempts[i].attempt = i + 1;
        changes.attempts[i].state = i == 0 ? RunState::failed : RunState::pending;
    }
    const auto log = [&](const char* run, std::uint32_t attempt, std::vector<std::string> lines) {
        changes.metrics.push_back(MetricLines{RunId(run), attempt, 0, std::move(lines)});
    };
    log("r9", 1, {R"({"a.b":99})"});
    log("r9", 2, {R"({"a.b":9})", R"({"x":1})"});
    log("r9", 4, {R"({"a":{"b":7}})"});
    log("r9", 3, {R"({"a.b":8.5})"});
    log("r2", 1, {R"({"a.b":"5"})", R"({"a.b":2,"a.bc":3})", R"({"a.b":1})"});
    log("r3", 1, {R"({"a.b":NaN})", R"({"a.b":true})", R"({"a.b":1e999})", R"({"b":4})"});
    log("r4", 1, {R"({"a.b":6})"});
    return changes;
}

}  // namespace

TEST_CASE("store: a metric's history is that of each run since it last began anew",
          "[store][contract]") {
    const TemporaryDirectory directory;
    const bool in_memory = GENERATE(true, false);
    const std::unique_ptr<Store> store = in_memory
                                             ? std::unique_ptr<Store>(std::make_unique<MemoryStore>(
                                                   std::make_shared<MemoryDisk>(1), [] {}))
                                             : open_sqlite_store(directory / "db", [] {}, {});
    // It sees what was handed in before, so nothing has to be waited for.
    store->commit(logged(), [](std::optional<StoreError> error) { CHECK_FALSE(error); });
    const std::vector<MetricSeries> history = store->metric_history(SweepId("s1"), "a.b");
    REQUIRE(history.size() == 2);  // By number, not by id.
    CHECK(history[0].number == 1);
    CHECK(history[0].values == std::vector<double>{9, 8.5, 7});
    CHECK(history[1].number == 2);
    CHECK(history[1].values == std::vector<double>{2, 1});
    CHECK(store->metric_history(SweepId("s2"), "a.b").size() == 1);
    CHECK(store->metric_history(SweepId("s2"), "a.c").empty());
    CHECK(store->metric_history(SweepId("s9"), "a.b").empty());
    store->poll();
}

TEST_CASE("store: runs are listed with what a search looks at, where that is asked for",
          "[store]") {
    StoredDatabase database;
    Changes changes = logged();
    changes.new_sweeps[0].record.metric_name = "a.b";
    changes.runs[0].run.suggestion = 0;
    changes.runs[1].run.suggestion.reset();
    database.commit(std::move(changes));
    RunsQuery query;
    query.sweep = SweepId("s1");
    const auto page = [&] {
        return *database.read([&](ReadSession& session) { return runs_page(session, query); });
    };
    CHECK(page().find("history") == std::string::npos);
    CHECK(pace_of(query) == Pace::quick);
    query.histories = true;
    CHECK(pace_of(query) == Pace::slow);
    for (const char* const sort : {"", "lr"}) {
        query.sort = sort;
        const std::string text = page();
        CHECK(text.find(R"("suggestion":0,"history":[{"a.b":9.0},{"a.b":8.5},{"a.b":7.0}]})") !=
              std::string::npos);
        CHECK(text.find(R"("suggestion":null,"history":[{"a.b":2.0},{"a.b":1.0}]})") !=
              std::string::npos);
        CHECK(text.find(R"("history":[]})") != std::string::npos);
    }
}

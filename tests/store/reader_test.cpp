#include "sweepctl/store/reader.hpp"

#include "records.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace sweepctl;

namespace {

Changes two_sweeps() {
    Changes changes;
    NewSweep first = make_sweep("abc1");
    first.record.counts[RunState::finished] = 1;
    first.record.expected_runs = 18'000'000'000'000'000'000U;
    first.record.best = BestRun{RunId("r1"), 0.25};
    first.record.parallel = 2;
    first.record.reason = "fail_fast";
    first.record.started_at = at(1'795'341'600'000);
    first.origin.spec = "method: grid # \"q\"\n";
    first.origin.env = {{"SECRET_TOKEN", "hunter2"}};
    NewSweep second = make_sweep("abd2");
    second.record.project = "other";
    second.record.metric_name = "";
    second.record.status = SweepStatus::paused;
    changes.new_sweeps = {first, second};
    changes.runs = {RunRow{in_state(make_run("r1", "abc1", 1), RunState::finished), true},
                    RunRow{make_run("r2", "abd2", 1), true}};
    changes.events = {state_event(1, changes.runs[0].run, ""),
                      state_event(2, changes.runs[1].run, "")};
    AuditEvent status;
    status.id = 3;
    status.time = at(1'795'341'600'000);
    status.actor = "user root";
    status.sweep = SweepId("abd2");
    status.kind = "sweep_status";
    status.from = "running";
    status.to = "paused";
    changes.events.push_back(status);
    changes.events.push_back(state_event(4, changes.runs[0].run, "finished"));
    return changes;
}

}  // namespace

TEST_CASE("sweep: it is shown with every field of the API, and without its environment",
          "[store][reader]") {
    StoredDatabase database;
    database.commit(two_sweeps());
    const auto sweep =
        database.read([](ReadSession& session) { return sweep_json(session, SweepId("abc1")); });
    REQUIRE(sweep);
    CHECK(*sweep ==
          R"({"id":"abc1","name":"sweep abc1","project":"digits","entity":"local",)"
          R"("status":"running","reason":"fail_fast","method":"grid","counts":{"pending":0,)"
          R"("running":0,"finished":1,"failed":0,"crashed":0,"killed":0},)"
          R"("expected_runs":18000000000000000000,"exhausted":false,)"
          R"("best":{"run":"r1","value":0.25},"metric":{"name":"loss","goal":"minimize"},)"
          R"("parallel":2,"run_cap":null,"seed":7,"prior":null,"spec":"method: grid # \"q\"\n",)"
          R"("created_at":"2026-11-22T10:00:00.000Z","started_at":"2026-11-22T10:00:00.000Z",)"
          R"("ended_at":null,"drained":true})");
    const auto other =
        database.read([](ReadSession& session) { return sweep_json(session, SweepId("abd2")); });
    REQUIRE(other);
    CHECK_THAT(*other, Catch::Contains(R"("best":null,"metric":null)"));
    CHECK_THAT(*other, Catch::Contains(R"("drained":false)"));
    CHECK_FALSE(
        database.read([](ReadSession& session) { return sweep_json(session, SweepId("abc")); }));
    CHECK(database.read([](ReadSession& session) { return sweep_spec(session, SweepId("abc1")); }) ==
          "method: grid # \"q\"\n");
    CHECK_FALSE(
        database.read([](ReadSession& session) { return sweep_spec(session, SweepId("abc")); }));
}

TEST_CASE("sweeps page: the newest first, narrowed, page by page", "[store][reader]") {
    StoredDatabase database;
    database.commit(two_sweeps());
    Changes third;
    third.new_sweeps = {make_sweep("zzz3")};
    database.commit(third);
    const auto ids = [&](SweepsQuery query) {
        std::string found;
        for (;;) {
            const auto page =
                database.read([&](ReadSession& session) { return sweeps_page(session, query); });
            REQUIRE(page.ok());
            for (const std::string id : {"abc1", "abd2", "zzz3"}) {
                if (page->find("{\"id\":\"" + id + "\"") != std::string::npos) found += id + " ";
            }
            CHECK(page->find("hunter2") == std::string::npos);
            CHECK(page->find("\"spec\"") == std::string::npos);
            const std::size_t next = page->find("\"next_cursor\":\"");
            if (next == std::string::npos) return found;
            query.cursor = page->substr(next + 15, page->size() - next - 17);
        }
    };
    CHECK(ids({{}, "", "", 1, ""}) == "zzz3 abd2 abc1 ");
    CHECK(ids({{}, "digits", "", 1, ""}) == "zzz3 abc1 ");
    CHECK(ids({{}, "digits", "nobody", 1, ""}) == "");
    CHECK(ids({{SweepStatus::paused, SweepStatus::failed}, "", "local", 1, ""}) == "abd2 ");
    const auto bad = database.read([](ReadSession& session) {
        return sweeps_page(session, {{}, "", "", 1, "n1"});
    });
    CHECK_FALSE(bad.ok());
}

TEST_CASE("events: of all, of a sweep, of a run, after an id", "[store][reader]") {
    StoredDatabase database;
    database.commit(two_sweeps());
    const auto ids = [&](const EventsQuery& query) {
        std::string found;
        const auto events =
            database.read([&](ReadSession& session) { return events_after(session, query); });
        for (const EventText& event : events)
            found += std::to_string(event.id);
        return found;
    };
    CHECK(ids({}) == "1234");
    CHECK(ids({SweepId("abc1"), {}, 0, 100}) == "14");
    CHECK(ids({SweepId("abc1"), {}, 1, 100}) == "4");
    CHECK(ids({{}, RunId("r2"), 0, 100}) == "2");
    CHECK(ids({SweepId("abc1"), RunId("r2"), 0, 100}) == "");
    CHECK(ids({SweepId("nope"), {}, 0, 100}) == "");
    CHECK(ids({{}, RunId("nope"), 0, 100}) == "");
    CHECK(ids({{}, {}, 2, 1}) == "3");
    const auto page = database.read([](ReadSession& session) {
        return events_page(session, {{}, {}, 1, 2});
    });
    CHECK(page ==
          R"({"items":[{"id":2,"time":"2026-11-22T10:00:00.001Z","actor":"controller",)"
          R"("sweep":"abd2","run":"r2","attempt":1,"kind":"run_state","from":null,)"
          R"("to":"pending","reason":null,"detail":null},)"
          R"({"id":3,"time":"2026-11-22T10:00:00.000Z","actor":"user root","sweep":"abd2",)"
          R"("run":null,"attempt":null,"kind":"sweep_status","from":"running","to":"paused",)"
          R"("reason":null,"detail":null}],"next_cursor":"3"})");
    CHECK(database.read([](ReadSession& session) { return last_event_id(session); }) == 4);
}

TEST_CASE("ids: a unique prefix will do, several are listed, and an exact one wins",
          "[store][reader]") {
    StoredDatabase database;
    Changes changes = two_sweeps();
    for (std::uint64_t number = 2; number <= 20; ++number)
        changes.runs.push_back(
            RunRow{make_run("q" + std::to_string(number), "abc1", number), true});
    changes.runs.push_back(RunRow{make_run("x\xff\xff", "abc1", 21), true});
    database.commit(changes);
    struct Row {
        bool run;
        IdQuery query;
        IdMatch::Kind kind;
        std::string id;
        std::size_t candidates;
    };
    using Kind = IdMatch::Kind;
    const auto row = GENERATE(values<Row>({
        {false, {"abc1", "", ""}, Kind::found, "abc1", 0},
        {false, {"abc", "", ""}, Kind::found, "abc1", 0},
        {false, {"ab", "", ""}, Kind::ambiguous, "", 2},
        {false, {"ab", "other", ""}, Kind::found, "abd2", 0},
        {false, {"abc1", "other", ""}, Kind::none, "", 0},
        {false, {"ab", "", "nobody"}, Kind::none, "", 0},
        {false, {"", "", ""}, Kind::none, "", 0},
        {false, {"abc12", "", ""}, Kind::none, "", 0},
        {false, {"%", "", ""}, Kind::none, "", 0},
        {false, {"_bc", "", ""}, Kind::none, "", 0},
        {true, {"q2", "", ""}, Kind::found, "q2", 0},
        {true, {"q1", "", ""}, Kind::ambiguous, "", 10},
        {true, {"q", "", ""}, Kind::ambiguous, "", 10},
        {true, {"r", "", ""}, Kind::ambiguous, "", 2},
        {true, {"r", "digits", "local"}, Kind::found, "r1", 0},
        {true, {"x\xff", "", ""}, Kind::found, "x\xff\xff", 0},
        {true, {"\xff", "", ""}, Kind::none, "", 0},
    }));
    CAPTURE(row.query.prefix, row.query.project);
    const IdMatch match = database.read([&](ReadSession& session) {
        return row.run ? match_run_id(session, row.query) : match_sweep_id(session, row.query);
    });
    CHECK(match.kind == row.kind);
    CHECK(match.id == row.id);
    CHECK(match.candidates.size() == row.candidates);

    Changes deletion;
    deletion.deleted_sweeps = {SweepId("abc1")};
    database.commit(deletion);
    CHECK(database.read([&](ReadSession& session) {
                      return match_run_id(session, {"q2", "", ""});
                  })
              .kind == Kind::none);
}

TEST_CASE("store counts: runs by state over all sweeps", "[store][reader]") {
    StoredDatabase database;
    database.commit(two_sweeps());
    const StoreCounts counts =
        database.read([](ReadSession& session) { return store_counts(session); });
    CHECK(counts.sweeps == 2);
    CHECK(counts.runs[RunState::finished] == 1);
    CHECK(counts.runs.total() == 1);
}

TEST_CASE("reader: answers come from poll(), on the caller's thread, in order", "[store][reader]") {
    StoredDatabase database;
    database.commit(two_sweeps());
    WakeUp wake;
    const auto reader = open_reader(database.path(), wake.callback());
    const auto here = std::this_thread::get_id();
    std::vector<int> order;
    bool right_threads = true;
    for (int i = 0; i < 100; ++i) {
        reader->read(
            Pace::quick,
            [i, here](ReadSession& session) {
                return std::pair(i,
                                 last_event_id(session) == 4 && std::this_thread::get_id() != here);
            },
            [&](Result<std::pair<int, bool>, ReadError> result) {
                REQUIRE(result.ok());
                order.push_back(result->first);
                right_threads =
                    right_threads && result->second && std::this_thread::get_id() == here;
            });
    }
    CHECK(order.empty());
    REQUIRE(wake.poll_until([&] { reader->poll(); }, [&] { return order.size() == 100; }));
    CHECK(std::is_sorted(order.begin(), order.end()));
    CHECK(right_threads);
}

TEST_CASE("reader: a slow query holds up no quick one, and each sees one moment",
          "[store][reader]") {
    StoredDatabase database;
    database.commit(two_sweeps());
    WakeUp wake;
    const auto reader = open_reader(database.path(), wake.callback());
    std::mutex mutex;
    std::condition_variable changed;
    bool begun = false;
    bool go_on = false;
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    bool slow_done = false;
    reader->read(
        Pace::slow,
        [&](ReadSession& session) {
            const std::uint64_t first = last_event_id(session);
            std::unique_lock lock(mutex);
            begun = true;
            changed.notify_all();
            changed.wait(lock, [&] { return go_on; });
            return std::pair(first, last_event_id(session));
        },
        [&](Result<std::pair<std::uint64_t, std::uint64_t>, ReadError> result) {
            before = result->first;
            after = result->second;
            slow_done = true;
        });
    {
        std::unique_lock lock(mutex);
        REQUIRE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return begun; }));
    }
    Changes more;
    more.events = {state_event(5, make_run("r9", "abc1", 9), "")};
    database.commit(more);
    std::uint64_t quick = 0;
    reader->read(
        Pace::quick, [](ReadSession& session) { return last_event_id(session); },
        [&](Result<std::uint64_t, ReadError> result) { quick = *result; });
    CHECK(wake.poll_until([&] { reader->poll(); }, [&] { return quick != 0; }));
    CHECK(quick == 5);
    CHECK_FALSE(slow_done);
    {
        const std::lock_guard lock(mutex);
        go_on = true;
    }
    changed.notify_all();
    CHECK(wake.poll_until([&] { reader->poll(); }, [&] { return slow_done; }));
    CHECK(before == 4);
    CHECK(after == 4);
}

TEST_CASE("reader: what goes wrong in a query is an error of that query", "[store][reader]") {
    StoredDatabase database;
    WakeUp wake;
    const auto reader = open_reader(database.path(), wake.callback());
    std::string message;
    std::uint64_t next = 1;
    reader->read(
        Pace::quick, [](ReadSession&) -> int { throw std::runtime_error("something is wrong"); },
        [&](Result<int, ReadError> result) { message = result.error().message; });
    reader->read(
        Pace::quick, [](ReadSession& session) { return last_event_id(session); },
        [&](Result<std::uint64_t, ReadError> result) { next = *result; });
    REQUIRE(wake.poll_until([&] { reader->poll(); }, [&] { return next == 0; }));
    CHECK_THAT(message, Catch::Contains("something is wrong"));
}

TEST_CASE("reader: it can be destroyed in the middle of a long query", "[store][reader]") {
    StoredDatabase database;
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    for (std::uint64_t number = 1; number <= 3'000; ++number)
        changes.runs.push_back(RunRow{make_run("r" + std::to_string(number), "s1", number), true});
    database.commit(changes);
    std::atomic<bool> begun = false;
    auto reader = open_reader(database.path(), [] {});
    bool told = false;
    for (const Pace pace : {Pace::quick, Pace::slow}) {
        reader->read(
            pace,
            [&begun](ReadSession& session) {
                RunsQuery query;
                query.sweep = SweepId("s1");
                query.sort = "-config.lr";
                // Without end, unless it is interrupted.
                for (;;) {
                    if (!runs_page(session, query).ok()) return 0;
                    begun = true;
                    begun.notify_all();
                }
            },
            [&](Result<int, ReadError>) { told = true; });
    }
    begun.wait(false);
    reader.reset();
    CHECK_FALSE(told);
}

TEST_CASE("reader: a database that is not there is an error with its name", "[store][reader]") {
    TemporaryDirectory directory;
    CHECK_THROWS_WITH(open_reader(directory / "none.db", [] {}), Catch::Contains("none.db"));
    CHECK_THROWS_WITH(read_database(directory / "none.db", [](ReadSession&) {}),
                      Catch::Contains("there is no database"));
}

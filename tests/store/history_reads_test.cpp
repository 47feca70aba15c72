#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/project_reads.hpp"

#include "client_records.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

using namespace sweepctl;

namespace {

/// r1 with a client that sent these lines of history.
Changes run_with_history(const std::vector<std::string>& lines) {
    Changes changes;
    changes.projects = {make_project("digits")};
    changes.new_sweeps = {make_drawer("d1")};
    Run run = with_client(in_state(make_run("r1", "d1", 1), RunState::running), lines.size());
    changes.runs = {RunRow{run, true}};
    changes.streams = {make_lines("r1", RunStream::history, 0, lines)};
    return changes;
}

std::vector<std::string> rows(StoredDatabase& database, const HistoryQuery& query) {
    return database.read(
        [&](ReadSession& session) { return history_rows(session, RunId("r1"), query); });
}

std::vector<std::int64_t> steps(const std::vector<std::string>& rows) {
    std::vector<std::int64_t> steps;
    for (const std::string& row : rows) {
        const Result<ParamValue, JsonError> value = parse_json(row);
        REQUIRE(value.ok());
        steps.push_back(*find(*value->get_if<ParamMap>(), "_step")->get_if<std::int64_t>());
    }
    return steps;
}

HistoryQuery range(std::int64_t min, std::int64_t max, bool included = false) {
    HistoryQuery query;
    query.samples = 1'000'000;
    query.min_step = min;
    query.max_step = max;
    query.max_included = included;
    return query;
}

std::vector<std::int64_t> from_to(std::int64_t first, std::int64_t end) {
    std::vector<std::int64_t> all;
    for (; first < end; ++first)
        all.push_back(first);
    return all;
}

}  // namespace

TEST_CASE("history: rows are as they were sent, all of them where they suffice", "[store][wandb]") {
    StoredDatabase database;
    const std::vector<std::string> lines{R"({"_step":0,"loss":NaN,"a":{"b":1.50}})",
                                         R"({ "loss": -Infinity, "_step": 7 })",
                                         R"({"_step":8,"text":"\u00e9\"}"})"};
    database.commit(run_with_history(lines));
    HistoryQuery query;
    for (const std::size_t samples : {3U, 4U, 500U}) {
        query.samples = samples;
        CHECK(rows(database, query) == lines);
    }
    query.samples = 2;
    CHECK(rows(database, query) == std::vector<std::string>{lines[0], lines[2]});
    query.samples = 1;
    CHECK(rows(database, query) == std::vector<std::string>{lines[2]});
    query.samples = 0;
    CHECK(rows(database, query).empty());
    const auto nobody = database.read(
        [](ReadSession& session) { return history_rows(session, RunId("nobody"), {}); });
    CHECK(nobody.empty());
}

TEST_CASE("history: samples are spread over the run", "[store][wandb]") {
    StoredDatabase database;
    database.commit(run_with_history(history_of(0, 10'000)));
    HistoryQuery query;
    const std::vector<std::int64_t> found = steps(rows(database, query));
    REQUIRE(found.size() == 500);
    CHECK(found.front() == 0);
    CHECK(found.back() == 9'999);
    for (std::size_t i = 1; i < found.size(); ++i) {
        CHECK(found[i] > found[i - 1]);
        CHECK(found[i] - found[i - 1] <= 21);
    }
    query.samples = 10'000;
    CHECK(rows(database, query).size() == 10'000);
}

TEST_CASE("history: ranges of steps, one after the other, give every row once", "[store][wandb]") {
    StoredDatabase database;
    database.commit(run_with_history(history_of(0, 3'500)));
    // On one session, as a controller has it: what it learns of the steps must change nothing.
    database.read([&](ReadSession& session) {
        for (int round = 0; round < 2; ++round) {
            for (const std::int64_t size : {700, 1'000, 3'499}) {
                std::vector<std::int64_t> all;
                for (std::int64_t at = 0; at < 3'500; at += size) {
                    const auto page =
                        steps(history_rows(session, RunId("r1"), range(at, at + size)));
                    all.insert(all.end(), page.begin(), page.end());
                }
                CHECK(all == from_to(0, 3'500));
            }
        }
        CHECK(steps(history_rows(session, RunId("r1"), range(5, 8, true))) == from_to(5, 9));
        CHECK(steps(history_rows(session, RunId("r1"), range(5, 8, false))) == from_to(5, 8));
        CHECK(history_rows(session, RunId("r1"), range(5, 5)).empty());
        CHECK(history_rows(session, RunId("r1"), range(9, 5)).empty());
        CHECK(steps(history_rows(session, RunId("r1"), range(-9, 1))) == from_to(0, 1));
        HistoryQuery some = range(1'000, 2'000);
        some.samples = 11;
        const auto few = steps(history_rows(session, RunId("r1"), some));
        REQUIRE(few.size() == 11);
        CHECK(few.front() == 1'000);
        CHECK(few.back() == 1'999);
        return 0;
    });
}

TEST_CASE("history: steps may begin again, and lines may be missing", "[store][wandb]") {
    StoredDatabase database;
    Changes changes = run_with_history(history_of(0, 1'500));
    changes.streams.push_back(make_lines("r1", RunStream::history, 1'500, history_of(0, 1'200)));
    changes.streams.push_back(make_lines("r1", RunStream::history, 5'000, history_of(1'200, 3)));
    database.commit(changes);
    CHECK(steps(rows(database, range(1'199, 1'201))) ==
          std::vector<std::int64_t>{1'199, 1'200, 1'199, 1'200});
    CHECK(rows(database, range(0, 10'000)).size() == 2'703);
    HistoryQuery query;
    query.samples = 2'703;
    CHECK(rows(database, query).size() == 2'703);
    query.samples = 100;
    const std::vector<std::string> few = rows(database, query);
    CHECK(few.size() <= 100);
    CHECK(few.size() > 40);
    CHECK(std::set<std::string>(few.begin(), few.end()).size() > 40);
}

TEST_CASE("history: appended rows are seen by a session that knows the others", "[store][wandb]") {
    StoredDatabase database;
    database.commit(run_with_history(history_of(0, 2'000)));
    WakeUp wake;
    const auto reader = open_reader(database.path(), wake.callback());
    const auto count = [&](std::int64_t min, std::int64_t max) {
        std::optional<std::size_t> found;
        reader->read(
            Pace::quick,
            [=](ReadSession& session) {
                return history_rows(session, RunId("r1"), range(min, max)).size();
            },
            [&](Result<std::size_t, ReadError> size) { found = *size; });
        REQUIRE(wake.poll_until([&] { reader->poll(); }, [&] { return found.has_value(); }));
        return *found;
    };
    CHECK(count(1'999, 5'000) == 1);
    for (std::uint64_t first = 2'000; first < 4'400; first += 800) {
        Changes more;
        more.streams = {make_lines("r1", RunStream::history, first,
                                   history_of(static_cast<std::int64_t>(first), 800))};
        database.commit(more);
        CHECK(count(1'999, 5'000) == first + 800 - 1'999);
        CHECK(count(2'400, 2'410) == 10);
    }
}

TEST_CASE("history: keyed rows have all keys and no others, in strict JSON", "[store][wandb]") {
    StoredDatabase database;
    database.commit(run_with_history({
        R"({"_step":0,"loss":1e-3,"acc":0.5})",
        R"({"_step":1,"acc":0.6})",
        R"({"_step":2,"loss":NaN,"acc":Infinity,"val":{"f1":[1,-Infinity]}})",
        R"({"_step":3,"loss":1.0,"acc":null,"val/x":1,"val.f1":2})",
    }));
    const auto objects = [&](std::vector<std::string> keys) {
        HistoryQuery query;
        query.keys = std::move(keys);
        return database.read(
            [&](ReadSession& session) { return history_objects(session, RunId("r1"), query); });
    };
    using Rows = std::vector<std::string>;
    CHECK(objects({"_step", "loss"}) == Rows{R"({"_step":0,"loss":0.001})",
                                             R"({"_step":2,"loss":"NaN"})",
                                             R"({"_step":3,"loss":1.0})"});
    CHECK(objects({"loss", "_step", "acc", "_step"}) ==
          Rows{R"({"loss":0.001,"_step":0,"acc":0.5})",
               R"({"loss":"NaN","_step":2,"acc":"Infinity"})",
               R"({"loss":1.0,"_step":3,"acc":null})"});
    CHECK(objects({"val.f1"}) == Rows{R"({"val.f1":[1,"-Infinity"]})", R"({"val.f1":2})"});
    CHECK(objects({"val/x", "acc"}) == Rows{R"({"val/x":1,"acc":null})"});
    CHECK(objects({"nope"}).empty());
    CHECK(objects({})[2] ==
          R"({"_step":2,"loss":"NaN","acc":"Infinity","val":{"f1":[1,"-Infinity"]}})");
    HistoryQuery query;
    query.keys = {"acc"};
    query.samples = 2;
    CHECK(steps(rows(database, query)) == std::vector<std::int64_t>{0, 3});
}

TEST_CASE("history: what is logged without a client comes first, with the steps clients expect",
          "[store][wandb]") {
    StoredDatabase database;
    Changes changes;
    changes.projects = {make_project("digits")};
    changes.new_sweeps = {make_sweep("s1")};
    Run run = with_client(in_state(make_run("r1", "s1", 1), RunState::running), 2);
    run.attempt = 2;
    run.started_at = at(2'000'000);
    run.metrics_lines = 1;
    changes.runs = {RunRow{run, true}};
    Attempt first;
    first.run = run.id;
    first.attempt = 1;
    first.started_at = at(1'000'000);
    changes.attempts = {first};
    changes.metrics = {{run.id, 1, 0, {R"({"loss":1,"_time":1001.5})", "{}"}},
                       {run.id, 2, 0, {R"({"_step":40,"loss":2,"_time":2003})"}}};
    changes.streams = {make_lines("r1", RunStream::history, 0,
                                  {R"({"_step":0,"_timestamp":5,"loss":3})", R"({"loss":4})"})};
    database.commit(changes);
    const std::vector<std::string> all{
        R"({"loss":1,"_time":1001.5,"_step":0,"_timestamp":1001.5,"_runtime":1.5})",
        R"({"_step":1})",
        R"({"_step":40,"loss":2,"_time":2003,"_timestamp":2003,"_runtime":3.0})",
        R"({"_step":0,"_timestamp":5,"loss":3})",
        R"({"loss":4,"_step":1})",
    };
    CHECK(rows(database, {}) == all);
    CHECK(rows(database, range(1, 41)) == std::vector<std::string>{all[1], all[2], all[4]});
    HistoryQuery query;
    query.samples = 3;
    CHECK(rows(database, query) == std::vector<std::string>{all[0], all[2], all[4]});
    query.keys = {"_runtime"};
    query.samples = 1;
    CHECK(rows(database, query) == std::vector<std::string>{all[2]});
    const auto wire =
        database.read([](ReadSession& session) { return wire_run(session, RunId("r1")); });
    CHECK(wire->metric_lines == 3);
    CHECK(wire->history_lines == 2);
}

TEST_CASE("history: tails and system metrics", "[store][wandb]") {
    StoredDatabase database;
    Changes changes = run_with_history(history_of(0, 5));
    std::vector<std::string> events;
    for (int i = 0; i < 50; ++i)
        events.push_back("{\"system.cpu\":" + std::to_string(i) + "}");
    changes.streams.push_back(make_lines("r1", RunStream::events, 0, events));
    database.commit(changes);
    database.read([&](ReadSession& session) {
        const RunId run("r1");
        CHECK(history_tail(session, run, 2) == history_of(3, 2));
        CHECK(history_tail(session, run, 9) == history_of(0, 5));
        CHECK(events_tail(session, run, 1) == std::vector<std::string>{events.back()});
        CHECK(events_tail(session, RunId("r9"), 1).empty());
        CHECK(event_rows(session, run, 50) == events);
        const auto few = event_rows(session, run, 8);
        CHECK(few == std::vector<std::string>{events[0], events[7], events[14], events[21],
                                              events[28], events[35], events[42], events[49]});
        return 0;
    });
}

TEST_CASE("console: lines with their level and time, from either end", "[store][wandb]") {
    StoredDatabase database;
    Changes changes = run_with_history({});
    changes.streams = {
        make_lines("r1", RunStream::output, 0,
                   {"2026-08-21T12:00:00.123456 hello  world", "ERROR 2026-08-21T12:00:01 oh",
                    "no time here", "2026-08-21T12:00:02.5 "}),
        make_lines(
            "r1", RunStream::output, 7,
            {R"({"level":"error","ts":"2026-08-21T12:00:03","label":"rank 1","content":"x"})",
             R"({"just":"json"})"}),
    };
    database.commit(changes);
    const auto texts = [](const ConsolePage& page) {
        std::string all;
        for (const ConsoleLine& line : page.lines) {
            all += std::to_string(line.number) + "|" + line.level + "|" + line.timestamp + "|" +
                   line.label + "|" + line.line + "\n";
        }
        return all;
    };
    database.read([&](ReadSession& session) {
        const RunId run("r1");
        const auto all = console_lines(session, run, 100, "");
        REQUIRE(all.ok());
        CHECK(texts(*all) ==
              "0|info|2026-08-21T12:00:00.123456||hello  world\n"
              "1|error|2026-08-21T12:00:01||oh\n"
              "2|info|||no time here\n"
              "3|info|2026-08-21T12:00:02.5||\n"
              "7|error|2026-08-21T12:00:03|rank 1|x\n"
              "8|info|||{\"just\":\"json\"}\n");
        CHECK_FALSE(all->has_next);
        const auto first = console_lines(session, run, 4, "");
        CHECK(first->has_next);
        const auto rest = console_lines(session, run, 4, first->lines.back().cursor);
        CHECK_FALSE(rest->has_next);
        CHECK(texts(*first) + texts(*rest) == texts(*all));
        CHECK(texts(last_console_lines(session, run, 2)) == texts(*rest));
        CHECK_FALSE(console_lines(session, run, 4, "x").ok());
        CHECK(console_lines(session, RunId("r9"), 4, "")->lines.empty());
        return 0;
    });
}

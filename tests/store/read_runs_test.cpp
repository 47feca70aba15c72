#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/reader.hpp"

#include "records.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace sweepctl;

namespace {

Result<std::string, QueryError> page(StoredDatabase& database, const RunsQuery& query) {
    return database.read([&](ReadSession& session) { return runs_page(session, query); });
}

ParamMap object(const std::string& json) {
    const Result<ParamValue, JsonError> value = parse_json(json);
    REQUIRE(value.ok());
    REQUIRE(value->get_if<ParamMap>() != nullptr);
    return *value->get_if<ParamMap>();
}

struct Page {
    std::vector<std::string> ids;
    std::string next;
};

Page ids_of(const Result<std::string, QueryError>& json) {
    if (!json.ok()) FAIL(json.error().message);
    const ParamMap map = object(*json);
    Page result;
    for (const ParamValue& item : *find(map, "items")->get_if<ParamList>())
        result.ids.push_back(*find(*item.get_if<ParamMap>(), "id")->get_if<std::string>());
    if (const auto* next = find(map, "next_cursor")->get_if<std::string>()) result.next = *next;
    return result;
}

/// All pages, one after the other.
std::vector<std::string> all_ids(StoredDatabase& database, RunsQuery query) {
    std::vector<std::string> ids;
    do {
        const Page one = ids_of(page(database, query));
        CHECK(one.ids.size() <= query.limit);
        ids.insert(ids.end(), one.ids.begin(), one.ids.end());
        query.cursor = one.next;
    } while (!query.cursor.empty());
    return ids;
}

RunsQuery query_of(const std::string& filter, const std::string& sort, std::size_t limit = 100) {
    RunsQuery query;
    query.sweep = SweepId("s1");
    query.filter = filter;
    query.sort = sort;
    query.limit = limit;
    return query;
}

/// r1 ... r8: loss 0.3 0.1 NaN - "text" 0.1 -inf 5; lr 1 ... 8, "note" only in r2, r4.
Changes eight_runs() {
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    const std::vector<std::optional<ParamValue>> losses{
        ParamValue(0.3),
        ParamValue(0.1),
        ParamValue(std::nan("")),
        std::nullopt,
        ParamValue("text"),
        ParamValue(0.1),
        ParamValue(-std::numeric_limits<double>::infinity()),
        ParamValue(5),
    };
    std::uint64_t number = 0;
    for (const auto& loss : losses) {
        ++number;
        Run run = make_run("r" + std::to_string(number), "s1", number);
        run.config = {{"lr", static_cast<std::int64_t>(number)}, {"opt", ParamMap{{"beta", 1.5}}}};
        if (number % 2 == 0) run = in_state(run, RunState::finished);
        if (number == 2 || number == 4)
            run.config.emplace_back("note", "x" + std::to_string(number));
        if (loss) {
            MetricSummary metric;
            metric.name = "loss";
            metric.last = *loss;
            run.summary.push_back(metric);
        }
        changes.runs.push_back(RunRow{run, true});
    }
    return changes;
}

}  // namespace

TEST_CASE("runs page: a run is shown with every field of the API", "[store][reader]") {
    StoredDatabase database;
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    Run run = in_state(make_run("r1", "s1", 1), RunState::running);
    run.config = {{"a", ParamList{1, 2.0, nullptr, true}}, {"n", std::nan("")}};
    run.summary = {make_metric("loss", 0.5)};
    run.summary[0].last = std::numeric_limits<double>::infinity();
    run.heartbeat_at = at(1'795'341'600'999);
    changes.runs = {RunRow{run, true}, RunRow{make_run("r2", "s1", 2), true}};
    database.commit(changes);
    const auto json = page(database, query_of("", ""));
    REQUIRE(json.ok());
    CHECK(*json ==
          R"({"items":[{"id":"r1","name":"r1","sweep":"s1","project":"digits","entity":"local",)"
          R"("state":"running","stopping":false,"attempt":1,"end_reason":null,"exit_code":null,)"
          R"("term_signal":null,"config":{"a":[1,2.0,null,true],"n":"NaN"},)"
          R"("summary":{"loss":"Infinity"},"created_at":"2026-11-22T10:00:00.001Z",)"
          R"("started_at":"2026-11-22T10:00:00.011Z","ended_at":null,)"
          R"("heartbeat_at":"2026-11-22T10:00:00.999Z","agent":"agent1","host":"here","pid":4711,)"
          R"("preempting":false,"number":1},)"
          R"({"id":"r2","name":"r2","sweep":"s1","project":"digits","entity":"local",)"
          R"("state":"pending","stopping":false,"attempt":1,"end_reason":null,"exit_code":null,)"
          R"("term_signal":null,"config":{"lr":0.1},"summary":{},)"
          R"("created_at":"2026-11-22T10:00:00.002Z","started_at":null,"ended_at":null,)"
          R"("heartbeat_at":null,"agent":null,"host":null,"pid":null,"preempting":false,)"
          R"("number":2}],"next_cursor":null})");
}

TEST_CASE("runs page: sorted by any key, runs without it last, ties by number", "[store][reader]") {
    StoredDatabase database;
    database.commit(eight_runs());
    struct Row {
        std::string sort;
        std::string ids;
    };
    const auto row = GENERATE(values<Row>({
        {"", "12345678"},
        {"number", "12345678"},
        {"-number", "87654321"},
        {"loss", "72618534"},
        {"+loss", "72618534"},
        {"-loss", "58126734"},
        {"summary.loss", "72618534"},
        {"summary_metrics.loss", "72618534"},
        {"lr", "12345678"},
        {"-config.lr", "87654321"},
        {"-config.lr.value", "87654321"},
        {"opt.beta,-lr", "87654321"},
        {"note", "24135678"},
        {"-note", "42135678"},
        {"state", "24681357"},
        {"-state , -number", "75318642"},
        {"exit_code,-number", "86427531"},
        {"-created_at", "87654321"},
        {"host,started_at", "24681357"},
        {"preempting", "12345678"},
        {"summary.nothing", "12345678"},
        {"loss,-number", "76218543"},
    }));
    CAPTURE(row.sort);
    for (const std::size_t limit : {100, 8, 3, 1}) {
        std::string ids;
        for (const std::string& id : all_ids(database, query_of("", row.sort, limit)))
            ids += id.substr(1);
        CHECK(ids == row.ids);
    }
}

TEST_CASE("runs page: filtered, also together with states, order and pages", "[store][reader]") {
    StoredDatabase database;
    database.commit(eight_runs());
    struct Row {
        std::string filter;
        std::string sort;
        std::vector<RunState> states;
        std::string ids;
    };
    const auto row = GENERATE(values<Row>({
        {"loss < 1", "", {}, "1267"},
        {"loss < 1", "-lr", {}, "7621"},
        {"loss < 1", "", {RunState::finished}, "26"},
        {"", "", {RunState::finished}, "2468"},
        {"", "-number", {RunState::finished}, "8642"},
        {"", "", {RunState::pending, RunState::finished, RunState::pending}, "12345678"},
        {"", "-number", {RunState::pending, RunState::finished}, "87654321"},
        {"", "", {RunState::killed}, ""},
        {"loss = null", "", {}, "4"},
        {"loss = nan", "", {}, "3"},
        {"loss = text", "", {}, "5"},
        {"opt.beta = 1.5 and lr > 6", "", {}, "78"},
        {"id in (r3, r5) or config.lr = 1", "-id", {}, "531"},
        {"sweep = s1 and project = digits and entity != x", "", {}, "12345678"},
        {"sweep = other", "", {}, ""},
        {"note ~ x", "", {}, "24"},
        {"state = finished and created_at >= 2026-11-22T10:00:00.006Z", "", {}, "68"},
        {R"({"summary_metrics.loss": {"$gt": 0.2}})", "", {}, "18"},
        {R"({"config.lr.value": {"$in": [2, 3]}})", "", {}, "23"},
        {R"({"note": {"$exists": true}, "state": "finished"})", "", {}, "24"},
        {"summary.nothing > 1", "", {}, ""},
    }));
    CAPTURE(row.filter, row.sort);
    for (const std::size_t limit : {100, 2, 1}) {
        RunsQuery query = query_of(row.filter, row.sort, limit);
        query.states = row.states;
        std::string ids;
        for (const std::string& id : all_ids(database, query))
            ids += id.substr(1);
        CHECK(ids == row.ids);
    }
}

TEST_CASE("runs page: what cannot be answered is refused with the place of the mistake",
          "[store][reader]") {
    StoredDatabase database;
    Changes changes = eight_runs();
    MetricSummary lr = make_metric("lr", 1.0);
    changes.runs[0].run.summary.push_back(lr);
    database.commit(changes);
    struct Row {
        std::string filter;
        std::string sort;
        std::string cursor;
        QueryError::Kind kind;
        std::size_t offset;
        std::string message;
    };
    using Kind = QueryError::Kind;
    const auto row = GENERATE(values<Row>({
        {"loss <", "", "", Kind::bad_filter, 6, "expected a value"},
        {"loss < 1 and lr = 1", "", "", Kind::bad_filter, 13, "write config.lr or summary.lr"},
        {"los < 1", "", "", Kind::bad_filter, 0, "did you mean 'loss'"},
        {"zzzzzz < 1", "", "", Kind::bad_filter, 0, "known: loss, lr, note, opt"},
        {"statee = running", "", "", Kind::bad_filter, 0, "did you mean 'state'"},
        {"host ~ '^(a+)+$'", "loss,", "", Kind::bad_sort, 5, "expected a key"},
        {"", "-", "", Kind::bad_sort, 1, "expected a key"},
        {"", "loss,lr", "", Kind::bad_sort, 5, "write config.lr or summary.lr"},
        {"", "config", "", Kind::bad_sort, 0, "config.NAME"},
        {"", "a,a,a,a,a,a,a,a,a", "", Kind::bad_sort, 16, "more than 8"},
        {"", "", "x", Kind::bad_cursor, 0, "cursor"},
        {"", "", "n", Kind::bad_cursor, 0, "cursor"},
        {"", "", "n99999999999999999999", Kind::bad_cursor, 0, "cursor"},
        {"", "-number", "n1", Kind::bad_cursor, 0, "cursor"},
        {"", "loss", "n1", Kind::bad_cursor, 0, "cursor"},
        {"", "loss", "s", Kind::bad_cursor, 0, "cursor"},
        {"", "loss", "szz", Kind::bad_cursor, 0, "cursor"},
        {"", "loss", "s7b7d", Kind::bad_cursor, 0, "cursor"},
    }));
    CAPTURE(row.filter, row.sort, row.cursor);
    RunsQuery query = query_of(row.filter, row.sort);
    query.cursor = row.cursor;
    const auto result = page(database, query);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().kind == row.kind);
    CHECK(result.error().offset == row.offset);
    CHECK_THAT(result.error().message, Catch::Contains(row.message));
}

TEST_CASE("runs page: a cursor of another order is refused", "[store][reader]") {
    StoredDatabase database;
    database.commit(eight_runs());
    RunsQuery query = query_of("", "loss", 2);
    query.cursor = ids_of(page(database, query)).next;
    REQUIRE_FALSE(query.cursor.empty());
    query.sort = "-loss";
    CHECK_FALSE(page(database, query).ok());
}

TEST_CASE("runs page: bare names without any run yet are metrics, and rare ones are found",
          "[store][reader]") {
    StoredDatabase database;
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    database.commit(changes);
    CHECK(ids_of(page(database, query_of("anything > 1", "-whatever"))).ids.empty());

    Changes many;
    for (std::uint64_t number = 1; number <= 1'000; ++number) {
        Run run = make_run("r" + std::to_string(number), "s1", number);
        if (number == 500) run.summary = {make_metric("rare", 1.0)};
        many.runs.push_back(RunRow{run, true});
    }
    database.commit(many);
    CHECK(ids_of(page(database, query_of("rare > 0", ""))).ids == std::vector<std::string>{"r500"});
    // The spec's metric, before anybody logged it.
    CHECK(ids_of(page(database, query_of("", "-loss", 1))).ids == std::vector<std::string>{"r1"});
}

TEST_CASE("runs page: pages stay right while runs come, go and change", "[store][reader]") {
    StoredDatabase database;
    Changes changes = eight_runs();
    for (RunRow& row : changes.runs)
        row.run.summary = {make_metric("loss", static_cast<double>(row.run.number))};
    database.commit(changes);
    const std::string sort = GENERATE(as<std::string>{}, "", "loss", "-number");
    CAPTURE(sort);
    RunsQuery query = query_of("", sort, 3);
    const Page first = ids_of(page(database, query));
    // One that was shown goes, one that was not changes its state, one is new.
    const bool down = sort == "-number";
    Changes meanwhile;
    meanwhile.deleted_runs = {RunId(first.ids[2])};
    Run changed = changes.runs[4].run;
    changed = in_state(changed, RunState::killed);
    Run fresh = make_run("r9", "s1", 9);
    fresh.summary = {make_metric("loss", 9.0)};
    meanwhile.runs = {RunRow{changed, false}, RunRow{fresh, true}};
    database.commit(meanwhile);
    std::string rest;
    query.cursor = first.next;
    for (const std::string& id : all_ids(database, query))
        rest += id.substr(1);
    CHECK(rest == (down ? "54321" : "456789"));
}

TEST_CASE("runs page: of a sweep that does not exist, or no more, it is empty", "[store][reader]") {
    StoredDatabase database;
    database.commit(eight_runs());
    RunsQuery query = query_of("", "");
    query.sweep = SweepId("s2");
    CHECK(*page(database, query) == R"({"items":[],"next_cursor":null})");
    Changes deletion;
    deletion.deleted_sweeps = {SweepId("s1")};
    database.commit(deletion);
    CHECK(*page(database, query_of("", "")) == R"({"items":[],"next_cursor":null})");
}

TEST_CASE("run: it is shown with its attempts, its metrics and where its log is",
          "[store][reader]") {
    StoredDatabase database;
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    changes.new_sweeps[0].record.metric_maximize = true;
    Run run = in_state(make_run("r1", "s1", 1), RunState::finished);
    run.attempt = 2;
    run.claim = Claim{AgentId("agent1"), 5, ClaimPhase::started, false};
    run.stop_reason = EndReason::timeout;
    run.end_detail = "left a file";
    run.boot_id = "boot";
    run.cpu_us = 1'500'000;
    run.max_rss_kib = 2048;
    run.summary = {make_metric("loss", 0.5), make_metric("acc", 2)};
    run.summary[0].min = 0.25;
    run.summary[0].max = 1.0;
    run.summary[0].last = std::nan("");
    MetricSummary note;
    note.name = "note";
    note.last = "hi";
    run.summary.push_back(note);
    changes.runs = {RunRow{run, true}};
    Attempt attempt;
    attempt.run = run.id;
    attempt.attempt = 1;
    attempt.state = RunState::crashed;
    attempt.end_reason = EndReason::signal;
    attempt.term_signal = 9;
    attempt.started_at = at(1'795'341'600'000);
    changes.attempts = {attempt};
    database.commit(changes);
    const auto json = database.read(
        [](ReadSession& session) { return run_json(session, RunId("r1"), "/home/x"); });
    REQUIRE(json);
    const std::string more = json->substr(json->find("\"number\":1,") + 11);
    CHECK(more ==
          R"("origin":"search","suggestion":0,"priority":0,"requeued":false,"retry_wanted":false,)"
          R"("stop_reason":"timeout","stop_signal":null,"detail":"left a file","boot":"boot",)"
          R"("claim":"started","process_alive":true,"cpu_seconds":1.5,"max_rss_kib":2048,)"
          R"("metrics_lines":0,"log_path":"/home/x/sweeps/s1/r1.2.log","attempts":[)"
          R"({"attempt":1,"state":"crashed","end_reason":"signal","exit_code":null,)"
          R"("term_signal":9,"detail":null,"agent":null,"host":null,"pid":null,)"
          R"("started_at":"2026-11-22T10:00:00.000Z","ended_at":null},)"
          R"({"attempt":2,"state":"finished","end_reason":"exit","exit_code":0,)"
          R"("term_signal":null,"detail":"left a file","agent":"agent1","host":"here","pid":4711,)"
          R"("started_at":"2026-11-22T10:00:00.011Z","ended_at":"2026-11-22T10:00:01.001Z"}],)"
          R"("metrics":[{"name":"loss","last":"NaN","count":1,"first":0.5,"best":1.0,"min":0.25,)"
          R"("max":1.0},{"name":"acc","last":2.0,"count":1,"first":2.0,"best":null,"min":2.0,)"
          R"("max":2.0},{"name":"note","last":"hi","count":0,"first":null,"best":null,)"
          R"("min":null,"max":null}]})");
    CHECK_FALSE(
        database.read([](ReadSession& session) { return run_json(session, RunId("r2"), "/"); }));
}

TEST_CASE("metrics page: the history of an attempt, line by line, as JSON for everybody",
          "[store][reader]") {
    StoredDatabase database;
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    Run run = make_run("r1", "s1", 1);
    run.attempt = 2;
    changes.runs = {RunRow{run, true}};
    changes.metrics = {MetricLines{run.id, 1, 0, {"{\"old\": 1}"}},
                       MetricLines{run.id,
                                   2,
                                   0,
                                   {"{\"a\": 1}", "{\"a\": NaN, \"b\": [-Infinity]}",
                                    "{\"bad\": \"\xff\"}", "not JSON", "{}"}}};
    database.commit(changes);
    const auto history = [&](MetricsQuery query) {
        query.run = RunId("r1");
        return database.read([&](ReadSession& session) { return metrics_page(session, query); });
    };
    CHECK(history({{}, {}, {}, 2}) ==
          R"({"items":[{"line":0,"data":{"a":1}},{"line":1,"data":{"a":"NaN","b":["-Infinity"]}}],)"
          R"("next_cursor":"1"})");
    CHECK(history({{}, {}, 1, 10}) ==
          "{\"items\":[{\"line\":2,\"data\":{\"bad\":\"\xef\xbf\xbd\"}},{\"line\":3,\"data\":null},"
          "{\"line\":4,\"data\":{}}],\"next_cursor\":null}");
    CHECK(history({{}, 1, {}, 10}) ==
          R"({"items":[{"line":0,"data":{"old":1}}],"next_cursor":null})");
    CHECK(history({{}, 7, {}, 10}) == R"({"items":[],"next_cursor":null})");
}

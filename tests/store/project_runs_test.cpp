#include "sweepctl/store/project_reads.hpp"

#include "client_records.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace sweepctl;

namespace {

ProjectRunsQuery query_of(const std::string& filter,
                          const std::string& order = "",
                          std::size_t limit = 100) {
    ProjectRunsQuery query;
    query.entity = "local";
    query.project = "digits";
    query.filter = filter;
    query.order = order;
    query.limit = limit;
    query.user = "owner";
    return query;
}

WireRunPage page_of(StoredDatabase& database, const ProjectRunsQuery& query) {
    auto page = database.read([&](ReadSession& session) { return project_runs(session, query); });
    if (!page.ok()) FAIL(query.filter << " " << query.order << ": " << page.error().message);
    return std::move(*page);
}

/// The last characters of the ids, one after the other.
std::string ids_of(const WireRunPage& page) {
    std::string ids;
    for (const WireRun& run : page.runs)
        ids.push_back(run.id.text.back());
    return ids;
}

std::string ids(StoredDatabase& database,
                const std::string& filter,
                const std::string& order = "+created_at") {
    const ProjectRunsQuery query = query_of(filter, order);
    const std::string found = ids_of(page_of(database, query));
    const auto count =
        database.read([&](ReadSession& session) { return project_run_count(session, query); });
    REQUIRE(count.ok());
    CHECK(*count == found.size());
    return found;
}

std::string error_of(StoredDatabase& database, const ProjectRunsQuery& query) {
    const auto page =
        database.read([&](ReadSession& session) { return project_runs(session, query); });
    return page.ok() ? "none" : page.error().message;
}

/// Pages of `limit`, each after the last run of the one before.
std::string all_ids(StoredDatabase& database, ProjectRunsQuery query) {
    std::string all;
    for (bool more = true; more;) {
        const WireRunPage page = page_of(database, query);
        CHECK(page.runs.size() <= query.limit);
        all += ids_of(page);
        more = page.has_next;
        if (more) query.cursor = page.runs.back().cursor;
    }
    return all;
}

/// Runs r1 ... r4 of sweep s1, r5 and r6 of s2, and loose ones r7 ... r9 whose clients speak.
Changes nine_runs() {
    Changes changes;
    changes.projects = {make_project("digits"), make_project("other")};
    changes.new_sweeps = {make_sweep("s1"), make_sweep("s2"), make_drawer("d1")};
    const std::vector<RunState> states{RunState::finished, RunState::failed,   RunState::running,
                                       RunState::pending,  RunState::crashed,  RunState::killed,
                                       RunState::running,  RunState::finished, RunState::finished};
    for (int i = 1; i <= 9; ++i) {
        const std::string sweep = i <= 4 ? "s1" : i <= 6 ? "s2" : "d1";
        const int number = i <= 4 ? i : i <= 6 ? i - 4 : i - 6;
        Run run = make_run("r" + std::to_string(i), sweep, static_cast<std::uint64_t>(number));
        run.created_at = at(1'795'341'600'000 + i * 60'000);
        run.name = "name " + std::to_string(i);
        run.config = {{"lr", 0.1 * i}, {"opt", ParamMap{{"name", i % 2 == 0 ? "adam" : "sgd"}}}};
        run = in_state(run, states[static_cast<std::size_t>(i - 1)]);
        if (i > 6) run.host = "laptop";
        if (i != 4 && i != 7) run.summary = {make_metric("loss", 1.0 / i)};
        if (i == 6) run.summary[0].last = std::nan("");
        if (i > 6) run = with_client(run);
        if (i == 8) run.client->wire_name = "mine";
        ++changes.new_sweeps[i <= 4 ? 0 : i <= 6 ? 1 : 2].record.counts[run.state];
        changes.runs.push_back(RunRow{run, true});
    }
    RunDetails details;
    details.tags = std::vector<std::string>{"good", "best of all"};
    details.group = "fold 1";
    details.job_type = "train";
    details.username = "alice";
    details.notes = "a note";
    details.commit = "abc123";
    details.config_json =
        R"({"lr":{"value":0.7},"data":{"value":{"size":70}},"_wandb":{"value":{}}})";
    changes.details.push_back({RunId("r7"), details});
    details = RunDetails{};
    details.tags = std::vector<std::string>{"good"};
    details.group = "fold 2";
    details.summary_json = R"({"acc":0.8,"val":{"f1":0.5},"loss":0.125})";
    changes.details.push_back({RunId("r8"), details});
    details = RunDetails{};
    details.tags = std::vector<std::string>{};
    changes.details.push_back({RunId("r9"), details});
    return changes;
}

}  // namespace

TEST_CASE("project runs: of all sweeps and none, newest first unless told otherwise",
          "[store][wandb]") {
    StoredDatabase database;
    database.commit(nine_runs());
    CHECK(ids(database, "", "") == "987654321");
    CHECK(ids(database, "{}", "-created_at") == "987654321");
    CHECK(ids(database, "{}", "+created_at") == "123456789");
    CHECK(ids(database, "{}", "createdAt") == "123456789");
    CHECK(ids(database, "{}", "+created_at,-config.lr") == "123456789");
    ProjectRunsQuery other = query_of("{}");
    other.project = "other";
    CHECK(page_of(database, other).runs.empty());
    other.project = "none such";
    CHECK(page_of(database, other).runs.empty());
    other.project = "digits";
    other.entity = "else";
    CHECK(page_of(database, other).runs.empty());
}

TEST_CASE("project runs: filters in W&B's words", "[store][wandb]") {
    StoredDatabase database;
    database.commit(nine_runs());
    struct Row {
        std::string filter;
        std::string ids;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"name": "r3"})", "3"},
        {R"({"name": "mine"})", "8"},
        {R"({"name": "r8"})", ""},
        {R"({"$or": [{"name": "r1"}, {"name": "mine"}]})", "18"},
        {R"({"display_name": "name 2"})", "2"},
        {R"({"displayName": {"$regex": "^name [12]$"}})", "12"},
        {R"({"display_name": {"$regex": "NAME [12]", "$options": "i"}})", "12"},
        {R"({"state": "finished"})", "189"},
        {R"({"state": {"$in": ["failed", "crashed"]}})", "25"},
        {R"({"state": {"$ne": "finished"}})", "234567"},
        {R"({"state": {"$nin": ["finished", "running"]}})", "2456"},
        {R"({"sweep": "s2"})", "56"},
        {R"({"$and": [{"sweep": "s1"}]})", "1234"},
        {R"({"$and": [{"sweep": "s1"}, {"state": "failed"}]})", "2"},
        {R"({"sweep": {"$in": ["s1", "s2"]}})", "123456"},
        {R"({"$and": [{"sweep": "s1"}, {"sweep": "s2"}]})", ""},
        {R"({"sweep": "none"})", ""},
        {R"({"sweep": "d1"})", ""},
        {R"({"sweep": null})", "789"},
        {R"({"sweep": {"$exists": false}})", "789"},
        {R"({"sweep": {"$ne": null}})", "123456"},
        {R"({"$nor": [{"sweep": "s1"}, {"sweep": "s2"}]})", "789"},
        {R"({"created_at": {"$gte": "2026-11-22T10:08:00Z"}})", "89"},
        {R"({"createdAt": {"$lt": "2026-11-22T10:02:00"}})", "1"},
        {R"({"createdAt": {"$gt": "2026-11-23"}})", ""},
        {R"({"tags": "good"})", "78"},
        {R"({"tags": {"$in": ["best of all", "other"]}})", "7"},
        {R"({"tags": {"$nin": ["best of all"]}})", "12345689"},
        {R"({"tags": {"$ne": "good"}})", "1234569"},
        {R"({"tags": null})", "1234569"},
        {R"({"tags": {"$exists": true}})", "78"},
        {R"({"tags": {"$regex": "^best"}})", "7"},
        {R"({"tags": ["good"]})", "8"},
        {R"({"tags.good": true})", "78"},
        {R"({"$or": [{"tags": null}, {"tags": {"$ne": "best of all"}}]})", "12345689"},
        {R"({"group": "fold 1"})", "7"},
        {R"({"group": null})", "1234569"},
        {R"({"group": {"$regex": "^fold"}})", "78"},
        {R"({"job_type": "train"})", "7"},
        {R"({"jobType": "train"})", "7"},
        {R"({"username": "alice"})", "7"},
        {R"({"username": "owner"})", "12345689"},
        {R"({"host": "laptop"})", "789"},
        {R"({"commit": "abc123"})", "7"},
        {R"({"notes": {"$regex": "note"}})", "7"},
        {R"({"description": "a note"})", "7"},
        {R"({"duration": {"$gt": 0.98}})", "125689"},
        {R"({"exitcode": 1})", "2"},
        {R"({"config.lr": {"$gt": 0.65}})", "789"},
        {R"({"config.lr.value": {"$gt": 0.65}})", "789"},
        {R"({"config.opt.name": "adam"})", "2468"},
        {R"({"config.opt.value.name": "adam"})", "2468"},
        {R"({"config.data.value.size": 70})", "7"},
        {R"({"config.data.size": {"$exists": true}})", "7"},
        {R"({"config.nope": {"$exists": false}})", "123456789"},
        {R"({"config.nope": null})", "123456789"},
        {R"({"summary_metrics.loss": {"$lt": 0.3}})", "589"},
        {R"({"summary_metrics.loss": {"$exists": false}})", "47"},
        {R"({"summary_metrics.acc": 0.8})", "8"},
        {R"({"summary_metrics.val.f1": {"$gte": 0.5}})", "8"},
        {R"({"keys_info.keys.loss": {"$exists": true}})", "1235689"},
        {R"({"config.lr": {"$not": {"$gt": 0.15}}})", "1"},
        {R"({"$not": {"config.lr": {"$gt": 0.15}}})", "1"},
        {R"({"lr": {"$gt": 0.85}})", "9"},
        {R"({"$and": []})", "123456789"},
        {R"({"$or": [{"$and": []}]})", "123456789"},
        {R"({"$or": [{"$and": [{"state": "failed"}, {"config.lr": 0.2}]}, {"name": "r9"}]})", "29"},
    }));
    CAPTURE(row.filter);
    CHECK(ids(database, row.filter) == row.ids);
    // In pages, in either direction, and by a value.
    for (const char* order : {"+created_at", "-created_at", "-config.lr"}) {
        std::string expected = row.ids;
        if (*order == '-') std::reverse(expected.begin(), expected.end());
        CHECK(all_ids(database, query_of(row.filter, order, 1)) == expected);
    }
}

TEST_CASE("project runs: preempting and preempted are states to filter by", "[store][wandb]") {
    StoredDatabase database;
    Changes changes = nine_runs();
    changes.runs[2].run.preempting = true;
    changes.runs[3].run.requeued = true;
    database.commit(changes);
    CHECK(ids(database, R"({"state": "preempting"})") == "3");
    CHECK(ids(database, R"({"state": "running"})") == "37");
    CHECK(ids(database, R"({"state": "preempted"})") == "4");
    CHECK(ids(database, R"({"state": {"$in": ["preempted", "finished"]}})") == "1489");
}

TEST_CASE("project runs: sorted by any key, runs without it last in both directions",
          "[store][wandb]") {
    StoredDatabase database;
    database.commit(nine_runs());
    struct Row {
        std::string order;
        std::string ids;
    };
    const auto row = GENERATE(values<Row>({
        {"+summary_metrics.loss", "985321467"},
        {"-summary_metrics.loss", "123589467"},
        {"+config.lr.value", "123456789"},
        {"-config.lr", "987654321"},
        {"+summary_metrics.acc", "812345679"},
        {"-group", "871234569"},
        {"+name", "812345679"},
        {"+display_name", "123456789"},
        {"-display_name", "987654321"},
        {"+state", "521896437"},
        {"+state,-config.lr", "529816473"},
        {"-tags", "871234569"},
        {"+username", "712345689"},
        {"-heartbeat_at", "123456789"},
        {"+summary_metrics.none, such", "123456789"},
    }));
    CAPTURE(row.order);
    CHECK(ids(database, "{}", row.order) == row.ids);
    for (const std::size_t limit : {1U, 2U, 5U, 9U})
        CHECK(all_ids(database, query_of("", row.order, limit)) == row.ids);
}

TEST_CASE("project runs: backwards from a cursor or the end, still in order", "[store][wandb]") {
    StoredDatabase database;
    database.commit(nine_runs());
    for (const char* order :
         {"+created_at", "-created_at", "-config.lr", "+summary_metrics.loss"}) {
        CAPTURE(order);
        const std::string all = ids(database, "{}", order);
        ProjectRunsQuery query = query_of("{}", order, 4);
        query.backwards = true;
        std::string found;
        for (bool more = true; more;) {
            const WireRunPage page = page_of(database, query);
            found = ids_of(page) + found;
            more = page.has_next;
            if (more) query.cursor = page.runs.front().cursor;
        }
        CHECK(found == all);
    }
}

TEST_CASE("project runs: of one sweep and of one agent", "[store][wandb]") {
    StoredDatabase database;
    Changes changes = nine_runs();
    changes.runs[1].run.agent = AgentId("agent2");
    database.commit(changes);
    ProjectRunsQuery query = query_of("", "+created_at", 2);
    query.sweep = "s1";
    CHECK(all_ids(database, query) == "1234");
    query.order = "";
    CHECK(all_ids(database, query) == "4321");
    query.agent = "agent2";
    CHECK(all_ids(database, query) == "2");
    query.sweep = "";
    CHECK(all_ids(database, query) == "2");
    query.agent = "agent1";
    query.order = "+created_at";
    CHECK(all_ids(database, query) == "1356789");
    const auto count =
        database.read([&](ReadSession& session) { return project_run_count(session, query); });
    CHECK(*count == 7);
}

TEST_CASE("project runs: a listing stays right while runs come, change and go", "[store][wandb]") {
    StoredDatabase database;
    database.commit(nine_runs());
    for (const char* order : {"-created_at", "+created_at", "-config.lr"}) {
        CAPTURE(order);
        StoredDatabase fresh;
        Changes changes = nine_runs();
        fresh.commit(changes);
        ProjectRunsQuery query = query_of("", order, 3);
        const WireRunPage first = page_of(fresh, query);
        query.cursor = first.runs.back().cursor;
        // The run that the cursor names goes, one comes, one changes its state.
        Changes more;
        more.deleted_runs = {first.runs.back().id};
        Run late = make_run("rx", "s1", 10);
        late.config = {{"lr", -1.0}};
        more.runs.push_back({late, true});
        more.runs.push_back({in_state(changes.runs[4].run, RunState::finished), false});
        fresh.commit(more);
        std::string all = ids_of(first) + all_ids(fresh, query);
        const std::string expected = *order == '+'                 ? "123456789x"
                                     : query.order == "-config.lr" ? "987654321x"
                                                                   : "987654321";
        CHECK(all == expected);
    }
}

TEST_CASE("project runs: runs of deleted sweeps are gone at once", "[store][wandb]") {
    StoredDatabase database;
    database.commit(nine_runs());
    Changes changes;
    changes.deleted_sweeps = {SweepId("s1")};
    database.commit(changes);
    CHECK(ids(database, "", "+config.lr") == "56789");
    CHECK(ids(database, R"({"sweep": "s1"})") == "");
    CHECK(ids(database, R"({"state": "finished"})") == "89");
}

TEST_CASE("project runs: what cannot be answered says why", "[store][wandb]") {
    StoredDatabase database;
    database.commit(nine_runs());
    CHECK_THAT(error_of(database, query_of(R"({"state": "finishd"})")),
               Catch::Contains("did you mean 'finished'?"));
    CHECK_THAT(error_of(database, query_of("state = finished")), Catch::Contains(""));
    CHECK(error_of(database, query_of("state = finished")) != "none");
    CHECK_THAT(error_of(database, query_of("{\"a\": {\"$what\": 1}}")),
               Catch::Contains("unknown operator '$what'"));
    CHECK_THAT(error_of(database, query_of("[]")), Catch::Contains("expected an object"));
    CHECK_THAT(error_of(database, query_of(R"({"created_at": {"$gt": "soon"}})")),
               Catch::Contains("'soon' is no moment"));
    CHECK_THAT(error_of(database, query_of("", "+")), Catch::Contains("expected a key"));
    CHECK_THAT(error_of(database, query_of(R"({"display_name": {"$regex": "("}})")),
               Catch::Contains("no regular expression"));
    for (const char* order : {"", "+created_at", "-config.lr"}) {
        ProjectRunsQuery query = query_of("", order, 2);
        query.cursor = "nonsense";
        CHECK_THAT(error_of(database, query), Catch::Contains("cursor"));
        query.cursor = "";
        const std::string cursor = page_of(database, query).runs.back().cursor;
        query.order = "+summary_metrics.loss";
        query.cursor = cursor;
        CHECK_THAT(error_of(database, query), Catch::Contains("cursor"));
    }
}

TEST_CASE("project runs: quick when nothing but the page is looked at", "[store][wandb]") {
    CHECK(pace_of(query_of("{}", "+created_at")) == Pace::quick);
    CHECK(pace_of(query_of("", "")) == Pace::quick);
    CHECK(pace_of(query_of(R"({"$and": [{"sweep": "s1"}]})", "-created_at")) == Pace::quick);
    CHECK(pace_of(query_of(R"({"state": "failed"})", "")) == Pace::slow);
    CHECK(pace_of(query_of("", "config.lr")) == Pace::slow);
}

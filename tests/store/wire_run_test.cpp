#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/project_reads.hpp"

#include "client_records.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <string>
#include <vector>

using namespace sweepctl;

namespace {

std::optional<WireRun> run_of(StoredDatabase& database,
                              const std::string& name,
                              const RunColumns& wanted = {}) {
    return database.read(
        [&](ReadSession& session) { return wire_run(session, "local", "digits", name, wanted); });
}

/// A sweep's run, and a loose one.
Changes two_runs() {
    Changes changes;
    changes.projects = {make_project("digits"), make_project("other")};
    changes.new_sweeps = {make_sweep("s1"), make_drawer("d1")};
    changes.runs = {RunRow{make_run("r1", "s1", 1), true}, RunRow{make_run("r2", "d1", 1), true}};
    return changes;
}

}  // namespace

TEST_CASE("wire run: one that never had a client has the same fields", "[store][wandb]") {
    StoredDatabase database;
    Changes changes = two_runs();
    Run& run = changes.runs[0].run;
    run = in_state(run, RunState::failed);
    run.name = "brave-owl-1";
    run.config = {{"lr", 0.1}, {"nan", std::nan("")}, {"opt", ParamMap{{"b", ParamList{1, 2.0}}}}};
    run.summary = {make_metric("loss", 0.5), make_metric("nan", 1.0)};
    run.summary[1].last = std::nan("");
    run.metrics_lines = 2;
    run.heartbeat_at = at(1'795'341'600'999);
    changes.metrics = {{run.id, 1, 0, {R"({"loss":1})", R"({"loss":0.5})"}}};
    database.commit(changes);
    const auto wire = run_of(database, "r1");
    REQUIRE(wire);
    CHECK(wire->id.text == "r1");
    CHECK(wire->wire_name == "r1");
    CHECK(wire->display_name == "brave-owl-1");
    CHECK(wire->project == "digits");
    CHECK(wire->project_key > 0);
    CHECK(wire->entity == "local");
    CHECK(wire->sweep == "s1");
    CHECK(wire->number == 1);
    CHECK(wire->state == RunState::failed);
    CHECK(wire->exit_code == 1);
    CHECK(wire->host == "here");
    CHECK(wire->agent == "agent1");
    CHECK(wire->created_at == at(1'795'341'600'001));
    CHECK(wire->started_at == at(1'795'341'600'011));
    CHECK(wire->ended_at == at(1'795'341'601'001));
    CHECK(wire->heartbeat_at == at(1'795'341'600'999));
    CHECK(wire->tags.empty());
    CHECK_FALSE(wire->group);
    CHECK_FALSE(wire->username);
    CHECK(wire->history_lines == 0);
    CHECK(wire->metric_lines == 2);
    CHECK(wire->config_json ==
          R"({"lr":{"value":0.1},"nan":{"value":NaN},"opt":{"value":{"b":[1,2.0]}}})");
    CHECK(wire->summary_json == R"({"loss":0.5,"nan":NaN})");
    CHECK_FALSE(wire->system_metrics_json);
    CHECK(wire->history_keys_json ==
          R"({"lastStep":1,"keys":{"loss":{"typeCounts":[{"type":"number","count":1}],)"
          R"("monotonic":false,"previousValue":0.5},"nan":{"typeCounts":[{"type":"number","count":1}],)"
          R"("monotonic":false}},"sets":[]})");
    const auto lazy = run_of(database, "r1", RunColumns{false, false, false, false});
    CHECK_FALSE(lazy->config_json);
    CHECK_FALSE(lazy->summary_json);
    CHECK_FALSE(lazy->history_keys_json);
}

TEST_CASE("wire run: what its client said", "[store][wandb]") {
    StoredDatabase database;
    Changes changes = two_runs();
    changes.runs[1].run = with_client(changes.runs[1].run, 3);
    Run& run = changes.runs[1].run;
    run.state = RunState::running;
    run.client->wire_name = "my run";
    run.client->event_lines = 4;
    run.client->output_lines = 5;
    run.summary = {make_metric("loss", 0.25)};
    RunDetails details;
    details.tags = std::vector<std::string>{"a", "\"b\""};
    details.notes = "n";
    details.group = "g";
    details.job_type = "j";
    details.commit = "c";
    details.username = "u";
    details.program = "p.py";
    details.repo = "git";
    details.config_json = R"({"extra":{"value":[1]},"lr":{"value":7},"_wandb":{"value":{"t":{}}}})";
    details.summary_json = R"({"loss":{"min":0.25}})";
    details.system_metrics_json = R"({"cpu":1})";
    changes.details = {{run.id, details}};
    changes.streams = {make_lines("r2", RunStream::history, 0, history_of(0, 3))};
    database.commit(changes);
    CHECK_FALSE(run_of(database, "r2"));
    const auto wire = run_of(database, "my run");
    REQUIRE(wire);
    CHECK(wire->id.text == "r2");
    CHECK_FALSE(wire->sweep);
    CHECK(wire->tags == std::vector<std::string>{"a", "\"b\""});
    CHECK(wire->notes == "n");
    CHECK(wire->group == "g");
    CHECK(wire->job_type == "j");
    CHECK(wire->commit == "c");
    CHECK(wire->username == "u");
    CHECK(wire->program == "p.py");
    CHECK(wire->repo == "git");
    CHECK(wire->history_lines == 3);
    CHECK(wire->event_lines == 4);
    CHECK(wire->output_lines == 5);
    CHECK(wire->metric_lines == 0);
    // What the run was started with stands, whatever its client says.
    CHECK(wire->config_json ==
          R"({"lr":{"value":0.1},"extra":{"value":[1]},"_wandb":{"value":{"t":{}}}})");
    CHECK(wire->summary_json == R"({"loss":{"min":0.25}})");
    CHECK(wire->system_metrics_json == R"({"cpu":1})");
    CHECK(wire->history_keys_json ==
          R"({"lastStep":2,"keys":{"loss":{"typeCounts":[{"type":"number","count":1}],)"
          R"("monotonic":false,"previousValue":0.25}},"sets":[]})");
    const auto by_id =
        database.read([](ReadSession& session) { return wire_run(session, RunId("r2")); });
    CHECK(by_id->wire_name == "my run");
}

TEST_CASE("wire run: metrics logged beside the client are in its summary", "[store][wandb]") {
    StoredDatabase database;
    Changes changes = two_runs();
    Run& run = changes.runs[0].run;
    run = with_client(in_state(run, RunState::running), 1);
    run.metrics_lines = 1;
    run.summary = {make_metric("mine", 2.0), make_metric("loss", 9.0)};
    RunDetails details;
    details.summary_json = R"({"loss":0.5})";
    changes.details = {{run.id, details}};
    changes.metrics = {{run.id, 1, 0, {R"({"mine":2.0})"}}};
    database.commit(changes);
    CHECK(run_of(database, "r1")->summary_json == R"({"loss":0.5,"mine":2.0})");
}

TEST_CASE("wire run: a name is looked for in one project", "[store][wandb]") {
    StoredDatabase database;
    Changes changes = two_runs();
    NewSweep other = make_sweep("s3");
    other.record.project = "other";
    changes.new_sweeps.push_back(other);
    // Its client brought a name that is another project's run's.
    Run taken = with_client(make_run("r3", "s3", 1));
    taken.client->wire_name = "r1";
    changes.runs.push_back({taken, true});
    database.commit(changes);
    const auto in = [&](const std::string& project, const std::string& name) {
        const auto run = database.read(
            [&](ReadSession& session) { return wire_run(session, "local", project, name); });
        return run ? run->id.text : "none";
    };
    CHECK(in("digits", "r1") == "r1");
    CHECK(in("other", "r1") == "r3");
    CHECK(in("other", "r3") == "none");
    CHECK(in("other", "r2") == "none");
    CHECK(in("digits", "") == "none");
    Changes deleted;
    deleted.deleted_sweeps = {SweepId("s3")};
    database.commit(deleted);
    CHECK(in("other", "r1") == "none");
}

TEST_CASE("wire run: the last step is the highest of all attempts", "[store][wandb]") {
    StoredDatabase database;
    Changes changes = two_runs();
    Run& run = changes.runs[1].run;
    run = with_client(run, 15);
    run.attempt = 2;
    run.client->last_step = 4;  // The second process came no further.
    run.summary = {make_metric("loss", 0.2)};
    changes.streams = {make_lines("r2", RunStream::history, 0, history_of(0, 10)),
                       make_lines("r2", RunStream::history, 10, history_of(0, 5))};
    database.commit(changes);
    CHECK_THAT(*run_of(database, "r2")->history_keys_json, Catch::StartsWith("{\"lastStep\":9,"));
}

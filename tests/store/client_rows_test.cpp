#include "sweepctl/core/ids.hpp"
#include "sweepctl/store/fsck.hpp"

#include "backends.hpp"
#include "records.hpp"
#include "store/sqlite.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace sweepctl;

// What W&B's clients bring, on every store.

namespace {

using Texts = std::vector<std::string>;

Run client_run(const std::string& id, const std::string& sweep, std::uint64_t number) {
    Run run = make_run(id, sweep, number);
    run.suggestion.reset();
    run.origin = RunOrigin::enqueued;
    run.client.emplace();
    return run;
}

NewSweep make_drawer(const std::string& id) {
    NewSweep drawer = make_sweep(id);
    drawer.record.loose = true;
    drawer.record.metric_name.clear();
    drawer.record.started_at = drawer.record.created_at;
    drawer.origin.method = "none";
    return drawer;
}

Changes with_run(const Run& run) {
    Changes changes;
    changes.new_sweeps = {make_drawer(run.sweep.text)};
    changes.runs = {RunRow{run, true, false}};
    return changes;
}

}  // namespace

TEST_CASE("store: what a client says is patched together", "[store][contract][wandb]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    const Run run = client_run("r1", "s1", 1);
    Changes changes = with_run(run);
    RunDetails details{"notes", "group", "type", Texts{"a", "\"b\""}, "c0ffee",   "train.py",
                       "repo",  "user",  "{}",   "{\"a\":1}",         "{\"b\":2}"};
    changes.details = {{run.id, details}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    CHECK(backend->details() == Texts{text_of(run.id, details)});
    Changes next;
    RunDetails patch;
    patch.notes = "";
    patch.tags = Texts{};
    patch.summary_json = "{\"a\":2}";
    next.details = {{run.id, patch}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, next));
    details.notes = patch.notes;
    details.tags = patch.tags;
    details.summary_json = patch.summary_json;
    CHECK(backend->details() == Texts{text_of(run.id, details)});
}

TEST_CASE("store: streamed lines, written anew where they are there", "[store][contract][wandb]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    const Run run = client_run("r1", "s1", 1);
    Changes changes = with_run(run);
    changes.streams = {{run.id, RunStream::output, 0, {"a", "b"}},
                       {run.id, RunStream::history, 0, {"{}", "{\"x\": NaN}"}},
                       {run.id, RunStream::output, 1, {"B", "c"}},
                       {run.id, RunStream::events, 7, {"e"}}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    CHECK(backend->lines() == Texts{"r1 0 0 {}", "r1 0 1 {\"x\": NaN}", "r1 1 7 e", "r1 2 0 a",
                                    "r1 2 1 B", "r1 2 2 c"});
}

TEST_CASE("store: files and projects", "[store][contract][wandb]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    const Run run = client_run("r1", "s1", 1);
    Changes changes = with_run(run);
    FileRow file{run.id, "a/b \"c\".txt", 1ULL << 40U, "md5==", "text/plain", at(5)};
    FileRow other = file;
    other.name = "other";
    changes.files = {file, other};
    changes.projects = {{"local", "new", at(7), std::nullopt}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    CHECK(backend->files() == Texts{text_of(file), text_of(other)});
    const ProjectRow of_sweep{"local", "digits", make_sweep("s1").record.created_at, ""};
    CHECK(backend->projects() ==
          Texts{text_of(of_sweep), text_of(ProjectRow{"local", "new", at(7), ""})});
    Changes next;
    file.size = 3;
    next.files = {file};
    next.deleted_files = {{run.id, "other"}, {run.id, "never there"}};
    next.projects = {{"local", "new", at(9), "words"}, {"local", "digits", at(9), std::nullopt}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, next));
    CHECK(backend->files() == Texts{text_of(file)});
    CHECK(backend->projects() ==
          Texts{text_of(of_sweep), text_of(ProjectRow{"local", "new", at(7), "words"})});
}

TEST_CASE("store: a run found by what its clients call it", "[store][contract][wandb]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Run named = client_run("r1", "s1", 1);
    named.client->wire_name = "odd name";
    const Run ended = in_state(client_run("r2", "s1", 2), RunState::finished);
    Changes changes = with_run(named);
    changes.runs.push_back(RunRow{ended, true, false});
    NewSweep other = make_drawer("s2");
    other.record.project = "other";
    changes.new_sweeps.push_back(other);
    Run elsewhere = client_run("r3", "s2", 1);
    elsewhere.client->wire_name = "r2";
    changes.runs.push_back(RunRow{elsewhere, true, false});
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    const auto found = [&](const std::string& project, const std::string& name) {
        const auto run = store->find_run_named("local", project, name);
        return run ? run->id.text : std::string();
    };
    CHECK(found("digits", "odd name") == "r1");
    CHECK(found("digits", "r2") == "r2");
    CHECK(found("other", "r2") == "r3");
    CHECK(found("digits", "nobody") == "");
    CHECK(found("other", "odd name") == "");
    CHECK(found("nowhere", "r2") == "");
    CHECK(text_of(*store->find_run_named("local", "digits", "r2")) == text_of(ended));
    Changes deletion;
    deletion.deleted_sweeps = {SweepId("s2")};
    REQUIRE_FALSE(commit_now(*store, backend->wake, deletion));
    CHECK(found("other", "r2") == "");
    // Its rows may still be there, and their names are free.
    Changes again;
    NewSweep fresh = make_drawer("s3");
    fresh.record.project = "other";
    again.new_sweeps = {fresh};
    elsewhere.sweep = SweepId("s3");
    again.runs = {RunRow{elsewhere, true, false}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, again));
    CHECK(found("other", "r2") == "r3");
}

TEST_CASE("store: a run's name and config change when it says so", "[store][contract][wandb]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Run run = client_run("r1", "s1", 1);
    REQUIRE_FALSE(commit_now(*store, backend->wake, with_run(run)));
    run.name = "brave-fox-1";
    run.config = {{"lr", 0.5}};
    run.client->history_lines = 7;
    Changes changes;
    changes.runs = {RunRow{run, false, true}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    CHECK(text_of(*store->find_run(run.id)) == text_of(run));
    CHECK(text_of(store->load().runs.at(0)) == text_of(run));
}

TEST_CASE("store: a sweep's spec changes when it says so", "[store][contract][wandb]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Changes changes;
    NewSweep sweep = make_sweep("s1");
    sweep.origin.env = {{"A", "b"}};
    changes.new_sweeps = {sweep};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    Changes edit;
    SweepOrigin next;
    next.spec = "method: random\n";
    next.method = "random";
    next.seed = 9;
    edit.edited_origins = {{SweepId("s1"), next}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, edit));
    sweep.origin.spec = next.spec;
    sweep.origin.method = next.method;
    sweep.origin.seed = next.seed;
    CHECK(text_of(store->load().sweeps.at(0)) == text_of(sweep));
}

TEST_CASE("store: serials whose ids are taken are remembered until their turn",
          "[store][contract][wandb]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Changes changes;
    changes.skipped_serials = {5, 3};
    changes.serials.next_run = 2;
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    CHECK(store->load().skipped_serials == std::vector<std::uint64_t>{3, 5});
    Changes later;
    later.skipped_serials = {5};
    later.serials.next_run = 4;
    REQUIRE_FALSE(commit_now(*store, backend->wake, later));
    CHECK(store->load().skipped_serials == std::vector<std::uint64_t>{5});
}

TEST_CASE("store: what a client brought goes with its run", "[store][contract][wandb]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    const Run run = in_state(client_run("r1", "s1", 1), RunState::finished);
    Changes changes = with_run(run);
    RunDetails details;
    details.notes = "x";
    changes.details = {{run.id, details}};
    changes.streams = {{run.id, RunStream::history, 0, {"{}"}}};
    changes.files = {{run.id, "f", 1, "", "", at(1)}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    Changes deletion;
    deletion.deleted_runs = {run.id};
    REQUIRE_FALSE(commit_now(*store, backend->wake, deletion));
    CHECK(backend->lines().empty());
    CHECK(backend->details().empty());
    CHECK(backend->files().empty());
}

TEST_CASE("store: a commit that fails leaves nothing of what clients brought",
          "[store][contract][wandb]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Changes changes = with_run(client_run("r1", "s1", 1));
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    Changes bad;
    bad.projects = {{"local", "new", at(7), "x"}};
    bad.streams = {{RunId("r1"), RunStream::history, 0, {"{}"}}};
    RunDetails details;
    details.notes = "x";
    bad.details = {{RunId("r1"), details}};
    bad.files = {{RunId("r1"), "f", 1, "", "", at(1)}};
    bad.skipped_serials = {5};
    bad.sweeps = {make_sweep("nowhere").record};
    CHECK(commit_now(*store, backend->wake, bad));
    CHECK(backend->projects().size() == 1);
    CHECK(backend->lines().empty());
    CHECK(backend->details().empty());
    CHECK(backend->files().empty());
    CHECK(store->load().skipped_serials.empty());
    bad.sweeps.clear();
    REQUIRE_FALSE(commit_now(*store, backend->wake, bad));
    CHECK(backend->projects().size() == 2);
}

TEST_CASE("fsck: what clients brought", "[store][fsck][wandb]") {
    struct Row {
        const char* what;
        const char* break_it;
    };
    const Row row =
        GENERATE(Row{"", "SELECT 1"}, Row{"stream", "UPDATE run_clients SET history_lines = 3"},
                 Row{"stream", "UPDATE run_clients SET output_base = 9"},
                 Row{"stream", "DELETE FROM stream_lines WHERE stream = 'events'"},
                 Row{"stream", "DELETE FROM run_clients WHERE wire_name = 'odd name'"},
                 Row{"project", "UPDATE runs SET project = NULL WHERE id = 'r2'"},
                 Row{"project", "UPDATE run_clients SET project = 2"},
                 Row{"wire_name", "UPDATE run_clients SET wire_name = 'odd name'"},
                 Row{"agent", "UPDATE agents SET only_sweep = 'nowhere'"},
                 Row{"drawer", "UPDATE sweeps SET status = 'paused' WHERE loose = 1"});
    CAPTURE(row.break_it);
    StoredDatabase database;
    Run run = client_run("r1", "s1", 1);
    run.client->wire_name = "odd name";
    run.client->history_lines = 2;
    run.client->event_lines = 1;
    Changes changes = with_run(run);
    changes.new_sweeps[0].record.next_number = 3;
    changes.new_sweeps[0].record.counts[RunState::pending] = 2;
    changes.runs.push_back(RunRow{client_run("r2", "s1", 2), true, false});
    changes.streams = {{run.id, RunStream::history, 0, {"{}", "{}"}},
                       {run.id, RunStream::events, 0, {"{}"}}};
    changes.projects = {{"local", "other", at(1), std::nullopt}};
    AgentRecord agent;
    agent.id = AgentId("a1");
    agent.foreign = true;
    agent.only_sweep = SweepId("s1");
    changes.agents = {agent};
    changes.events = {state_event(1, run, ""), state_event(2, changes.runs[1].run, "")};
    changes.serials = {2, 1, 1, 3};
    database.commit(changes);
    {
        sqlite::Database raw(database.path(), sqlite::Access::read_write);
        raw.execute(row.break_it);
    }
    FsckOptions options;
    options.database = database.path();
    std::vector<std::string> found;
    for (const FsckFinding& finding : fsck(options))
        found.push_back(finding.what);
    if (std::string(row.what).empty()) {
        CHECK(found == std::vector<std::string>{});
    } else {
        CHECK(std::find(found.begin(), found.end(), row.what) != found.end());
    }
}

#include "sweepctl/store/project_reads.hpp"

#include "client_records.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sweepctl;

namespace {

std::string names(const WireSweepPage& page) {
    std::string all;
    for (const WireSweep& sweep : page.sweeps)
        all += sweep.id.text + " ";
    return all;
}

}  // namespace

TEST_CASE("projects: newest first, in pages, by name and by key", "[store][wandb]") {
    StoredDatabase database;
    Changes changes;
    changes.projects = {make_project("one"), make_project("two"), make_project("three")};
    changes.projects[1].description = "the second";
    changes.projects.push_back({"team", "one", at(5), std::nullopt});
    database.commit(changes);
    database.read([&](ReadSession& session) {
        std::string all;
        std::string cursor;
        for (bool more = true; more;) {
            const auto page = wire_projects(session, "local", 2, cursor);
            REQUIRE(page.ok());
            for (const WireProject& project : page->projects)
                all += project.name + " ";
            more = page->has_next;
            cursor = page->projects.back().cursor;
        }
        CHECK(all == "three two one ");
        CHECK(wire_projects(session, "", 9, "")->projects.size() == 4);
        CHECK_FALSE(wire_projects(session, "", 9, "junk").ok());
        const auto two = wire_project(session, "local", "two");
        REQUIRE(two);
        CHECK(two->description == "the second");
        CHECK(two->created_at == at(1'795'341'600'000));
        CHECK(wire_project(session, two->key)->name == "two");
        CHECK_FALSE(wire_project(session, "team", "two"));
        CHECK_FALSE(wire_project(session, 99));
        return 0;
    });
}

TEST_CASE("wire sweep: every field, and W&B's words for its status", "[store][wandb]") {
    StoredDatabase database;
    Changes changes;
    changes.projects = {make_project("digits")};
    NewSweep sweep = make_sweep("s1");
    sweep.record.description = "what for";
    sweep.record.prior_filters = R"({"name":"r0"})";
    sweep.record.status = SweepStatus::stopped;
    sweep.record.expected_runs = 12;
    sweep.record.best = BestRun{RunId("r2"), 0.25};
    sweep.record.counts[RunState::finished] = 2;
    sweep.record.counts[RunState::running] = 1;
    sweep.record.started_at = sweep.record.created_at + Duration{5};
    changes.new_sweeps = {sweep};
    Run run = make_run("r2", "s1", 2);
    run.created_at = sweep.record.created_at + Duration{7};
    changes.runs = {RunRow{make_run("r1", "s1", 1), true}, RunRow{run, true}};
    database.commit(changes);
    const auto wire =
        database.read([](ReadSession& session) { return wire_sweep(session, SweepId("s1")); });
    REQUIRE(wire);
    CHECK(wire->id.text == "s1");
    CHECK(wire->display_name == "sweep s1");
    CHECK(wire->project == "digits");
    CHECK(wire->project_key > 0);
    CHECK(wire->entity == "local");
    CHECK(wire->method == "grid");
    CHECK(wire->state == "FINISHED");
    CHECK(wire->stopped);
    CHECK(wire->description == "what for");
    CHECK(wire->spec == "method: grid\n");
    CHECK(wire->prior_filters == R"({"name":"r0"})");
    CHECK(wire->created_at == sweep.record.created_at);
    CHECK(wire->updated_at == sweep.record.created_at + Duration{7});
    CHECK_FALSE(wire->heartbeat_at);
    CHECK(wire->run_count == 3);
    CHECK(wire->expected_runs == 12);
    CHECK(wire->best_run == "r2");
    CHECK(wire->best_loss == 0.25);

    using Status = SweepStatus;
    const std::vector<std::pair<Status, std::string>> words{
        {Status::pending, "PENDING"},    {Status::running, "RUNNING"},
        {Status::paused, "PAUSED"},      {Status::stopped, "FINISHED"},
        {Status::cancelled, "CANCELED"}, {Status::finished, "FINISHED"},
        {Status::failed, "FAILED"},      {Status::crashed, "CRASHED"}};
    for (const auto& [status, word] : words) {
        Changes next;
        sweep.record.status = status;
        sweep.record.best.reset();
        next.sweeps = {sweep.record};
        database.commit(next);
        const auto now =
            database.read([](ReadSession& session) { return wire_sweep(session, SweepId("s1")); });
        CHECK(now->state == word);
        CHECK(now->stopped == (status == Status::stopped));
        CHECK_FALSE(now->best_loss);
    }
}

TEST_CASE("wire sweep: of one project, without drawers and what is deleted", "[store][wandb]") {
    StoredDatabase database;
    Changes changes;
    changes.projects = {make_project("digits"), make_project("other")};
    changes.new_sweeps = {make_sweep("s1"), make_drawer("d1"), make_sweep("s2"),
                          make_sweep("s3"), make_sweep("s4"),  make_sweep("s5")};
    changes.new_sweeps[3].record.project = "other";
    database.commit(changes);
    Changes deleted;
    deleted.deleted_sweeps = {SweepId("s4")};
    database.commit(deleted);
    database.read([&](ReadSession& session) {
        const auto page = project_sweeps(session, "local", "digits", 2, "");
        REQUIRE(page.ok());
        CHECK(names(*page) == "s5 s2 ");
        CHECK(page->has_next);
        const auto rest = project_sweeps(session, "local", "digits", 2, page->sweeps.back().cursor);
        CHECK(names(*rest) == "s1 ");
        CHECK_FALSE(rest->has_next);
        CHECK_FALSE(project_sweeps(session, "local", "digits", 2, "zz").ok());
        CHECK(project_sweep_count(session, "local", "digits") == 3);
        CHECK(project_sweep_count(session, "local", "other") == 1);
        CHECK(project_sweep_count(session, "local", "none") == 0);
        CHECK(wire_sweep(session, "local", "digits", "s1"));
        CHECK_FALSE(wire_sweep(session, "local", "other", "s1"));
        CHECK_FALSE(wire_sweep(session, "team", "digits", "s1"));
        CHECK_FALSE(wire_sweep(session, SweepId("d1")));
        CHECK_FALSE(wire_sweep(session, SweepId("s4")));
        return 0;
    });
}

TEST_CASE("wire agents: those that serve a sweep and those that had its runs", "[store][wandb]") {
    StoredDatabase database;
    Changes changes;
    changes.projects = {make_project("digits")};
    changes.new_sweeps = {make_sweep("s1"), make_sweep("s2")};
    const auto agent_of = [](const std::string& id, const std::string& sweep, AgentState state) {
        AgentRecord agent;
        agent.id = AgentId(id);
        agent.host = "host of " + id;
        agent.state = state;
        agent.foreign = true;
        agent.only_sweep = SweepId(sweep);
        agent.created_at = at(1'000);
        agent.heartbeat_at = at(9'000);
        return agent;
    };
    changes.agents = {agent_of("idle", "s1", AgentState::online),
                      agent_of("elsewhere", "s2", AgentState::online),
                      agent_of("silent", "s1", AgentState::lost)};
    changes.agents[2].created_at = at(500);
    AgentRecord own = agent_of("agent1", "s1", AgentState::online);
    own.foreign = false;
    own.only_sweep.reset();
    own.created_at.reset();
    changes.agents.push_back(own);
    for (std::uint64_t number = 1; number <= 4; ++number) {
        Run run = make_run("r" + std::to_string(number), "s1", number);
        if (number < 4) run = in_state(run, RunState::finished);
        if (number == 3) run.agent = AgentId("forgotten");
        changes.runs.push_back({run, true});
    }
    database.commit(changes);
    const auto agents =
        database.read([](ReadSession& session) { return sweep_agents(session, SweepId("s1")); });
    std::string all;
    for (const WireAgent& agent : agents) {
        all += agent.id.text + "|" + agent.host + "|" + agent.state + "|" +
               std::to_string(agent.total_runs) + "|" +
               std::to_string(agent.created_at.time_since_epoch().count() % 1'000'000) + "\n";
    }
    CHECK(all ==
          "silent|host of silent|FINISHED|0|500\n"
          "idle|host of idle|RUNNING|0|1000\n"
          "agent1|host of agent1|RUNNING|2|600011\n"
          "forgotten|here|FINISHED|1|600013\n");
    const auto wire =
        database.read([](ReadSession& session) { return wire_sweep(session, SweepId("s1")); });
    CHECK(wire->heartbeat_at == at(9'000));
    CHECK(database.read([](ReadSession& session) {
        return sweep_agents(session, SweepId("none")).size();
    }) == 0);
}

TEST_CASE("run files: by name, by names, by pattern, in pages", "[store][wandb]") {
    StoredDatabase database;
    Changes changes;
    changes.projects = {make_project("digits")};
    changes.new_sweeps = {make_drawer("d1")};
    changes.runs = {RunRow{with_client(make_run("r1", "d1", 1)), true},
                    RunRow{with_client(make_run("r2", "d1", 2)), true}};
    for (const char* name : {"media/b.png", "config.yaml", "output.log", "media/a.png", "100%.txt"})
        changes.files.push_back({RunId("r1"), name, 7, "bWQ1", "text/plain", at(1'234)});
    changes.files.push_back({RunId("r2"), "other", 1, "", "", at(1)});
    database.commit(changes);
    const auto found = [&](std::vector<std::string> names, const std::string& pattern,
                           std::size_t limit) {
        return database.read([&](ReadSession& session) {
            RunFilesQuery query{RunId("r1"), names, pattern, limit, ""};
            std::string all;
            for (bool more = true; more;) {
                const auto page = run_files(session, query);
                REQUIRE(page.ok());
                CHECK(page->files.size() <= limit);
                for (const WireFile& file : page->files)
                    all += file.name + " ";
                more = page->has_next;
                if (more) query.cursor = page->files.back().cursor;
            }
            return all;
        });
    };
    const std::string all = "100%.txt config.yaml media/a.png media/b.png output.log ";
    for (const std::size_t limit : {1U, 2U, 5U, 50U}) {
        CHECK(found({}, "", limit) == all);
        CHECK(found({"output.log", "none", "config.yaml", "output.log"}, "", limit) ==
              "config.yaml output.log ");
        CHECK(found({}, "media/%.png", limit) == "media/a.png media/b.png ");
        CHECK(found({}, "%.LOG", limit) == "output.log ");
        CHECK(found({"media/a.png", "output.log"}, "media/%", limit) == "media/a.png ");
        CHECK(found({"none"}, "", limit).empty());
    }
    database.read([&](ReadSession& session) {
        const auto page = run_files(session, {RunId("r1"), {"config.yaml"}, "", 9, ""});
        const WireFile& file = page->files.at(0);
        CHECK(file.size == 7);
        CHECK(file.md5 == "bWQ1");
        CHECK(file.mimetype == "text/plain");
        CHECK(file.updated_at == at(1'234));
        CHECK(run_file_count(session, RunId("r1")) == 5);
        CHECK(run_file_count(session, RunId("r2")) == 1);
        CHECK(run_file_count(session, RunId("r3")) == 0);
        CHECK_FALSE(run_files(session, {RunId("r1"), {}, "", 9, "x"}).ok());
        CHECK_FALSE(run_files(session, {RunId("r1"), {}, std::string(2'000, '%'), 9, ""}).ok());
        CHECK(run_files(session, {RunId("r3"), {}, "", 9, ""})->files.empty());
        return 0;
    });
}

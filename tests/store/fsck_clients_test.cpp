#include "sweepctl/store/fsck.hpp"

#include "small_fleet.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// fsck of what W&B's clients and agents bring: runs of no sweep, runs of foreign agents, lines,
// files, and what is left when they are deleted.

using namespace sweepctl;

namespace {

/// W&B's clients and agents at a SmallFleet.
class Guests {
public:
    explicit Guests(SmallFleet& fleet) : fleet_(fleet) {}

    SweepId create_sweep() {
        CreateSweep event;
        event.request = fleet_.request();
        event.project = "p";
        event.entity = "e";
        event.needs_own_agent = true;  // For W&B's agents only.
        event.origin = make_sweep("x").origin;
        event.strategy = std::make_shared<CountTo>(100);
        return fleet_.ask(event).sweep;
    }
    AgentId register_agent(const SweepId& sweep) {
        return fleet_.ask(RegisterForeignAgent{fleet_.request(), sweep, "far"}).agent;
    }
    /// What the agent is told to start; an empty id: nothing.
    RunId beat(const AgentId& agent, std::vector<RunId> live = {}) {
        fleet_.pass(std::chrono::seconds{5});
        const Answer answer =
            fleet_.ask(ForeignHeartbeat{fleet_.request(), agent, std::move(live), false, {}});
        const bool starts =
            !answer.commands.empty() && answer.commands[0].kind == ForeignCommand::Kind::run;
        return starts ? answer.commands[0].run : RunId{};
    }
    RunId init(const std::string& name, const std::optional<SweepId>& sweep = {}) {
        UpsertRun event;
        event.request = fleet_.request();
        event.named = named(name);
        event.live = true;
        event.sweep = sweep;
        event.host = "there";
        event.details.config_json = R"({"_wandb":{"value":{"t":{}}}})";
        return fleet_.ask(std::move(event)).run;
    }
    void log(const std::string& name, std::uint64_t offset) {
        ClientStream event;
        event.request = fleet_.request();
        event.named = named(name);
        event.history = ClientStream::Lines{offset, {R"({"loss":1})", R"({"loss":2})"}};
        event.history_points = {{{"loss", 1}}, {{"loss", 2}}};
        event.events = ClientStream::Lines{offset, {R"({"system.cpu":1})", "{}"}};
        event.output = ClientStream::Lines{offset, {"one", "two"}};
        event.details.summary_json = R"({"loss":2})";
        event.summary_points = {{"loss", 2}};
        REQUIRE(fleet_.ask(std::move(event)).code == AnswerCode::ok);
    }
    void complete(const std::string& name, int code) {
        ClientStream event;
        event.request = fleet_.request();
        event.named = named(name);
        event.complete = true;
        event.exit_code = code;
        REQUIRE(fleet_.ask(std::move(event)).code == AnswerCode::ok);
    }
    void store_file(const RunId& run, const std::string& name, std::uint64_t size) {
        RegisterFile event;
        event.request = fleet_.request();
        event.named.run = run;
        event.name = name;
        event.size = size;
        REQUIRE(fleet_.ask(std::move(event)).code == AnswerCode::ok);
    }
    void remove(const RunId& run) {
        DeleteRun event{fleet_.request(), run, fleet_.database().store().find_run(run), {}};
        REQUIRE(fleet_.ask(std::move(event)).code == AnswerCode::ok);
    }

private:
    ClientRunName named(const std::string& name) {
        return {
            {}, "e", "p", name, fleet_.database().store().find_run_named("e", "p", name), false};
    }

    SmallFleet& fleet_;
};

struct Story {
    SweepId sweep;
    SweepId drawer;
    RunId foreign;  ///< a live run of a W&B agent
    RunId loose;    ///< a live run of no sweep, with lines
    RunId deleted;
};

/// Loose runs that finished, failed, fell silent, went again and live; foreign ones that ended,
/// never began and live; of both some that were deleted alive and ended.
Story live_among_guests(SmallFleet& fleet) {
    Story story;
    Guests guests(fleet);
    story.sweep = guests.create_sweep();

    guests.init("silent");
    guests.log("silent", 0);
    guests.init("odd name");
    fleet.pass(std::chrono::seconds{301});
    guests.log("silent", 0);  // Heard again, with what is known.
    guests.complete("silent", 0);
    guests.init("failed");
    guests.complete("failed", 3);
    guests.init("failed");  // Goes again.
    guests.log("failed", 0);
    guests.log("failed", 5);  // Some are missing between.
    guests.complete("failed", 0);

    const AgentId agent = guests.register_agent(story.sweep);
    const AgentId other = guests.register_agent(story.sweep);
    const RunId ended = guests.beat(agent);
    guests.init(ended.text, story.sweep);
    guests.log(ended.text, 0);
    guests.complete(ended.text, 0);
    guests.beat(agent);                       // Another one, which never begins,
    const RunId doomed = guests.beat(agent);  // and one more.
    guests.init(doomed.text, story.sweep);
    guests.log(doomed.text, 0);
    guests.store_file(doomed, "gone.txt", 1);
    guests.remove(doomed);
    guests.remove(ended);
    story.foreign = guests.beat(other);
    guests.init(story.foreign.text, story.sweep);
    guests.log(story.foreign.text, 0);
    guests.beat(other, {story.foreign});

    story.deleted = guests.init("deleted");
    guests.log("deleted", 0);
    guests.remove(story.deleted);
    story.loose = guests.init("loose");
    guests.log("loose", 0);
    story.drawer = fleet.database().store().find_run(story.loose)->sweep;
    return story;
}

void touch(const std::string& path, const std::string& content = "x") {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << content;
}

}  // namespace

TEST_CASE("fsck: what W&B's clients and agents brought is found right", "[store][fsck][wandb]") {
    SmallFleet fleet;
    live_among_guests(fleet);
    CHECK(shown(check(fleet.database().path())) == "");
}

TEST_CASE("fsck: each damage among what clients brought is found", "[store][fsck][wandb]") {
    // $F and $L are the keys of the live foreign and the live loose run.
    const auto damage = GENERATE(values<Damage>({
        {"UPDATE run_clients SET history_lines = 1 WHERE run = $F", "stream",
         "line 1 of its history is the next one, but 2 follows"},
        {"UPDATE run_clients SET history_lines = 9 WHERE run = $L", "stream", "line 9"},
        {"DELETE FROM stream_lines WHERE run = $L AND stream = 'history' AND line = 1", "stream",
         "line 2 of its history"},
        {"DELETE FROM stream_lines WHERE run = $F AND stream = 'events'", "stream",
         "line 2 of its events"},
        {"DELETE FROM stream_lines WHERE run = $F AND stream = 'output'", "stream",
         "line 2 of its output"},
        {"UPDATE run_clients SET event_base = 7 WHERE run = $L", "stream", "begins behind"},
        {"DELETE FROM run_clients WHERE run = $L", "stream", "a client that never spoke"},
        {"DELETE FROM run_clients WHERE run = $L", "claim", "nobody's hands"},
        {"DELETE FROM runs WHERE key = $L", "foreign_key", "speaks of a row of runs"},
        {"DELETE FROM runs WHERE key = $L", "counts", "running runs, but has"},
        {"UPDATE runs SET state = 'finished' WHERE key = $L", "event_state", "end with running"},
        {"INSERT INTO projects (entity, name, created_at, description) VALUES ('e', 'q', 1, '');"
         "UPDATE runs SET project = (SELECT key FROM projects WHERE name = 'q') WHERE key = $L",
         "project", "than its sweep"},
        {"INSERT INTO projects (entity, name, created_at, description) VALUES ('e', 'q', 1, '');"
         "UPDATE run_clients SET project = (SELECT key FROM projects WHERE name = 'q')"
         " WHERE run = $L",
         "project", "than its client"},
        {"UPDATE run_clients SET wire_name = 'same' WHERE run IN ($F, $L)", "wire_name", "'same'"},
        {"UPDATE agents SET only_sweep = NULL WHERE kind = 'foreign'", "agent", "of no sweep"},
        {"UPDATE agents SET only_sweep = 'nowhere' WHERE kind = 'foreign'", "claim",
         "of another sweep"},
        {"DELETE FROM agents WHERE kind = 'foreign'", "claim", "which is not there"},
        {"UPDATE runs SET claim_agent = 'agent1', claim_fence = 1, claim_phase = 'started',"
         " claim_revoking = 0 WHERE key = $L",
         "claim", "is of no sweep, but in the hands of agent 'agent1'"},
        {"UPDATE sweeps SET status = 'stopped' WHERE loose = 1", "drawer", "is stopped"},
    }));
    SmallFleet fleet;
    const Story story = live_among_guests(fleet);
    TemporaryDirectory directory;
    const std::string path = directory / "copy.db";
    {
        sqlite::Database database(fleet.database().path(), sqlite::Access::read_write);
        database.execute("VACUUM INTO '" + path + "'");
    }
    check_found(path, damage,
                {{"$F", "id = '" + story.foreign.text + "'"},
                 {"$L", "id = '" + story.loose.text + "'"}});
}

TEST_CASE("fsck: files that clients stored are compared with what is known of them",
          "[store][fsck][wandb]") {
    SmallFleet fleet;
    const Story story = live_among_guests(fleet);
    Guests guests(fleet);
    guests.store_file(story.loose, "media/a b.txt", 5);
    guests.store_file(story.foreign, "output.log", 3);
    const std::string home =
        std::filesystem::path(fleet.database().path()).parent_path().string() + "/home";
    const std::string drawer = home + "/sweeps/" + story.drawer.text + "/";
    const std::string first = drawer + story.loose.text + "/files/media/a b.txt";
    const std::string second =
        home + "/sweeps/" + story.sweep.text + "/" + story.foreign.text + "/files/output.log";
    const auto findings = [&] { return shown(check(fleet.database().path(), home)); };
    touch(first, "12345");
    CHECK(findings() ==
          "upload " + story.foreign.text + ": its file '" + second + "' is not there\n");
    touch(second, "123");
    CHECK(findings() == "");
    touch(second, "1234");
    CHECK_THAT(findings(), Catch::Contains("has 4 bytes, but 3 were stored"));
    std::filesystem::remove(second);
    std::filesystem::create_directory(second);
    CHECK_THAT(findings(), Catch::Contains("is no file"));
    std::filesystem::remove(second);
    touch(second, "123");
    // Beside them lies what was never registered: on its way, or the program's own.
    touch(drawer + story.loose.text + "/files/on its way", "1");
    touch(drawer + "a program's/notes.txt", "1");
    CHECK(findings() == "");
    const std::string left = drawer + story.deleted.text;
    touch(left + "/files/config.yaml", "1");
    CHECK(findings() == "file_without_run " + story.deleted.text + ": '" + left +
                            "': the sweep has no run '" + story.deleted.text + "'\n");
}

#include "sweepctl/agent/agent.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace sweepctl;

namespace {

/// Starts what it is told to at once, and records nothing by itself.
class FakeLauncher : public Launcher {
public:
    std::vector<JournalRecord> recover() override { return recorded; }
    void launch(LaunchRequest request) override { launched.push_back(std::move(request)); }
    bool adopt(const RunId&, std::uint32_t, const RunnerIdentity&) override { return false; }
    bool signal(const RunId&, std::uint32_t, RunnerOrder, int) override { return true; }
    void forget(const RunId&, std::uint32_t) override {}

    std::vector<JournalRecord> recorded;  ///< by earlier agents; their runners are dead
    std::vector<LaunchRequest> launched;
};

class NoFiles : public RunFiles {
public:
    void follow(const RunId&, std::uint32_t, const std::string&) override {}
    void unfollow(const RunId&, std::uint32_t) override {}
    void follow_output(const RunId&, std::uint32_t, const std::string&) override {}
    MetricsChunk read_metrics(const std::string&,
                              std::uint64_t offset,
                              MetricsFormat,
                              bool) override {
        MetricsChunk chunk;
        chunk.offset_end = offset;
        return chunk;
    }
    std::string locate(const std::string&, const RunId&, std::uint32_t) override { return {}; }
    LogChunk read_log(const std::string&, std::uint64_t, std::uint32_t) override { return {}; }
    std::vector<std::string> environment_of(int) override { return {}; }
    std::optional<int> program_pid(int) override { return std::nullopt; }
};

struct Limits {
    std::optional<std::uint64_t> starts{};
    std::optional<std::uint64_t> successes{};
};

/// An agent, of one slot unless told otherwise, with a clock that stands still until told.
class AgentFixture : private AgentLink, private AgentClock {
public:
    explicit AgentFixture(std::uint32_t slots = 1, const Limits& limits = {})
        : agent(settings(slots, limits), launcher, files_, *this, *this) {}

    void connect() {
        agent.connected();
        agent.order(
            WelcomeOrder{AgentId{"a"}, std::get<AgentHello>(sent.back()).report.sequence, 1, {}});
    }
    /// Claim k is for run k.
    void give(Fence fence) {
        StartOrder order;
        order.agent = AgentId{"a"};
        order.execution = {RunId{"run-" + std::to_string(fence)}, 1, fence};
        order.sweep = SweepId{"s"};
        order.resources = Resources{1, 0};
        agent.order(order);
    }
    /// What the runner of the last launch writes, and its end.
    void live_and_end() { live_and_end(launcher.launched.back()); }
    void live_and_end(LaunchRequest run, ProgramEnd how = ProgramExited{0}) {
        live(run);
        end(run, std::move(how));
    }
    void live(const LaunchRequest& run) {
        agent.journal({Started{run.run, run.attempt, run.fence, {100, 1, "boot"}, now_.wall}});
    }
    void end(const LaunchRequest& run, ProgramEnd how) {
        Ended ended;
        ended.run = run.run;
        ended.attempt = run.attempt;
        ended.fence = run.fence;
        ended.how = std::move(how);
        ended.started_at = ended.ended_at = now_.wall;
        ended.drained = true;
        agent.journal({ended});
        agent.runner_gone(ended.run, ended.attempt, 0);
    }
    /// The last launch.
    void fail(int error) {
        const LaunchRequest run = launcher.launched.back();
        agent.launch_failed(run.run, run.attempt, {LaunchStage::output, error, "/home/x.log"});
    }
    /// What it has said last, once the controller has taken in all that it had to say; the runs
    /// that it gave back meanwhile are in `returned`.
    AgentReport settle() {
        AgentReport last;
        for (const AgentReport* report = unanswered(); report != nullptr; report = unanswered()) {
            last = *report;
            for (const ExecutionRef& each : last.returned)
                returned.push_back(each.run.text);
            sequence_ = last.sequence;
            agent.order(AckOrder{AgentId{"a"}, sequence_});
        }
        return last;
    }
    void pass(Duration time) {
        now_.wall += time;
        now_.steady += time;
        now_.boottime_ms += time.count();
    }
    [[nodiscard]] bool in_the_past(std::optional<SteadyTime> deadline) const {
        return deadline && *deadline <= now_.steady;
    }

    FakeLauncher launcher;
    std::vector<std::string> returned;

private:
    [[nodiscard]] const AgentReport* unanswered() const {
        const auto* report = sent.empty() ? nullptr : std::get_if<AgentReport>(&sent.back());
        return report != nullptr && report->sequence > sequence_ ? report : nullptr;
    }
    static AgentSettings settings(std::uint32_t slots, const Limits& limits) {
        AgentSettings settings;
        settings.record.id = AgentId{"a"};
        settings.record.slots = slots;
        settings.starts_max = limits.starts;
        settings.successes_max = limits.successes;
        settings.home = "/home";
        return settings;
    }
    bool send(const AgentMessage& message) override {
        sent.push_back(message);
        return true;
    }
    [[nodiscard]] AgentClockReading now() const override { return now_; }

    AgentClockReading now_{WallTime{std::chrono::seconds{1'000}},
                           SteadyTime{std::chrono::seconds{1'000}}, 1'000'000};
    NoFiles files_;
    std::uint64_t sequence_ = 0;

public:
    std::vector<AgentMessage> sent;
    Agent agent;
};

SweepBrief brief() {
    SweepBrief brief;
    brief.sweep = SweepId{"s"};
    brief.command = {"true"};
    brief.cwd = brief.launch_dir = "/";
    return brief;
}

}  // namespace

TEST_CASE("agent: what a new link's hello has taken along is not held back any more", "[agent]") {
    AgentFixture world;
    world.connect();
    world.agent.order(brief());
    for (Fence fence = 1; fence <= 9; ++fence)
        world.give(fence);
    REQUIRE(world.launcher.launched.size() == 1);
    // More than half of the window is held, so this report waits for more.
    const std::size_t before = world.sent.size();
    world.live_and_end();
    REQUIRE(world.sent.size() == before);
    REQUIRE(world.launcher.launched.size() == 2);
    REQUIRE_FALSE(world.in_the_past(world.agent.next_deadline()));

    world.agent.disconnected();
    world.pass(Duration{50});
    world.connect();
    REQUIRE(std::get<AgentHello>(world.sent.back()).report.ended.size() == 1);
    // Nothing is due: a tick that finds nothing to do would be followed by the next at once.
    REQUIRE_FALSE(world.in_the_past(world.agent.next_deadline()));
}

TEST_CASE("agent: told to leave by a person, it tells the controller", "[agent]") {
    AgentFixture world;
    world.connect();
    REQUIRE_FALSE(std::get<AgentHello>(world.sent.back()).report.draining);
    SECTION("at once") {
        world.agent.drain();
        REQUIRE(std::get<AgentReport>(world.sent.back()).draining);
    }
    SECTION("by the next hello") {
        world.agent.disconnected();
        world.agent.drain();
        world.connect();
        REQUIRE(std::get<AgentHello>(world.sent.back()).report.draining);
    }
}

TEST_CASE("agent: of so many runs it starts no more, in however many slots", "[agent]") {
    AgentFixture world(2, {.starts = 3});
    world.connect();
    CHECK(std::get<AgentHello>(world.sent.back()).report.window == 1);
    world.agent.order(brief());
    for (Fence fence = 1; fence <= 4; ++fence)
        world.give(fence);
    REQUIRE(world.launcher.launched.size() == 2);
    CHECK_FALSE(world.agent.draining());
    world.live_and_end(world.launcher.launched[0]);
    REQUIRE(world.launcher.launched.size() == 3);
    CHECK(world.agent.done_enough());
    // The fourth is somebody else's, and what comes now.
    CHECK(world.agent.draining());
    world.give(5);
    world.live_and_end(world.launcher.launched[1]);
    world.live_and_end(world.launcher.launched[2]);
    CHECK(world.launcher.launched.size() == 3);
    CHECK(world.agent.take_ends().size() == 3);
    std::vector<std::string> returned;
    for (int k = 0; k < 10 && !world.agent.idle(); ++k) {
        const auto& report = std::get<AgentReport>(world.sent.back());
        for (const ExecutionRef& each : report.returned)
            returned.push_back(each.run.text);
        AckOrder ack;
        ack.agent = AgentId{"a"};
        ack.sequence = report.sequence;
        world.agent.order(ack);
    }
    CHECK(world.agent.idle());
    CHECK(returned == std::vector<std::string>{"run-4", "run-5"});
}

TEST_CASE("agent: of so many that are to finish it starts no more than are missing", "[agent]") {
    AgentFixture world(3, {.successes = 2});
    world.connect();
    CHECK(std::get<AgentHello>(world.sent.back()).report.claims_max == 2U);
    world.agent.order(brief());
    for (Fence fence = 1; fence <= 3; ++fence)
        world.give(fence);
    REQUIRE(world.launcher.launched.size() == 2);
    world.settle();
    CHECK(world.returned == std::vector<std::string>{"run-3"});

    world.live_and_end(world.launcher.launched[0], ProgramExited{1});
    CHECK(world.settle().claims_max == 2U);  // A failed one is no success.
    world.give(4);
    REQUIRE(world.launcher.launched.size() == 3);
    world.live_and_end(world.launcher.launched[1]);
    CHECK(world.settle().claims_max == 1U);
    world.give(5);
    REQUIRE(world.launcher.launched.size() == 3);
    CHECK_FALSE(world.agent.draining());
    world.live_and_end(world.launcher.launched[2]);
    CHECK(world.agent.done_enough());
    CHECK(world.settle().draining);
    CHECK(world.agent.idle());
    CHECK(world.returned == std::vector<std::string>{"run-3", "run-5"});
}

TEST_CASE("agent: where its host lacks something a run goes back and it tries again later",
          "[agent][shortage]") {
    AgentFixture world(2);
    world.connect();
    world.agent.order(brief());
    world.give(1);
    world.give(2);
    world.give(3);
    const LaunchRequest first = world.launcher.launched[0];
    REQUIRE(world.launcher.launched.size() == 2);
    world.live(first);
    world.settle();
    world.fail(ENOSPC);
    AgentReport said = world.settle();
    CHECK(world.returned == std::vector<std::string>{"run-2", "run-3"});
    CHECK(world.agent.take_ends().empty());
    CHECK(said.claims_max == 1U);
    REQUIRE(said.shortage);
    CHECK(said.shortage->message ==
          "cannot open the output file '/home/x.log': no space left on device");
    const WallTime since = said.shortage->since;

    world.give(4);  // Given before the controller heard of it.
    CHECK(world.launcher.launched.size() == 2);
    world.settle();
    CHECK(world.returned.back() == "run-4");

    // A little later it asks for one more, later still when that does not go either.
    world.pass(Duration{999});
    world.agent.tick();
    CHECK(world.settle().sequence == 0);
    world.pass(Duration{1});
    CHECK(world.in_the_past(world.agent.next_deadline()));
    world.agent.tick();
    CHECK(world.settle().claims_max == 2U);
    world.give(5);
    REQUIRE(world.launcher.launched.size() == 3);
    world.fail(EDQUOT);
    said = world.settle();
    CHECK(said.claims_max == 1U);
    CHECK(said.shortage->since == since);
    world.pass(Duration{1'999});
    world.agent.tick();
    CHECK(world.settle().sequence == 0);
    world.pass(Duration{1});
    world.agent.tick();
    CHECK(world.settle().claims_max == 2U);
    world.give(6);
    world.live(world.launcher.launched.back());
    said = world.settle();
    CHECK_FALSE(said.shortage);
    CHECK_FALSE(said.claims_max);
    CHECK(said.started.size() == 1);
}

TEST_CASE("agent: after a shortage its slots come into use one by one", "[agent][shortage]") {
    AgentFixture world(2);
    world.connect();
    world.agent.order(brief());
    world.give(1);
    SECTION("nothing could be started") {
        world.fail(EMFILE);
    }
    SECTION("the runner could not start the program") {
        world.live(world.launcher.launched.back());
        world.settle();
        world.end(world.launcher.launched.back(), SpawnError{SpawnStage::clone, EAGAIN});
    }
    CHECK(world.settle().claims_max == 0U);
    CHECK(world.returned == std::vector<std::string>{"run-1"});
    world.pass(std::chrono::seconds{1});
    world.agent.tick();
    CHECK(world.settle().claims_max == 1U);
    world.give(2);
    world.live(world.launcher.launched.back());
    CHECK(world.settle().claims_max == 2U);
    world.give(3);
    world.live(world.launcher.launched.back());
    CHECK_FALSE(world.settle().shortage);
}

TEST_CASE("agent: a shortage is over when there is nothing to try it with", "[agent][shortage]") {
    AgentFixture world(2);
    world.connect();
    world.agent.order(brief());
    world.give(1);
    world.fail(ENOSPC);
    REQUIRE(world.settle().shortage);
    world.pass(std::chrono::seconds{1});
    world.agent.tick();
    CHECK(world.settle().claims_max == 1U);
    // Nothing comes: half a minute later it is as if there had been none.
    world.pass(Duration{29'999});
    world.agent.tick();
    CHECK(world.settle().sequence == 0);
    world.pass(Duration{1});
    world.agent.tick();
    const AgentReport said = world.settle();
    CHECK(said.sequence != 0);
    CHECK_FALSE(said.shortage);
    CHECK_FALSE(said.claims_max);
}

TEST_CASE("agent: an error that is no shortage is the run's", "[agent][shortage]") {
    AgentFixture world;
    world.connect();
    world.agent.order(brief());
    world.give(1);
    world.fail(EACCES);
    const AgentReport said = world.settle();
    REQUIRE(said.ended.size() == 1);
    CHECK(said.ended[0].kind == EndKind::spawn_error);
    CHECK_FALSE(said.shortage);
}

TEST_CASE("agent: what an earlier one's killed runner left keeps its unknown slot", "[agent]") {
    AgentFixture world;
    const RunId lost("lost");
    world.launcher.recorded = {Started{lost, 1, 1, {100, 1, "boot"}, WallTime{}}};
    world.agent.recover();  // Its runner does not live any more, something of it may.
    world.connect();
    world.agent.order(brief());
    world.give(2);
    REQUIRE(world.launcher.launched.empty());
    world.agent.runner_gone(lost, 1, 3);
    REQUIRE(world.launcher.launched.size() == 1);
}

TEST_CASE("agent: what ended under an earlier one is reported, but no end of its own", "[agent]") {
    AgentFixture world;
    Ended ended;
    ended.run = RunId{"old"};
    ended.attempt = 1;
    ended.fence = 1;
    ended.how = ProgramExited{1};
    ended.drained = true;
    world.launcher.recorded = {Started{ended.run, 1, 1, {100, 1, "boot"}, WallTime{}}, ended};
    world.agent.recover();
    CHECK(world.agent.take_ends().empty());
    world.connect();
    CHECK(std::get<AgentReport>(world.sent.back()).ended.size() == 1);
}

TEST_CASE("agent: a claim that was given back is not taken up when its order comes again",
          "[agent]") {
    AgentFixture world;
    world.connect();
    world.agent.order(brief());
    world.give(1);
    world.give(2);
    REQUIRE(world.launcher.launched.size() == 1);
    world.agent.order(RevokeOrder{AgentId{"a"}, {{RunId{"run-2"}, 1, 2}}});
    world.give(2);
    world.live_and_end();
    REQUIRE(world.launcher.launched.size() == 1);
    world.give(3);
    REQUIRE(world.launcher.launched.size() == 2);
}

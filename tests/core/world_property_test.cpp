#include "support/world_fixture.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <map>
#include <random>
#include <string>
#include <vector>

// Thousands of random events, sensible and absurd, in any order: whatever agents and people say,
// the invariants hold and only what the tables allow is stored (the fixture and its referee see to
// that at every step). Here: no command but cancel and stop-run touches a run, and nothing that has
// started is given out again before its claim is over.

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

class Chaos {
public:
    explicit Chaos(unsigned seed) : random_(seed) {
        const int sweeps = 1 + pick(3);
        for (int k = 0; k < sweeps; ++k)
            create();
    }

    void step() {
        const std::map<RunId, Run> before = world.runs();
        const std::size_t signals = world.signals().size();
        const bool gentle = act();
        if (!gentle) return;
        if (world.signals().size() != signals)
            throw std::logic_error("a signal because of pause, resume or stop");
        for (const auto& [id, run] : before) {
            const Run& now = world.runs().at(id);
            if (now.state != run.state && !(run.state == RunState::pending && !run.claim))
                throw std::logic_error("run " + id.text + " changed because of its sweep");
        }
    }

    Fixture world;

private:
    int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
    bool chance(int percent) { return pick(100) < percent; }
    std::string agent() { return std::string(1, static_cast<char>('a' + pick(3))); }

    void create() {
        SweepOptions options;
        if (chance(70)) options.size = 1 + static_cast<std::uint64_t>(pick(12));
        options.paused = chance(10);
        options.adaptive = chance(20);
        if (chance(5)) options.fails_at = static_cast<std::uint64_t>(pick(6));
        SweepPolicy& policy = options.policy;
        if (chance(30)) policy.run_cap = 1 + static_cast<std::uint64_t>(pick(10));
        if (chance(30)) policy.parallel = 1 + static_cast<std::uint32_t>(pick(3));
        if (chance(40))
            policy.retry = {
                static_cast<std::uint32_t>(pick(3)), {RunState::crashed, RunState::failed}, {75}};
        if (chance(50)) policy.fail_fast.reset();
        if (chance(30)) policy.fail_fast = FailFast{2, std::chrono::seconds{30}};
        if (chance(30)) policy.timeout = std::chrono::seconds{1 + pick(100)};
        if (chance(30)) policy.heartbeat_timeout = std::chrono::seconds{1 + pick(60)};
        if (chance(40)) policy.metric = MetricGoal{"loss", Goal::minimize, 0.02};
        policy.resources.cpus = 1 + static_cast<std::uint32_t>(pick(2));
        sweeps_.push_back(world.create_sweep(options));
    }

    /// Some execution that was ordered once; mostly a recent one.
    ExecutionRef some_execution() {
        if (world.starts().empty() || chance(2)) return {RunId{"nosuchru"}, 1, 1'000'000};
        const int count = static_cast<int>(world.starts().size());
        const int back = chance(80) ? pick(std::min(count, 6)) : pick(count);
        ExecutionRef ref = world.start(static_cast<std::size_t>(count - 1 - back));
        if (chance(2)) ++ref.fence;
        return ref;
    }
    /// The agent that it was ordered from; now and then another.
    std::string holder(const ExecutionRef& ref) {
        for (const StartOrder& order : world.starts()) {
            if (order.execution.fence == ref.fence && chance(97)) return order.agent.text;
        }
        return agent();
    }
    RunId some_run() {
        if (world.runs().empty() || chance(2)) return RunId{"nosuchru"};
        auto at = world.runs().begin();
        std::advance(at, pick(static_cast<int>(world.runs().size())));
        return at->first;
    }
    SweepId some_sweep() { return sweeps_[static_cast<std::size_t>(pick(int(sweeps_.size())))]; }

    RunEnded some_end() {
        RunEnded end;
        end.execution = some_execution();
        static constexpr EndKind kKinds[] = {
            EndKind::exited,      EndKind::exited,      EndKind::exited,         EndKind::signaled,
            EndKind::spawn_error, EndKind::runner_lost, EndKind::machine_restart};
        end.kind = kKinds[pick(7)];
        static constexpr int kCodes[] = {0, 0, 1, 75, 255};
        end.code = end.kind == EndKind::exited ? kCodes[pick(5)] : (chance(50) ? SIGKILL : SIGINT);
        end.order_signal = chance(30) ? SIGTERM : 0;
        end.at = world.now().wall;
        end.drained = chance(80);
        return end;
    }

    std::vector<ExecutionRef> current(const std::string& agent, ClaimPhase phase) {
        std::vector<ExecutionRef> refs;
        for (const auto& [id, run] : world.runs()) {
            if (run.claim && run.claim->agent.text == agent && run.claim->phase == phase &&
                chance(80)) {
                refs.push_back({id, run.attempt, run.claim->fence});
            }
        }
        if (chance(10)) refs.push_back(some_execution());
        return refs;
    }

    void greet(const std::string& name) {
        if (!greeted_.contains(name)) {
            world.connect(name, 1 + static_cast<std::uint32_t>(pick(4)),
                          static_cast<std::uint32_t>(pick(4)));
            greeted_.insert(name);
            return;
        }
        std::vector<ExecutionRef> live = current(name, ClaimPhase::started);
        for (ExecutionRef& ref : current(name, ClaimPhase::ended))
            live.push_back(std::move(ref));
        std::vector<RunEnded> ended;
        if (chance(30)) ended.push_back(some_end());
        world.agent_record(name).pid = pick(2);
        world.hello(name, live, current(name, ClaimPhase::held), chance(10) ? "boot-2" : "boot-1",
                    ended);
    }

    /// One event. True: it was a pause, resume or stop.
    bool act() {
        switch (pick(32)) {
            case 24:
            case 25: beat(); return false;
            case 26:
            case 27: upsert(); return false;
            case 28:
            case 29:
            case 30: stream(); return false;
            case 31: act_as_wandb_rarely(); return false;
            case 0:
            case 1: greet(agent()); return false;
            case 2: world.disconnect(agent()); return false;
            case 3: world.apply(AgentDied{AgentId{agent()}}); return false;
            case 4:
            case 5:
            case 6: {
                const ExecutionRef ref = some_execution();
                if (greeted_.contains(holder(ref))) world.started(holder(ref), ref);
                return false;
            }
            case 7:
            case 8:
            case 9:
            case 10: {
                const RunEnded end = some_end();
                world.ended(holder(end.execution), end);
                return false;
            }
            case 11: {
                const ExecutionRef ref = some_execution();
                world.drained(holder(ref), ref);
                return false;
            }
            case 12: {
                const ExecutionRef ref = some_execution();
                world.returned(holder(ref), ref);
                return false;
            }
            case 13: {
                const std::string name = agent();
                world.heartbeat(name, current(name, ClaimPhase::started));
                return false;
            }
            case 14: {
                const ExecutionRef ref = some_execution();
                world.metric(holder(ref), ref, "loss", pick(1000) / 1000.0, chance(30));
                return false;
            }
            case 15: world.pass(Duration{pick(20'000)}); return false;
            case 16: world.pass(Duration{chance(20) ? pick(400'000) : pick(1'000)}); return false;
            case 17:
            case 18: {
                static constexpr SweepCommand kGentle[] = {
                    SweepCommand::pause, SweepCommand::resume, SweepCommand::resume,
                    SweepCommand::stop};
                world.command(some_sweep(), kGentle[pick(4)]);
                return true;
            }
            case 19:
                if (chance(30)) {
                    world.command(some_sweep(), SweepCommand::cancel,
                                  chance(50) ? std::optional(Duration{pick(5'000)}) : std::nullopt);
                }
                return false;
            case 20: world.stop_run(some_run(), chance(30)); return false;
            case 21: world.retry(some_run(), chance(30)); return false;
            case 22: {
                const ParamValue x =
                    chance(50) ? ParamValue(pick(15)) : ParamValue(1'000 + ++unique_);
                world.enqueue(some_sweep(), {{"x", x}}, chance(30));
                return false;
            }
            default: return act_rarely();
        }
    }

    // --- W&B's clients and agents

    ClientRunName some_name() {
        static const std::vector<std::string> kNames{"one", "two", "three", "odd name", "a.b"};
        ClientRunName named;
        named.entity = "e";
        named.project = chance(80) ? "p" : "other";
        const RunId run = some_run();
        if (chance(20)) {
            named.run = run;
        } else if (chance(60)) {
            named.name = run.text;
        } else if (chance(10)) {
            named.name = id_text(static_cast<std::uint64_t>(pick(40)), 0);  // Ours, too early.
        } else {
            named.name = kNames[static_cast<std::size_t>(pick(int(kNames.size())))];
        }
        return named;
    }

    void upsert() {
        UpsertRun event;
        event.named = some_name();
        event.live = chance(80);
        if (chance(60)) event.host = "there";
        if (chance(30)) event.sweep = some_sweep();
        if (!event.live && chance(60))
            event.state = chance(50) ? RunState::pending : RunState::running;
        if (chance(20)) event.display_name = "shown";
        if (chance(50)) event.config = Config{{"x", ParamValue(pick(15))}};
        if (chance(20)) event.summary_points = {{"loss", ParamValue(pick(1000) / 1000.0)}};
        if (chance(30))
            event.details.config_json = chance(50) ? "{}" : R"({"_wandb":{"value":{"e":{"w":1}}}})";
        world.apply(std::move(event));
    }

    void stream() {
        ClientStream event;
        event.named = some_name();
        const auto lines = [&] {
            return ClientStream::Lines{static_cast<std::uint64_t>(pick(6)),
                                       std::vector<std::string>(1 + std::size_t(pick(3)), "{}")};
        };
        if (chance(50)) {
            event.history = lines();
            event.history_points.assign(event.history->lines.size(),
                                        {{"loss", ParamValue(pick(1000) / 1000.0)}});
        }
        if (chance(20)) event.events = lines();
        if (chance(20)) event.output = lines();
        event.preempting = chance(10);
        event.complete = chance(25);
        event.exit_code = chance(50) ? 0 : pick(256);
        world.apply(std::move(event));
    }

    void beat() {
        if (foreign_.empty() || chance(15)) {
            const Answer answer = world.ask(RegisterForeignAgent{{}, some_sweep(), "far"});
            if (answer.code == AnswerCode::ok) foreign_.push_back(answer.agent);
            return;
        }
        const AgentId agent = foreign_[static_cast<std::size_t>(pick(int(foreign_.size())))];
        std::vector<RunId> live;
        for (const auto& [id, run] : world.runs()) {
            if (run.claim && run.claim->agent == agent && chance(80)) live.push_back(id);
        }
        if (chance(10)) live.push_back(some_run());
        if (chance(70)) world.pass(std::chrono::seconds{5});
        const Answer answer =
            world.ask(ForeignHeartbeat{{}, agent, std::move(live), chance(5), {}});
        if (answer.commands.size() > 1) throw std::logic_error("more than one command");
    }

    void act_as_wandb_rarely() {
        switch (pick(4)) {
            case 0: {
                SetRunState event;
                event.named = some_name();
                event.state = chance(50) ? RunState::pending : RunState::failed;
                world.apply(std::move(event));
                return;
            }
            case 1: world.apply(RegisterFile{{}, some_name(), "f", 1, "", ""}); return;
            case 2: {
                EditSweep event{{}, some_sweep(), "renamed", {}, {}, {}};
                world.apply(std::move(event));
                return;
            }
            default: {
                std::vector<Event> batch;
                for (int k = 0; k < 3; ++k) {
                    UpsertRun event;
                    event.named = some_name();
                    event.live = true;
                    event.host = "there";
                    ClientStream end;
                    end.named = event.named;
                    end.complete = true;
                    end.exit_code = pick(2);
                    batch.emplace_back(std::move(event));
                    if (chance(50)) batch.emplace_back(std::move(end));
                }
                world.apply_batch(std::move(batch));
            }
        }
    }

    bool act_rarely() {
        switch (pick(8)) {
            case 0:
            case 1: world.restart(); return false;
            case 2: world.remove(some_run()); return false;
            case 3: world.remove(some_sweep(), chance(50)); return false;
            case 4: create(); return false;
            case 5: world.apply(DrainAgent{{}, AgentId{agent()}}); return false;
            case 6: {
                std::vector<Event> batch;
                const RunId run = some_run();
                const auto stored = [&]() -> std::optional<Run> {
                    if (world.world().find_run(run) != nullptr || !world.runs().contains(run))
                        return std::nullopt;
                    return world.runs().at(run);
                };
                for (int k = 0; k < 4; ++k) {
                    if (chance(40)) batch.emplace_back(RetryRun{{}, run, chance(50), stored()});
                    if (chance(40)) batch.emplace_back(StopRun{{}, run, {}, false, stored()});
                    if (chance(30)) batch.emplace_back(DeleteRun{{}, run, stored(), {}});
                    if (chance(10)) batch.emplace_back(DeleteSweep{{}, some_sweep(), chance(50)});
                    if (chance(20))
                        batch.emplace_back(
                            CommandSweep{{}, some_sweep(), SweepCommand::resume, std::nullopt});
                }
                world.apply_batch(std::move(batch));
                return false;
            }
            default: {
                StopRun stop;
                stop.run = some_run();
                stop.reason = EndReason::early_terminate;
                world.apply(std::move(stop));
                return false;
            }
        }
    }

    std::mt19937 random_;
    std::vector<SweepId> sweeps_;
    std::set<std::string> greeted_;
    std::vector<AgentId> foreign_;
    int unique_ = 0;
};

/// Empty, or what went wrong.
std::string play(unsigned seed, int steps) {
    int step = 0;
    try {
        Chaos chaos(seed);
        for (; step < steps; ++step)
            chaos.step();
    } catch (const std::exception& error) {
        return "seed " + std::to_string(seed) + ", step " + std::to_string(step) + ": " +
               error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("world: whatever is said in whatever order, the invariants hold", "[core][property]") {
    for (unsigned seed = 1; seed <= 150; ++seed) {
        const std::string foul = play(seed, 400);
        INFO(foul);
        REQUIRE(foul.empty());
    }
}

TEST_CASE("world: the same for long", "[core][property][.slow]") {
    for (unsigned seed = 1'000; seed <= 6'000; ++seed) {
        const std::string foul = play(seed, 600);
        INFO(foul);
        REQUIRE(foul.empty());
    }
}

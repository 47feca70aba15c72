#include "support/world_fixture.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

// Silence, returns, reboots, stale and repeated reports.

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

constexpr Duration kLease = kClaimLease + kLeaseMargin;

std::size_t starts_of(const Fixture& world, const RunId& run) {
    std::size_t count = 0;
    for (const StartOrder& order : world.starts())
        count += order.execution.run == run ? 1 : 0;
    return count;
}

}  // namespace

TEST_CASE("lost: what an agent held when it fell silent nobody else gets before it returns",
          "[core][lost]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    world.connect("b", 1);
    const ExecutionRef held = world.start(0);
    SECTION("the link broke") {
        world.disconnect("a");
    }
    SECTION("the agent hangs") {}
    SECTION("the controller was killed") {
        world.restart();
        world.hello("b", {}, {});
    }
    for (int k = 0; k < 29; ++k) {
        world.pass(std::chrono::seconds{10});
        world.heartbeat("b", {});
    }
    CHECK(world.run(held.run).state == RunState::pending);
    world.pass(std::chrono::seconds{10});
    CHECK(world.run(held.run).state == RunState::crashed);
    CHECK(world.run(held.run).end_reason == EndReason::heartbeat_lost);
    CHECK(world.status(sweep) == SweepStatus::finished);
    CHECK(world.starts().size() == 1);

    SECTION("it had not started it") {
        world.disconnect("a");
        SECTION("and has forgotten it") {
            world.hello("a", {}, {});
        }
        SECTION("and still has it") {
            world.hello("a", {}, {held});
            REQUIRE(world.revokes().size() == 1);
            world.returned("a", held);
        }
        SECTION("and its host booted again") {
            world.hello("a", {}, {}, "boot-2");
        }
        CHECK(world.status(sweep) == SweepStatus::running);
        REQUIRE(world.starts().size() == 2);
        CHECK(world.start(1).run == held.run);
        CHECK(world.start(1).fence > held.fence);
        // Whatever is said of the old claim changes nothing.
        world.started("a", held);
        world.exited("a", held, 3);
        CHECK(world.run(held.run).state == RunState::pending);
    }
    SECTION("it had, and it lives") {
        world.heartbeat("a", {held});
        CHECK(world.run(held.run).state == RunState::running);
        CHECK(world.run(held.run).attempt == 1);
        CHECK(world.status(sweep) == SweepStatus::running);
        world.exited("a", held, 0);
        CHECK(world.run(held.run).state == RunState::finished);
    }
    SECTION("it had, and it has ended") {
        world.exited("a", held, 4);
        CHECK(world.run(held.run).state == RunState::failed);
        CHECK(world.run(held.run).exit_code == 4);
        CHECK(world.run(held.run).attempt == 1);
    }
    SECTION("somebody does not want to wait") {
        world.retry(held.run, /*force=*/true);
        REQUIRE(world.starts().size() == 2);
        CHECK(world.start(1).run == held.run);
    }
    SECTION("its sweep was cancelled") {
        world.retry(held.run);
        CHECK(world.status(sweep) == SweepStatus::running);
        const Ticket ticket = world.command(sweep, SweepCommand::cancel);
        CHECK(world.answered(ticket));
        world.disconnect("a");
        world.hello("a", {}, {});
        CHECK(world.run(held.run).state == RunState::killed);
        CHECK(world.run(held.run).end_reason == EndReason::cancelled_before_start);
        CHECK(world.starts().size() == 1);
    }
}

TEST_CASE("lost: what is asked for is answered at the latest when a lease is over",
          "[core][lost]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 3});
    world.connect("a", 1);
    const ExecutionRef held = world.start(0);
    world.disconnect("a");
    const bool late = GENERATE(false, true);
    if (late) world.pass(kLease);
    const auto what = GENERATE(0, 1, 2, 3);
    const Ticket ticket = what == 0   ? world.command(sweep, SweepCommand::pause)
                          : what == 1 ? world.command(sweep, SweepCommand::stop)
                          : what == 2 ? world.command(sweep, SweepCommand::cancel)
                                      : world.stop_run(held.run);
    CHECK(world.answered(ticket) == late);
    if (!late) world.pass(kLease - Duration{1});
    CHECK(world.answered(ticket) == late);
    if (!late) world.pass(Duration{1});
    REQUIRE(world.answered(ticket));
    CHECK(world.answer(ticket).code == AnswerCode::ok);
    CHECK(world.answer(ticket).message.find("could not") == std::string::npos);
    CHECK(world.run(held.run).state == RunState::pending);
    // It was started in the last moment that was left to it.
    world.hello("a", {held}, {});
    CHECK(world.run(held.run).state == RunState::running);
    CHECK(world.signals().size() == (what >= 2 ? 1 : 0));
}

TEST_CASE("lost: what is with an agent has not ended before that is known", "[core][lost]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 3});
    CHECK(world.world().unended_runs() == 0);
    world.connect("a", 1, 1);
    const ExecutionRef live = world.start(0);
    const ExecutionRef held = world.start(1);
    world.started("a", live);
    CHECK(world.world().unended_runs() == 2);
    world.restart();
    world.command(sweep, SweepCommand::cancel);
    CHECK(world.world().unended_runs() == 2);
    SECTION("by the agent that comes back") {
        world.hello("a", {live}, {held});
        world.returned("a", held);
        CHECK(world.world().unended_runs() == 1);
        world.signaled("a", live, SIGKILL, SIGKILL, /*drained=*/false);
        CHECK(world.world().unended_runs() == 1);  // Something of it lives.
        world.drained("a", live);
    }
    SECTION("or given up") {
        world.pass(std::chrono::seconds{300});
    }
    CHECK(world.world().unended_runs() == 0);
}

TEST_CASE("lost: contact keeps a lease", "[core][lost]") {
    Fixture world;
    world.create_sweep({.size = 2});
    world.connect("a", 1, 1);
    world.started("a", world.start(0));
    for (int k = 0; k < 20; ++k) {
        world.pass(std::chrono::seconds{5});
        world.heartbeat("a", {world.start(0)});
    }
    CHECK(world.run(world.start(1).run).claim.has_value());
    CHECK(world.starts().size() == 2);
}

TEST_CASE("lost: timeouts count although no agent comes back after a restart", "[core][lost]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 2});
    world.connect("a", 1, 1);
    world.started("a", world.start(0));
    world.pass(std::chrono::seconds{200});
    world.heartbeat("a", {world.start(0)});
    world.restart();
    REQUIRE(world.world().next_deadline());
    world.pass(std::chrono::seconds{300} - Duration{1});
    CHECK(world.run(world.start(0).run).state == RunState::running);
    world.pass(Duration{1});
    CHECK(world.run(world.start(0).run).state == RunState::crashed);
    CHECK(world.run(world.start(0).run).end_reason == EndReason::heartbeat_lost);
    CHECK(world.run(world.start(1).run).state == RunState::crashed);
    CHECK(world.status(sweep) == SweepStatus::finished);
}

TEST_CASE("lost: one agent's long silence does not hide another's short one", "[core][lost]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 9});
    world.connect("a", 1);
    world.started("a", world.start(0));
    world.disconnect("a");
    world.pass(std::chrono::seconds{60});
    world.connect("b", 1);
    world.disconnect("b");
    const Ticket ticket = world.command(sweep, SweepCommand::pause);
    REQUIRE(world.world().next_deadline());
    CHECK(*world.world().next_deadline() <= world.now().steady + kLease);
    world.pass(kLease);
    CHECK(world.answered(ticket));
}

TEST_CASE("lost: a run whose agent is silent is crashed, and back when it is heard (R7, R8)",
          "[core][lost]") {
    const bool died = GENERATE(false, true);
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    const ExecutionRef run = world.start(0);
    world.started("a", run);
    if (died) world.apply(AgentDied{AgentId{"a"}});
    if (died) world.disconnect("a");
    world.pass(std::chrono::seconds{299});
    CHECK(world.run(run.run).state == RunState::running);
    world.pass(std::chrono::seconds{1});
    CHECK(world.run(run.run).state == RunState::crashed);
    CHECK(world.run(run.run).end_reason ==
          (died ? EndReason::agent_lost : EndReason::heartbeat_lost));
    CHECK(world.run(run.run).ended_at);
    CHECK(world.status(sweep) == SweepStatus::finished);
    SECTION("heard again") {
        if (died) {
            world.hello("a", {run}, {});
        } else {
            world.heartbeat("a", {run});
        }
        CHECK(world.run(run.run).state == RunState::running);
        CHECK_FALSE(world.run(run.run).ended_at);
        CHECK_FALSE(world.run(run.run).end_reason);
        CHECK(world.status(sweep) == SweepStatus::running);
        world.exited("a", run, 0);
        CHECK(world.run(run.run).state == RunState::finished);
        CHECK(world.status(sweep) == SweepStatus::finished);
    }
    SECTION("the report comes late (R9)") {
        const int code = GENERATE(0, 4);
        world.exited("a", run, code);
        CHECK(world.run(run.run).state == (code == 0 ? RunState::finished : RunState::failed));
        CHECK(world.run(run.run).end_reason == EndReason::exit);
        CHECK(world.run(run.run).exit_code == code);
    }
    SECTION("a signal it died of comes late") {
        world.signaled("a", run, SIGSEGV);
        CHECK(world.run(run.run).end_reason == EndReason::signal);
        CHECK(world.run(run.run).term_signal == SIGSEGV);
    }
    SECTION("its host booted again") {
        world.hello("a", {}, {}, "boot-2");
        CHECK(world.run(run.run).end_reason == EndReason::machine_restart);
    }
    SECTION("its runner is gone without a word") {
        world.hello("a", {}, {});
        CHECK(world.run(run.run).end_reason == EndReason::runner_lost);
    }
    SECTION("all of it after a restart of the controller") {
        world.restart();
        world.hello("a", {run}, {});
        CHECK(world.run(run.run).state == RunState::running);
    }
    CHECK(world.record(sweep).counts.total() == 1);
}

TEST_CASE("lost: what ended by itself never comes back by a heartbeat (R19)", "[core][lost]") {
    Fixture world;
    world.create_sweep({.size = 1});
    world.connect("a", 1);
    const ExecutionRef run = world.start(0);
    world.started("a", run);
    const int how = GENERATE(0, 1, 2, 3);
    if (how == 0) world.exited("a", run, 0);
    if (how == 1) world.exited("a", run, 1);
    if (how == 2) world.signaled("a", run, SIGSEGV);
    if (how == 3) {
        world.stop_run(run.run);
        world.exited("a", run, 0, SIGTERM);
    }
    const Run before = world.run(run.run);
    world.heartbeat("a", {run});
    world.exited("a", run, 9);
    world.started("a", run);
    world.returned("a", run);
    world.drained("a", run);
    world.hello("a", {run}, {});
    world.stop_run(run.run);
    world.pass(std::chrono::seconds{1'000});
    const Run& after = world.run(run.run);
    CHECK(after.state == before.state);
    CHECK(after.end_reason == before.end_reason);
    CHECK(after.exit_code == before.exit_code);
    CHECK(after.ended_at == before.ended_at);
    CHECK(world.starts().size() == 1);
}

TEST_CASE("lost: what an ended run left alive does not keep its sweep open for ever",
          "[core][lost]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    world.exited("a", world.start(0), 0, 0, /*drained=*/false);
    world.disconnect("a");
    world.pass(std::chrono::seconds{299});
    CHECK(world.status(sweep) == SweepStatus::running);
    world.pass(std::chrono::seconds{1});
    CHECK(world.status(sweep) == SweepStatus::finished);
    world.hello("a", {world.start(0)}, {});
    CHECK(world.run(world.start(0).run).state == RunState::finished);
    world.drained("a", world.start(0));
    CHECK(world.status(sweep) == SweepStatus::finished);
}

TEST_CASE("lost: a timeout shorter than the agents' heartbeats harms no run of a live one",
          "[core][lost]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(
        with(1, [](SweepPolicy& policy) { policy.heartbeat_timeout = std::chrono::seconds{3}; }));
    world.connect("a", 1);
    world.started("a", world.start(0));
    for (int k = 0; k < 10; ++k) {
        world.pass(2 * kAgentHeartbeat);  // One is lost each time.
        world.heartbeat("a", {world.start(0)});
        CHECK(world.run(world.start(0).run).state == RunState::running);
    }
    CHECK(world.status(sweep) == SweepStatus::running);
    world.pass(kAgentSilenceMin - Duration{1});
    CHECK(world.run(world.start(0).run).state == RunState::running);
    world.pass(Duration{1});
    CHECK(world.run(world.start(0).run).state == RunState::crashed);
    world.heartbeat("a", {world.start(0)});
    CHECK(world.run(world.start(0).run).state == RunState::running);
    REQUIRE(world.world().next_deadline());
    CHECK(*world.world().next_deadline() > world.now().steady);
}

TEST_CASE("lost: a run heard again still has its timeout", "[core][lost]") {
    Fixture world;
    world.create_sweep(
        with(1, [](SweepPolicy& policy) { policy.timeout = std::chrono::hours{1}; }));
    world.connect("a", 1);
    world.started("a", world.start(0));
    world.disconnect("a");
    world.pass(std::chrono::minutes{30});
    CHECK(world.run(world.start(0).run).state == RunState::crashed);
    world.pass(std::chrono::hours{1});
    world.hello("a", {world.start(0)}, {});
    world.pass(Duration{1});
    REQUIRE(world.signals().size() == 1);
    CHECK(world.run(world.start(0).run).stop_reason == EndReason::timeout);
}

TEST_CASE("hello: every phase of a claim x what the agent has x whether its host restarted",
          "[core][lost]") {
    enum class Has : std::uint8_t { live, held, nothing };
    const auto phase = GENERATE(ClaimPhase::held, ClaimPhase::started, ClaimPhase::ended);
    const auto has = GENERATE(Has::live, Has::held, Has::nothing);
    const bool rebooted = GENERATE(false, true);
    const bool restarted = GENERATE(false, true);
    CAPTURE(static_cast<int>(phase), static_cast<int>(has), rebooted, restarted);
    Fixture world;
    world.create_sweep({.size = 1});
    world.connect("a", 1);
    const ExecutionRef ref = world.start(0);
    if (phase != ClaimPhase::held) world.started("a", ref);
    if (phase == ClaimPhase::ended) world.exited("a", ref, 5, 0, /*drained=*/false);
    world.disconnect("a");
    if (restarted) world.restart();
    const std::size_t revokes = world.revokes().size();
    std::vector<ExecutionRef> live;
    std::vector<ExecutionRef> held;
    if (has == Has::live) live.push_back(ref);
    if (has == Has::held) held.push_back(ref);
    world.hello("a", live, held, rebooted ? "boot-2" : "boot-1");
    const Run& run = world.run(ref.run);
    CHECK(world.signals().empty());
    switch (phase) {
        case ClaimPhase::held:
            if (has == Has::live) {
                CHECK(run.state == RunState::running);
                CHECK(run.claim->phase == ClaimPhase::started);
            } else if (has == Has::held) {
                CHECK(run.claim->fence == ref.fence);
                CHECK(world.revokes().size() == revokes);
            } else {  // It never got the order, so it gets it again, under a new number.
                CHECK(run.state == RunState::pending);
                REQUIRE(starts_of(world, ref.run) == 2);
                CHECK(world.start(1).fence > ref.fence);
            }
            break;
        case ClaimPhase::started:
            if (has == Has::live) {
                CHECK(run.state == RunState::running);
            } else {
                CHECK(run.state == RunState::crashed);
                CHECK(run.end_reason ==
                      (rebooted ? EndReason::machine_restart : EndReason::runner_lost));
                CHECK_FALSE(run.claim);
                // What it believes to hold of a claim that is over it may not start.
                CHECK(world.revokes().size() == revokes + (has == Has::held ? 1 : 0));
            }
            break;
        case ClaimPhase::ended:
            CHECK(run.state == RunState::failed);
            CHECK(run.exit_code == 5);
            CHECK(run.claim.has_value() == (has == Has::live));
            break;
    }
}

TEST_CASE("hello: executions and claims that are over are ended", "[core][lost]") {
    Fixture world;
    world.create_sweep({.size = 1});
    world.connect("a", 1);
    const ExecutionRef strange{RunId{"zzzz0001"}, 1, 4711};
    const ExecutionRef unheld{RunId{"zzzz0002"}, 1, 4712};
    world.disconnect("a");
    world.hello("a", {strange}, {world.start(0), unheld});
    REQUIRE(world.signals().size() == 1);
    CHECK(world.signals()[0].execution.fence == 4711);
    CHECK(world.signals()[0].kind == SignalKind::kill);
    REQUIRE(world.revokes().size() == 1);
    REQUIRE(world.revokes()[0].claims.size() == 1);
    CHECK(world.revokes()[0].claims[0].fence == 4712);
    const auto& events = world.events();
    CHECK(std::any_of(events.begin(), events.end(),
                      [](const AuditEvent& event) { return event.kind == "stale_execution"; }));
}

TEST_CASE("reports: repeated ones change nothing", "[core][lost]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 3});
    world.connect("a", 1);
    AgentReport report;
    report.agent = AgentId{"a"};
    report.sequence = 7;
    RunEnded end;
    end.execution = world.start(0);
    end.code = 2;
    report.started.push_back({world.start(0), world.now().wall, 1});
    report.ended.push_back(end);
    world.apply(report);
    world.apply(report);
    report.sequence = 8;  // All of it again, under the next number.
    world.apply(report);
    CHECK(world.record(sweep).counts[RunState::failed] == 1);
    CHECK(world.starts().size() == 2);
    CHECK(world.run(world.start(0).run).exit_code == 2);
    AgentHello hello;
    hello.agent = world.agent_record("a");
    hello.held.push_back(world.start(1));
    hello.report = report;
    hello.report.sequence = 9;
    world.apply(hello);
    CHECK(world.record(sweep).counts[RunState::failed] == 1);
    CHECK(world.starts().size() == 2);
}

TEST_CASE("drain: an agent that leaves by itself is given nothing more", "[core][lost]") {
    Fixture world;
    world.create_sweep({});
    world.connect("a", 1);
    const ExecutionRef held = world.start(0);
    AgentReport report;
    report.agent = AgentId{"a"};
    report.sequence = 1'000;
    report.draining = true;
    report.returned = {held};
    world.apply(report);
    CHECK(world.agents().at(AgentId{"a"}).state == AgentState::draining);
    CHECK(world.starts().size() == 1);
    SECTION("and gone, it is forgotten") {
        world.disconnect("a");
        CHECK(world.agents().empty());
    }
    SECTION("nor after a new link, though its end was taken for its leaving") {
        world.disconnect("a");
        AgentHello hello;
        hello.agent = world.agent_record("a");
        hello.report = report;
        world.apply(hello);
        CHECK(world.agents().at(AgentId{"a"}).state == AgentState::draining);
        CHECK(world.starts().size() == 1);
    }
}

TEST_CASE("reports: another agent cannot speak for a claim", "[core][lost]") {
    Fixture world;
    world.create_sweep({.size = 1});
    world.connect("a", 1);
    world.connect("b", 1);
    world.started("b", world.start(0));
    world.exited("b", world.start(0), 0);
    world.returned("b", world.start(0));
    CHECK(world.run(world.start(0).run).state == RunState::pending);
    CHECK(world.run(world.start(0).run).claim->agent.text == "a");
}

TEST_CASE("delete: a sweep, with and without force", "[core][lost]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 9});
    world.connect("a", 1, 1);
    world.started("a", world.start(0));
    const ExecutionRef live = world.start(0);
    const ExecutionRef held = world.start(1);
    const Ticket polite = world.remove(sweep);
    CHECK(world.answer(polite).message ==
          "sweep " + sweep.text + " has 2 live or held runs; --force cancels first");
    SECTION("forced: once everything is gone") {
        const Ticket ticket = world.remove(sweep, /*force=*/true);
        CHECK_FALSE(world.answered(ticket));
        CHECK(world.signals().back().kind == SignalKind::kill);
        // Until then nothing brings it back to life.
        CHECK(world.answer(world.command(sweep, SweepCommand::resume)).code ==
              AnswerCode::wrong_state);
        CHECK(world.answer(world.enqueue(sweep, {{"x", ParamValue("e")}})).message ==
              "sweep " + sweep.text + " is being deleted");
        world.returned("a", held);
        CHECK(world.exists(sweep));
        world.signaled("a", live, SIGKILL, SIGKILL);
        CHECK(world.answered(ticket));
        CHECK_FALSE(world.exists(sweep));
        CHECK(world.runs().empty());
    }
    SECTION("forced, and the agent is gone for ever") {
        world.disconnect("a");
        const Ticket ticket = world.remove(sweep, /*force=*/true);
        CHECK_FALSE(world.answered(ticket));  // What is held might still be started.
        world.pass(kLease);
        CHECK(world.answer(ticket).message ==
              "deleted sweep " + sweep.text + "; 2 of its runs could not be confirmed yet");
        CHECK_FALSE(world.exists(sweep));
        world.hello("a", {live}, {held});
        CHECK(world.signals().back().execution.fence == live.fence);
        CHECK(world.revokes().back().claims[0].fence == held.fence);
    }
    SECTION("forced, and the agent hangs") {
        const Ticket ticket = world.remove(sweep, /*force=*/true);
        for (int k = 0; k < 60 && world.exists(sweep); ++k)
            world.pass(std::chrono::seconds{1});
        CHECK(world.answered(ticket));
        CHECK_FALSE(world.exists(sweep));
    }
    SECTION("forced, and what had been given up comes back before it is gone") {
        world.disconnect("a");
        world.pass(kLease);  // So it cannot be held any more.
        world.connect("b", 1);
        const ExecutionRef other = world.starts().back().execution;
        world.started("b", other);
        const Ticket ticket = world.remove(sweep, /*force=*/true);
        const Ticket again = world.remove(sweep, /*force=*/true);
        world.hello("a", {live}, {held});
        world.signaled("b", other, SIGKILL, SIGKILL);
        CHECK_FALSE(world.answered(ticket));
        CHECK(world.exists(sweep));
        world.returned("a", held);
        world.signaled("a", live, SIGKILL, SIGKILL);
        CHECK(world.answer(ticket).message == "deleted sweep " + sweep.text);
        CHECK(world.answer(again).message == "deleted sweep " + sweep.text);
        CHECK_FALSE(world.exists(sweep));
    }
    SECTION("when nothing lives, without force") {
        world.command(sweep, SweepCommand::cancel);
        world.returned("a", held);
        world.signaled("a", live, SIGKILL, SIGKILL);
        const Ticket ticket = world.remove(sweep);
        CHECK(world.answer(ticket).message == "deleted sweep " + sweep.text);
        CHECK_FALSE(world.exists(sweep));
        CHECK(world.answer(world.remove(sweep)).code == AnswerCode::not_found);
    }
    world.restart();
    CHECK_FALSE(world.exists(sweep));
}

TEST_CASE("delete: a sweep made and deleted in one batch was never there", "[core][lost]") {
    Fixture world;
    const SweepId first = world.create_sweep({.size = 1});
    CreateSweep creation;
    creation.request = {901, "test"};
    creation.strategy = std::make_shared<CountingStrategy>(3);
    Fixture twin;  // Ids are a function of the serial number: it tells the next one.
    twin.create_sweep({.size = 1});
    const SweepId second = twin.create_sweep({.size = 1});
    world.apply_batch({creation, EnqueueRun{{902, "test"}, second, {{"x", ParamValue(1)}}, false},
                       DeleteSweep{{903, "test"}, second, false}});
    CHECK(world.answer(903).code == AnswerCode::ok);
    CHECK(world.exists(first));
    CHECK_FALSE(world.exists(second));
    CHECK(world.runs().empty());
}

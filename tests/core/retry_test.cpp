#include "support/world_fixture.hpp"

#include <catch2/catch.hpp>

#include <csignal>

// Runs that go again: by the spec's policy and after preemption.

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

SweepOptions retrying(std::uint32_t max) {
    return with(1, [max](SweepPolicy& policy) {
        policy.retry.max = max;
        policy.retry.states = {RunState::crashed};
        policy.retry.exit_codes = {75};
        policy.fail_fast.reset();
    });
}

}  // namespace

TEST_CASE("retry: by the policy, so many times and no more", "[core][retry]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(retrying(2));
    world.connect("a", 1);
    const RunId run = world.start(0).run;
    world.signaled("a", world.execution(run), SIGSEGV);
    CHECK(world.run(run).attempt == 2);
    world.restart();  // The count is stored.
    world.hello("a", {}, {world.execution(run)});
    world.exited("a", world.execution(run), 75);
    CHECK(world.run(run).attempt == 3);
    world.exited("a", world.execution(run), 75);
    CHECK(world.run(run).state == RunState::failed);
    CHECK(world.run(run).attempt == 3);
    CHECK(world.status(sweep) == SweepStatus::finished);
    CHECK(world.attempts().size() == 2);
    CHECK(world.attempts()[0].term_signal == SIGSEGV);
    CHECK(world.attempts()[1].exit_code == 75);
}

TEST_CASE("retry: not for another end, nor for one that was ordered", "[core][retry]") {
    Fixture world;
    world.create_sweep(retrying(2));
    world.connect("a", 1);
    const RunId run = world.start(0).run;
    SECTION("another code") {
        world.exited("a", world.execution(run), 1);
        CHECK(world.run(run).state == RunState::failed);
    }
    SECTION("stopped") {
        world.started("a", world.execution(run));
        world.stop_run(run);
        world.exited("a", world.execution(run), 75, SIGTERM);
        CHECK(world.run(run).state == RunState::killed);
    }
    SECTION("stopped, though it had crashed before the signal") {
        world.started("a", world.execution(run));
        world.stop_run(run);
        world.signaled("a", world.execution(run), SIGSEGV);
        CHECK(world.run(run).state == RunState::crashed);
    }
    CHECK(world.run(run).attempt == 1);
}

TEST_CASE("retry: only once the last attempt's tree is gone", "[core][retry]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(retrying(1));
    world.connect("a", 2);
    const RunId run = world.start(0).run;
    world.exited("a", world.execution(run), 75, 0, /*drained=*/false);
    CHECK(world.run(run).state == RunState::failed);
    CHECK(world.run(run).retry_wanted);
    CHECK(world.starts().size() == 1);
    CHECK(world.status(sweep) == SweepStatus::running);
    SECTION("gone") {
        world.drained("a", world.start(0));
        CHECK(world.starts().size() == 2);
    }
    SECTION("gone, says a hello") {
        world.restart();
        world.hello("a", {}, {});
        CHECK(world.starts().size() == 2);
    }
    SECTION("its agent never comes back: the sweep ends, and goes on if it does") {
        world.disconnect("a");
        world.pass(std::chrono::seconds{400});
        CHECK(world.status(sweep) == SweepStatus::finished);
        world.hello("a", {}, {});
        CHECK(world.status(sweep) == SweepStatus::running);
        CHECK(world.run(run).attempt == 2);
    }
    SECTION("cancelled meanwhile: it does not go again") {
        world.command(sweep, SweepCommand::cancel);
        CHECK(world.signals().back().kind == SignalKind::kill);
        world.drained("a", world.start(0));
        CHECK(world.run(run).state == RunState::failed);
        CHECK(world.starts().size() == 1);
    }
}

TEST_CASE("retry: a lost run goes again only when its end is known", "[core][retry]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(retrying(1));
    world.connect("a", 1);
    const RunId run = world.start(0).run;
    world.started("a", world.start(0));
    world.disconnect("a");
    world.connect("b", 1);
    for (int k = 0; k < 31; ++k) {
        world.heartbeat("b", {});
        world.pass(std::chrono::seconds{10});
    }
    CHECK(world.run(run).state == RunState::crashed);
    CHECK(world.starts().size() == 1);
    CHECK(world.status(sweep) == SweepStatus::finished);  // Nobody knows whether it ever returns.
    SECTION("its host restarted") {
        world.hello("a", {}, {}, "boot-2");
        CHECK(world.status(sweep) == SweepStatus::running);
        CHECK(world.run(run).attempt == 2);
        CHECK(world.run(run).retries == 1);
        world.signaled("b", world.execution(run), SIGSEGV);
        world.signaled("a", world.execution(run), SIGSEGV);
        CHECK(world.run(run).state == RunState::crashed);  // One retry, not two.
    }
    SECTION("it had finished") {
        RunEnded end;
        end.execution = world.start(0);
        world.hello("a", {}, {}, "boot-1", {end});
        CHECK(world.run(run).state == RunState::finished);
        CHECK(world.run(run).attempt == 1);
    }
    SECTION("it lives") {
        world.hello("a", {world.start(0)}, {});
        CHECK(world.run(run).state == RunState::running);
        CHECK(world.run(run).retries == 0);
        CHECK(world.status(sweep) == SweepStatus::running);
        world.signaled("a", world.start(0), SIGSEGV);
        CHECK(world.run(run).attempt == 2);
        CHECK(world.run(run).retries == 1);
    }
}

TEST_CASE("retry: a preempted run goes again with what it had", "[core][retry]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    const ExecutionRef first = world.start(0);
    const RunId run = first.run;
    world.started("a", first);
    world.metric("a", first, "step", 7, /*preempting=*/true);
    SECTION("exit 0 (R13)") {
        world.exited("a", first, 0);
        CHECK(world.run(run).state == RunState::finished);
        CHECK_FALSE(world.run(run).preempting);
        return;
    }
    SECTION("exit 1") {
        world.exited("a", first, 1);
    }
    SECTION("SIGKILL") {
        world.signaled("a", first, SIGKILL);
    }
    SECTION("its runner was killed") {
        RunEnded end;
        end.execution = first;
        end.kind = EndKind::runner_lost;
        world.ended("a", end);
    }
    SECTION("its host restarted") {
        world.disconnect("a");
        world.hello("a", {}, {}, "boot-2");
    }
    SECTION("silence, and then its host restarted") {
        world.disconnect("a");
        world.pass(std::chrono::seconds{300});
        CHECK(world.run(run).state == RunState::crashed);
        world.hello("a", {}, {}, "boot-2");
    }
    SECTION("silence, and then it goes on and exits 1") {
        world.disconnect("a");
        world.pass(std::chrono::seconds{300});
        world.hello("a", {first}, {});
        CHECK(world.run(run).state == RunState::running);
        CHECK(world.run(run).preempting);
        world.exited("a", first, 1);
    }
    SECTION("silence, and it had exited 1") {
        world.disconnect("a");
        world.pass(std::chrono::seconds{300});
        RunEnded end;
        end.execution = first;
        end.code = 1;
        world.hello("a", {}, {}, "boot-1", {end});
    }
    SECTION("silence while the rest of it was ending") {
        world.exited("a", first, 1, 0, /*drained=*/false);
        CHECK(world.run(run).state == RunState::running);
        world.disconnect("a");
        world.pass(std::chrono::seconds{300});
        CHECK(world.run(run).state == RunState::crashed);
        SECTION("with a restart") {
            world.restart();
        }
        SECTION("without") {}
        world.hello("a", {}, {});
    }
    CHECK(world.run(run).state == RunState::pending);
    CHECK(world.run(run).attempt == 2);
    CHECK(world.run(run).requeued);
    CHECK_FALSE(world.run(run).preempting);
    CHECK(find(world.run(run).summary, "step")->latest == 7);
    CHECK(world.run(run).metrics_offset == 0);
    CHECK(world.status(sweep) == SweepStatus::running);
    REQUIRE(world.starts().size() == 2);
    CHECK(world.starts()[1].config == world.starts()[0].config);
    world.exited("a", world.start(1), 0);
    CHECK(world.status(sweep) == SweepStatus::finished);
    CHECK(world.run(run).retries == 0);
}

TEST_CASE("retry: preempting that is said before the start is known counts", "[core][retry]") {
    Fixture world;
    world.create_sweep({.size = 1});
    world.connect("a", 1);
    world.metric("a", world.start(0), "step", 1, /*preempting=*/true);
    world.exited("a", world.start(0), 1);
    CHECK(world.run(world.start(0).run).attempt == 2);
}

TEST_CASE("retry: a preempted run that is stopped does not go again (R15)", "[core][retry]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    const ExecutionRef first = world.start(0);
    world.started("a", first);
    world.metric("a", first, "step", 7, /*preempting=*/true);
    SECTION("stopped, then it ends") {
        world.stop_run(first.run);
        world.exited("a", first, 1, GENERATE(0, SIGTERM));
    }
    SECTION("it ended, and is stopped while the rest of it ends") {
        world.exited("a", first, 1, 0, /*drained=*/false);
        world.stop_run(first.run);
        world.drained("a", first);
    }
    SECTION("the same, and then silence") {
        world.exited("a", first, 1, 0, /*drained=*/false);
        world.stop_run(first.run);
        world.disconnect("a");
        world.pass(std::chrono::seconds{300});
        world.hello("a", {}, {});
    }
    CHECK(world.run(first.run).state == RunState::killed);
    CHECK(world.run(first.run).end_reason == EndReason::stop_run);
    CHECK(world.run(first.run).attempt == 1);
    CHECK(world.status(sweep) == SweepStatus::finished);
}

TEST_CASE("retry: a retried run begins anew", "[core][retry]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(with(2, [](SweepPolicy& policy) {
        policy.metric = MetricGoal{"loss", Goal::minimize, std::nullopt};
    }));
    world.connect("a", 1);
    const ExecutionRef first = world.start(0);
    world.metric("a", first, "loss", 0.5);
    world.exited("a", first, 1);
    world.exited("a", world.start(1), 0);
    CHECK(world.record(sweep).best->value == 0.5);
    world.retry(first.run);
    const ExecutionRef again = world.execution(first.run);
    CHECK(world.run(first.run).summary.empty());
    world.metric("a", first, "loss", 0.1);  // Of the old attempt: nothing of it counts.
    CHECK(world.run(first.run).summary.empty());
    world.metric("a", again, "loss", 0.25);
    CHECK(world.record(sweep).best->value == 0.25);
}

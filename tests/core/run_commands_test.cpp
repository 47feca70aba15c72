#include "support/world_fixture.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <string>

// Every run state x every command (sweep-semantics 3.2 and 3.3).

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

/// The situations of table 3.2.
enum class Kind : std::uint8_t {
    waiting,  ///< pending, in nobody's hands
    held,     ///< pending, in an agent's hands
    running,
    stopping,
    preempting,
    draining,  ///< preempted, and something of it is still alive
    finished,
    failed,
    crashed,
    killed,
    silent,  ///< crashed because its agent is not heard
};
constexpr std::array kAllKinds{Kind::waiting,    Kind::held,     Kind::running,  Kind::stopping,
                               Kind::preempting, Kind::draining, Kind::finished, Kind::failed,
                               Kind::crashed,    Kind::killed,   Kind::silent};

bool is_over(Kind kind) {
    return kind == Kind::finished || kind == Kind::failed || kind == Kind::crashed ||
           kind == Kind::killed;
}

/// One run in one situation. Its sweep is running and has more to do; its agent has one slot.
struct Case {
    Fixture world;
    SweepId sweep;
    RunId run;
    ExecutionRef execution;

    explicit Case(Kind kind) {
        sweep = world.create_sweep(with(9, [](SweepPolicy& policy) { policy.fail_fast.reset(); }));
        world.connect("a", 1, kind == Kind::held ? 1 : 0);
        execution = world.start(kind == Kind::held ? 1 : 0);
        run = execution.run;
        world.started("a", world.start(0));
        switch (kind) {
            case Kind::waiting:
                run = world.answer(world.enqueue(sweep, {{"x", ParamValue(8)}})).run;
                break;
            case Kind::held:
            case Kind::running: break;
            case Kind::stopping: world.stop_run(run); break;
            case Kind::preempting: world.metric("a", execution, "step", 1, true); break;
            case Kind::draining:
                world.metric("a", execution, "step", 1, true);
                world.exited("a", execution, 1, 0, /*drained=*/false);
                break;
            case Kind::finished: world.exited("a", execution, 0); break;
            case Kind::failed: world.exited("a", execution, 1); break;
            case Kind::crashed: world.signaled("a", execution, SIGSEGV); break;
            case Kind::killed:
                world.stop_run(run);
                world.exited("a", execution, 0, SIGTERM);
                break;
            case Kind::silent: world.pass(std::chrono::seconds{300}); break;
        }
    }
    const Run& now() { return world.run(run); }
    /// Signals for this run.
    std::vector<SignalKind> signals() {
        std::vector<SignalKind> kinds;
        for (const SignalOrder& order : world.signals()) {
            if (order.execution.run == run) kinds.push_back(order.kind);
        }
        return kinds;
    }
};

std::string text(RunState state) {
    return std::string(to_string(state));
}

}  // namespace

TEST_CASE("run: pause, stop and resume leave every run as it is", "[core][run]") {
    const Kind kind = GENERATE(from_range(kAllKinds));
    const auto command = GENERATE(SweepCommand::pause, SweepCommand::stop, SweepCommand::resume);
    CAPTURE(static_cast<int>(kind), to_string(command));
    Case it(kind);
    const Run before = it.now();
    const auto signals = it.signals();
    it.world.command(it.sweep, command);
    CHECK(text(it.now().state) == text(before.state));
    CHECK(it.now().stopping == before.stopping);
    CHECK(it.now().preempting == before.preempting);
    CHECK(it.now().attempt == before.attempt);
    CHECK(it.now().end_reason == before.end_reason);
    CHECK(it.now().exit_code == before.exit_code);
    CHECK(it.signals() == signals);
    if (command == SweepCommand::resume) return;

    // What waits is held, and what is held is called back; nothing starts before a resume.
    const std::size_t starts = it.world.starts().size();
    if (kind == Kind::held) {
        REQUIRE(it.world.revokes().size() == 1);
        it.world.returned("a", it.execution);
    }
    if (kind == Kind::draining) it.world.drained("a", it.execution);
    if (kind == Kind::preempting) it.world.exited("a", it.execution, 1);
    if (kind != Kind::running && kind != Kind::stopping && kind != Kind::silent && !is_over(kind))
        CHECK(text(it.now().state) == "pending");
    CHECK(it.world.starts().size() == starts);
    it.world.command(it.sweep, SweepCommand::resume);
    if (kind == Kind::preempting || kind == Kind::draining) {
        REQUIRE(it.world.starts().size() == starts + 1);
        CHECK(it.world.starts().back().execution.run == it.run);
        CHECK(it.world.starts().back().execution.attempt == 2);
        CHECK(it.world.starts().back().execution.fence > it.execution.fence);
    }
}

TEST_CASE("run: cancel kills what lives and what waits, and nothing else", "[core][run]") {
    const Kind kind = GENERATE(from_range(kAllKinds));
    CAPTURE(static_cast<int>(kind));
    Case it(kind);
    const Run before = it.now();
    const auto signals = it.signals();
    it.world.command(it.sweep, SweepCommand::cancel);
    const auto more = it.signals().size() - signals.size();
    switch (kind) {
        case Kind::waiting:
            CHECK(text(it.now().state) == "killed");
            CHECK(it.now().end_reason == EndReason::cancelled_before_start);
            break;
        case Kind::held:
            CHECK(text(it.now().state) == "pending");
            CHECK(it.now().stopping);
            SECTION("given back") {
                it.world.returned("a", it.execution);
                CHECK(text(it.now().state) == "killed");
                CHECK(it.now().end_reason == EndReason::cancelled_before_start);
            }
            SECTION("started meanwhile") {
                it.world.started("a", it.execution);
                CHECK(text(it.now().state) == "running");
                REQUIRE(it.signals().size() == 1);
                CHECK(it.signals()[0] == SignalKind::kill);
                it.world.signaled("a", it.execution, SIGKILL, SIGKILL);
                CHECK(text(it.now().state) == "killed");
                CHECK(it.now().end_reason == EndReason::cancel);
            }
            SECTION("failed to start meanwhile") {
                RunEnded end;
                end.execution = it.execution;
                end.kind = EndKind::spawn_error;
                end.code = 127;
                it.world.ended("a", end);
                CHECK(text(it.now().state) == "failed");
                CHECK(it.now().end_reason == EndReason::spawn_error);
            }
            break;
        case Kind::running:
        case Kind::stopping:
        case Kind::preempting:
            REQUIRE(more == 1);
            CHECK(it.signals().back() == SignalKind::kill);
            CHECK(text(it.now().state) == "running");
            it.world.signaled("a", it.execution, SIGKILL, SIGKILL);
            CHECK(text(it.now().state) == "killed");
            CHECK(it.now().end_reason == EndReason::cancel);
            CHECK(it.now().attempt == 1);
            break;
        case Kind::draining:
            REQUIRE(more == 1);
            CHECK(it.signals().back() == SignalKind::kill);
            it.world.drained("a", it.execution);
            CHECK(text(it.now().state) == "killed");
            CHECK(it.now().end_reason == EndReason::cancel);
            break;
        case Kind::silent:
            CHECK(text(it.now().state) == "crashed");
            CHECK(it.now().stopping);
            it.world.heartbeat("a", {it.execution});
            CHECK(text(it.now().state) == "running");
            it.world.signaled("a", it.execution, SIGKILL, SIGKILL);
            CHECK(text(it.now().state) == "killed");
            break;
        case Kind::finished:
        case Kind::failed:
        case Kind::crashed:
        case Kind::killed:
            CHECK(more == 0);
            CHECK(text(it.now().state) == text(before.state));
            CHECK(it.now().end_reason == before.end_reason);
            CHECK(it.now().exit_code == before.exit_code);
            break;
    }
    CHECK_FALSE(it.now().stopping);
}

TEST_CASE("run: stop-run", "[core][run]") {
    const Kind kind = GENERATE(from_range(kAllKinds));
    CAPTURE(static_cast<int>(kind));
    Case it(kind);
    const Run before = it.now();
    const auto signals = it.signals().size();
    const Ticket ticket = it.world.stop_run(it.run);
    const std::string name = "run " + it.run.text;
    switch (kind) {
        case Kind::waiting:
            CHECK(it.world.answer(ticket).message == name + " will not be started");
            CHECK(text(it.now().state) == "killed");
            CHECK(it.now().end_reason == EndReason::stopped_before_start);
            break;
        case Kind::held:
            CHECK_FALSE(it.world.answered(ticket));
            it.world.returned("a", it.execution);
            CHECK(it.world.answer(ticket).message == name + " is stopped");
            CHECK(it.now().end_reason == EndReason::stopped_before_start);
            break;
        case Kind::running:
        case Kind::preempting:
        case Kind::draining:
            CHECK(it.world.answer(ticket).message == "stopping " + name);
            REQUIRE(it.signals().size() == signals + 1);
            CHECK(it.signals().back() == SignalKind::stop);
            if (kind == Kind::draining) {
                it.world.drained("a", it.execution);
            } else {
                it.world.exited("a", it.execution, 0, SIGTERM);
                CHECK(it.now().exit_code == 0);
            }
            CHECK(text(it.now().state) == "killed");
            CHECK(it.now().end_reason == EndReason::stop_run);
            break;
        case Kind::stopping: {
            CHECK(it.signals().size() == signals);
            CHECK(it.world.answer(ticket).message ==
                  name + " is being stopped already; --force kills it now");
            const Ticket forced = it.world.stop_run(it.run, /*force=*/true);
            CHECK(it.world.answer(forced).message == "killing " + name);
            CHECK(it.signals().back() == SignalKind::kill);
            break;
        }
        case Kind::silent:
            CHECK(it.signals().size() == signals + 1);
            CHECK(it.now().stopping);
            it.world.disconnect("a");
            it.world.hello("a", {it.execution}, {});
            CHECK(it.signals().size() == signals + 2);  // The first may never have arrived.
            it.world.exited("a", it.execution, 0, SIGTERM);
            CHECK(text(it.now().state) == "killed");
            break;
        case Kind::finished:
        case Kind::failed:
        case Kind::crashed:
        case Kind::killed:
            CHECK(it.world.answer(ticket).code == AnswerCode::ok);
            CHECK(it.world.answer(ticket).message == name + " is already " + text(before.state));
            CHECK(text(it.now().state) == text(before.state));
            CHECK(it.signals().size() == signals);
            break;
    }
}

TEST_CASE("run: a stop that comes too late changes nothing (R12)", "[core][run]") {
    Case it(Kind::stopping);
    const int code = GENERATE(0, 3);
    it.world.exited("a", it.execution, code, /*order_signal=*/0);
    CHECK(text(it.now().state) == (code == 0 ? "finished" : "failed"));
    CHECK(it.now().end_reason == EndReason::exit);
    CHECK(it.now().exit_code == code);
    CHECK_FALSE(it.now().stopping);
}

TEST_CASE("run: stop-run with a signal of one's own, and a forced one, survive a lost link",
          "[core][run]") {
    Case it(Kind::running);
    it.world.disconnect("a");
    const Ticket ticket = it.world.stop_run(it.run, false, SIGINT);
    CHECK(it.world.answer(ticket).message ==
          "stopping run " + it.run.text + "; its agent is not reachable, the order waits for it");
    it.world.restart();
    it.world.hello("a", {it.execution}, {});
    CHECK(it.world.signals().back().kind == SignalKind::stop);
    CHECK(it.world.signals().back().signal == SIGINT);
    it.world.disconnect("a");
    it.world.stop_run(it.run, /*force=*/true);
    it.world.restart();
    it.world.hello("a", {it.execution}, {});
    CHECK(it.world.signals().back().kind == SignalKind::kill);
}

TEST_CASE("run: a forced stop of a cancelled run leaves the reason", "[core][run]") {
    Case it(Kind::running);
    it.world.command(it.sweep, SweepCommand::cancel, std::chrono::seconds{30});
    it.world.stop_run(it.run, /*force=*/true);
    CHECK(it.signals().back() == SignalKind::kill);
    it.world.signaled("a", it.execution, SIGKILL, SIGKILL);
    CHECK(it.now().end_reason == EndReason::cancel);
}

TEST_CASE("run: retry", "[core][run]") {
    const Kind kind = GENERATE(from_range(kAllKinds));
    CAPTURE(static_cast<int>(kind));
    Case it(kind);
    const Run before = it.now();
    const Ticket ticket = it.world.retry(it.run);
    REQUIRE(it.world.answered(ticket));
    const Answer& answer = it.world.answer(ticket);
    const std::string name = "run " + it.run.text;
    switch (kind) {
        case Kind::waiting:
        case Kind::held:
            CHECK(answer.code == AnswerCode::ok);
            CHECK(answer.message == name + " is already waiting to go again");
            CHECK(it.now().attempt == 1);
            break;
        case Kind::running:
        case Kind::stopping:
        case Kind::preempting:
        case Kind::draining:
            CHECK(answer.code == AnswerCode::wrong_state);
            CHECK(answer.message ==
                  name + " is running; failed, crashed and killed runs can be retried");
            break;
        case Kind::finished:
            CHECK(answer.code == AnswerCode::wrong_state);
            CHECK(answer.message ==
                  name + " is finished; failed, crashed and killed runs can be retried");
            CHECK(text(it.now().state) == "finished");
            break;
        case Kind::failed:
        case Kind::crashed:
        case Kind::killed: {
            CHECK(answer.message == name + " goes again as attempt 2");
            CHECK(text(it.now().state) == "pending");
            CHECK(it.now().attempt == 2);
            CHECK(it.now().config == before.config);
            CHECK_FALSE(it.now().end_reason);
            CHECK_FALSE(it.now().exit_code);
            CHECK_FALSE(it.now().stopping);
            REQUIRE(it.world.attempts().size() == 1);
            const Attempt& past = it.world.attempts()[0];
            CHECK(past.attempt == 1);
            CHECK(text(past.state) == text(before.state));
            CHECK(past.end_reason == before.end_reason);
            CHECK(past.exit_code == before.exit_code);
            CHECK(past.term_signal == before.term_signal);
            break;
        }
        case Kind::silent:
            CHECK(answer.message == name +
                                        " goes again as attempt 2 once its agent is back or its "
                                        "host has restarted; --force does not wait for that");
            CHECK(text(it.now().state) == "crashed");
            break;
    }
}

TEST_CASE("run: retry waits until nothing of a silent attempt can be alive", "[core][run]") {
    Case it(Kind::silent);
    it.world.connect("b", 1);
    const std::size_t starts = it.world.starts().size();
    it.world.retry(it.run);
    CHECK(it.world.starts().size() == starts);
    SECTION("its agent is back, and it lives: no second execution") {
        it.world.heartbeat("a", {it.execution});
        CHECK(text(it.now().state) == "running");
        CHECK_FALSE(it.now().retry_wanted);
        it.world.exited("a", it.execution, 1);
        CHECK(text(it.now().state) == "failed");
    }
    SECTION("its agent is back, and it finished meanwhile") {
        it.world.exited("a", it.execution, 0);
        CHECK(text(it.now().state) == "finished");
        CHECK_FALSE(it.now().retry_wanted);
    }
    SECTION("its agent is back, and it failed meanwhile") {
        it.world.exited("a", it.execution, 1);
        CHECK(text(it.now().state) == "pending");
        CHECK(it.now().attempt == 2);
    }
    SECTION("its host has restarted") {
        it.world.disconnect("a");
        it.world.hello("a", {}, {}, "boot-2");
        CHECK(it.now().attempt == 2);
        CHECK(it.world.attempts().back().end_reason == EndReason::machine_restart);
    }
    SECTION("--force does not wait, and the old one is killed when it shows up") {
        const Ticket forced = it.world.retry(it.run, /*force=*/true);
        CHECK(it.world.answer(forced).code == AnswerCode::ok);
        CHECK(it.now().attempt == 2);
        CHECK(text(it.now().state) == "pending");
        it.world.heartbeat("a", {it.execution});
        REQUIRE_FALSE(it.world.signals().empty());
        CHECK(it.world.signals().back().execution.fence == it.execution.fence);
        CHECK(it.world.signals().back().kind == SignalKind::kill);
        it.world.signaled("a", it.execution, SIGKILL, SIGKILL);
        CHECK(it.now().attempt == 2);  // A report of the old claim changes nothing.
    }
    SECTION("after a restart the wish is still there") {
        it.world.restart();
        it.world.hello("a", {}, {});
        CHECK(it.now().attempt == 2);
    }
}

TEST_CASE("run: --force does not free what a reachable agent still executes", "[core][run]") {
    Case it(Kind::running);
    it.world.exited("a", it.execution, 1, 0, /*drained=*/false);
    const std::size_t starts = it.world.starts().size();
    const Ticket ticket = it.world.retry(it.run, /*force=*/true);
    CHECK(it.world.answer(ticket).message == "run " + it.run.text +
                                                 " goes again as attempt 2 once the rest of its "
                                                 "last attempt is gone");
    CHECK(text(it.now().state) == "failed");
    CHECK(it.world.starts().size() == starts);
    it.world.drained("a", it.execution);
    CHECK(it.now().attempt == 2);
    CHECK(it.world.starts().back().execution.run == it.run);
}

TEST_CASE("run: what waits for a sweep that is not running says so", "[core][run]") {
    Case it(Kind::failed);
    it.world.command(it.sweep, SweepCommand::stop);
    const Ticket ticket = it.world.retry(it.run);
    CHECK(it.world.answer(ticket).message ==
          "run " + it.run.text +
              " goes again as attempt 2; it waits, because its sweep is stopped");
}

TEST_CASE("run: retry and enqueue make a finished sweep running (S18)", "[core][run]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    world.exited("a", world.start(0), 1);
    REQUIRE(world.status(sweep) == SweepStatus::finished);
    SECTION("retry") {
        world.retry(world.start(0).run);
        CHECK(world.status(sweep) == SweepStatus::running);
        REQUIRE(world.starts().size() == 2);
        world.exited("a", world.start(1), 0);
        CHECK(world.status(sweep) == SweepStatus::finished);
        CHECK(world.run(world.start(0).run).state == RunState::finished);
        CHECK(world.record(sweep).counts.total() == 1);
    }
    SECTION("enqueue") {
        const Ticket ticket = world.enqueue(sweep, {{"x", ParamValue("else")}});
        CHECK(world.answer(ticket).code == AnswerCode::ok);
        CHECK(world.status(sweep) == SweepStatus::running);
        REQUIRE(world.starts().size() == 2);
        world.exited("a", world.start(1), 0);
        CHECK(world.status(sweep) == SweepStatus::finished);
    }
}

TEST_CASE("run: delete frees the grid's cell (R23)", "[core][run]") {
    const Kind kind = GENERATE(from_range(kAllKinds));
    CAPTURE(static_cast<int>(kind));
    Case it(kind);
    const Run before = it.now();
    const std::size_t starts = it.world.starts().size();
    const std::uint64_t total = it.world.record(it.sweep).counts.total();
    it.world.command(it.sweep, SweepCommand::pause);
    const Ticket ticket = it.world.remove(it.run);
    if (!is_over(kind)) {
        CHECK(it.world.answer(ticket).code == AnswerCode::wrong_state);
        CHECK(it.world.runs().contains(it.run));
        return;
    }
    CHECK(it.world.answer(ticket).message == "deleted run " + it.run.text);
    CHECK_FALSE(it.world.runs().contains(it.run));
    CHECK(it.world.record(it.sweep).counts.total() == total - 1);
    CHECK(it.world.answer(it.world.remove(it.run)).code == AnswerCode::not_found);
    CHECK(it.world.answer(it.world.retry(it.run)).code == AnswerCode::not_found);
    CHECK(it.world.answer(it.world.stop_run(it.run)).code == AnswerCode::not_found);
    // What was handed out when it ended goes first; then its cell, the lowest free one.
    it.world.exited("a", it.world.start(starts - 1), 0);
    it.world.command(it.sweep, SweepCommand::resume);
    REQUIRE(it.world.starts().size() == starts + 1);
    CHECK(it.world.starts().back().config == before.config);
    CHECK(it.world.starts().back().execution.run != it.run);
}

TEST_CASE("run: two deletions and a retry in one batch delete once", "[core][run]") {
    Case it(Kind::failed);
    it.world.command(it.sweep, SweepCommand::pause);
    const Run stored = it.now();
    const std::uint64_t total = it.world.record(it.sweep).counts.total();
    it.world.apply_batch({DeleteRun{{901, "test"}, it.run, stored, {}},
                          DeleteRun{{902, "test"}, it.run, stored, {}},
                          RetryRun{{903, "test"}, it.run, false, stored}});
    CHECK(it.world.answer(901).code == AnswerCode::ok);
    CHECK(it.world.answer(902).code == AnswerCode::not_found);
    CHECK(it.world.answer(903).code == AnswerCode::not_found);
    CHECK(it.world.record(it.sweep).counts.total() == total - 1);
}

TEST_CASE("run: created, killed and deleted before anything was stored", "[core][run]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 3, .paused = true});
    world.apply_batch({EnqueueRun{{901, "test"}, sweep, {{"x", ParamValue(1)}}, false}});
    const RunId run = world.answer(901).run;
    // The next run's id is not known before; it is the only other one.
    world.apply_batch(
        {StopRun{{902, "test"}, run, {}, false, {}}, RetryRun{{903, "test"}, run, false, {}},
         StopRun{{904, "test"}, run, {}, false, {}}, DeleteRun{{905, "test"}, run, {}, {}}});
    CHECK(world.answer(905).code == AnswerCode::ok);
    CHECK(world.runs().empty());
    CHECK(world.attempts().empty());
    world.restart();
    CHECK(world.record(sweep).counts.total() == 0);
}

#include "sweepctl/core/sweep_status.hpp"

#include "support/world_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>

// Every sweep status x every command: the status after, the answer and its message
// (sweep-semantics 3.1, S1 to S18).

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

/// What is left of the sweep's runs when the command comes.
enum class Left : std::uint8_t { nothing, live, waiting };

/// A sweep in `status` that has one ended run, and what `left` says.
SweepId sweep_in(Fixture& world, SweepStatus status, Left left) {
    if (status == SweepStatus::pending) return world.create_sweep({.size = 5});
    const SweepId sweep = world.create_sweep({.size = 5});
    world.connect("a", left == Left::live ? 2 : 1);
    world.command(sweep, SweepCommand::pause);
    world.exited("a", world.start(0), 0);
    std::vector<ExecutionRef> live;
    if (left == Left::live) {
        live.push_back(world.start(1));
        world.started("a", live[0]);
    }
    if (left == Left::waiting) world.enqueue(sweep, {{"x", ParamValue(4)}});
    world.force_status(sweep, status);
    world.agent_record("a").slots = 1;
    world.hello("a", live, {});
    REQUIRE(world.status(sweep) == status);
    return sweep;
}

struct Row {
    SweepStatus status;
    SweepCommand command;
    Left left;
    AnswerCode code;
    SweepStatus after;
    const char* message;  ///< with `@` for the sweep's id
};

constexpr AnswerCode kOk = AnswerCode::ok;
constexpr AnswerCode kWrong = AnswerCode::wrong_state;

}  // namespace

TEST_CASE("sweep: every status x every command", "[core][sweep]") {
    using enum SweepStatus;
    const auto row = GENERATE(values<Row>({
        {pending, SweepCommand::pause, Left::nothing, kOk, paused, "paused sweep @"},
        {pending, SweepCommand::resume, Left::nothing, kOk, pending, "sweep @ is already pending"},
        {pending, SweepCommand::stop, Left::nothing, kOk, stopped, "stopped sweep @"},
        {pending, SweepCommand::cancel, Left::nothing, kOk, cancelled, "cancelled sweep @"},

        {running, SweepCommand::pause, Left::live, kOk, paused,
         "paused sweep @; 1 live run goes on"},
        {running, SweepCommand::resume, Left::live, kOk, running, "sweep @ is already running"},
        {running, SweepCommand::stop, Left::live, kOk, stopped,
         "stopped sweep @; 1 live run goes on"},
        {running, SweepCommand::cancel, Left::live, kOk, cancelled, nullptr},

        {paused, SweepCommand::pause, Left::live, kOk, paused, "sweep @ is already paused"},
        {paused, SweepCommand::resume, Left::live, kOk, running, "resumed sweep @"},
        {paused, SweepCommand::stop, Left::nothing, kOk, stopped, "stopped sweep @"},
        {paused, SweepCommand::cancel, Left::nothing, kOk, cancelled, "cancelled sweep @"},

        {stopped, SweepCommand::pause, Left::live, kWrong, stopped, "Cannot pause stopped sweep."},
        {stopped, SweepCommand::resume, Left::nothing, kOk, running, "resumed sweep @"},
        {stopped, SweepCommand::stop, Left::live, kWrong, stopped, "Sweep already stopped."},
        {stopped, SweepCommand::cancel, Left::nothing, kWrong, stopped, "Sweep already stopped."},
        {stopped, SweepCommand::cancel, Left::live, kOk, cancelled, nullptr},
        {stopped, SweepCommand::cancel, Left::waiting, kOk, cancelled, "cancelled sweep @"},

        {cancelled, SweepCommand::pause, Left::nothing, kWrong, cancelled,
         "Cannot pause cancelled sweep."},
        {cancelled, SweepCommand::resume, Left::nothing, kOk, running, "resumed sweep @"},
        {cancelled, SweepCommand::stop, Left::nothing, kWrong, cancelled,
         "Sweep already cancelled."},
        {cancelled, SweepCommand::cancel, Left::nothing, kWrong, cancelled,
         "Sweep already cancelled."},

        {finished, SweepCommand::pause, Left::nothing, kWrong, finished,
         "Cannot pause finished sweep."},
        {finished, SweepCommand::resume, Left::nothing, kOk, running, "resumed sweep @"},
        {finished, SweepCommand::stop, Left::nothing, kWrong, finished, "Sweep already finished."},
        {finished, SweepCommand::cancel, Left::nothing, kWrong, finished,
         "Sweep already finished."},

        {failed, SweepCommand::pause, Left::live, kWrong, failed, "Cannot pause failed sweep."},
        {failed, SweepCommand::resume, Left::live, kOk, running, "resumed sweep @"},
        {failed, SweepCommand::stop, Left::live, kWrong, failed, "Sweep already failed."},
        {failed, SweepCommand::cancel, Left::nothing, kWrong, failed, "Sweep already failed."},
        {failed, SweepCommand::cancel, Left::live, kOk, cancelled, nullptr},
        {failed, SweepCommand::cancel, Left::waiting, kOk, cancelled, "cancelled sweep @"},

        {crashed, SweepCommand::pause, Left::live, kWrong, crashed, "Cannot pause crashed sweep."},
        {crashed, SweepCommand::resume, Left::live, kOk, running, "resumed sweep @"},
        {crashed, SweepCommand::stop, Left::live, kWrong, crashed, "Sweep already crashed."},
        {crashed, SweepCommand::cancel, Left::nothing, kWrong, crashed, "Sweep already crashed."},
        {crashed, SweepCommand::cancel, Left::live, kOk, cancelled, nullptr},
        {crashed, SweepCommand::cancel, Left::waiting, kOk, cancelled, "cancelled sweep @"},
    }));
    CAPTURE(to_string(row.status), to_string(row.command), static_cast<int>(row.left));

    Fixture world;
    const SweepId sweep = sweep_in(world, row.status, row.left);
    const std::size_t signals = world.signals().size();
    const Ticket ticket = world.command(sweep, row.command);
    CHECK(world.status(sweep) == row.after);
    if (row.command != SweepCommand::cancel) CHECK(world.signals().size() == signals);
    if (row.message == nullptr) {  // A cancel answers when nothing is alive any more.
        REQUIRE_FALSE(world.answered(ticket));
        REQUIRE(world.signals().size() == signals + 1);
        CHECK(world.signals().back().kind == SignalKind::kill);
        world.signaled("a", world.signals().back().execution, 9, 9);
        REQUIRE(world.answered(ticket));
        CHECK(world.answer(ticket).message == "cancelled sweep " + sweep.text);
        return;
    }
    REQUIRE(world.answered(ticket));
    CHECK(world.answer(ticket).code == row.code);
    std::string message = row.message;
    if (const auto at = message.find('@'); at != std::string::npos)
        message.replace(at, 1, sweep.text);
    CHECK(world.answer(ticket).message == message);
}

TEST_CASE("sweep: a command for one that is not there", "[core][sweep]") {
    const auto command = GENERATE(SweepCommand::pause, SweepCommand::resume, SweepCommand::stop,
                                  SweepCommand::cancel);
    Fixture world;
    const Ticket ticket = world.command(SweepId{"nosuchid"}, command);
    CHECK(world.answer(ticket).code == AnswerCode::not_found);
    CHECK(world.answer(ticket).message == "no sweep 'nosuchid'");
}

TEST_CASE("sweep: pending until its first run, paused when created so", "[core][sweep]") {
    Fixture world;
    const SweepId waiting = world.create_sweep({.size = 1, .paused = true});
    const SweepId sweep = world.create_sweep({.size = 1});
    CHECK(world.status(waiting) == SweepStatus::paused);
    CHECK(world.status(sweep) == SweepStatus::pending);
    world.connect("a", 2);
    CHECK(world.status(sweep) == SweepStatus::running);
    CHECK(world.starts().size() == 1);
    CHECK(world.status(waiting) == SweepStatus::paused);
}

TEST_CASE("sweep: an enqueued run makes a pending sweep running (S2)", "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 3});
    world.enqueue(sweep, {{"x", ParamValue(1)}});
    CHECK(world.status(sweep) == SweepStatus::running);
}

TEST_CASE("sweep: finished means drained (S7)", "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 2});
    world.connect("a", 2);
    world.started("a", world.start(0));
    world.started("a", world.start(1));
    CHECK(world.record(sweep).exhausted);
    CHECK(world.status(sweep) == SweepStatus::running);
    world.exited("a", world.start(0), 0);
    CHECK(world.status(sweep) == SweepStatus::running);
    // Its program ended, something it started is alive.
    world.exited("a", world.start(1), 0, 0, /*drained=*/false);
    CHECK(world.run(world.start(1).run).state == RunState::finished);
    CHECK(world.status(sweep) == SweepStatus::running);
    world.drained("a", world.start(1));
    CHECK(world.status(sweep) == SweepStatus::finished);
    CHECK(world.record(sweep).ended_at.has_value());
}

TEST_CASE("sweep: paused and drained stays paused, and is finished at once when resumed (S17)",
          "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    world.started("a", world.start(0));
    world.command(sweep, SweepCommand::pause);
    world.exited("a", world.start(0), 0);
    CHECK(world.status(sweep) == SweepStatus::paused);
    const Ticket ticket = world.command(sweep, SweepCommand::resume);
    CHECK(world.status(sweep) == SweepStatus::finished);
    CHECK(world.answer(ticket).message ==
          "resumed sweep " + sweep.text + ": nothing is left to do, it is finished");
}

TEST_CASE("sweep: a finished one that is resumed with nothing to do is finished again (S10)",
          "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    world.exited("a", world.start(0), 0);
    REQUIRE(world.status(sweep) == SweepStatus::finished);
    const Ticket ticket = world.command(sweep, SweepCommand::resume);
    CHECK(world.answer(ticket).code == AnswerCode::ok);
    CHECK(world.status(sweep) == SweepStatus::finished);
}

TEST_CASE("sweep: a search that throws makes it failed, live runs go on (S8)", "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 9, .fails_at = 2});
    world.connect("a", 2, 2);
    CHECK(world.status(sweep) == SweepStatus::failed);
    CHECK(world.record(sweep).reason == "the search failed: no idea");
    REQUIRE(world.starts().size() == 2);
    CHECK(world.revokes().size() == 1);  // Nothing more starts for a failed sweep.
    world.started("a", world.start(0));
    world.returned("a", world.start(1));
    CHECK(world.run(world.start(0).run).state == RunState::running);
    CHECK(world.run(world.start(1).run).state == RunState::pending);
    world.exited("a", world.start(0), 0);
    CHECK(world.run(world.start(0).run).state == RunState::finished);
    CHECK(world.status(sweep) == SweepStatus::failed);
}

TEST_CASE("sweep: one whose stored spec cannot be read any more is failed", "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 9});
    world.connect("a", 2);
    world.started("a", world.start(0));
    world.break_spec(sweep);
    world.restart();
    CHECK(world.status(sweep) == SweepStatus::failed);
    world.hello("a", {world.start(0)}, {world.start(1)});
    CHECK(world.run(world.start(0).run).state == RunState::running);
    REQUIRE(world.revokes().size() == 1);
    world.returned("a", world.start(1));
    const Ticket ticket = world.command(sweep, SweepCommand::resume);
    CHECK(world.answer(ticket).code == AnswerCode::wrong_state);
    CHECK(world.answer(ticket).message == "its stored spec cannot be read any more");
    CHECK(world.status(sweep) == SweepStatus::failed);
}

TEST_CASE("sweep: a finished one with an unreadable spec survives retry and enqueue",
          "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    world.exited("a", world.start(0), 1);
    world.break_spec(sweep);
    world.restart();
    world.hello("a", {}, {});
    REQUIRE(world.status(sweep) == SweepStatus::finished);
    CHECK(world.answer(world.enqueue(sweep, {{"x", ParamValue(1)}})).code ==
          AnswerCode::wrong_state);
    world.retry(world.start(0).run);
    CHECK(world.status(sweep) == SweepStatus::failed);
    CHECK(world.run(world.start(0).run).state == RunState::pending);
    CHECK(world.starts().size() == 1);
}

TEST_CASE("sweep: cancel with grace asks first, and insists when the time is up", "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    world.started("a", world.start(0));
    const Ticket ticket = world.command(sweep, SweepCommand::cancel, std::chrono::seconds{5});
    REQUIRE(world.signals().size() == 1);
    CHECK(world.signals()[0].kind == SignalKind::stop);
    world.pass(std::chrono::milliseconds{4'999});
    CHECK(world.signals().size() == 1);
    world.pass(std::chrono::milliseconds{1});
    REQUIRE(world.signals().size() == 2);
    CHECK(world.signals()[1].kind == SignalKind::kill);
    CHECK_FALSE(world.answered(ticket));
    world.exited("a", world.start(0), 0, 15);
    CHECK(world.answered(ticket));
    CHECK(world.run(world.start(0).run).state == RunState::killed);
    CHECK(world.run(world.start(0).run).end_reason == EndReason::cancel);
    CHECK(world.run(world.start(0).run).exit_code == 0);
    CHECK_FALSE(world.run(world.start(0).run).stopping);
}

TEST_CASE("sweep: a grace that is over before the time kills nobody else", "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    world.started("a", world.start(0));
    world.command(sweep, SweepCommand::cancel, std::chrono::seconds{5});
    world.exited("a", world.start(0), 0, 15);
    world.retry(world.start(0).run);
    world.command(sweep, SweepCommand::resume);
    REQUIRE(world.starts().size() == 2);
    world.started("a", world.start(1));
    world.pass(std::chrono::seconds{10});
    CHECK(world.signals().size() == 1);
    CHECK(world.run(world.start(1).run).state == RunState::running);
}

TEST_CASE("sweep: cancel answers although an agent cannot be reached (A28)", "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 2});
    world.connect("a", 1);
    world.started("a", world.start(0));
    world.disconnect("a");
    const Ticket ticket = world.command(sweep, SweepCommand::cancel);
    CHECK(world.answered(ticket));
    CHECK(world.status(sweep) == SweepStatus::cancelled);
    CHECK(world.run(world.start(0).run).state == RunState::running);
    CHECK(world.run(world.start(0).run).stopping);
    const std::size_t before = world.signals().size();
    world.hello("a", {world.start(0)}, {});
    REQUIRE(world.signals().size() == before + 1);
    CHECK(world.signals().back().kind == SignalKind::kill);
    world.signaled("a", world.start(0), 9, 9);
    CHECK(world.run(world.start(0).run).state == RunState::killed);
}

TEST_CASE("sweep: pause answers when nothing held can start, at the latest by the lease",
          "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 5});
    world.connect("a", 1, 2);
    world.started("a", world.start(0));
    const Ticket ticket = world.command(sweep, SweepCommand::pause);
    REQUIRE(world.revokes().size() == 1);
    CHECK(world.revokes()[0].claims.size() == 2);
    SECTION("given back, and started before the order came") {
        world.returned("a", world.start(1));
        CHECK_FALSE(world.answered(ticket));
        world.started("a", world.start(2));
        CHECK(world.answered(ticket));
        CHECK(world.run(world.start(2).run).state == RunState::running);
    }
    SECTION("the agent is gone") {
        world.disconnect("a");
        world.pass(kClaimLease + kLeaseMargin - Duration{1});
        CHECK_FALSE(world.answered(ticket));
        world.pass(Duration{1});
        CHECK(world.answered(ticket));
        CHECK(world.record(sweep).counts[RunState::pending] == 2);
    }
    SECTION("the agent hangs, its link does not break") {
        for (int second = 0; second < 17 && !world.answered(ticket); ++second)
            world.pass(std::chrono::seconds{1});
        CHECK(world.answered(ticket));
    }
    SECTION("the agent speaks, but of something else") {
        for (int second = 0; second < 40 && !world.answered(ticket); ++second) {
            world.heartbeat("a", {world.start(0)});
            world.pass(std::chrono::seconds{1});
        }
        REQUIRE(world.answered(ticket));
        CHECK(world.answer(ticket).message.find("2 of its runs could not be confirmed yet") !=
              std::string::npos);
    }
    CHECK(world.signals().empty());
    CHECK(world.status(sweep) == SweepStatus::paused);
}

TEST_CASE("sweep: cancel does not claim that nothing lives on an agent that hangs",
          "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 1});
    world.connect("a", 1);
    const ExecutionRef held = world.start(0);
    const Ticket ticket = world.command(sweep, SweepCommand::cancel);
    // It was started in time, but neither that nor the order to end it gets through.
    for (int second = 0; second < 17 && !world.answered(ticket); ++second)
        world.pass(std::chrono::seconds{1});
    REQUIRE(world.answered(ticket));
    CHECK(world.answer(ticket).message.find("1 of its runs could not be confirmed yet") !=
          std::string::npos);
    world.disconnect("a");
    world.hello("a", {held}, {});
    REQUIRE_FALSE(world.signals().empty());
    CHECK(world.signals().back().kind == SignalKind::kill);
}

TEST_CASE("sweep: pause, resume and pause again while the answer is on the way", "[core][sweep]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 5});
    world.connect("a", 1, 1);
    world.started("a", world.start(0));
    const Ticket first = world.command(sweep, SweepCommand::pause);
    world.command(sweep, SweepCommand::resume);
    CHECK(world.starts().size() == 2);
    const Ticket second = world.command(sweep, SweepCommand::pause);
    CHECK_FALSE(world.answered(first));
    CHECK_FALSE(world.answered(second));
    world.returned("a", world.start(1));
    CHECK(world.answered(first));
    CHECK(world.answered(second));
    CHECK(world.starts().size() == 2);
}

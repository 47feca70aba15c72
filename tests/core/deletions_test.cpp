#include "support/wandb_fixture.hpp"

#include <catch2/catch.hpp>

#include <csignal>

// Runs that are deleted while a W&B client or agent has them: they are gone at once, and whoever
// executes them is told so.

using namespace sweepctl;
using namespace sweepctl::testing;
using Kind = ForeignCommand::Kind;

TEST_CASE("deletion: a live run of no sweep", "[core][wandb][deletion]") {
    Fixture world;
    WandbClient client(world, "abc123");
    client.init();
    client.log(0.5);
    const SweepId drawer = world.run(client.run).sweep;
    const Answer done = world.answer(world.remove(client.run));
    CHECK(done.code == AnswerCode::ok);
    CHECK(done.message == "deleted run abc123");
    CHECK_FALSE(world.runs().contains(client.run));
    CHECK(world.record(drawer).counts.total() == 0);
    SECTION("its process hears of it and cannot bring it back") {
        CHECK(client.post().code == AnswerCode::not_found);
        CHECK(client.log(0.25).code == AnswerCode::not_found);
        CHECK(client.environment().code == AnswerCode::not_found);
        CHECK(client.resume(client.run).code == AnswerCode::not_found);
        CHECK(client.complete(0).code == AnswerCode::not_found);
        CHECK(world.runs().empty());
    }
    SECTION("another process may begin one of this name") {
        CHECK(client.init().created);
        CHECK(client.post().code == AnswerCode::ok);
        CHECK(world.run(client.run).summary.empty());
    }
    SECTION("its silence means nothing any more") {
        world.pass(std::chrono::seconds{1'000});
        world.restart();
        CHECK(world.runs().empty());
    }
}

TEST_CASE("deletion: a run that nobody executes yet", "[core][wandb][deletion]") {
    Fixture world;
    UpsertRun event;
    event.named = {{}, "e", "p", "abc123", {}, false};
    event.state = GENERATE(RunState::pending, RunState::running);
    const RunId id = world.ask(std::move(event)).run;
    CHECK(world.answer(world.remove(id)).code == AnswerCode::ok);
    CHECK(world.runs().empty());
}

TEST_CASE("deletion: a name that comes and goes in one batch", "[core][wandb][deletion]") {
    Fixture world;
    const auto begins = [] {
        UpsertRun event;
        event.named = {{}, "e", "p", "abc123", {}, false};
        event.live = true;
        event.host = "there";
        return event;
    };
    world.apply_batch({begins(), DeleteRun{{901, "test"}, RunId{"abc123"}, {}, {}}, begins()});
    CHECK(world.answer(901).code == AnswerCode::ok);
    REQUIRE(world.runs().size() == 1);
    CHECK(world.runs().begin()->second.client->wire_name == "abc123");
}

TEST_CASE("deletion: a live run of a W&B agent", "[core][wandb][deletion]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain(1));
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    WandbClient client(world, id.text);
    SECTION("not while it may begin") {
        const Answer refused = world.answer(world.remove(id));
        CHECK(refused.code == AnswerCode::wrong_state);
        CHECK(refused.message ==
              "run " + id.text + " is being started by its agent; delete it when it runs");
        CHECK(world.run(id).claim);
    }
    SECTION("it is gone, its agent ends it, and its cell is free") {
        client.init(sweep);
        if (GENERATE(true, false)) world.stop_run(id);
        CHECK(world.answer(world.remove(id)).code == AnswerCode::ok);
        CHECK(client.post().code == AnswerCode::not_found);
        CHECK(client.environment().code == AnswerCode::not_found);
        CHECK_FALSE(world.runs().contains(id));
        CHECK(world.record(sweep).counts.total() == 0);
        for (int k = 0; k < 3; ++k) {  // The agent repeats the signal when it is told again.
            const Answer told = agent.beat();
            REQUIRE(told.commands.size() == 1);
            CHECK(told.commands[0].kind == Kind::stop);
            CHECK(told.commands[0].run == id);
        }
        agent.live.clear();
        const Answer next = agent.beat();
        REQUIRE(next.commands.size() == 1);
        CHECK(next.commands[0].kind == Kind::run);
        CHECK(next.commands[0].run != id);
        CHECK(next.commands[0].config == Config{{"x", ParamValue(0)}});
    }
    SECTION("also after a restart, and when its agent is silent") {
        client.init(sweep);
        world.restart();
        world.pass(std::chrono::seconds{100});
        CHECK(world.answer(world.remove(id)).code == AnswerCode::ok);
        CHECK(agent.beat().commands.at(0).kind == Kind::stop);
    }
}

TEST_CASE("deletion: a run that goes with its sweep in the same batch",
          "[core][wandb][deletion]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain(2));
    const bool ours = GENERATE(true, false);
    RunId id;
    if (ours) {
        world.connect("a", 1);
        id = world.start(0).run;
        world.disconnect("a");
    } else {
        WandbAgent agent(world, sweep);
        id = agent.take();
        WandbClient(world, id.text).init(sweep);
    }
    // As stored, which is what is brought along of a run that is not in memory.
    const Run stored = world.run(id);
    world.pass(std::chrono::seconds{60});
    world.apply_batch(
        {DeleteSweep{{901, "test"}, sweep, true}, DeleteRun{{902, "test"}, id, stored, {}}});
    CHECK(world.answer(901).code == AnswerCode::ok);
    CHECK(world.answer(902).code == AnswerCode::not_found);
    CHECK_FALSE(world.exists(sweep));
}

TEST_CASE("deletion: one that ended and is on its way out is not killed",
          "[core][wandb][deletion]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain({}));
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    WandbClient client(world, id.text);
    client.init(sweep);
    client.complete(0);
    CHECK(agent.beat().commands.empty());
    SECTION("unless it is deleted then") {
        CHECK(world.answer(world.remove(id)).code == AnswerCode::ok);
        CHECK(agent.beat().commands.at(0).kind == Kind::stop);
    }
}

TEST_CASE("deletion: the last live run of a sweep that wants no more", "[core][wandb][deletion]") {
    Fixture world;
    SweepOptions options = plain({});
    options.policy.metric = MetricGoal{"loss", Goal::minimize, 0.1};
    const SweepId sweep = world.create_sweep(options);
    WandbAgent first(world, sweep);
    WandbAgent second(world, sweep);
    WandbClient good(world, first.take().text);
    WandbClient other(world, second.take().text);
    good.init(sweep);
    other.init(sweep);
    good.log(0.05);
    good.complete(0);
    CHECK(world.status(sweep) == SweepStatus::running);
    CHECK(world.answer(world.remove(other.run)).code == AnswerCode::ok);
    CHECK(world.status(sweep) == SweepStatus::finished);
}

TEST_CASE("deletion: what our agent executes has to be stopped first", "[core][wandb][deletion]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain(1));
    world.connect("a", 1);
    const ExecutionRef execution = world.start(0);
    if (GENERATE(true, false)) {
        world.started("a", execution);
        WandbClient client(world, execution.run.text);
        client.init(sweep);
        const bool finished = GENERATE(true, false);
        if (finished) client.complete(0);  // Its process lives on.
    }
    CHECK(world.answer(world.remove(execution.run)).code == AnswerCode::wrong_state);
    CHECK(world.run(execution.run).claim);
}

TEST_CASE("deletion: it is the doing of who asked for it, whoever brings what it waited for",
          "[core][deletion]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain(1));
    world.connect("a", 1);
    const ExecutionRef execution = world.start(0);
    world.started("a", execution);
    const Ticket ticket = world.remove(sweep, /*force=*/true);
    CHECK_FALSE(world.answered(ticket));
    SECTION("the end") {
        world.signaled("a", execution, SIGKILL, SIGKILL);
    }
    SECTION("the end of the link") {
        world.disconnect("a");
        world.pass(std::chrono::minutes{10});
    }
    REQUIRE(world.answered(ticket));
    REQUIRE(world.events().back().kind == "sweep_deleted");
    CHECK(world.events().back().actor == "test");
}

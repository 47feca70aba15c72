#include "sweepctl/core/client_rules.hpp"

#include "support/wandb_fixture.hpp"

#include <catch2/catch.hpp>

// W&B's agents: what they are told, and what their silence and their lists say about their runs.

using namespace sweepctl;
using namespace sweepctl::testing;
using Kind = ForeignCommand::Kind;

namespace {

constexpr Duration kBeat = std::chrono::seconds{5};

/// What an answer tells an agent to do, in words; empty: nothing.
std::string told(const Answer& answer) {
    if (answer.code != AnswerCode::ok) return "refused: " + answer.message;
    if (answer.commands.empty()) return {};
    REQUIRE(answer.commands.size() == 1);
    const ForeignCommand& command = answer.commands[0];
    switch (command.kind) {
        case Kind::run: return "run " + command.run.text;
        case Kind::resume: return "resume " + command.run.text;
        case Kind::stop: return "stop " + command.run.text;
        case Kind::exit: return "exit";
    }
    return "?";
}

}  // namespace

TEST_CASE("W&B agent: registers while the sweep may have work", "[core][wandb]") {
    using enum SweepStatus;
    struct Row {
        SweepStatus status;
        AnswerCode code;
    };
    const Row row =
        GENERATE(Row{pending, AnswerCode::ok}, Row{running, AnswerCode::ok},
                 Row{paused, AnswerCode::ok}, Row{stopped, AnswerCode::wrong_state},
                 Row{cancelled, AnswerCode::wrong_state}, Row{finished, AnswerCode::wrong_state},
                 Row{failed, AnswerCode::wrong_state}, Row{crashed, AnswerCode::wrong_state});
    CAPTURE(to_string(row.status));
    Fixture world;
    const SweepId sweep = world.create_sweep(plain(2));
    world.force_status(sweep, row.status);
    const Answer answer = world.ask(RegisterForeignAgent{{}, sweep, "far"});
    CHECK(answer.code == row.code);
    if (row.code == AnswerCode::ok) {
        const AgentRecord& agent = world.agents().at(answer.agent);
        CHECK(agent.foreign);
        CHECK(agent.host == "far");
        CHECK(agent.only_sweep == sweep);
        CHECK(agent.created_at == world.now().wall);
    } else {
        CHECK(answer.message == "Sweep " + sweep.text + " is not running");
    }
    CHECK(world.ask(RegisterForeignAgent{{}, SweepId{"nosuchsw"}, "far"}).code ==
          AnswerCode::not_found);
}

TEST_CASE("W&B agent: a whole grid, one run at a time", "[core][wandb]") {
    Fixture world;
    SweepOptions options = plain(3);
    options.policy.metric = MetricGoal{"loss", Goal::minimize, std::nullopt};
    const SweepId sweep = world.create_sweep(options);
    WandbAgent agent(world, sweep);
    CHECK(world.status(sweep) == SweepStatus::pending);
    for (int k = 0; k < 3; ++k) {
        const Answer answer = agent.beat();
        REQUIRE(answer.commands.size() == 1);
        CHECK(answer.commands[0].kind == Kind::run);
        CHECK(answer.commands[0].config == Config{{"x", ParamValue(k)}});
        const RunId id = answer.commands[0].run;
        CHECK(world.run(id).state == RunState::pending);
        CHECK(world.run(id).claim->phase == ClaimPhase::held);
        WandbClient client(world, id.text);
        CHECK_FALSE(client.init(sweep).created);
        CHECK(client.run == id);
        CHECK(world.run(id).state == RunState::running);
        CHECK(world.run(id).claim->phase == ClaimPhase::started);
        agent.live = {id};
        CHECK(told(agent.beat()).empty());
        client.log(0.5 - 0.1 * k);
        client.complete(0);
        CHECK(world.run(id).state == RunState::finished);
        CHECK(world.run(id).end_reason == EndReason::finish);
        CHECK_FALSE(world.run(id).claim);
        CHECK(told(agent.beat()).empty());  // Its process is still on its way out.
        agent.live.clear();
    }
    CHECK(world.record(sweep).best->value == Approx(0.3));
    CHECK(told(agent.beat()) == "exit");
    CHECK(world.status(sweep) == SweepStatus::finished);
}

TEST_CASE("W&B agent: what the status of its sweep tells it", "[core][wandb]") {
    struct Row {
        SweepCommand command;
        std::string idle;
        std::string busy;
        std::string after;  ///< when its run has ended
    };
    const Row row =
        GENERATE(Row{SweepCommand::pause, "", "", ""}, Row{SweepCommand::stop, "exit", "", "exit"},
                 Row{SweepCommand::cancel, "exit", "exit", "exit"});
    CAPTURE(to_string(row.command));
    Fixture world;
    const SweepId sweep = world.create_sweep(plain({}));
    WandbAgent idle(world, sweep);
    WandbAgent busy(world, sweep);
    const RunId id = busy.take();
    WandbClient client(world, id.text);
    client.init(sweep);
    world.command(sweep, row.command);
    CHECK(told(idle.beat()) == row.idle);
    CHECK(world.run(id).state == RunState::running);
    const std::string first = told(busy.beat());
    CHECK(first == row.busy);
    if (row.command == SweepCommand::cancel) {
        CHECK(world.run(id).state == RunState::killed);
        CHECK(world.run(id).end_reason == EndReason::cancel);
        CHECK(client.post().stop);
    } else {
        CHECK(world.run(id).state == RunState::running);
        CHECK_FALSE(client.post().stop);
        client.complete(0);
        CHECK(world.run(id).state == RunState::finished);
    }
    busy.live.clear();
    CHECK(told(busy.beat()) == row.after);
    if (row.command == SweepCommand::pause) {
        world.command(sweep, SweepCommand::resume);
        CHECK(told(idle.beat()).starts_with("run "));
    }
}

TEST_CASE("W&B agent: what it was given and never has failed", "[core][wandb]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain({}));
    WandbAgent agent(world, sweep);
    const Answer given = agent.beat();
    const RunId id = given.commands.at(0).run;
    SECTION("a whole beat later") {
        const Answer next = agent.beat();
        CHECK(world.run(id).state == RunState::failed);
        CHECK(world.run(id).end_reason == EndReason::spawn_error);
        CHECK_FALSE(world.run(id).claim);
        CHECK(next.commands.at(0).run != id);
    }
    SECTION("not when it only asks again because the answer was lost") {
        CHECK(told(agent.beat(std::chrono::seconds{1})) == "run " + id.text);
        CHECK(told(agent.beat(std::chrono::milliseconds{4'499})) == "run " + id.text);
        CHECK(world.run(id).state == RunState::pending);
        world.pass(kBeat);
        CHECK(told(agent.beat_now(/*answer_lost=*/true)) == "run " + id.text);
        CHECK(world.run(id).attempt == 1);
        agent.live = {id};
        CHECK(told(agent.beat()).empty());
        CHECK(world.run(id).state == RunState::running);
    }
    SECTION("not when it was upserted in between") {
        WandbClient client(world, id.text);
        client.init(sweep);
        CHECK(told(agent.beat()).starts_with("run "));  // It has room.
        CHECK(world.run(id).state == RunState::running);
    }
    SECTION("not when the controller was away") {
        world.restart();
        CHECK(told(agent.beat()) == "run " + id.text);
        CHECK(world.run(id).state == RunState::pending);
    }
    SECTION("crashed when the agent is not heard again") {
        world.pass(std::chrono::seconds{299});
        CHECK(world.run(id).state == RunState::pending);
        world.pass(std::chrono::seconds{2});
        CHECK(world.run(id).state == RunState::crashed);
        CHECK(world.run(id).end_reason == EndReason::heartbeat_lost);
        SECTION("and running when its client speaks after all") {
            WandbClient client(world, id.text);
            client.init(sweep);
            CHECK(world.run(id).state == RunState::running);
        }
        SECTION("and running when its agent lists it after all") {
            agent.live = {id};
            agent.beat();
            CHECK(world.run(id).state == RunState::running);
            CHECK(world.run(id).claim->agent == agent.id);
        }
    }
    SECTION("killed when it was stopped meanwhile") {
        world.stop_run(id);
        CHECK(world.run(id).state == RunState::pending);
        agent.beat();
        CHECK(world.run(id).state == RunState::killed);
        CHECK(world.run(id).end_reason == EndReason::stopped_before_start);
        WandbClient client(world, id.text);
        client.init(sweep);
        CHECK(world.run(id).state == RunState::killed);
        CHECK(client.post().stop);
    }
}

TEST_CASE("W&B agent: the silence that costs its runs is the sweep's, however short",
          "[core][wandb]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(with(1, [](SweepPolicy& policy) {
        policy.heartbeat_timeout = std::chrono::seconds{12};
    }));
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    agent.beat();
    CHECK(world.run(id).state == RunState::running);
    world.pass(std::chrono::seconds{11});
    CHECK(world.run(id).state == RunState::running);
    world.pass(std::chrono::seconds{1});
    CHECK(world.run(id).end_reason == EndReason::heartbeat_lost);
}

TEST_CASE("W&B agent: a run that it has no longer", "[core][wandb]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain({}));
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    agent.beat();
    CHECK(world.run(id).state == RunState::running);
    WandbClient client(world, id.text);
    const bool speaks = GENERATE(true, false);
    CAPTURE(speaks);
    if (speaks) client.init(sweep);
    agent.live.clear();
    const auto other = agent.beat();  // It has room at once.
    CHECK(told(other).starts_with("run "));
    agent.live = {other.commands.at(0).run};
    SECTION("three beats later it is over") {
        agent.beat();
        CHECK(world.run(id).state == RunState::running);
        agent.beat(std::chrono::seconds{1});  // A repetition says nothing.
        CHECK(world.run(id).state == RunState::running);
        agent.beat();
        CHECK(world.run(id).state == (speaks ? RunState::crashed : RunState::failed));
        CHECK(world.run(id).end_reason ==
              (speaks ? EndReason::heartbeat_lost : EndReason::spawn_error));
        CHECK_FALSE(world.run(id).claim);
        if (speaks) {
            // What its client has to say comes late, after all.
            client.complete(3);
            CHECK(world.run(id).state == RunState::failed);
            CHECK(world.run(id).exit_code == 3);
        }
    }
    SECTION("killed when it was to be stopped") {
        world.stop_run(id);
        agent.beat();
        agent.beat();
        CHECK(world.run(id).state == RunState::killed);
        CHECK(world.run(id).end_reason == EndReason::stop_run);
    }
    SECTION("its client says how it ended meanwhile") {
        if (!speaks) client.init(sweep);
        client.complete(0);
        agent.beat();
        agent.beat();
        CHECK(world.run(id).state == RunState::finished);
    }
    SECTION("after a restart its client has time to find us") {
        world.restart();
        for (int k = 0; k < 14; ++k)
            agent.beat();
        CHECK(world.run(id).state == RunState::running);
        for (int k = 0; k < 4; ++k)
            agent.beat();
        CHECK(is_ended(world.run(id).state));
    }
}

TEST_CASE("W&B agent: stopping one run", "[core][wandb]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain({}));
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    WandbClient client(world, id.text);
    client.init(sweep);
    agent.beat();
    world.stop_run(id);
    CHECK(world.run(id).stopping);
    SECTION("the order is repeated until it is gone") {
        CHECK(told(agent.beat()) == "stop " + id.text);
        CHECK(told(agent.beat()) == "stop " + id.text);
        CHECK(world.run(id).state == RunState::running);
        SECTION("and it is killed, whatever it says") {
            client.complete(0);
            CHECK(world.run(id).state == RunState::killed);
            CHECK(world.run(id).exit_code == 0);
        }
        SECTION("and it is killed when it says nothing") {
            agent.live.clear();
            for (int k = 0; k < 3; ++k) {
                const Answer answer = agent.beat();
                if (!answer.commands.empty()) agent.live = {answer.commands[0].run};
            }
            CHECK(world.run(id).state == RunState::killed);
        }
        SECTION("also over a restart") {
            world.restart();
            client.complete(0);
            CHECK(world.run(id).state == RunState::killed);
        }
    }
    SECTION("its client is told as well") {
        CHECK(client.post().stop);
        client.complete(255);
        CHECK(world.run(id).state == RunState::killed);
        CHECK(world.run(id).exit_code == 255);
    }
    SECTION("it had ended by itself before the order reached anybody") {
        client.complete(0);
        CHECK(world.run(id).state == RunState::finished);
    }
    SECTION("in silence") {
        world.pass(std::chrono::seconds{301});
        CHECK(world.run(id).state == RunState::killed);
    }
}

TEST_CASE("W&B agent: a preempted run goes first, as the same run", "[core][wandb]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain({}));
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    WandbClient client(world, id.text);
    client.init(sweep);
    client.log(1.0);
    client.preempting();
    CHECK(world.run(id).preempting);
    SECTION("it exits with 0") {
        client.complete(0);
        CHECK(world.run(id).state == RunState::finished);
        return;
    }
    SECTION("it exits with 1") {
        client.complete(1);
    }
    SECTION("it is gone") {
        agent.live.clear();
        world.pass(std::chrono::seconds{301});
    }
    CHECK(world.run(id).state == RunState::pending);
    CHECK(world.run(id).requeued);
    CHECK(world.run(id).attempt == 2);
    client.complete(1);  // Said once more, since the answer was lost.
    CHECK(world.run(id).state == RunState::pending);
    WandbAgent other(world, sweep);
    const Answer answer = other.beat();
    CHECK(told(answer) == "resume " + id.text);
    CHECK(answer.commands[0].config == world.run(id).config);
    WandbClient again(world, id.text);
    again.init(sweep);
    CHECK(world.run(id).state == RunState::running);
    CHECK(world.run(id).client->history_lines == 1);
}

TEST_CASE("W&B agent: silence of the agent alone changes none of its runs", "[core][wandb]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain({}));
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    WandbClient client(world, id.text);
    client.init(sweep);
    for (int k = 0; k < 20; ++k) {
        world.pass(std::chrono::seconds{30});
        client.post();
    }
    CHECK(world.run(id).state == RunState::running);
    CHECK(world.agents().at(agent.id).state == AgentState::lost);
    CHECK_FALSE(world.world().agents().empty());  // It has a run.
    SECTION("and it may come back") {
        agent.live = {id};
        agent.beat();
        CHECK(world.agents().at(agent.id).state == AgentState::online);
    }
    SECTION("its run ends as its client says") {
        client.complete(0);
        CHECK(world.run(id).state == RunState::finished);
        CHECK(world.world().agents().empty());
    }
    SECTION("what was to die with it is dead") {
        world.command(sweep, SweepCommand::cancel);
        world.pass(std::chrono::seconds{1});
        agent.beat(Duration{0});
        CHECK(world.run(id).state == RunState::killed);
    }
}

TEST_CASE("W&B agent: cancelled and never heard again", "[core][wandb]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain({}));
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    WandbClient client(world, id.text);
    client.init(sweep);
    const Ticket ticket = world.command(sweep, SweepCommand::cancel);
    CHECK(world.answered(ticket));
    CHECK(world.status(sweep) == SweepStatus::cancelled);
    CHECK(world.run(id).state == RunState::running);
    CHECK(world.run(id).stopping);
    world.pass(std::chrono::seconds{30});
    CHECK(world.run(id).state == RunState::running);
    world.pass(std::chrono::seconds{31});
    CHECK(world.run(id).state == RunState::killed);
    CHECK(client.post().stop);
}

TEST_CASE("W&B agent: beside ours, and no cell twice", "[core][wandb]") {
    Fixture world;
    SweepOptions options = plain(6);
    options.policy.parallel = 3;
    const SweepId sweep = world.create_sweep(options);
    world.connect("a", 2);
    WandbAgent agent(world, sweep);
    CHECK(world.starts().size() == 2);
    const RunId third = agent.take();
    CHECK_FALSE(third.empty());
    WandbAgent late(world, sweep);
    CHECK(told(late.beat()).empty());  // The limit holds over all.
    world.started("a", world.start(0));
    world.exited("a", world.start(0), 0);
    CHECK(world.starts().size() == 3);
    std::set<std::int64_t> cells;
    for (const auto& [id, run] : world.runs())
        cells.insert(*find(run.config, "x")->get_if<std::int64_t>());
    CHECK(cells.size() == world.runs().size());
}

TEST_CASE("W&B agent: what ours only hold takes no place that it could fill", "[core][wandb]") {
    Fixture world;
    SweepOptions options = plain({});
    options.policy.parallel = 4;
    const SweepId sweep = world.create_sweep(options);
    world.connect("a", 2, /*window=*/4);
    // Alone it holds more than the limit, which it keeps by itself.
    REQUIRE(world.starts().size() == 6);
    for (const std::size_t k : {0, 1})
        world.started("a", world.start(k));
    const auto give_back = [&](std::size_t first) {
        const std::vector<RevokeOrder> orders = world.revokes();
        for (std::size_t k = first; k < orders.size(); ++k) {
            for (const ExecutionRef& claim : orders[k].claims)
                world.returned("a", claim);
        }
        return orders.size();
    };
    WandbAgent first(world, sweep);
    // Room for its first run, from those that would be started last.
    REQUIRE(world.revokes().size() == 3);
    CHECK(world.revokes()[0].claims.at(0).run == world.start(5).run);
    CHECK(world.revokes()[2].claims.at(0).run == world.start(3).run);
    CHECK(told(first.beat()).empty());  // The limit holds until they are back.
    std::size_t seen = give_back(0);
    CHECK(world.starts().size() == 6);  // Nobody holds them anew.
    CHECK_FALSE(first.take().empty());
    WandbAgent second(world, sweep);
    REQUIRE(world.revokes().size() == 4);
    seen = give_back(seen);
    CHECK_FALSE(second.take().empty());
    WandbAgent third(world, sweep);
    CHECK(world.revokes().size() == seen);  // What runs is not called back,
    CHECK(told(third.beat()).empty());      // and the limit holds over all.
    CHECK(world.record(sweep).counts[RunState::pending] +
              world.record(sweep).counts[RunState::running] ==
          4 + 2);  // Two that were given back wait.
    SECTION("a free slot of ours comes first, what it would only hold does not") {
        world.exited("a", world.start(0), 0);
        CHECK(world.starts().size() == 7);
        WandbClient client(world, first.live.at(0).text);
        client.init(sweep);
        client.complete(0);
        CHECK(world.starts().size() == 7);
        first.live.clear();
        CHECK_FALSE(first.take().empty());
    }
    SECTION("agents that are gone are waited for no longer") {
        for (WandbAgent* agent : {&first, &second}) {
            WandbClient client(world, agent->live.at(0).text);
            client.init(sweep);
            client.complete(0);
        }
        CHECK(world.starts().size() == 6);
        world.heartbeat("a", {world.start(0), world.start(1)});
        world.pass(kForeignAgentSilence);
        world.heartbeat("a", {world.start(0), world.start(1)});
        CHECK(world.starts().size() == 10);
    }
}

TEST_CASE("W&B agent: a limit that ours use up is not exceeded", "[core][wandb]") {
    Fixture world;
    SweepOptions options = plain({});
    options.policy.parallel = 2;
    const SweepId sweep = world.create_sweep(options);
    world.connect("a", 8, /*window=*/4);
    REQUIRE(world.starts().size() == 6);
    for (const std::size_t k : {0, 1})
        world.started("a", world.start(k));
    WandbAgent agent(world, sweep);
    REQUIRE(world.revokes().size() == 4);
    // One of them was started before it could be given back.
    world.exited("a", world.start(0), 0);
    world.started("a", world.start(2));
    for (const std::size_t k : {3, 4, 5})
        world.returned("a", world.start(k));
    CHECK(world.record(sweep).counts[RunState::running] == 2);
    CHECK(world.starts().size() == 6);
    CHECK(told(agent.beat()).empty());
    world.exited("a", world.start(1), 0);
    CHECK(world.starts().size() == 7);  // A slot is free at once, the agent asks later.
    CHECK(told(agent.beat()).empty());
}

TEST_CASE("W&B agent: a sweep without a launch directory is not for every agent", "[core][wandb]") {
    Fixture world;
    SweepOptions options = plain(2);
    options.needs_own_agent = true;
    const SweepId sweep = world.create_sweep(options);
    world.connect("a", 2);
    CHECK(world.starts().empty());
    bool said = false;
    for (const std::string& line : world.world().explain(sweep, world.now()))
        said = said || line.find("no launch directory") != std::string::npos;
    CHECK(said);
    world.connect("b", 1);
    world.agent_record("b").only_sweep = sweep;
    world.hello("b", {}, {});
    REQUIRE(world.starts().size() == 1);
    CHECK(world.starts()[0].agent.text == "b");
    WandbAgent agent(world, sweep);
    CHECK_FALSE(agent.take().empty());
}

TEST_CASE("W&B agent: unknown, or of a sweep that is gone", "[core][wandb]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain({}));
    CHECK(world.ask(ForeignHeartbeat{{}, AgentId{"nobody"}, {}, false, {}}).code ==
          AnswerCode::not_found);
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    WandbClient client(world, id.text);
    client.init(sweep);
    CHECK(world.answer(world.remove(sweep)).code == AnswerCode::wrong_state);
    CHECK(world.answer(world.remove(sweep, /*force=*/true)).code == AnswerCode::ok);
    CHECK_FALSE(world.exists(sweep));
    CHECK(world.agents().empty());
    CHECK(agent.beat().code == AnswerCode::not_found);
    CHECK(client.post().code == AnswerCode::not_found);
}

TEST_CASE("W&B agent: told to leave when it has no run", "[core][wandb]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(plain({}));
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    WandbClient client(world, id.text);
    client.init(sweep);
    CHECK(world.ask(DrainAgent{{}, agent.id}).code == AnswerCode::ok);
    CHECK(told(agent.beat()).empty());
    client.complete(0);
    agent.live.clear();
    CHECK(told(agent.beat()) == "exit");
}

TEST_CASE("W&B agent: a timeout and a target reach its runs as well", "[core][wandb]") {
    Fixture world;
    SweepOptions options = plain({});
    options.policy.timeout = std::chrono::seconds{20};
    options.policy.metric = MetricGoal{"loss", Goal::minimize, 0.1};
    const SweepId sweep = world.create_sweep(options);
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    WandbClient client(world, id.text);
    client.init(sweep);
    SECTION("timeout") {
        world.pass(std::chrono::seconds{21});
        CHECK(told(agent.beat()) == "stop " + id.text);
        client.complete(255);
        CHECK(world.run(id).state == RunState::killed);
        CHECK(world.run(id).end_reason == EndReason::timeout);
    }
    SECTION("target") {
        WandbAgent other(world, sweep);
        const RunId held = other.beat().commands.at(0).run;
        client.log(0.05);
        CHECK(world.record(sweep).target_reached);
        CHECK_FALSE(world.run(held).stopping);  // It starts; nothing can be given back.
        client.complete(0);
        agent.live.clear();
        CHECK(told(agent.beat()).empty());
        other.live = {held};
        other.beat();
        WandbClient last(world, held.text);
        last.init(sweep);
        last.complete(0);
        CHECK(world.status(sweep) == SweepStatus::finished);
        CHECK(told(agent.beat()) == "exit");
    }
}

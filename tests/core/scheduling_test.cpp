#include "support/world_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

// Which run goes to which agent.

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

/// What an agent that does everything at once has executed: the sweeps of its runs, in order.
class Worker {
public:
    Worker(Fixture& world, std::string agent) : world_(world), agent_(std::move(agent)) {}

    /// Ends its oldest live run. False: it has none.
    bool end_one(int code = 0) {
        while (seen_ < world_.starts().size()) {
            const StartOrder& order = world_.starts()[seen_++];
            if (order.agent.text == agent_) mine_.push_back(order);
        }
        if (next_ == mine_.size()) return false;
        const StartOrder order = mine_[next_++];
        world_.exited(agent_, order.execution, code);
        executed_.push_back(order.sweep);
        return true;
    }
    [[nodiscard]] const std::vector<SweepId>& executed() const { return executed_; }

private:
    Fixture& world_;
    std::string agent_;
    std::size_t seen_ = 0;
    std::size_t next_ = 0;
    std::vector<StartOrder> mine_;
    std::vector<SweepId> executed_;
};

std::int64_t x_of(const StartOrder& order) {
    return *find(order.config, "x")->get_if<std::int64_t>();
}

}  // namespace

TEST_CASE("schedule: requeued before retried before enqueued before new", "[core][schedule]") {
    Fixture world;
    const SweepId sweep =
        world.create_sweep(with(20, [](SweepPolicy& policy) { policy.fail_fast.reset(); }));
    world.connect("a", 2);
    const ExecutionRef preempted = world.start(0);
    const ExecutionRef failed = world.start(1);
    world.started("a", preempted);
    world.started("a", failed);
    world.command(sweep, SweepCommand::pause);
    world.exited("a", failed, 1);
    world.metric("a", preempted, "step", 1, /*preempting=*/true);
    const RunId late = world.answer(world.enqueue(sweep, {{"x", ParamValue(10)}})).run;
    const RunId front = world.answer(world.enqueue(sweep, {{"x", ParamValue(11)}}, true)).run;
    const RunId very_front = world.answer(world.enqueue(sweep, {{"x", ParamValue(12)}}, true)).run;
    world.retry(failed.run);
    world.exited("a", preempted, 1);
    SECTION("at once") {}
    SECTION("and after a restart") {
        world.restart();
        world.hello("a", {}, {});
    }
    world.command(sweep, SweepCommand::resume);
    Worker worker(world, "a");
    for (int k = 0; k < 10; ++k)
        worker.end_one();
    std::vector<RunId> order;
    for (std::size_t k = 2; k < 9; ++k)
        order.push_back(world.start(k).run);
    CHECK(order[0] == preempted.run);
    CHECK(order[1] == failed.run);
    CHECK(order[2] == very_front);
    CHECK(order[3] == front);
    CHECK(order[4] == late);
    CHECK(x_of(world.starts()[7]) == 2);  // 0 and 1 were the first two
    CHECK(x_of(world.starts()[8]) == 3);
}

TEST_CASE("schedule: a grid does not repeat what was enqueued", "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 4});
    world.enqueue(sweep, {{"x", ParamValue(2)}});
    CHECK(world.answer(world.enqueue(sweep, {{"x", ParamValue(2)}})).message ==
          "a run of the sweep has this configuration already; retry that run to execute it again");
    world.connect("a", 1);
    Worker worker(world, "a");
    while (worker.end_one()) {
    }
    std::multiset<std::int64_t> cells;
    for (const StartOrder& order : world.starts())
        cells.insert(x_of(order));
    CHECK(cells == std::multiset<std::int64_t>{0, 1, 2, 3});
    CHECK(world.status(sweep) == SweepStatus::finished);
}

TEST_CASE("schedule: of a cell as many runs may be enqueued as are repeated", "[core][schedule]") {
    Fixture world;
    // Cells 0-2 and 3-5, of which 0 and 3 have the configurations.
    const SweepId sweep =
        world.create_sweep(with(6, [](SweepPolicy& policy) { policy.repeats = 3; }));
    const auto enqueue = [&] { return world.answer(world.enqueue(sweep, {{"x", ParamValue(3)}})); };
    for (std::uint64_t number = 3; number < 6; ++number)
        CHECK(world.run(enqueue().run).suggestion == number);
    CHECK(enqueue().message ==
          "3 runs of the sweep have this configuration already, as many as it repeats; retry one of "
          "them to execute it again");
    CHECK(world.record(sweep).expected_runs == 6U);
}

TEST_CASE("schedule: enqueued runs that are no cell come on top of a grid's", "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 3});
    const auto expected = [&] { return world.record(sweep).expected_runs; };
    world.enqueue(sweep, {{"x", ParamValue(2)}});
    CHECK(expected() == 3U);
    const RunId mine = world.answer(world.enqueue(sweep, {{"x", ParamValue("mine")}})).run;
    world.enqueue(sweep, {{"x", ParamValue("another")}});
    CHECK(expected() == 5U);
    SECTION("to the end") {
        world.connect("a", 1);
        Worker worker(world, "a");
        while (worker.end_one()) {
        }
        CHECK(world.record(sweep).counts.total() == 5);
        CHECK(expected() == 5U);
    }
    SECTION("one is deleted") {
        world.stop_run(mine);
        world.remove(mine);
        CHECK(expected() == 4U);
    }
    SECTION("over a restart") {
        world.restart();
        world.enqueue(sweep, {{"x", ParamValue("third")}});
        CHECK(expected() == 6U);
    }
}

TEST_CASE("schedule: of a search that learns enqueued runs may be what it would have proposed",
          "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 2, .adaptive = true});
    world.enqueue(sweep, {{"y", ParamValue(1)}});
    CHECK(world.record(sweep).expected_runs == 2U);
    world.enqueue(sweep, {{"y", ParamValue(2)}});
    world.enqueue(sweep, {{"y", ParamValue(3)}});
    CHECK(world.record(sweep).expected_runs == 3U);
}

TEST_CASE("schedule: run_cap counts distinct runs, retries and requeues are free",
          "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(with(std::nullopt, [](SweepPolicy& policy) {
        policy.run_cap = 3;
        policy.retry.max = 1;
        policy.retry.states = {RunState::failed};
    }));
    CHECK(world.record(sweep).expected_runs == 3);
    world.connect("a", 1, 2);
    Worker worker(world, "a");
    for (int k = 0; k < 6; ++k)
        CHECK(worker.end_one(1));
    CHECK_FALSE(worker.end_one());
    CHECK(world.record(sweep).counts.total() == 3);
    CHECK(world.attempts().size() == 3);
    CHECK(world.status(sweep) == SweepStatus::finished);
    CHECK(world.answer(world.enqueue(sweep, {{"x", ParamValue(77)}})).message ==
          "the sweep has reached its run_cap of 3");
    world.remove(world.start(0).run);
    CHECK(world.status(sweep) == SweepStatus::finished);  // A person resumes it.
    world.command(sweep, SweepCommand::resume);
    CHECK(worker.end_one());
    CHECK(world.record(sweep).counts.total() == 3);
}

TEST_CASE("schedule: parallel holds over all agents", "[core][schedule]") {
    Fixture world;
    const SweepId sweep =
        world.create_sweep(with(100, [](SweepPolicy& policy) { policy.parallel = 3; }));
    world.connect("a", 2);
    world.connect("b", 4);
    CHECK(world.starts().size() == 3);
    for (const StartOrder& order : world.starts())
        CHECK(order.sweep_limit == 3);
    Worker a(world, "a");
    Worker b(world, "b");
    std::size_t ended = 0;
    for (int round = 0; round < 20; ++round) {
        ended += a.end_one() ? 1 : 0;
        CHECK(world.starts().size() - ended == 3);
        ended += b.end_one() ? 1 : 0;
        CHECK(world.starts().size() - ended == 3);
    }
    CHECK(world.status(sweep) == SweepStatus::running);
}

TEST_CASE("schedule: an agent that has all of a limited sweep's runs may hold more",
          "[core][schedule]") {
    Fixture world;
    world.create_sweep(with(100, [](SweepPolicy& policy) { policy.parallel = 2; }));
    world.connect("a", 4, 4);
    CHECK(world.starts().size() == 6);  // Two live, four held; the agent keeps the limit itself.
    world.connect("b", 4, 4);
    CHECK(world.starts().size() == 6);
}

TEST_CASE("schedule: what fell silent does not fill the limit for ever", "[core][schedule]") {
    Fixture world;
    world.create_sweep(with(100, [](SweepPolicy& policy) { policy.parallel = 2; }));
    world.connect("a", 2);
    world.started("a", world.start(0));
    world.started("a", world.start(1));
    world.connect("b", 2);
    world.disconnect("a");
    for (int k = 0; k < 31; ++k) {
        world.heartbeat("b", {});
        world.pass(std::chrono::seconds{10});
    }
    CHECK(world.run(world.start(0).run).state == RunState::crashed);
    CHECK(world.starts().size() == 4);
}

TEST_CASE("schedule: held beyond the slots only what may wait", "[core][schedule]") {
    Fixture world;
    SECTION("a plain search") {
        world.create_sweep({.size = 100});
        world.connect("a", 2, 3);
        CHECK(world.starts().size() == 5);
    }
    SECTION("one that learns proposes as late as it can") {
        world.create_sweep({.size = 100, .adaptive = true});
        world.connect("a", 2, 3);
        CHECK(world.starts().size() == 2);
    }
    SECTION("runs with GPUs are long") {
        world.create_sweep(with(100, [](SweepPolicy& policy) { policy.resources.gpus = 1; }));
        world.connect("a", 8, 8);
        CHECK(world.starts().empty());  // It has no GPU.
        CHECK_FALSE(world.world().explain(world.world().sweep_ids()[0], world.now()).empty());
        world.agent_record("a").gpus = 2;
        world.hello("a", {}, {});
        CHECK(world.starts().size() == 2);
    }
    SECTION("runs that take more than a slot") {
        world.create_sweep(with(100, [](SweepPolicy& policy) { policy.resources.cpus = 3; }));
        world.connect("a", 4, 0);
        CHECK(world.starts().size() == 1);
        world.connect("b", 2, 9);  // Too small for ever.
        CHECK(world.starts().size() == 1);
    }
}

TEST_CASE("schedule: sweeps take turns, also in a single slot", "[core][schedule]") {
    const auto slots = GENERATE(1U, 3U);
    const auto window = GENERATE(0U, 2U);
    CAPTURE(slots, window);
    Fixture world;
    std::vector<SweepId> sweeps;
    for (int k = 0; k < 3; ++k)
        sweeps.push_back(world.create_sweep({}));
    world.connect("a", slots, window);
    Worker worker(world, "a");
    for (int k = 0; k < 90; ++k)
        REQUIRE(worker.end_one());
    std::map<SweepId, int> served;
    for (const SweepId& sweep : worker.executed())
        ++served[sweep];
    for (const SweepId& sweep : sweeps) {
        CHECK(served[sweep] >= 28);
        CHECK(served[sweep] <= 32);
    }
}

TEST_CASE("schedule: a sweep that cannot be held ahead is not starved by one that can",
          "[core][schedule]") {
    Fixture world;
    world.create_sweep({});
    world.connect("a", 2, 6);
    Worker worker(world, "a");
    for (int k = 0; k < 10; ++k)
        worker.end_one();
    const SweepId learning = world.create_sweep({.adaptive = true});
    for (int k = 0; k < 30; ++k)
        REQUIRE(worker.end_one());
    const auto& executed = worker.executed();
    CHECK(std::count(executed.begin(), executed.end(), learning) >= 10);
}

TEST_CASE("schedule: free slots go before holding ahead", "[core][schedule]") {
    Fixture world;
    world.create_sweep({.size = 4, .paused = true});
    world.connect("a", 2, 4);
    world.connect("b", 2, 4);
    world.command(world.world().sweep_ids()[0], SweepCommand::resume);
    REQUIRE(world.starts().size() == 4);
    std::map<std::string, int> given;
    for (const StartOrder& order : world.starts())
        ++given[order.agent.text];
    CHECK(given["a"] == 2);
    CHECK(given["b"] == 2);
}

TEST_CASE("schedule: what is only held is called back for an idle agent, once, and goes there",
          "[core][schedule]") {
    Fixture world;
    world.create_sweep({.size = 6});
    world.connect("a", 2, 4);
    REQUIRE(world.starts().size() == 6);
    world.started("a", world.start(0));
    world.started("a", world.start(1));
    world.connect("b", 2, 4);
    REQUIRE(world.revokes().size() == 2);
    for (int k = 0; k < 5; ++k)
        world.heartbeat("b", {});
    CHECK(world.revokes().size() == 2);
    std::vector<ExecutionRef> called;
    for (const RevokeOrder& order : world.revokes())
        called.insert(called.end(), order.claims.begin(), order.claims.end());
    REQUIRE(called.size() == 2);
    world.returned("a", called[0]);
    REQUIRE(world.starts().size() == 7);
    CHECK(world.starts()[6].agent.text == "b");
    world.returned("a", called[1]);
    REQUIRE(world.starts().size() == 8);
    CHECK(world.starts()[7].agent.text == "b");
    for (int k = 0; k < 5; ++k)
        world.heartbeat("b", {});
    CHECK(world.revokes().size() == 2);  // Nobody idles now.
}

TEST_CASE("schedule: an agent of one sweep gets that one's runs, and leaves with it",
          "[core][schedule]") {
    Fixture world;
    const SweepId other = world.create_sweep({.size = 5});
    const SweepId mine = world.create_sweep({.size = 1});
    world.connect("idle", 1);
    world.disconnect("idle");
    world.agent_record("idle").only_sweep = mine;
    world.hello("idle", {}, {});
    const ExecutionRef last = world.starts().back().execution;
    CHECK(world.starts().back().sweep == mine);
    world.exited("idle", last, 0);
    CHECK(world.status(mine) == SweepStatus::finished);
    CHECK(world.drains().size() == 1);
    CHECK(world.status(other) != SweepStatus::finished);
}

TEST_CASE("schedule: drain gives back what is held, and lasts", "[core][schedule]") {
    Fixture world;
    world.create_sweep({.size = 20});
    world.connect("a", 1, 2);
    world.agent_record("a").pid = 500;
    world.hello("a", {}, {world.start(0), world.start(1), world.start(2)});
    world.started("a", world.start(0));
    const Ticket ticket = [&] {
        world.apply(DrainAgent{{900, "test"}, AgentId{"a"}});
        return Ticket{900};
    }();
    REQUIRE(world.drains().size() == 1);
    CHECK_FALSE(world.answered(ticket));
    world.returned("a", world.start(1));
    world.returned("a", world.start(2));
    CHECK(world.answered(ticket));
    CHECK(world.agents().at(AgentId{"a"}).state == AgentState::draining);
    CHECK(world.starts().size() == 3);
    SECTION("through a lost link") {
        world.disconnect("a");
        CHECK(world.agents().at(AgentId{"a"}).state == AgentState::draining);
        world.hello("a", {world.start(0)}, {});
        CHECK(world.agents().at(AgentId{"a"}).state == AgentState::draining);
        CHECK(world.drains().size() == 2);
        CHECK(world.starts().size() == 3);
    }
    SECTION("through a restart of the controller") {
        world.restart();
        world.hello("a", {world.start(0)}, {});
        CHECK(world.agents().at(AgentId{"a"}).state == AgentState::draining);
        CHECK(world.drains().size() == 2);
        CHECK(world.starts().size() == 3);
    }
    SECTION("but not for the agent that comes after it") {
        world.disconnect("a");
        world.agent_record("a").pid = 501;
        world.hello("a", {world.start(0)}, {});
        CHECK(world.agents().at(AgentId{"a"}).state == AgentState::online);
    }
    SECTION("until it left") {
        world.exited("a", world.start(0), 0);
        CHECK(world.starts().size() == 3);
        world.disconnect("a");
        CHECK(world.agents().empty());
        SECTION("and comes back in the same batch") {
            world.hello("a", {}, {});
            CHECK(world.agents().contains(AgentId{"a"}));
        }
    }
}

TEST_CASE("schedule: the controller's own agent stays drained until the controller is restarted",
          "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 20});
    world.connect("a", 1);
    world.agent_record("a").local = true;
    world.agent_record("a").pid = 500;
    world.hello("a", {}, {world.start(0)});
    world.started("a", world.start(0));
    const auto explained = [&world, &sweep](const std::string& words) {
        for (const std::string& line : world.world().explain(sweep, world.now())) {
            if (line.find(words) != std::string::npos) return true;
        }
        return false;
    };
    CHECK(world.world().local_agent_wanted());
    CHECK_FALSE(world.world().local_agent_drained());
    CHECK_FALSE(explained("was drained"));
    const Answer answer = world.ask(DrainAgent{{}, AgentId{"a"}});
    CHECK(answer.message ==
          "agent a leaves when its live runs have ended; the controller starts no other until it "
          "is restarted");
    CHECK(world.world().local_agent_drained());
    // Somebody has to see its run's end.
    CHECK(world.world().local_agent_wanted());
    SECTION("it leaves") {
        world.exited("a", world.start(0), 0);
        CHECK_FALSE(world.world().local_agent_wanted());
        world.disconnect("a");
        CHECK(world.agents().empty());
        CHECK_FALSE(world.world().local_agent_wanted());
        CHECK(explained("no agent is connected"));
        CHECK(explained("was drained: there is none until the controller is restarted"));
    }
    SECTION("it was killed, and the next one does what is left") {
        world.disconnect("a");
        CHECK(world.world().local_agent_wanted());
        world.agent_record("a").pid = 501;
        world.hello("a", {world.start(0)}, {});
        CHECK(world.agents().at(AgentId{"a"}).state == AgentState::draining);
        CHECK(world.drains().size() == 2);
        world.exited("a", world.start(0), 0);
        CHECK_FALSE(world.world().local_agent_wanted());
    }
    CHECK(world.starts().size() == 1);
    world.restart();
    CHECK(world.world().local_agent_wanted());
    world.agent_record("a").pid = 502;
    world.hello("a", {}, {});
    CHECK(world.agents().at(AgentId{"a"}).state == AgentState::online);
    CHECK(world.starts().size() == 2);
}

TEST_CASE("schedule: an agent that leaves and comes back in one batch is stored",
          "[core][schedule]") {
    Fixture world;
    world.create_sweep({.size = 20});
    world.connect("a", 1);
    world.exited("a", world.start(0), 0);
    world.command(world.world().sweep_ids()[0], SweepCommand::stop);
    world.returned("a", world.start(1));
    world.apply(DrainAgent{{900, "test"}, AgentId{"a"}});
    AgentHello hello;
    hello.agent = world.agent_record("a");
    hello.agent.pid = 77;
    hello.report.agent = hello.agent.id;
    world.apply_batch({AgentDisconnected{AgentId{"a"}}, hello});
    CHECK(world.agents().contains(AgentId{"a"}));
    world.command(world.world().sweep_ids()[0], SweepCommand::resume);
    world.restart();  // Its claim names an agent that is there.
    CHECK(world.agents().contains(AgentId{"a"}));
}

TEST_CASE("schedule: a start says which repeat it is", "[core][schedule]") {
    Fixture world;
    const bool repeated = GENERATE(false, true);
    const SweepId sweep = world.create_sweep(with(std::nullopt, [&](SweepPolicy& policy) {
        if (repeated) policy.repeats = 3;
    }));
    world.connect("a", 5);
    std::vector<std::uint32_t> repeats;
    for (const StartOrder& start : world.starts())
        repeats.push_back(start.repeat);
    CHECK(repeats == (repeated ? std::vector<std::uint32_t>{1, 2, 3, 1, 2}
                               : std::vector<std::uint32_t>(5, 0)));
    // One that a person enqueued has no siblings; another attempt is the same repeat again.
    world.enqueue(sweep, {{"x", ParamValue("mine")}});
    world.started("a", world.start(1));
    world.exited("a", world.start(1), 1);
    CHECK(world.starts().at(5).repeat == (repeated ? 1U : 0U));
    world.retry(world.start(1).run);
    world.started("a", world.start(0));
    world.exited("a", world.start(0), 0);
    REQUIRE(world.starts().at(6).execution.run == world.start(1).run);
    CHECK(world.starts().at(6).repeat == (repeated ? 2U : 0U));
}

TEST_CASE("schedule: metric.target ends the sweep, what lives goes on", "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(with(std::nullopt, [](SweepPolicy& policy) {
        policy.metric = MetricGoal{"loss", Goal::minimize, 0.1};
    }));
    world.connect("a", 2, 2);
    REQUIRE(world.starts().size() == 4);
    world.started("a", world.start(0));
    world.started("a", world.start(1));
    world.enqueue(sweep, {{"x", ParamValue("mine")}});
    world.metric("a", world.start(0), "loss", 0.5);
    CHECK_FALSE(world.record(sweep).target_reached);
    world.metric("a", world.start(0), "loss", 0.1);
    CHECK(world.record(sweep).target_reached);
    CHECK(world.signals().empty());
    CHECK(world.status(sweep) == SweepStatus::running);
    world.returned("a", world.start(2));
    CHECK(world.run(world.start(2).run).state == RunState::killed);
    CHECK(world.run(world.start(2).run).end_reason == EndReason::target_reached);
    world.started("a", world.start(3));  // It had been started before it could be given back.
    CHECK(world.signals().empty());
    CHECK_FALSE(world.run(world.start(3).run).stopping);
    for (const std::size_t k : {0U, 1U, 3U})
        world.exited("a", world.start(k), 0);
    CHECK(world.run(world.start(3).run).state == RunState::finished);
    CHECK(world.record(sweep).counts[RunState::killed] == 2);
    CHECK(world.status(sweep) == SweepStatus::finished);
    CHECK(world.record(sweep).reason == "the target was reached");
    CHECK(world.record(sweep).best->run == world.start(0).run);
    CHECK(world.starts().size() == 4);
    // Whoever resumes it wants more.
    world.command(sweep, SweepCommand::resume);
    CHECK(world.starts().size() == 8);
}

TEST_CASE("schedule: a target counts in the metric's own direction, whatever comes after",
          "[core][schedule]") {
    const Goal goal = GENERATE(Goal::minimize, Goal::maximize);
    Fixture world;
    const SweepId sweep = world.create_sweep(with(std::nullopt, [&](SweepPolicy& policy) {
        policy.metric = MetricGoal{"score", goal, 0.5};
    }));
    world.connect("a", 1);
    world.started("a", world.start(0));
    const double sign = goal == Goal::minimize ? 1 : -1;
    world.metric("a", world.start(0), "score", 0.5 + sign * 0.1);
    world.metric("a", world.start(0), "other", 0.5 - sign * 0.1);
    CHECK_FALSE(world.record(sweep).target_reached);
    world.metric("a", world.start(0), "score", 0.5);
    CHECK(world.record(sweep).target_reached);
    world.restart();
    world.hello("a", {world.start(0)}, {});
    world.metric("a", world.start(0), "score", 0.5 + sign * 0.3);  // Once is enough.
    world.exited("a", world.start(0), 0);
    CHECK(world.status(sweep) == SweepStatus::finished);
    CHECK(world.starts().size() == 1);
}

TEST_CASE("schedule: a target that is reached while paused is not forgotten", "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(with(std::nullopt, [](SweepPolicy& policy) {
        policy.metric = MetricGoal{"loss", Goal::minimize, 0.1};
    }));
    world.connect("a", 1);
    world.started("a", world.start(0));
    SECTION("reached, then paused") {
        world.metric("a", world.start(0), "loss", 0.01);
        world.command(sweep, SweepCommand::pause);
    }
    SECTION("paused, then reached") {
        world.command(sweep, SweepCommand::pause);
        world.metric("a", world.start(0), "loss", 0.01);
    }
    world.exited("a", world.start(0), 0);
    CHECK(world.status(sweep) == SweepStatus::paused);
    world.command(sweep, SweepCommand::resume);
    CHECK(world.status(sweep) == SweepStatus::finished);
    CHECK(world.starts().size() == 1);
}

TEST_CASE("schedule: fail_fast pauses a sweep whose runs all fail at once", "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(with(std::nullopt, [](SweepPolicy& policy) {
        policy.fail_fast = FailFast{3, std::chrono::seconds{5}};
    }));
    world.connect("a", 1, 1);
    Worker worker(world, "a");
    SECTION("three in a row") {
        for (int k = 0; k < 3; ++k)
            worker.end_one(1);
        CHECK(world.status(sweep) == SweepStatus::paused);
        CHECK(world.record(sweep).reason == "fail_fast");
        CHECK_FALSE(world.revokes().empty());
        CHECK(world.signals().empty());
        // Resumed, it starts counting again.
        world.returned("a", world.starts().back().execution);
        world.command(sweep, SweepCommand::resume);
        CHECK(world.status(sweep) == SweepStatus::running);
    }
    SECTION("a success between") {
        for (const int code : {1, 1, 0, 1, 1, 0, 1, 1})
            worker.end_one(code);
        CHECK(world.status(sweep) == SweepStatus::running);
    }
    SECTION("one that took its time") {
        worker.end_one(1);
        worker.end_one(1);
        const ExecutionRef slow = world.start(2);
        world.started("a", slow);
        world.pass(std::chrono::seconds{6});
        world.exited("a", slow, 1);
        CHECK(world.status(sweep) == SweepStatus::running);
    }
}

TEST_CASE("schedule: a run that takes too long is stopped, once", "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(
        with(2, [](SweepPolicy& policy) { policy.timeout = std::chrono::seconds{60}; }));
    world.connect("a", 1);
    world.started("a", world.start(0));
    world.pass(std::chrono::seconds{59});
    CHECK(world.signals().empty());
    SECTION("in time") {
        world.exited("a", world.start(0), 0);
        world.started("a", world.start(1));
        world.pass(std::chrono::seconds{2});
        CHECK(world.signals().empty());
        CHECK(world.status(sweep) == SweepStatus::running);
        return;
    }
    SECTION("too late") {}
    SECTION("too late, with a restart between") {
        world.restart();
        world.hello("a", {world.start(0)}, {});
        CHECK(world.signals().empty());
    }
    world.pass(std::chrono::seconds{1});
    REQUIRE(world.signals().size() == 1);
    CHECK(world.signals()[0].kind == SignalKind::stop);
    world.pass(std::chrono::seconds{5});
    CHECK(world.signals().size() == 1);
    world.exited("a", world.start(0), 0, 15);
    CHECK(world.run(world.start(0).run).state == RunState::killed);
    CHECK(world.run(world.start(0).run).end_reason == EndReason::timeout);
}

#include "sweepctl/core/world.hpp"

#include "support/world_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace sweepctl;
using namespace sweepctl::testing;

TEST_CASE("world: a grid of three runs to its end", "[core][world]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 3});
    REQUIRE(world.status(sweep) == SweepStatus::pending);
    world.connect("a", 2);
    REQUIRE(world.starts().size() == 2);
    REQUIRE(world.status(sweep) == SweepStatus::running);
    const ExecutionRef first = world.starts()[0].execution;
    const ExecutionRef second = world.starts()[1].execution;
    world.started("a", first);
    world.exited("a", first, 0);
    REQUIRE(world.starts().size() == 3);
    world.exited("a", second, 3);
    world.exited("a", world.starts()[2].execution, 0);
    REQUIRE(world.status(sweep) == SweepStatus::finished);
    REQUIRE(world.record(sweep).counts[RunState::finished] == 2);
    REQUIRE(world.record(sweep).counts[RunState::failed] == 1);
    REQUIRE(world.invariant().empty());
}

TEST_CASE("world: pause holds back what is held and signals nothing", "[core][world]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 10});
    world.connect("a", 1, /*window=*/2);
    REQUIRE(world.starts().size() == 3);
    world.started("a", world.starts()[0].execution);
    const Ticket ticket = world.command(sweep, SweepCommand::pause);
    REQUIRE_FALSE(world.answered(ticket));
    REQUIRE(world.signals().empty());
    world.returned("a", world.starts()[1].execution);
    REQUIRE_FALSE(world.answered(ticket));
    world.returned("a", world.starts()[2].execution);
    REQUIRE(world.answered(ticket));
    REQUIRE(world.status(sweep) == SweepStatus::paused);
    REQUIRE(world.starts().size() == 3);
    world.exited("a", world.starts()[0].execution, 0);
    REQUIRE(world.starts().size() == 3);
    REQUIRE(world.record(sweep).counts[RunState::pending] == 2);
    world.command(sweep, SweepCommand::resume);
    REQUIRE(world.starts().size() == 6);
    REQUIRE(world.invariant().empty());
}

TEST_CASE("world: cancel kills what lives and what waits, and answers when it is gone",
          "[core][world]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 10});
    world.connect("a", 1, 1);
    const ExecutionRef live = world.starts()[0].execution;
    world.started("a", live);
    const Ticket ticket = world.command(sweep, SweepCommand::cancel);
    REQUIRE(world.signals().size() == 1);
    REQUIRE(world.signals()[0].kind == SignalKind::kill);
    world.returned("a", world.starts()[1].execution);
    REQUIRE_FALSE(world.answered(ticket));
    world.signaled("a", live, 9, /*order_signal=*/9);
    REQUIRE(world.answered(ticket));
    REQUIRE(world.record(sweep).counts[RunState::killed] == 2);
    REQUIRE(world.invariant().empty());
}

TEST_CASE("world: the sweep's metric is compared, however many others a run logs first",
          "[core][world]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(with(std::nullopt, [](SweepPolicy& policy) {
        policy.metric = MetricGoal{"loss", Goal::minimize, std::nullopt};
    }));
    world.connect("a", 1);
    MetricsLogged first;
    first.agent = AgentId{"a"};
    first.execution = world.start(0);
    first.offset_end = 10;
    first.lines.emplace_back("{}");
    std::vector<MetricPoint>& points = first.points.emplace_back();
    for (std::size_t k = 0; k < kMetricNamesMax; ++k)
        points.push_back({"m" + std::to_string(k), ParamValue(1)});
    world.started("a", world.start(0));
    world.apply(first);
    CHECK(world.events().back().kind == "metrics_many");
    world.metric("a", world.start(0), "loss", 0.5);
    REQUIRE(world.record(sweep).best);
    CHECK(world.record(sweep).best->value == 0.5);
}

TEST_CASE("world: a metrics file that was cut is told once, and what it holds then is new",
          "[core][world]") {
    Fixture world;
    world.create_sweep({});
    world.connect("a", 1);
    const ExecutionRef execution = world.start(0);
    world.started("a", execution);
    const auto log = [&](std::uint64_t offset, std::uint64_t end, double value, bool truncated) {
        MetricsLogged event;
        event.agent = AgentId{"a"};
        event.execution = execution;
        event.offset = offset;
        event.offset_end = end;
        event.lines.emplace_back("{}");
        event.points.push_back({{"loss", ParamValue(value)}});
        event.truncated = truncated;
        world.apply(event);
        return world.run(execution.run).metrics_offset;
    };
    const auto told = [&] {
        return std::count_if(world.events().begin(), world.events().end(), [](const auto& event) {
            return event.kind == "metrics_truncated";
        });
    };
    CHECK(log(0, 50, 1, false) == 50);
    CHECK(log(50, 10, 2, true) == 10);
    CHECK(told() == 1);
    CHECK(log(50, 10, 2, true) == 10);  // Said again, since the answer was lost.
    CHECK(log(50, 60, 3, false) == 10);
    CHECK(log(10, 20, 4, false) == 20);
    world.restart();
    world.hello("a", {execution}, {});
    CHECK(log(20, 0, 5, true) == 0);
    CHECK(told() == 1);
    const Run& run = world.run(execution.run);
    CHECK(run.metrics_lines == 4);
    CHECK(find(run.summary, "loss")->count == 4);
    CHECK(find(run.summary, "loss")->latest == 5);
}

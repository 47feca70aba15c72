#include "support/world_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>

using namespace sweepctl;
using sweepctl::testing::Fixture;
using sweepctl::testing::with;

namespace {

SweepId create(Fixture& world, EarlyStopRule rule) {
    return world.create_sweep(with(std::nullopt, [&](SweepPolicy& policy) {
        policy.metric = MetricGoal{"loss", Goal::minimize, std::nullopt};
        policy.early_stop = rule;
        policy.retry.max = 3;
        policy.retry.states = {RunState::failed, RunState::killed};
    }));
}

HyperbandRule from(std::uint64_t min_iter) {
    HyperbandRule rule;
    rule.min_iter = min_iter;
    return rule;
}

std::vector<ExecutionRef> start_runs(Fixture& world, std::uint32_t count) {
    world.connect("a", count);
    std::vector<ExecutionRef> executions;
    for (std::size_t i = 0; i < count; ++i) {
        executions.push_back(world.start(i));
        world.started("a", executions.back());
    }
    return executions;
}

const AuditEvent* last_event(const Fixture& world, const std::string& kind) {
    const auto found = std::find_if(world.events().rbegin(), world.events().rend(),
                                    [&](const AuditEvent& event) { return event.kind == kind; });
    return found == world.events().rend() ? nullptr : &*found;
}

bool says(const std::vector<std::string>& lines, const std::string& words) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
        return line.find(words) != std::string::npos;
    });
}

}  // namespace

TEST_CASE("early stop: a hopeless run takes the stop path and is killed", "[core][early_stop]") {
    Fixture world;
    const SweepId sweep = create(world, from(1));
    const auto runs = start_runs(world, 3);
    world.metric("a", runs[0], "loss", 0.3);
    world.metric("a", runs[1], "accuracy", 99);  // Not the metric.
    world.metric("a", runs[1], "loss", 0.2);
    CHECK(world.signals().empty());
    world.metric("a", runs[2], "loss", 0.9);
    REQUIRE(world.signals().size() == 1);
    CHECK(world.signals()[0].execution.run == runs[2].run);
    CHECK(world.signals()[0].kind == SignalKind::stop);
    CHECK(world.run(runs[2].run).stopping);
    CHECK(world.run(runs[2].run).stop_reason == EndReason::early_terminate);
    const AuditEvent* event = last_event(world, "stop_run");
    REQUIRE(event != nullptr);
    CHECK(event->reason == "early_terminate");
    CHECK(event->detail ==
          "loss 0.9 at band 1 is worse than the threshold 0.3, after 1 values (hyperband, min_iter "
          "1, eta 3, strict true)");

    // It is told once, and each of its later values is not news.
    world.metric("a", runs[2], "loss", 0.9);
    CHECK(world.signals().size() == 1);
    CHECK(says(world.world().explain(runs[2].run, world.now()), "its end was ordered"));
    CHECK(says(world.world().explain(runs[2].run, world.now()),
               "band 1: threshold 0.3, reached by 3 runs"));

    world.signaled("a", runs[2], SIGTERM, SIGTERM);
    const Run& run = world.run(runs[2].run);
    CHECK(run.state == RunState::killed);
    CHECK(run.end_reason == EndReason::early_terminate);
    CHECK(run.term_signal == SIGTERM);
    CHECK(run.end_detail == event->detail);
    CHECK(run.retries == 0);  // Although killed runs go again by its policy.
    CHECK(world.record(sweep).counts[RunState::killed] == 1);
    CHECK(world.starts().size() == 4);  // Its slot goes to the next.
    const auto lines = world.world().explain_early_stop(sweep, run.number);
    CHECK(says(lines, "band 1: threshold 0.3"));
    CHECK(says(lines, "it has 2 values of loss: 0.9 at band 1 is worse than the threshold 0.3"));
}

TEST_CASE("early stop: who ended by itself before the signal keeps its end", "[core][early_stop]") {
    Fixture world;
    create(world, from(1));
    const auto runs = start_runs(world, 2);
    world.metric("a", runs[0], "loss", 0.1);
    world.metric("a", runs[1], "loss", 0.9);
    REQUIRE(world.run(runs[1].run).stopping);
    world.exited("a", runs[1], 0);
    CHECK(world.run(runs[1].run).state == RunState::finished);
    CHECK(world.run(runs[1].run).end_detail.empty());
}

TEST_CASE("early stop: only what lives is judged", "[core][early_stop]") {
    Fixture world;
    create(world, from(1));
    const auto runs = start_runs(world, 3);
    world.metric("a", runs[0], "loss", 0.1);
    SECTION("its end is known already, its last lines come after") {
        world.exited("a", runs[1], 0, 0, /*drained=*/false);
        world.metric("a", runs[1], "loss", 0.9);
        CHECK(world.signals().empty());
        CHECK(world.run(runs[1].run).state == RunState::finished);
    }
    SECTION("a person stops it already") {
        world.stop_run(runs[1].run);
        REQUIRE(world.signals().size() == 1);
        world.metric("a", runs[1], "loss", 0.9);
        CHECK(world.signals().size() == 1);
        CHECK(world.run(runs[1].run).stop_reason == EndReason::stop_run);
    }
}

TEST_CASE("early stop: values that overtake the news of the start stop the run",
          "[core][early_stop]") {
    Fixture world;
    create(world, from(1));
    world.connect("a", 2);
    world.metric("a", world.start(0), "loss", 0.1);
    world.metric("a", world.start(1), "loss", 0.9);
    CHECK(world.run(world.start(1).run).stopping);
    world.started("a", world.start(1));
    REQUIRE_FALSE(world.signals().empty());
    CHECK(world.signals().back().execution.run == world.start(1).run);
    world.signaled("a", world.start(1), SIGTERM, SIGTERM);
    CHECK(world.run(world.start(1).run).end_reason == EndReason::early_terminate);
}

TEST_CASE("early stop: each value of a message is judged, as if it had come alone",
          "[core][early_stop]") {
    Fixture world;
    create(world, AshaRule{1, 3});
    const auto runs = start_runs(world, 2);
    world.metric("a", runs[0], "loss", 0.1);
    MetricsLogged event;
    event.agent = AgentId{"a"};
    event.execution = runs[1];
    event.offset_end = 20;
    event.lines = {R"({"loss":0.9})", R"({"loss":0.05})"};
    event.points = {{{"loss", ParamValue(0.9)}}, {{"loss", ParamValue(0.05)}}};
    world.apply(event);
    CHECK(world.run(runs[1].run).stopping);  // asha decides at the rung, that is at the first.
}

TEST_CASE("early stop: a retried run begins a new list, a preempted one goes on",
          "[core][early_stop]") {
    Fixture world;
    const SweepId sweep = create(world, from(2));
    const auto runs = start_runs(world, 2);
    for (const double loss : {0.5, 0.5})
        world.metric("a", runs[0], "loss", loss);
    world.metric("a", runs[1], "loss", 0.7);
    SECTION("retried") {
        world.exited("a", runs[1], 1);
        const ExecutionRef again = world.execution(runs[1].run);
        REQUIRE(again.attempt == 2);
        world.started("a", again);
        CHECK(says(world.world().explain_early_stop(sweep, 2), "it has logged no number"));
        world.metric("a", again, "loss", 0.9);
        CHECK(world.signals().empty());  // Its first, not its second.
        world.metric("a", again, "loss", 0.4);
        CHECK(world.signals().empty());
    }
    SECTION("preempted") {
        world.metric("a", runs[1], "step", 1, /*preempting=*/true);
        world.exited("a", runs[1], 1);
        const ExecutionRef again = world.execution(runs[1].run);
        REQUIRE(again.attempt == 2);
        world.started("a", again);
        world.metric("a", again, "loss", 0.9);  // Its second.
        REQUIRE(world.signals().size() == 1);
    }
    SECTION("deleted: what it had counts no more") {
        world.metric("a", runs[1], "loss", 0.1);
        CHECK(says(world.world().explain_early_stop(sweep, 1), "threshold 0.1, reached by 2 runs"));
        world.exited("a", runs[1], 0);
        world.remove(runs[1].run);
        CHECK(says(world.world().explain_early_stop(sweep, 1), "threshold 0.5, reached by 1 run"));
    }
}

TEST_CASE("early stop: what was good when it came is explained as such", "[core][early_stop]") {
    Fixture world;
    const SweepId sweep = create(world, from(1));
    const auto runs = start_runs(world, 2);
    world.metric("a", runs[0], "loss", 0.5);
    const char* const judged = "a value is judged when it comes, among those that the others had";
    CHECK_FALSE(says(world.world().explain_early_stop(sweep, 1), judged));
    world.metric("a", runs[1], "loss", 0.1);
    CHECK(world.signals().empty());
    const auto lines = world.world().explain_early_stop(sweep, 1);
    CHECK(says(lines, "0.5 at band 1 is worse than the threshold 0.1"));
    CHECK(says(lines, judged));
}

TEST_CASE("early stop: it goes on after a restart", "[core][early_stop]") {
    Fixture world;
    const SweepId sweep = create(world, from(1));
    auto runs = start_runs(world, 2);
    world.metric("a", runs[0], "loss", 0.1);
    world.exited("a", runs[0], 0);  // Only the store knows of it after the restart.
    world.started("a", world.start(2));
    world.restart();
    REQUIRE(world.world().wanted_histories() == std::vector{sweep});
    REQUIRE(world.world().missing_history(sweep) == "loss");
    world.world().restore_history(sweep, {{1, {0.1}}});
    CHECK(world.world().wanted_histories().empty());
    CHECK_FALSE(world.world().missing_history(sweep));
    world.hello("a", {runs[1], world.start(2)}, {});
    world.metric("a", runs[1], "loss", 0.9);
    REQUIRE(world.signals().size() == 1);
    CHECK(world.signals()[0].execution.run == runs[1].run);
    world.restart();  // Before its end is known.
    world.world().restore_history(sweep, {{1, {0.1}}, {2, {0.9}}});
    world.hello("a", {runs[1], world.start(2)}, {});
    REQUIRE(world.signals().size() == 2);  // The order is repeated.
    world.signaled("a", runs[1], SIGTERM, SIGTERM);
    CHECK(world.run(runs[1].run).end_reason == EndReason::early_terminate);
    CHECK(world.run(runs[1].run).end_detail.find("loss 0.9 at band 1") == 0);
}

TEST_CASE("early stop: a sweep that is over wants its history only when it is reopened",
          "[core][early_stop]") {
    Fixture world;
    const SweepId sweep = world.create_sweep(with(1, [&](SweepPolicy& policy) {
        policy.metric = MetricGoal{"loss", Goal::minimize, std::nullopt};
        policy.early_stop = MedianRule{};
    }));
    const auto runs = start_runs(world, 1);
    world.metric("a", runs[0], "loss", 0.5);
    world.exited("a", runs[0], 1);
    REQUIRE(world.status(sweep) == SweepStatus::finished);
    world.restart();
    CHECK(world.world().wanted_histories().empty());
    CHECK(world.world().missing_history(sweep) == "loss");
    CHECK(says(world.world().explain_early_stop(sweep, 1), "no bands in memory"));
    world.connect("a", 1);
    world.retry(runs[0].run);
    CHECK(world.world().wanted_histories() == std::vector{sweep});
}

TEST_CASE("early stop: people are told when nobody logs the metric", "[core][early_stop]") {
    Fixture world;
    const SweepId sweep = create(world, from(1));
    const auto runs = start_runs(world, 4);
    const bool one_logs = GENERATE(false, true);
    if (one_logs) world.metric("a", runs[3], "loss", 0.5);
    for (std::size_t i = 0; i < 2; ++i) {
        world.metric("a", runs[i], "val_loss", 0.5);
        world.exited("a", runs[i], 0);
    }
    CHECK(last_event(world, "metric_missing") == nullptr);
    world.exited("a", runs[2], 0);
    const AuditEvent* event = last_event(world, "metric_missing");
    REQUIRE((event != nullptr) == !one_logs);
    CHECK(says(world.world().explain(sweep, world.now()), "none has logged a number as 'loss'") ==
          !one_logs);
    if (event == nullptr) return;
    CHECK(event->reason == "warning: 3 runs have ended, and none has logged a number as 'loss'");
    world.exited("a", runs[3], 0);
    const auto told =
        std::count_if(world.events().begin(), world.events().end(),
                      [](const AuditEvent& each) { return each.kind == "metric_missing"; });
    CHECK(told == 1);
}

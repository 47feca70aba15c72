// What an adaptive search is told of a sweep's runs.

#include "sweepctl/core/world.hpp"

#include "support/world_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

using Seen = std::map<std::uint64_t, Observation>;

/// A sweep whose search remembers, with one agent of `slots` slots.
struct Learning {
    explicit Learning(std::uint32_t slots, RetryPolicy retry = {}) {
        SweepOptions options;
        options.adaptive = true;
        options.seen = seen;
        options.policy.metric = MetricGoal{"loss", Goal::minimize, {}};
        options.policy.retry = std::move(retry);
        options.policy.fail_fast.reset();
        sweep = world.create_sweep(options);
        world.connect("a", slots);
    }
    [[nodiscard]] RunFate fate(std::uint64_t order) const { return seen->at(order).fate; }

    Fixture world;
    std::shared_ptr<Seen> seen = std::make_shared<Seen>();
    SweepId sweep;
};

}  // namespace

TEST_CASE("learning: a run is pending, running, and then what became of it", "[core][learning]") {
    Learning learning(3);
    Fixture& world = learning.world;
    REQUIRE(learning.seen->size() == 3);
    CHECK(learning.fate(0) == RunFate::pending);
    world.started("a", world.start(0));
    CHECK(learning.fate(0) == RunFate::running);
    world.metric("a", world.start(0), "loss", 0.5);
    world.metric("a", world.start(0), "loss", 0.25);
    world.metric("a", world.start(0), "loss", 0.75);
    CHECK(learning.seen->at(0).metric == MetricValues{0.25, 0.75, 0.75});
    world.exited("a", world.start(0), 0);
    CHECK(learning.fate(0) == RunFate::finished);
    CHECK(learning.seen->at(0).metric == MetricValues{0.25, 0.75, 0.75});
    CHECK(learning.seen->at(0).config == Config{{"x", ParamValue(0)}});

    world.started("a", world.start(1));
    world.exited("a", world.start(1), 3);
    CHECK(learning.fate(1) == RunFate::failed);
    CHECK_FALSE(learning.seen->at(1).metric);
    world.started("a", world.start(2));
    world.stop_run(world.start(2).run);
    world.signaled("a", world.start(2), 15, /*order_signal=*/15);
    CHECK(learning.fate(2) == RunFate::killed);
    CHECK(learning.seen->size() == 6);  // and three that came after
}

TEST_CASE("learning: a run that goes again is pending again, without its values",
          "[core][learning]") {
    Learning learning(1);
    Fixture& world = learning.world;
    world.started("a", world.start(0));
    world.metric("a", world.start(0), "loss", 0.5);
    world.exited("a", world.start(0), 1);
    REQUIRE(learning.fate(0) == RunFate::failed);
    world.retry(world.start(0).run);
    CHECK(learning.fate(0) == RunFate::pending);
    CHECK_FALSE(learning.seen->at(0).metric);
}

TEST_CASE("learning: what was deleted or never started is not known", "[core][learning]") {
    Learning learning(1);
    Fixture& world = learning.world;
    world.started("a", world.start(0));
    world.exited("a", world.start(0), 0);
    REQUIRE(learning.seen->contains(0));
    world.remove(world.start(0).run);
    CHECK_FALSE(learning.seen->contains(0));

    const Ticket ticket = world.enqueue(learning.sweep, {{"y", ParamValue(1)}});
    const RunId enqueued = world.answer(ticket).run;
    const std::uint64_t order = observation_order(world.run(enqueued));
    CHECK(order >= Observation::unnumbered(0));
    REQUIRE(learning.seen->contains(order));
    CHECK(learning.fate(order) == RunFate::pending);
    world.stop_run(enqueued);
    CHECK_FALSE(learning.seen->contains(order));
}

TEST_CASE("learning: a restart knows the same", "[core][learning]") {
    Learning learning(2);
    Fixture& world = learning.world;
    world.started("a", world.start(0));
    world.metric("a", world.start(0), "loss", 0.5);
    world.exited("a", world.start(0), 0);
    world.started("a", world.start(1));
    world.metric("a", world.start(1), "loss", 0.7);
    const Seen before = *learning.seen;
    REQUIRE(before.size() == 3);
    world.restart();
    REQUIRE(learning.seen->size() == before.size());
    for (const auto& [order, seen] : before) {
        CHECK(learning.fate(order) == seen.fate);
        CHECK(learning.seen->at(order).metric == seen.metric);
        CHECK(learning.seen->at(order).config == seen.config);
    }
}

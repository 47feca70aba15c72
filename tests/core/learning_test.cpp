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

TEST_CASE("learning: prior runs are known from the beginning, and after a restart",
          "[core][learning]") {
    Prior prior{"runs.jsonl", "loss", {}};
    prior.runs.push_back(
        {"a", RunState::finished, std::nullopt, {{"x", 90}}, MetricValues{0.5, 0.7, 0.6}});
    prior.runs.push_back({"b", RunState::killed, EndReason::early_terminate, {{"x", 91}}, {}});
    prior.runs.push_back({"c", RunState::killed, EndReason::stopped_before_start, {{"x", 92}}, {}});
    prior.runs.push_back({"d", RunState::crashed, std::nullopt, {{"x", 93}}, {}});
    const auto seen = std::make_shared<Seen>();
    SweepOptions options;
    options.adaptive = true;
    options.seen = seen;
    options.policy.metric = MetricGoal{"loss", Goal::minimize, {}};
    options.prior = std::make_shared<const Prior>(std::move(prior));
    Fixture world;
    const SweepId sweep = world.create_sweep(options);
    const auto check = [&] {
        REQUIRE(seen->contains(Observation::prior(0)));
        CHECK(seen->at(Observation::prior(0)).config == Config{{"x", 90}});
        CHECK(seen->at(Observation::prior(0)).fate == RunFate::finished);
        CHECK(seen->at(Observation::prior(0)).metric == MetricValues{0.5, 0.7, 0.6});
        CHECK(seen->at(Observation::prior(1)).fate == RunFate::stopped_early);
        CHECK_FALSE(seen->contains(Observation::prior(2)));  // It tells nothing.
        CHECK(seen->at(Observation::prior(3)).fate == RunFate::failed);
    };
    check();
    CHECK(world.runs().empty());
    world.connect("a", 1);
    CHECK(seen->size() == 4);
    world.restart();
    CHECK(seen->size() == 4);
    check();
    CHECK(world.record(sweep).counts.total() == 1);
}

TEST_CASE("learning: a grid takes the cells of prior runs for done", "[core][learning]") {
    const auto prior_of = [](std::vector<int> cells) {
        Prior prior{"runs.jsonl", "", {}};
        for (const int cell : cells)
            prior.runs.push_back({"p", RunState::failed, std::nullopt, {{"x", cell}}, {}});
        return std::make_shared<const Prior>(std::move(prior));
    };
    Fixture world;
    world.connect("a", 9);
    SweepOptions options{.size = 5};
    options.prior = prior_of({1, 3, 3, 77});
    const SweepId sweep = world.create_sweep(options);
    REQUIRE(world.starts().size() == 3);
    CHECK(world.starts()[0].config == Config{{"x", 0}});
    CHECK(world.starts()[1].config == Config{{"x", 2}});
    CHECK(world.starts()[2].config == Config{{"x", 4}});
    CHECK(world.record(sweep).expected_runs == 3);
    CHECK(world.record(sweep).prior_cells == 2);
    CHECK(world.record(sweep).exhausted);

    // Of a cell's repeats each prior run is one.
    SweepOptions repeated{.size = 6};
    repeated.policy.repeats = 3;  // Cells 0-2 and 3-5, of which 0 and 3 have the configurations.
    repeated.prior = prior_of({0, 0, 3});
    const SweepId other = world.create_sweep(repeated);
    CHECK(world.record(other).prior_cells == 3);
    CHECK(world.record(other).expected_runs == 3);

    // All of it was there before.
    SweepOptions done{.size = 2};
    done.prior = prior_of({0, 1});
    CHECK(world.status(world.create_sweep(done)) == SweepStatus::finished);
}

TEST_CASE("learning: nobody waits while a search has something long to do", "[core][learning]") {
    const auto seen = std::make_shared<Seen>();
    SweepOptions options;
    options.adaptive = true;
    options.seen = seen;
    options.pieces = 3;
    Fixture world;
    world.connect("a", 2);
    const SweepId slow = world.create_sweep(options);
    CHECK(world.starts().empty());
    CHECK(world.world().search_awaited());
    // Others go on meanwhile.
    const SweepId quick = world.create_sweep({.size = 1});
    REQUIRE(world.starts().size() == 1);
    CHECK(world.starts()[0].sweep == quick);

    CHECK_FALSE(world.world().prepare());
    CHECK_FALSE(world.world().prepare());
    CHECK(world.world().prepare());
    world.apply(TimePassed{});
    REQUIRE(world.starts().size() == 2);
    CHECK(world.starts()[1].sweep == slow);
    CHECK_FALSE(world.world().search_awaited());  // There is no room for another.

    // What waits already needs no search.
    world.started("a", world.start(1));
    world.enqueue(slow, {{"y", 1}});
    world.exited("a", world.start(1), 0);
    REQUIRE(world.starts().size() == 3);
    CHECK(world.starts()[2].config == Config{{"y", 1}});

    // A restart begins the work anew.
    world.restart();
    world.connect("b", 1);
    CHECK(world.world().search_awaited());
    int pieces = 1;
    while (!world.world().prepare())
        ++pieces;
    CHECK(pieces == 3);
    world.command(slow, SweepCommand::pause);
    CHECK_FALSE(world.world().search_awaited());
}

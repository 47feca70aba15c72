#include "support/world_fixture.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

// What an agent gets whose host has room for fewer runs than it has slots.

using namespace sweepctl;
using namespace sweepctl::testing;

TEST_CASE("schedule: an agent has no more claims than it would have, whatever its slots",
          "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 6});
    world.connect("a", 3, 3);
    CHECK(world.starts().size() == 6);
    for (std::size_t k = 1; k < 6; ++k)
        world.returned("a", world.start(k));  // It is given them again.
    REQUIRE(world.starts().size() == 11);
    world.has_room("a", 1);
    for (std::size_t k = 6; k < 11; ++k)
        world.returned("a", world.start(k));
    CHECK(world.starts().size() == 11);
    CHECK(world.record(sweep).counts[RunState::pending] == 6);
    const auto lines = world.world().explain(sweep, world.now());
    CHECK(lines.back() == "agent a on host-a: needs no more runs than it has");

    world.connect("b", 1);
    CHECK(world.starts().size() == 12);
    CHECK(world.starts().back().agent == AgentId{"b"});
    world.has_room("a", 3);
    CHECK(world.starts().size() == 14);
    world.has_room("a", std::nullopt);
    CHECK(world.starts().size() == 16);
}

TEST_CASE("schedule: that an agent's host lacks something is told once", "[core][schedule]") {
    Fixture world;
    const SweepId sweep = world.create_sweep({.size = 4});
    world.create_sweep({.size = 0});
    world.connect("a", 2);
    const auto told = [&](const std::string& kind) {
        std::vector<std::string> lines;
        for (const AuditEvent& event : world.events()) {
            if (event.kind != kind) continue;
            CHECK(event.sweep == sweep);
            lines.push_back(event.actor + ": " + event.reason + " (" + event.detail + ")");
        }
        return lines;
    };
    const AgentShortage full{world.now().wall, "no space left on device"};
    world.has_room("a", 0, full);
    world.returned("a", world.start(0));
    world.returned("a", world.start(1));
    world.has_room("a", 1, full);
    world.has_room("a", 0, full);
    CHECK(told("agent_shortage") ==
          std::vector<std::string>{"agent a: no space left on device (agent a on host host-a)"});
    CHECK(world.record(sweep).counts[RunState::failed] == 0);
    CHECK(world.world().explain(sweep, world.now()).back() ==
          "agent a on host-a: could not start a run since 1970-01-12T13:46:40.000Z, and tries again: "
          "no space left on device");
    CHECK(world.world().agents()[0].shortage->message == full.message);

    world.has_room("a", 1, full);
    world.started("a", world.starts().back().execution);
    CHECK(told("agent_shortage_over").empty());
    world.has_room("a", std::nullopt);
    CHECK(told("agent_shortage_over").size() == 1);
    CHECK_FALSE(world.world().agents()[0].shortage);
    world.has_room("a", 0, full);
    CHECK(told("agent_shortage").size() == 2);
    world.disconnect("a");
    CHECK_FALSE(world.world().agents()[0].shortage);
}

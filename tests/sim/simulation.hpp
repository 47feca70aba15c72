#pragma once

#include <cstdint>
#include <map>
#include <string>

// One history of a small cluster: a controller, three hosts with their agents, people, and bad
// luck, all from one seed. See src/README.md for what the parts of the real program are.

namespace sweepctl::sim {

/// What a seed's history was like.
struct Summary {
    std::string foul;  ///< empty: every promise was kept
    std::uint64_t steps = 0;
    std::uint64_t executions = 0;
    std::uint64_t commits = 0;
    std::map<std::string, std::uint64_t> happened;  ///< faults, asked-for things, stored changes
};

[[nodiscard]] Summary simulate(std::uint64_t seed, bool traced);

}  // namespace sweepctl::sim

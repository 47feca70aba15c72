#pragma once

#include <cstdint>
#include <string_view>

// How a search space is searched: what a spec says, and what a strategy is made from.

namespace sweepctl {

enum class Method : std::uint8_t { grid, random, bayes, custom };
[[nodiscard]] std::string_view to_string(Method method);

/// In which order a grid's cells are visited.
enum class GridOrder : std::uint8_t {
    listed,  ///< as written, the last parameter fastest
    random,  ///< a pseudo-random order that depends on the seed only
};
[[nodiscard]] std::string_view to_string(GridOrder order);

/// What stands in for the metric of a run that has none (`metric.impute`).
enum class Impute : std::uint8_t { latest, best, worst };
[[nodiscard]] std::string_view to_string(Impute impute);

struct SearchOptions {
    Method method = Method::random;
    GridOrder order = GridOrder::listed;
    bool grid_exclusive = false;  ///< q_uniform axes of a grid leave max out, as W&B's do
    std::uint64_t seed = 0;
    std::uint32_t repeats = 1;  ///< suggestions with the same configuration, one after the other
};

}  // namespace sweepctl

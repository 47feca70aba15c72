#pragma once

#include <cstdint>
#include <optional>
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
    bool maximize = false;  ///< the metric, of an adaptive search
    /// What stands in for the metric of failed, crashed and killed runs, and of finished ones
    /// without; none: the search's own rule.
    std::optional<Impute> impute;
    /// Running runs count as ended ones with what they have logged; none: they are pending.
    std::optional<Impute> impute_while_running;
};

}  // namespace sweepctl

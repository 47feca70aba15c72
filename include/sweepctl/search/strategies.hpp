#pragma once

#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/search_strategy.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

// The searches there are. (bayes brings its own maker when it comes.)

namespace sweepctl {

struct GridOptions {
    bool shuffled =
        false;  ///< visit the cells in a pseudo-random order that depends on `seed` only
    bool exclusive = false;  ///< q_uniform axes leave max out
    std::uint64_t seed = 0;
};

/// Every cell once, the last parameter fastest. O(parameters) time a suggestion and O(values)
/// memory: nothing is materialised. All parameters must be constant, categorical without
/// probabilities, int_uniform or q_uniform.
[[nodiscard]] std::unique_ptr<SearchStrategy> make_grid(SearchSpace space, GridOptions options);

/// Independent draws; suggestion k depends only on (seed, k, parameter path). Without end.
[[nodiscard]] std::unique_ptr<SearchStrategy> make_random(SearchSpace space, std::uint64_t seed);

/// The value of `distribution` at quantile u in [0, 1) (sweep-semantics 5.0).
[[nodiscard]] ParamValue value_at(const Distribution& distribution, double u);

/// u in [0, 1) for (seed, suggestion number, parameter path): SplitMix64 finalisers over the three.
[[nodiscard]] double uniform_draw(std::uint64_t seed,
                                  std::uint64_t number,
                                  const std::vector<std::string>& path);

/// Whether two values are the same choice on a grid axis (sweep-semantics 5.1, equality table).
[[nodiscard]] bool same_choice(const ParamValue& left, const ParamValue& right);

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/search_options.hpp"
#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/search_strategy.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// The searches there are.

namespace sweepctl {

/// The strategy for `options.method`, which must not be custom. For a spec:
/// `make_strategy(spec.space, spec.search_options(seed))`.
[[nodiscard]] std::unique_ptr<SearchStrategy> make_strategy(SearchSpace space,
                                                            const SearchOptions& options);

struct GridOptions {
    bool shuffled =
        false;  ///< visit the cells in a pseudo-random order that depends on `seed` only
    bool exclusive = false;  ///< q_uniform axes leave max out
    std::uint64_t seed = 0;
};

/// Every cell once, the last parameter fastest. O(parameters) time a suggestion and O(values)
/// memory: nothing is materialised. All parameters must be constant, categorical without
/// probabilities, int_uniform or q_uniform; values that are the same choice make one cell, the
/// first. Of a grid beyond 2^64 - 1 cells only so many are reached.
[[nodiscard]] std::unique_ptr<SearchStrategy> make_grid(SearchSpace space, GridOptions options);

/// Independent draws; suggestion k depends only on (seed, k, parameter path). Without end.
[[nodiscard]] std::unique_ptr<SearchStrategy> make_random(SearchSpace space, std::uint64_t seed);

/// Bayesian optimisation: a Gaussian process over the runs so far. Without end where a parameter is
/// continuous, else each configuration once.
[[nodiscard]] std::unique_ptr<SearchStrategy> make_bayes(SearchSpace space,
                                                         const SearchOptions& options);

/// The value of `distribution` at quantile u in [0, 1) (sweep-semantics 5.0).
[[nodiscard]] ParamValue value_at(const Distribution& distribution, double u);

/// u in [0, 1) for (seed, suggestion number, parameter path). The path is hashed by 64-bit FNV-1a
/// (offset basis 0xcbf29ce484222325, prime 0x100000001b3) over each name's bytes followed by a byte
/// 0xff, which UTF-8 never has. With mix(x) the SplitMix64 output function (x +=
/// 0x9e3779b97f4a7c15; x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9; x = (x ^ x >> 27) *
/// 0x94d049bb133111eb; x ^ x >> 31), u is the upper 53 bits of mix(mix(mix(seed) ^ number) ^ hash)
/// times 2^-53.
[[nodiscard]] double uniform_draw(std::uint64_t seed,
                                  std::uint64_t number,
                                  const std::vector<std::string>& path);

}  // namespace sweepctl

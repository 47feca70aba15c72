#pragma once

#include "sweepctl/core/search_options.hpp"

#include "problems.hpp"

#include <cstdint>
#include <vector>

namespace sweepctl::bench {

/// How far a search was after some ended runs.
struct Reached {
    std::size_t runs = 0;
    double value = 0.0;     ///< without noise, of the run whose observed value is best
    double best = 0.0;      ///< the best there was, without noise
    double cpu_ms = 0.0;    ///< a suggestion, on the mean, all that the search did included
    double longest_ms = 0;  ///< the longest single answer
};

/// Runs `method` on a problem with `parallel` runs in flight, each of a length from 0.5 to 1.5, as
/// the controller would: asks, tells, and lets it prepare. Reports at each of `at` (ascending).
[[nodiscard]] std::vector<Reached> experiment(const Problem& problem,
                                              Method method,
                                              std::size_t parallel,
                                              const std::vector<std::size_t>& at,
                                              std::uint64_t seed);

/// The middle one; of an even number the mean of the middle two.
[[nodiscard]] double median(std::vector<double> values);

/// CPU time of this thread in milliseconds.
[[nodiscard]] double cpu_ms();

}  // namespace sweepctl::bench

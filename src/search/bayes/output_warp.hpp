#pragma once

#include <cstddef>
#include <vector>

namespace sweepctl::bayes {

/// What a model may see of the metric: an affine image of it with mean 0 and deviation 1, or the
/// same after the worse half has been pulled towards the median by rank, so that outliers and heavy
/// tails do not own the scale.
enum class Warp : unsigned char { half_rank, plain };

/// Where the values of all runs lie: what the half-rank warp needs to know of them. Sorted, lowest
/// (best) first, and `imputed` more that are all `imputed_value`.
struct Population {
    const std::vector<double>& sorted;
    std::size_t imputed = 0;
    double imputed_value = 0.0;
};

/// `values` (each of which is in the population) warped and standardised. Finite for whatever
/// finite values; all zero when they are all equal.
[[nodiscard]] std::vector<double> warped(std::vector<double> values,
                                         const Population& population,
                                         Warp warp);

}  // namespace sweepctl::bayes

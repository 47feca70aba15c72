#pragma once

#include <functional>
#include <vector>

namespace sweepctl::bayes {

/// The value at `x`; writes the gradient there. May return infinity, where the gradient means
/// nothing.
using Objective =
    std::function<double(const std::vector<double>& x, std::vector<double>& gradient)>;

struct MinimiseLimits {
    int evaluations = 40;
    double step = 2.0;                ///< no coordinate moves further at once
    double gradient = 1e-3;           ///< flat enough
    double relative_decrease = 1e-7;  ///< slow enough
};

struct Minimum {
    std::vector<double> x;
    double value = 0.0;
};

/// A local minimum within the box by projected L-BFGS from `start`, which must lie in it. Never
/// worse than the start.
[[nodiscard]] Minimum minimise(const Objective& objective,
                               std::vector<double> start,
                               const std::vector<double>& low,
                               const std::vector<double>& high,
                               const MinimiseLimits& limits);

}  // namespace sweepctl::bayes

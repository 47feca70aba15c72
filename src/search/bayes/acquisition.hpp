#pragma once

namespace sweepctl::bayes {

/// How promising a point is, with its slopes by the expected value and by the deviation. Higher is
/// better.
struct Promise {
    double value = 0.0;
    double by_mean = 0.0;
    double by_deviation = 0.0;
};

/// The logarithm of the expected improvement over `best` (Ament et al. 2023): has a slope even
/// where the improvement itself is too small for a double.
[[nodiscard]] Promise log_expected_improvement(double mean, double deviation, double best);

/// Minus the lower confidence bound.
[[nodiscard]] Promise confidence_bound(double mean, double deviation, double beta);

}  // namespace sweepctl::bayes

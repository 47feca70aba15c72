#include "search/bayes/acquisition.hpp"

#include <cmath>
#include <numbers>

namespace sweepctl::bayes {

namespace {
constexpr double kLogRootTwoPi = 0.91893853320467274178;
}

Promise log_expected_improvement(double mean, double deviation, double best) {
    const double z = (best - mean) / deviation;
    if (z > 5) {
        const double density = std::exp(-0.5 * z * z - kLogRootTwoPi);
        const double below = 0.5 * std::erfc(-z / std::numbers::sqrt2);
        const double h = density + z * below;
        return {std::log(deviation) + std::log(h), -below / (deviation * h),
                density / (deviation * h)};
    }
    double ratio = 0;  // Phi(z) / phi(z)
    double sum = 0;    // 1 + z ratio
    if (z > -25) {
        ratio = 0.5 * std::erfc(-z / std::numbers::sqrt2) * std::exp(0.5 * z * z + kLogRootTwoPi);
        sum = 1 + z * ratio;
    } else {
        const double q = 1 / (z * z);
        sum = q * (1 - q * (3 - 15 * q));
        ratio = (sum - 1) / z;
    }
    return {std::log(deviation) - 0.5 * z * z - kLogRootTwoPi + std::log(sum),
            -ratio / (deviation * sum), 1 / (deviation * sum)};
}

Promise confidence_bound(double mean, double deviation, double beta) {
    return {beta * deviation - mean, -1.0, beta};
}

}  // namespace sweepctl::bayes

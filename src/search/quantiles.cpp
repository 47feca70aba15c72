#include "search/quantiles.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <math.h>  // lgamma_r: std::lgamma writes a global

namespace sweepctl {

namespace {

double log_gamma(double x) {
    int sign = 0;
    return ::lgamma_r(x, &sign);
}

/// What Stirling's formula lacks of ln Gamma(x), for x >= 10.
double stirling_rest(double x) {
    const double square = x * x;
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - 1.0 / 1680 / square) / square) / square) / x;
}

/// From where on Stirling's series, cut as above, is exact to a double.
constexpr double kStirlingMin = 10;

/// ln B(a, b) without the cancellation of ln Gamma at large arguments.
double log_beta(double a, double b) {
    const double small = std::min(a, b);
    const double large = std::max(a, b);
    if (large < kStirlingMin) return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
    return log_gamma(small) - small * std::log(small + large) -
           (large - 0.5) * std::log1p(small / large) + small + stirling_rest(large) -
           stirling_rest(small + large);
}

/// ln(x^a (1-x)^b / B(a, b)) at x = exp(log_x).
double log_front(double a, double b, double log_x) {
    const double x = std::exp(log_x);
    if (std::min(a, b) < kStirlingMin) return a * log_x + b * std::log1p(-x) - log_beta(a, b);
    // Around the mean, where the large terms cancel before they are made.
    const double mean = a / (a + b);
    const double off = x - mean;
    return a * std::log1p(off / mean) + b * std::log1p(-off / (b / (a + b))) +
           0.5 * std::log(a / (a + b) * b / (2 * std::numbers::pi)) - stirling_rest(a) -
           stirling_rest(b) + stirling_rest(a + b);
}

/// The continued fraction of I_x(a, b) a / front (Abramowitz and Stegun 26.5.8), by the modified
/// Lentz method; it converges fast for x up to about the mean.
double continued_fraction(double a, double b, double x) {
    constexpr double tiny = 1e-300;
    constexpr int terms_max = 2'000'000;  // it takes about the square root of max(a, b)
    const auto not_zero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
    double c = 1.0;
    double d = 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0));
    double fraction = d;
    for (int term = 1; term <= terms_max; ++term) {
        const double m = term;
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1.0 / not_zero(1.0 + even * d);
        c = not_zero(1.0 + even / c);
        fraction *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1.0 / not_zero(1.0 + odd * d);
        c = not_zero(1.0 + odd / c);
        const double step = d * c;
        fraction *= step;
        if (std::abs(step - 1.0) < 1e-16) break;
    }
    return fraction;
}

/// ln I_x(a, b) at x = exp(log_x), for x up to the mean.
double log_lower_tail(double a, double b, double log_x) {
    return log_front(a, b, log_x) - std::log(a) +
           std::log(continued_fraction(a, b, std::exp(log_x)));
}

/// The x at or below the mean with I_x(a, b) = u. ln I is nearly straight in ln x, so Newton's
/// method there needs a handful of steps, however small x is.
double lower_quantile(double a, double b, double u) {
    const double target = std::log(u);
    double low = -std::numeric_limits<double>::infinity();
    double high = std::log(a / (a + b));
    double log_x = std::min(high, (target + std::log(a) + log_beta(a, b)) / a);
    constexpr int steps_max = 200;
    for (int step = 0; step < steps_max; ++step) {
        const double value = log_lower_tail(a, b, log_x);
        if (value < target) {
            low = log_x;
        } else {
            high = log_x;
        }
        const double slope =
            std::exp(log_front(a, b, log_x) - std::log1p(-std::exp(log_x)) - value);
        double next = log_x - (value - target) / slope;
        if (!(next > low && next < high)) {
            next = std::isinf(low) ? high - 1.0 - std::abs(high) : low + (high - low) / 2;
        }
        const double moved = std::abs(next - log_x);
        log_x = next;
        if (moved <= 1e-16 * std::max(1.0, std::abs(log_x))) break;
    }
    return std::exp(log_x);
}

/// The z >= 0 with Q(z) = u, for u in (0, 1/2].
double upper_normal_quantile(double u) {
    // Abramowitz and Stegun 26.2.23, good to 4.5e-4; then Halley's method, which cubes the error.
    const double t = std::sqrt(-2 * std::log(u));
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    for (int step = 0; step < 3; ++step) {
        // Q(z) - u; around the middle from erf, since there the difference is small.
        const double scaled = z / std::numbers::sqrt2;
        const double excess =
            u > 0.25 ? (0.5 - u) - 0.5 * std::erf(scaled) : 0.5 * std::erfc(scaled) - u;
        const double ratio = excess * std::sqrt(2 * std::numbers::pi) * std::exp(z * z / 2);
        z += ratio / (1 - z * ratio / 2);
    }
    return z;
}

}  // namespace

double normal_quantile(double u) {
    if (u == 0.5) return 0;
    return u <= 0.5 ? -upper_normal_quantile(u) : upper_normal_quantile(1 - u);
}

double beta_cdf(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    if (x <= a / (a + b)) return std::exp(log_lower_tail(a, b, std::log(x)));
    return 1 - std::exp(log_lower_tail(b, a, std::log1p(-x)));
}

double beta_quantile(double a, double b, double u) {
    if (u <= beta_cdf(a, b, a / (a + b))) return lower_quantile(a, b, u);
    return 1 - lower_quantile(b, a, 1 - u);
}

}  // namespace sweepctl

// The most probable hyperparameters of a Gaussian process.

#include "search/bayes/gaussian_process.hpp"
#include "search/bayes/minimise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <Eigen/Dense>

namespace sweepctl::bayes {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kMeanVariance = 1.0;
constexpr double kNoiseFloor = 1e-6;
constexpr double kLengthMin = -5.0;
constexpr double kLengthMax = 6.0;
constexpr std::size_t kSketch = 48;  ///< points that tell good starts from bad ones

/// Minus the log of the posterior density of hyperparameters, given some points: theta is the
/// logarithms of length-scales, signal and noise.
class Evidence {
public:
    Evidence(const Encoding& encoding,
             const std::vector<Point>& points,
             const std::vector<double>& values,
             double length_median)
        : size_(static_cast<Index>(points.size())),
          dimensions_(static_cast<Index>(encoding.size())),
          values_(Eigen::Map<const VectorXd>(values.data(), size_)),
          median_(length_median) {
        squares_.resize(size_ * (size_ - 1) / 2, dimensions_);
        for (Index i = 0; i < dimensions_; ++i) {
            const auto at = static_cast<std::size_t>(i);
            const bool category = encoding.dimensions()[at].kind() == Dimension::Kind::category;
            double* out = squares_.col(i).data();
            for (std::size_t a = 1; a < points.size(); ++a) {
                for (std::size_t b = 0; b < a; ++b) {
                    const double away = points[a][at] - points[b][at];
                    *out++ = category ? (away == 0 ? 0.0 : 1.0) : away * away;
                }
            }
        }
    }

    double operator()(const std::vector<double>& theta, std::vector<double>& gradient) {
        const Eigen::Map<const VectorXd> log_length(theta.data(), dimensions_);
        const double log_signal = theta[static_cast<std::size_t>(dimensions_)];
        const double log_noise = theta[static_cast<std::size_t>(dimensions_) + 1];
        const double signal = std::exp(log_signal);
        const double free_noise = std::exp(log_noise);

        const VectorXd inverse = (-2 * log_length.array()).exp();
        a_.noalias() = squares_ * inverse;
        a_ = (5 * a_.array()).sqrt();
        e_ = (-a_.array()).exp();
        matern_ = (1 + a_.array() + a_.array().square() / 3) * e_.array();
        k_.resize(size_, size_);
        for (Index a = 0, p = 0; a < size_; ++a) {
            for (Index b = 0; b < a; ++b)
                k_(a, b) = signal * matern_[p++] + kMeanVariance;
            k_(a, a) = signal + kMeanVariance + free_noise + kNoiseFloor;
        }
        factor_.compute(k_);
        if (factor_.info() != Eigen::Success) return std::numeric_limits<double>::infinity();
        const VectorXd alpha = factor_.solve(values_);
        double value = 0.5 * values_.dot(alpha);
        for (Index a = 0; a < size_; ++a)
            value += std::log(factor_.matrixLLT()(a, a));

        inverse_.setIdentity(size_, size_);
        factor_.solveInPlace(inverse_);
        double trace = 0;
        weights_.resize(a_.size());
        for (Index a = 0, p = 0; a < size_; ++a) {
            for (Index b = 0; b < a; ++b)
                weights_[p++] = inverse_(b, a) - alpha[a] * alpha[b];
            trace += inverse_(a, a) - alpha[a] * alpha[a];
        }
        const double matern_part = weights_.dot(matern_);
        weights_.array() *= signal * (5.0 / 3.0) * (1 + a_.array()) * e_.array();
        const VectorXd by_length = squares_.transpose() * weights_;
        for (Index i = 0; i < dimensions_; ++i) {
            const double off = log_length[i] - median_;
            value += off * off / 6 + log_length[i];  // variance 3
            gradient[static_cast<std::size_t>(i)] = inverse[i] * by_length[i] + off / 3 + 1;
        }
        value += 0.5 * log_signal * log_signal;
        value += 0.125 * (log_noise + 6) * (log_noise + 6);  // a wide prior around e^-6
        gradient[static_cast<std::size_t>(dimensions_)] =
            0.5 * signal * trace + signal * matern_part + log_signal;
        gradient[static_cast<std::size_t>(dimensions_) + 1] =
            0.5 * free_noise * trace + 0.25 * (log_noise + 6);
        return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
    }

private:
    Index size_;
    Index dimensions_;
    VectorXd values_;
    double median_;
    MatrixXd squares_;  ///< squared differences: a row for each pair, a column for each dimension
    // Kept between calls so that their memory is.
    VectorXd a_, e_, matern_, weights_;
    MatrixXd k_, inverse_;
    Eigen::LLT<MatrixXd> factor_;
};

std::vector<double> as_vector(const Hyperparameters& theta) {
    std::vector<double> x = theta.length;
    x.push_back(theta.signal);
    x.push_back(theta.noise);
    return x;
}

/// Cheaply, with some of the points, from two starts, one without and one with noise: the better
/// end.
Minimum sketched(const Encoding& encoding,
                 const std::vector<Point>& points,
                 const std::vector<double>& values,
                 double median,
                 const std::vector<double>& low,
                 const std::vector<double>& high) {
    const double mode = median - 3;  // of the prior density, whose log has variance 3
    std::vector<Point> some_points;
    std::vector<double> some_values;
    const std::size_t count = std::min(kSketch, points.size());
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = i * points.size() / count;
        some_points.push_back(points[at]);
        some_values.push_back(values[at]);
    }
    Evidence sketch(encoding, some_points, some_values, median);
    const auto start_at = [&](double length, double noise) {
        std::vector<double> theta(encoding.size() + 2, std::clamp(length, kLengthMin, kLengthMax));
        theta[encoding.size()] = 0;
        theta[encoding.size() + 1] = noise;
        return theta;
    };
    MinimiseLimits limits;
    limits.evaluations = 50;
    Minimum quiet = minimise(std::ref(sketch), start_at(mode + 0.5, -6), low, high, limits);
    Minimum noisy = minimise(std::ref(sketch), start_at(mode + 1.5, -2), low, high, limits);
    return noisy.value < quiet.value ? noisy : quiet;
}

}  // namespace

Hyperparameters fit(const Encoding& encoding,
                    const std::vector<Point>& points,
                    const std::vector<double>& values,
                    const FitOptions& options) {
    const std::size_t d = encoding.size();
    const double median =
        std::numbers::sqrt2 + 0.5 * std::log(static_cast<double>(d)) + options.length_shift;
    std::vector<double> low(d + 2, kLengthMin);
    std::vector<double> high(d + 2, kLengthMax);
    low[d] = -8;
    high[d] = 8;
    low[d + 1] = -18;
    high[d + 1] = 3;

    Minimum best = options.start != nullptr ? Minimum{as_vector(*options.start), 0.0}
                                            : sketched(encoding, points, values, median, low, high);
    if (options.start != nullptr || points.size() > kSketch) {
        Evidence whole(encoding, points, values, median);
        MinimiseLimits limits;
        limits.evaluations = 30;
        best = minimise(std::ref(whole), std::move(best.x), low, high, limits);
    }
    Hyperparameters result;
    result.length.assign(best.x.begin(), best.x.begin() + static_cast<std::ptrdiff_t>(d));
    result.signal = best.x[d];
    result.noise = best.x[d + 1];
    return result;
}

}  // namespace sweepctl::bayes

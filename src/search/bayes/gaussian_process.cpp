#include "search/bayes/gaussian_process.hpp"

#include "sweepctl/base/check.hpp"

#include "search/bayes/expansion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include <Eigen/Dense>

namespace sweepctl::bayes {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kMeanVariance = 1.0;  ///< prior variance of the unknown mean
constexpr double kNoiseFloor = 1e-6;
constexpr Eigen::Index kBlock = 128;
constexpr Eigen::Index kPriorBlock = 32;

}  // namespace

struct Posterior::State {
    std::optional<Expansion> expansion;
    double signal = 1.0;
    double noise = kNoiseFloor;
    MatrixXd z;  ///< a column for each point
    VectorXd norms;
    MatrixXd prior;  ///< covariances without noise, the lower half
    MatrixXd lower;
    VectorXd alpha;
    Eigen::Index observed = 0;
    double best = 0.0;
    std::vector<double> known_means;  ///< of the observed, then of the pending points
    MatrixXd cross;                   ///< covariances of the last means(), a column for each point
    MatrixXd candidates;              ///< of the last means(), as z
    MatrixXd block;                   ///< of the last deviations()

    /// Puts covariances without noise of the known points from the `first` on with the columns of
    /// `right` into `out`.
    void covariance(Eigen::Index first,
                    const Eigen::Ref<const MatrixXd>& right,
                    Eigen::Ref<MatrixXd> out) const {
        const Eigen::Index rows = z.cols() - first;
        out.noalias() = -2 * z.rightCols(rows).transpose() * right;
        VectorXd a(rows);
        for (Eigen::Index i = 0; i < right.cols(); ++i) {
            auto k = out.col(i).array();
            a = (5 * (k + norms.tail(rows).array() + right.col(i).squaredNorm()).max(0.0)).sqrt();
            k = signal * (1 + a.array() + a.array().square() / 3) * (-a.array()).exp() +
                kMeanVariance;
        }
    }

    void fill_prior() {
        prior.resize(z.cols(), z.cols());
        for (Eigen::Index from = 0; from < z.cols(); from += kPriorBlock) {
            const Eigen::Index width = std::min(kPriorBlock, z.cols() - from);
            covariance(from, z.middleCols(from, width),
                       prior.block(from, from, z.cols() - from, width));
        }
    }
};

double Hyperparameters::noise_variance() const {
    return std::exp(noise) + kNoiseFloor;
}

thread_local std::unique_ptr<Posterior::State> Posterior::spare;

Posterior::Posterior(const Encoding& encoding,
                     const Hyperparameters& hyperparameters,
                     const std::vector<Point>& observed,
                     const std::vector<double>& values,
                     const std::vector<Point>& pending)
    : state_(spare ? std::move(spare) : std::make_unique<State>()) {
    State& s = *state_;
    s.expansion.emplace(encoding, hyperparameters.length);
    s.signal = std::exp(hyperparameters.signal);
    s.noise = hyperparameters.noise_variance();
    const auto known = static_cast<Eigen::Index>(observed.size());
    const auto total = known + static_cast<Eigen::Index>(pending.size());
    s.observed = known;
    s.z.resize(static_cast<Eigen::Index>(s.expansion->size()), total);
    for (Eigen::Index i = 0; i < total; ++i) {
        const Point& point = i < known ? observed[static_cast<std::size_t>(i)]
                                       : pending[static_cast<std::size_t>(i - known)];
        s.expansion->expand(point, s.z.col(i).data());
    }
    s.norms = s.z.colwise().squaredNorm();
    s.fill_prior();
    double jitter = 0.0;
    for (double next = 1e-8;; next *= 10) {
        s.lower = s.prior;
        s.lower.diagonal().setConstant(s.signal + kMeanVariance + s.noise + jitter);
        const Eigen::LLT<Eigen::Ref<MatrixXd>> in_place(s.lower);
        if (in_place.info() == Eigen::Success) break;
        SWEEPCTL_CHECK(next < 1e6);
        jitter = next;
    }
    VectorXd t = Eigen::Map<const VectorXd>(values.data(), known);
    const auto leading = s.lower.topLeftCorner(known, known);
    leading.triangularView<Eigen::Lower>().solveInPlace(t);
    leading.transpose().triangularView<Eigen::Upper>().solveInPlace(t);
    s.alpha = VectorXd::Zero(total);
    s.alpha.head(known) = t;

    VectorXd means = s.prior.selfadjointView<Eigen::Lower>() * s.alpha;
    // The diagonal of `prior` may have lost digits to cancellation.
    means.head(known) = Eigen::Map<const VectorXd>(values.data(), known) - (s.noise + jitter) * t;
    s.best = total > 0 ? means.minCoeff() : 0.0;
    s.known_means.assign(means.begin(), means.end());
}

Posterior::~Posterior() {
    spare = std::move(state_);
}

double Posterior::best() const {
    return state_->best;
}

std::vector<std::size_t> Posterior::best_known(std::size_t count) const {
    const std::vector<double>& means = state_->known_means;
    std::vector<std::size_t> order(means.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()));
    std::partial_sort(order.begin(), end, order.end(), [&](std::size_t left, std::size_t right) {
        return std::pair(means[left], left) < std::pair(means[right], right);
    });
    order.erase(end, order.end());
    return order;
}

std::vector<double> Posterior::means(const std::vector<Point>& points) {
    State& s = *state_;
    const auto count = static_cast<Eigen::Index>(points.size());
    s.candidates.resize(s.z.rows(), count);
    for (Eigen::Index i = 0; i < count; ++i) {
        s.expansion->expand(points[static_cast<std::size_t>(i)], s.candidates.col(i).data());
    }
    s.cross.resize(s.z.cols(), count);
    for (Eigen::Index from = 0; from < count; from += kBlock) {
        const Eigen::Index width = std::min(kBlock, count - from);
        s.covariance(0, s.candidates.middleCols(from, width), s.cross.middleCols(from, width));
    }
    std::vector<double> result(points.size());
    Eigen::Map<VectorXd>(result.data(), count) =
        s.cross.topRows(s.observed).transpose() * s.alpha.head(s.observed);
    return result;
}

std::vector<double> Posterior::deviation_bounds() const {
    const State& s = *state_;
    const double prior = s.signal + kMeanVariance;
    const VectorXd nearest = s.cross.colwise().maxCoeff().transpose();
    std::vector<double> bounds(static_cast<std::size_t>(nearest.size()));
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        const double k = nearest[static_cast<Eigen::Index>(i)];
        bounds[i] = std::sqrt(std::max(prior - k * k / (prior + s.noise), 1e-12 * s.signal));
    }
    return bounds;
}

std::vector<double> Posterior::deviations(const std::vector<std::size_t>& which) {
    State& s = *state_;
    const auto count = static_cast<Eigen::Index>(which.size());
    const double prior = s.signal + kMeanVariance;
    std::vector<double> result(which.size());
    for (Eigen::Index from = 0; from < count; from += kBlock) {
        const Eigen::Index width = std::min(kBlock, count - from);
        MatrixXd& v = s.block;
        v.resize(s.z.cols(), width);
        for (Eigen::Index i = 0; i < width; ++i) {
            v.col(i) =
                s.cross.col(static_cast<Eigen::Index>(which[static_cast<std::size_t>(from + i)]));
        }
        s.lower.triangularView<Eigen::Lower>().solveInPlace(v);
        for (Eigen::Index i = 0; i < width; ++i) {
            const double variance = prior - v.col(i).squaredNorm();
            result[static_cast<std::size_t>(from + i)] =
                std::sqrt(std::max(variance, 1e-12 * s.signal));
        }
    }
    return result;
}

Posterior::Belief Posterior::at(const Point& point,
                                std::vector<double>& mean_gradient,
                                std::vector<double>& deviation_gradient) const {
    const State& s = *state_;
    VectorXd z(s.z.rows());
    s.expansion->expand(point, z.data());
    const MatrixXd away = s.z.colwise() - z;
    const VectorXd a = (5 * away.colwise().squaredNorm().transpose().array()).sqrt();
    const VectorXd e = (-a.array()).exp();
    VectorXd v = s.signal * (1 + a.array() + a.array().square() / 3) * e.array() + kMeanVariance;
    const VectorXd slope = s.signal * (5.0 / 3.0) * (1 + a.array()) * e.array();
    Belief belief;
    belief.mean = v.dot(s.alpha);
    s.lower.triangularView<Eigen::Lower>().solveInPlace(v);
    const double variance = std::max(s.signal + kMeanVariance - v.squaredNorm(), 1e-12 * s.signal);
    belief.deviation = std::sqrt(variance);
    s.lower.transpose().triangularView<Eigen::Upper>().solveInPlace(v);
    const VectorXd mean_z = away * (slope.array() * s.alpha.array()).matrix();
    const VectorXd deviation_z =
        away * (slope.array() * v.array()).matrix() * (-1 / belief.deviation);
    s.expansion->contract(mean_z.data(), mean_gradient);
    s.expansion->contract(deviation_z.data(), deviation_gradient);
    return belief;
}

double Posterior::distance(const Point& left, const Point& right) const {
    return state_->expansion->distance(left.data(), right.data());
}

}  // namespace sweepctl::bayes

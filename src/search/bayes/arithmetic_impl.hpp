#pragma once

// Included once for each instruction set, with all that is defined here internal to that file. As
// for the standard library nothing may be used that is not inlined: the linker takes one of several
// instances for all files, and that of AVX2 would end other machines (tests/search checks it).

#include "search/bayes/arithmetic.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include <Eigen/Dense>

namespace sweepctl::bayes {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kBlock = 128;
constexpr Index kPriorBlock = 32;

class PosteriorMatrices final : public PosteriorArithmetic {
public:
    double* points(std::size_t size, std::size_t count) override {
        z_.resize(static_cast<Index>(size), static_cast<Index>(count));
        return z_.data();
    }

    bool build(double signal,
               double noise,
               const double* values,
               std::size_t observed,
               double* means) override {
        signal_ = signal;
        noise_ = noise;
        observed_ = static_cast<Index>(observed);
        norms_ = z_.colwise().squaredNorm();
        fill_prior();
        double jitter = 0.0;
        for (double next = 1e-8;; next *= 10) {
            lower_ = prior_;
            lower_.diagonal().setConstant(signal + kMeanVariance + noise + jitter);
            const Eigen::LLT<Eigen::Ref<MatrixXd>> in_place(lower_);
            if (in_place.info() == Eigen::Success) break;
            if (next > 1e6) return false;
            jitter = next;
        }
        const Eigen::Map<const VectorXd> given(values, observed_);
        VectorXd t = given;
        const auto leading = lower_.topLeftCorner(observed_, observed_);
        leading.triangularView<Eigen::Lower>().solveInPlace(t);
        leading.transpose().triangularView<Eigen::Upper>().solveInPlace(t);
        alpha_ = VectorXd::Zero(z_.cols());
        alpha_.head(observed_) = t;
        Eigen::Map<VectorXd> all(means, z_.cols());
        all = prior_.selfadjointView<Eigen::Lower>() * alpha_;
        // The diagonal of `prior_` may have lost digits to cancellation.
        all.head(observed_) = given - (noise + jitter) * t;
        return true;
    }

    double left_out_error() override {
        // Rasmussen and Williams (2006), 5.12: the error at i is alpha_i / (K^-1)_ii.
        block_.setIdentity(observed_, observed_);
        lower_.topLeftCorner(observed_, observed_)
            .triangularView<Eigen::Lower>()
            .solveInPlace(block_);
        double sum = 0;
        for (Index i = 0; i < observed_; ++i) {
            const double error = alpha_[i] / block_.col(i).squaredNorm();
            sum += error * error;
        }
        return observed_ > 0 ? sum / static_cast<double>(observed_) : 0.0;
    }

    double* candidates(std::size_t count) override {
        candidates_.resize(z_.rows(), static_cast<Index>(count));
        return candidates_.data();
    }

    void means(double* out) override {
        const Index count = candidates_.cols();
        cross_.resize(z_.cols(), count);
        for (Index from = 0; from < count; from += kBlock) {
            const Index width = smaller(kBlock, count - from);
            covariance(0, candidates_.middleCols(from, width), cross_.middleCols(from, width));
        }
        Eigen::Map<VectorXd>(out, count) =
            cross_.topRows(observed_).transpose() * alpha_.head(observed_);
    }

    void deviation_bounds(double* out) const override {
        const double prior = signal_ + kMeanVariance;
        for (Index i = 0; i < cross_.cols(); ++i) {
            const double k = cross_.rows() > 0 ? cross_.col(i).maxCoeff() : 0.0;
            out[i] = deviation_of(prior - k * k / (prior + noise_));
        }
    }

    void deviations(const std::size_t* which, std::size_t count, double* out) override {
        const auto all = static_cast<Index>(count);
        for (Index from = 0; from < all; from += kBlock) {
            const Index width = smaller(kBlock, all - from);
            block_.resize(z_.cols(), width);
            for (Index i = 0; i < width; ++i)
                block_.col(i) = cross_.col(static_cast<Index>(which[from + i]));
            lower_.triangularView<Eigen::Lower>().solveInPlace(block_);
            for (Index i = 0; i < width; ++i)
                out[from + i] = deviation_of(signal_ + kMeanVariance - block_.col(i).squaredNorm());
        }
    }

    Belief at(const double* point, double* mean_gradient, double* deviation_gradient) override {
        away_ = z_.colwise() - Eigen::Map<const VectorXd>(point, z_.rows());
        a_ = (5 * away_.colwise().squaredNorm().transpose().array()).sqrt();
        e_ = signal_ * (-a_.array()).exp();
        v_ = (1 + a_.array() + a_.array().square() / 3) * e_.array() + kMeanVariance;
        slope_ = (5.0 / 3.0) * (1 + a_.array()) * e_.array();
        Belief belief;
        belief.mean = v_.dot(alpha_);
        lower_.triangularView<Eigen::Lower>().solveInPlace(v_);
        belief.deviation = deviation_of(signal_ + kMeanVariance - v_.squaredNorm());
        lower_.transpose().triangularView<Eigen::Upper>().solveInPlace(v_);
        a_ = slope_.array() * alpha_.array();
        Eigen::Map<VectorXd>(mean_gradient, z_.rows()).noalias() = away_ * a_;
        a_ = slope_.array() * v_.array() * (-1 / belief.deviation);
        Eigen::Map<VectorXd>(deviation_gradient, z_.rows()).noalias() = away_ * a_;
        return belief;
    }

private:
    static Index smaller(Index left, Index right) { return left < right ? left : right; }

    [[nodiscard]] double deviation_of(double variance) const {
        const double least = 1e-12 * signal_;
        return std::sqrt(variance > least ? variance : least);
    }

    /// Puts covariances without noise of the known points from the `first` on with the columns of
    /// `right` into `out`.
    void covariance(Index first,
                    const Eigen::Ref<const MatrixXd>& right,
                    Eigen::Ref<MatrixXd> out) {
        const Index rows = z_.cols() - first;
        out.noalias() = -2 * z_.rightCols(rows).transpose() * right;
        a_.resize(rows);
        for (Index i = 0; i < right.cols(); ++i) {
            auto k = out.col(i).array();
            a_ = (5 * (k + norms_.tail(rows).array() + right.col(i).squaredNorm()).max(0.0)).sqrt();
            k = signal_ * (1 + a_.array() + a_.array().square() / 3) * (-a_.array()).exp() +
                kMeanVariance;
        }
    }

    void fill_prior() {
        prior_.resize(z_.cols(), z_.cols());
        for (Index from = 0; from < z_.cols(); from += kPriorBlock) {
            const Index width = smaller(kPriorBlock, z_.cols() - from);
            covariance(from, z_.middleCols(from, width),
                       prior_.block(from, from, z_.cols() - from, width));
        }
    }

    double signal_ = 1.0;
    double noise_ = kNoiseFloor;
    Index observed_ = 0;
    MatrixXd z_;  ///< a column for each known point
    VectorXd norms_;
    MatrixXd prior_;  ///< covariances without noise, the lower half
    MatrixXd lower_;
    VectorXd alpha_;
    MatrixXd candidates_;
    MatrixXd cross_;  ///< covariances of the candidates, a column for each
    MatrixXd block_;
    // Kept between calls so that their memory is.
    MatrixXd away_;
    VectorXd a_, e_, v_, slope_;
};

class EvidenceMatrices final : public EvidenceArithmetic {
public:
    EvidenceMatrices(std::size_t points, std::size_t dimensions)
        : size_(static_cast<Index>(points)),
          dimensions_(static_cast<Index>(dimensions)),
          values_(size_),
          squares_(size_ * (size_ - 1) / 2, dimensions_) {}

    double* squares(std::size_t dimension) override {
        return squares_.col(static_cast<Index>(dimension)).data();
    }
    double* values() override { return values_.data(); }

    double evaluate(const double* theta, double length_median, double* gradient) override {
        constexpr double infinite = std::numeric_limits<double>::infinity();
        const Eigen::Map<const VectorXd> log_length(theta, dimensions_);
        const double log_signal = theta[dimensions_];
        const double log_noise = theta[dimensions_ + 1];
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
        if (factor_.info() != Eigen::Success) return infinite;
        const VectorXd alpha = factor_.solve(values_);
        double value = 0.5 * values_.dot(alpha);
        for (Index a = 0; a < size_; ++a)
            value += std::log(factor_.matrixLLT()(a, a));

        invert();
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
            const double off = log_length[i] - length_median;
            value += off * off / 6 + log_length[i];  // variance 3
            gradient[i] = inverse[i] * by_length[i] + off / 3 + 1;
        }
        value += 0.5 * log_signal * log_signal;
        value += 0.125 * (log_noise + 6) * (log_noise + 6);  // a wide prior around e^-6
        gradient[dimensions_] = 0.5 * signal * trace + signal * matern_part + log_signal;
        gradient[dimensions_ + 1] = 0.5 * free_noise * trace + 0.25 * (log_noise + 6);
        return std::isfinite(value) ? value : infinite;
    }

private:
    /// The upper half of inverse_, by blocks that leave out what is zero: a third of the work of
    /// solving for the identity.
    void invert() {
        constexpr Index block = 24;
        const MatrixXd& factor = factor_.matrixLLT();
        root_.setIdentity(size_, size_);
        inverse_.resize(size_, size_);
        for (Index at = 0; at < size_; at += block) {
            const Index rest = size_ - at;
            const Index width = block < rest ? block : rest;
            auto below = root_.block(at, at, rest, width);
            factor.bottomRightCorner(rest, rest).triangularView<Eigen::Lower>().solveInPlace(below);
        }
        for (Index at = 0; at < size_; at += block) {
            const Index rest = size_ - at;
            const Index width = block < rest ? block : rest;
            inverse_.block(0, at, at + width, width).noalias() =
                root_.block(at, 0, rest, at + width).transpose() * root_.block(at, at, rest, width);
        }
    }

    Index size_;
    Index dimensions_;
    VectorXd values_;
    MatrixXd squares_;  ///< a row for each pair, a column for each dimension
    // Kept between calls so that their memory is.
    VectorXd a_, e_, matern_, weights_;
    MatrixXd k_, root_, inverse_;  ///< root_: the inverse of the factor
    Eigen::LLT<MatrixXd> factor_;
};

PosteriorArithmetic* posterior_matrices() {
    return new PosteriorMatrices;  // NOLINT(cppcoreguidelines-owning-memory)
}

EvidenceArithmetic* evidence_matrices(std::size_t points, std::size_t dimensions) {
    return new EvidenceMatrices(points, dimensions);  // NOLINT(cppcoreguidelines-owning-memory)
}

}  // namespace

}  // namespace sweepctl::bayes

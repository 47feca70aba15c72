// The most probable hyperparameters of a Gaussian process.

#include "search/bayes/gaussian_process.hpp"
#include "search/bayes/minimise.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>

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

/// When a descent ends. As measured: in a wide space a step does little, so going on gains
/// something, and with fewer evaluations nothing is lost.
struct Patience {
    int sketch_evaluations;
    int whole_evaluations;
    double relative_decrease;
};
constexpr Patience kPatience{50, 30, 1e-3};
constexpr Patience kWidePatience{20, 15, 1e-7};

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

    /// Of one evaluation, about: multiplications.
    [[nodiscard]] double work() const {
        const auto points = static_cast<double>(size_);
        return points * points * (points + static_cast<double>(dimensions_));
    }

private:
    /// The upper half of inverse_, by blocks that leave out what is zero: a third of the work of
    /// solving for the identity.
    void invert() {
        constexpr Index kBlock = 24;
        const MatrixXd& factor = factor_.matrixLLT();
        root_.setIdentity(size_, size_);
        inverse_.resize(size_, size_);
        for (Index at = 0; at < size_; at += kBlock) {
            const Index width = std::min(kBlock, size_ - at);
            const Index rest = size_ - at;
            auto below = root_.block(at, at, rest, width);
            factor.bottomRightCorner(rest, rest).triangularView<Eigen::Lower>().solveInPlace(below);
        }
        for (Index at = 0; at < size_; at += kBlock) {
            const Index width = std::min(kBlock, size_ - at);
            const Index rest = size_ - at;
            inverse_.block(0, at, at + width, width).noalias() =
                root_.block(at, 0, rest, at + width).transpose() *
                root_.block(at, at, rest, width);
        }
    }

    Index size_;
    Index dimensions_;
    VectorXd values_;
    double median_;
    MatrixXd squares_;  ///< squared differences: a row for each pair, a column for each dimension
    // Kept between calls so that their memory is.
    VectorXd a_, e_, matern_, weights_;
    MatrixXd k_, root_, inverse_;  ///< root_: the inverse of the factor
    Eigen::LLT<MatrixXd> factor_;
};

std::vector<double> as_vector(const Hyperparameters& theta) {
    std::vector<double> x = theta.length;
    x.push_back(theta.signal);
    x.push_back(theta.noise);
    return x;
}

}  // namespace

struct Fitting::State {
    const Encoding& encoding;
    std::vector<Point> points;
    std::vector<double> values;
    double median = 0.0;
    std::vector<double> low{};
    std::vector<double> high{};

    /// From fixed starts it begins cheaply, with some of the points: once as if there were hardly
    /// any noise, once as if there were much. The better end is where all points start from.
    enum class Stage : std::uint8_t { quiet, noisy, whole, done };
    Stage stage = Stage::done;
    std::optional<Evidence> evidence{};
    std::optional<Descent> descent{};
    Minimum best{};
    std::vector<double> gradient{};

    [[nodiscard]] const Patience& patience() const {
        return encoding.wide() ? kWidePatience : kPatience;
    }
    void begin(Stage next, std::vector<double> start);
    void sketch();
    [[nodiscard]] std::vector<double> start_at(double length, double noise) const;
    void end_stage();
};

std::vector<double> Fitting::State::start_at(double length, double noise) const {
    const double mode = median - 3;  // of the prior density, whose log has variance 3
    std::vector<double> theta(encoding.size() + 2,
                              std::clamp(mode + length, kLengthMin, kLengthMax));
    theta[encoding.size()] = 0;
    theta[encoding.size() + 1] = noise;
    return theta;
}

void Fitting::State::begin(Stage next, std::vector<double> start) {
    stage = next;
    MinimiseLimits limits;
    limits.evaluations =
        next == Stage::whole ? patience().whole_evaluations : patience().sketch_evaluations;
    limits.relative_decrease = patience().relative_decrease;
    gradient.resize(start.size());
    descent.emplace(std::move(start), low, high, limits);
}

void Fitting::State::sketch() {
    std::vector<Point> some_points;
    std::vector<double> some_values;
    const std::size_t count = std::min(kSketch, points.size());
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = i * points.size() / count;
        some_points.push_back(points[at]);
        some_values.push_back(values[at]);
    }
    evidence.emplace(encoding, some_points, some_values, median);
    begin(Stage::quiet, start_at(0.5, -6));
}

void Fitting::State::end_stage() {
    Minimum found = descent->lowest();
    switch (stage) {
        case Stage::quiet:
            best = std::move(found);
            return begin(Stage::noisy, start_at(1.5, -2));
        case Stage::noisy:
            if (found.value < best.value) best = std::move(found);
            stage = Stage::done;
            if (points.size() <= kSketch) return;
            evidence.emplace(encoding, points, values, median);
            return begin(Stage::whole, best.x);
        case Stage::whole:
        case Stage::done: break;
    }
    best = std::move(found);
    stage = Stage::done;
}

Fitting::Fitting(const Encoding& encoding,
                 std::vector<Point> points,
                 std::vector<double> values,
                 const FitOptions& options)
    : state_(std::make_unique<State>(State{encoding, std::move(points), std::move(values)})) {
    const std::size_t d = encoding.size();
    state_->median =
        std::numbers::sqrt2 + 0.5 * std::log(static_cast<double>(d)) + options.length_shift;
    state_->low.assign(d + 2, kLengthMin);
    state_->high.assign(d + 2, kLengthMax);
    state_->low[d] = -8;
    state_->high[d] = 8;
    state_->low[d + 1] = -18;
    state_->high[d + 1] = 3;
    if (options.start == nullptr) {
        state_->sketch();
        return;
    }
    state_->evidence.emplace(encoding, state_->points, state_->values, state_->median);
    state_->begin(State::Stage::whole, as_vector(*options.start));
}
Fitting::~Fitting() = default;
Fitting::Fitting(Fitting&&) noexcept = default;
Fitting& Fitting::operator=(Fitting&&) noexcept = default;

bool Fitting::done() const {
    return state_->stage == State::Stage::done;
}

double Fitting::step() {
    State& s = *state_;
    const std::vector<double>* const at = s.descent->wanted();
    if (at != nullptr) s.descent->take((*s.evidence)(*at, s.gradient), s.gradient);
    if (s.descent->wanted() == nullptr) s.end_stage();
    return s.evidence->work();
}

Hyperparameters Fitting::result() const {
    const std::size_t d = state_->encoding.size();
    const std::vector<double>& x = state_->best.x;
    Hyperparameters result;
    result.length.assign(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(d));
    result.signal = x[d];
    result.noise = x[d + 1];
    return result;
}

Hyperparameters fit(const Encoding& encoding,
                    const std::vector<Point>& points,
                    const std::vector<double>& values,
                    const FitOptions& options) {
    Fitting fitting(encoding, points, values, options);
    while (!fitting.done())
        fitting.step();
    return fitting.result();
}

}  // namespace sweepctl::bayes

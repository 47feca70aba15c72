#include "search/bayes/gaussian_process.hpp"

#include "sweepctl/base/check.hpp"

#include "search/bayes/expansion.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

namespace sweepctl::bayes {

struct Posterior::State {
    const Arithmetic* kind;
    std::unique_ptr<PosteriorArithmetic> arithmetic;
    std::optional<Expansion> expansion{};
    std::vector<double> known_means{};  ///< of the observed, then of the pending points
    double best = 0.0;                  ///< of them
    std::size_t candidates = 0;         ///< how many the last means() had
    // Expanded ones, kept so that their memory is:
    std::vector<double> point{};
    std::vector<double> mean_gradient{};
    std::vector<double> deviation_gradient{};
};

double Hyperparameters::noise_variance() const {
    return std::exp(noise) + kNoiseFloor;
}

thread_local std::unique_ptr<Posterior::State> Posterior::spare;

Posterior::Posterior(const Encoding& encoding,
                     const Hyperparameters& hyperparameters,
                     const std::vector<Point>& observed,
                     const std::vector<double>& values,
                     const std::vector<Point>& pending,
                     const Arithmetic& arithmetic)
    : state_(std::move(spare)) {
    if (!state_ || state_->kind != &arithmetic)
        state_ = std::make_unique<State>(State{&arithmetic, arithmetic.posterior()});
    State& s = *state_;
    s.expansion.emplace(encoding, hyperparameters.length);
    s.expansion->centre(observed);
    const std::size_t size = s.expansion->size();
    s.point.resize(size);
    s.mean_gradient.resize(size);
    s.deviation_gradient.resize(size);
    s.known_means.resize(observed.size() + pending.size());
    double* z = s.arithmetic->points(size, s.known_means.size());
    for (const auto* points : {&observed, &pending}) {
        for (const Point& point : *points) {
            s.expansion->expand(point, z);
            z += size;
        }
    }
    const bool built =
        s.arithmetic->build(std::exp(hyperparameters.signal), hyperparameters.noise_variance(),
                            values.data(), observed.size(), s.known_means.data());
    SWEEPCTL_CHECK(built);
    const std::vector<double>& means = s.known_means;
    s.best = means.empty() ? 0.0 : *std::min_element(means.begin(), means.end());
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

double Posterior::left_out_error() const {
    return state_->arithmetic->left_out_error();
}

std::vector<double> Posterior::means(const std::vector<Point>& points) {
    State& s = *state_;
    double* z = s.arithmetic->candidates(points.size());
    for (const Point& point : points) {
        s.expansion->expand(point, z);
        z += s.expansion->size();
    }
    s.candidates = points.size();
    std::vector<double> result(s.candidates);
    s.arithmetic->means(result.data());
    return result;
}

std::vector<double> Posterior::deviation_bounds() const {
    std::vector<double> bounds(state_->candidates);
    state_->arithmetic->deviation_bounds(bounds.data());
    return bounds;
}

std::vector<double> Posterior::deviations(const std::vector<std::size_t>& which) {
    std::vector<double> result(which.size());
    state_->arithmetic->deviations(which.data(), which.size(), result.data());
    return result;
}

Belief Posterior::at(const Point& point,
                     std::vector<double>& mean_gradient,
                     std::vector<double>& deviation_gradient) const {
    State& s = *state_;
    s.expansion->expand(point, s.point.data());
    const Belief belief =
        s.arithmetic->at(s.point.data(), s.mean_gradient.data(), s.deviation_gradient.data());
    s.expansion->contract(s.mean_gradient.data(), mean_gradient);
    s.expansion->contract(s.deviation_gradient.data(), deviation_gradient);
    return belief;
}

double Posterior::distance(const Point& left, const Point& right) const {
    return state_->expansion->distance(left.data(), right.data());
}

}  // namespace sweepctl::bayes

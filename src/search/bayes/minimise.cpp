#include "search/bayes/minimise.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <utility>

namespace sweepctl::bayes {

namespace {

using Vector = std::vector<double>;

constexpr std::size_t kMemory = 8;
constexpr double kArmijo = 1e-4;
constexpr double kBackOff = 0.4;
constexpr int kBackOffs = 12;

double dot(const Vector& left, const Vector& right) {
    return std::inner_product(left.begin(), left.end(), right.begin(), 0.0);
}

/// What the last steps tell of the curvature.
class Curvature {
public:
    void learn(Vector step, Vector change) {
        const double curve = dot(step, change);
        if (!(curve > 1e-12 * dot(change, change))) return;
        pairs_.push_back({std::move(step), std::move(change), 1 / curve});
        if (pairs_.size() > kMemory) pairs_.pop_front();
    }
    void forget() { pairs_.clear(); }
    [[nodiscard]] bool empty() const { return pairs_.empty(); }

    /// Minus the inverse Hessian times the gradient, as far as it is known.
    [[nodiscard]] Vector direction(const Vector& gradient) const {
        Vector q = gradient;
        Vector factors(pairs_.size());
        for (std::size_t i = pairs_.size(); i-- > 0;) {
            factors[i] = pairs_[i].inverse * dot(pairs_[i].step, q);
            add(q, pairs_[i].change, -factors[i]);
        }
        if (!pairs_.empty()) {
            const Pair& last = pairs_.back();
            const double scale = 1 / (last.inverse * dot(last.change, last.change));
            for (double& entry : q)
                entry *= scale;
        }
        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            const double factor = pairs_[i].inverse * dot(pairs_[i].change, q);
            add(q, pairs_[i].step, factors[i] - factor);
        }
        for (double& entry : q)
            entry = -entry;
        return q;
    }

private:
    struct Pair {
        Vector step;
        Vector change;  ///< of the gradient
        double inverse;
    };
    static void add(Vector& to, const Vector& what, double times) {
        for (std::size_t i = 0; i < to.size(); ++i)
            to[i] += times * what[i];
    }
    std::deque<Pair> pairs_;
};

}  // namespace

Minimum minimise(const Objective& objective,
                 Vector start,
                 const Vector& low,
                 const Vector& high,
                 const MinimiseLimits& limits) {
    const std::size_t size = start.size();
    Vector x = std::move(start);
    Vector gradient(size);
    double value = objective(x, gradient);
    int left = limits.evaluations - 1;
    Curvature curvature;
    Vector next(size);
    Vector next_gradient(size);
    while (left > 0 && std::isfinite(value)) {
        // What presses against its bound stays there.
        Vector free = gradient;
        double steepest = 0;
        for (std::size_t i = 0; i < size; ++i) {
            if ((x[i] <= low[i] && free[i] > 0) || (x[i] >= high[i] && free[i] < 0)) free[i] = 0;
            steepest = std::max(steepest, std::abs(free[i]));
        }
        if (!(steepest > limits.gradient)) break;
        Vector direction = curvature.direction(free);
        for (std::size_t i = 0; i < size; ++i) {
            if (free[i] == 0) direction[i] = 0;
        }
        if (!(dot(direction, free) < 0)) {
            curvature.forget();
            direction = curvature.direction(free);
        }
        double longest = 0;
        for (const double entry : direction)
            longest = std::max(longest, std::abs(entry));
        double length = longest > limits.step ? limits.step / longest : 1.0;
        if (curvature.empty()) length = std::min(length, 0.25 * limits.step / longest);

        bool moved = false;
        double next_value = value;
        for (int tries = 0; tries < kBackOffs && left > 0; ++tries, length *= kBackOff) {
            double expected = 0;
            for (std::size_t i = 0; i < size; ++i) {
                next[i] = std::clamp(x[i] + length * direction[i], low[i], high[i]);
                expected += (next[i] - x[i]) * free[i];
            }
            next_value = objective(next, next_gradient);
            --left;
            if (std::isfinite(next_value) && next_value <= value + kArmijo * expected) {
                moved = true;
                break;
            }
        }
        if (!moved) {
            if (curvature.empty()) break;
            curvature.forget();
            continue;
        }
        Vector step(size);
        Vector change(size);
        for (std::size_t i = 0; i < size; ++i) {
            step[i] = next[i] - x[i];
            change[i] = next_gradient[i] - gradient[i];
        }
        curvature.learn(std::move(step), std::move(change));
        const double decrease = value - next_value;
        std::swap(x, next);
        std::swap(gradient, next_gradient);
        value = next_value;
        if (decrease < limits.relative_decrease * std::max(1.0, std::abs(value))) break;
    }
    return {std::move(x), value};
}

}  // namespace sweepctl::bayes

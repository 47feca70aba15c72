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

struct Descent::State {
    Vector low;
    Vector high;
    MinimiseLimits limits;
    Curvature curvature{};

    Vector x{};
    Vector gradient{};
    double value = 0.0;
    bool begun = false;
    int left = 0;  ///< evaluations

    // The line that is searched at present:
    Vector free{};  ///< the gradient without what presses against its bound
    Vector direction{};
    double length = 1.0;
    int tries = 0;
    Vector next{};
    double expected = 0.0;  ///< change of the value at `next`, as far as the gradient tells

    bool done = false;

    void aim();
    void probe();
    void take(double next_value, const Vector& next_gradient);
    void arrive(double next_value, const Vector& next_gradient);
};

/// Chooses a direction from where it is.
void Descent::State::aim() {
    done = true;
    if (left <= 0) return;
    // What presses against its bound stays there.
    free = gradient;
    double steepest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if ((x[i] <= low[i] && free[i] > 0) || (x[i] >= high[i] && free[i] < 0)) free[i] = 0;
        steepest = std::max(steepest, std::abs(free[i]));
    }
    if (!(steepest > limits.gradient)) return;
    direction = curvature.direction(free);
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (free[i] == 0) direction[i] = 0;
    }
    if (!(dot(direction, free) < 0)) {
        curvature.forget();
        direction = curvature.direction(free);
    }
    double longest = 0;
    for (const double entry : direction)
        longest = std::max(longest, std::abs(entry));
    length = longest > limits.step ? limits.step / longest : 1.0;
    if (curvature.empty()) length = std::min(length, 0.25 * limits.step / longest);
    tries = 0;
    done = false;
    probe();
}

void Descent::State::probe() {
    expected = 0;
    next.resize(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        next[i] = std::clamp(x[i] + length * direction[i], low[i], high[i]);
        expected += (next[i] - x[i]) * free[i];
    }
}

void Descent::State::take(double next_value, const Vector& next_gradient) {
    --left;
    if (!begun) {
        begun = true;
        x = next;
        value = next_value;
        gradient = next_gradient;
        done = !std::isfinite(value);
        if (!done) aim();
        return;
    }
    if (std::isfinite(next_value) && next_value <= value + kArmijo * expected)
        return arrive(next_value, next_gradient);
    ++tries;
    length *= kBackOff;
    if (tries < kBackOffs && left > 0) return probe();
    done = curvature.empty();
    if (done) return;
    curvature.forget();
    aim();
}

void Descent::State::arrive(double next_value, const Vector& next_gradient) {
    Vector step(x.size());
    Vector change(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        step[i] = next[i] - x[i];
        change[i] = next_gradient[i] - gradient[i];
    }
    curvature.learn(std::move(step), std::move(change));
    const double decrease = value - next_value;
    x = next;
    gradient = next_gradient;
    value = next_value;
    done = decrease < limits.relative_decrease * std::max(1.0, std::abs(value));
    if (!done) aim();
}

Descent::Descent(Vector start, Vector low, Vector high, const MinimiseLimits& limits)
    : state_(std::make_unique<State>(State{std::move(low), std::move(high), limits})) {
    state_->left = limits.evaluations;
    state_->next = std::move(start);
}
Descent::~Descent() = default;
Descent::Descent(Descent&&) noexcept = default;
Descent& Descent::operator=(Descent&&) noexcept = default;

const std::vector<double>* Descent::wanted() const {
    return state_->done ? nullptr : &state_->next;
}

void Descent::take(double value, const std::vector<double>& gradient) {
    state_->take(value, gradient);
}

Minimum Descent::lowest() const {
    return {state_->x, state_->value};
}

Minimum minimise(const Objective& objective,
                 Vector start,
                 const Vector& low,
                 const Vector& high,
                 const MinimiseLimits& limits) {
    Vector gradient(start.size());
    Descent descent(std::move(start), low, high, limits);
    while (const Vector* at = descent.wanted())
        descent.take(objective(*at, gradient), gradient);
    return descent.lowest();
}

}  // namespace sweepctl::bayes

#pragma once

#include <functional>
#include <memory>
#include <vector>

namespace sweepctl::bayes {

/// The value at `x`; writes the gradient there. May return infinity, where the gradient means
/// nothing.
using Objective =
    std::function<double(const std::vector<double>& x, std::vector<double>& gradient)>;

struct MinimiseLimits {
    int evaluations = 40;
    double step = 2.0;                ///< no coordinate moves further at once
    double gradient = 1e-3;           ///< flat enough
    double relative_decrease = 1e-7;  ///< slow enough
};

struct Minimum {
    std::vector<double> x;
    double value = 0.0;
};

/// Projected L-BFGS within a box from `start`, which must lie in it, one evaluation at a time: for
/// whoever has other things to do in between.
class Descent {
public:
    Descent(std::vector<double> start,
            std::vector<double> low,
            std::vector<double> high,
            const MinimiseLimits& limits);
    ~Descent();
    Descent(Descent&&) noexcept;
    Descent& operator=(Descent&&) noexcept;

    /// Where the objective is wanted next; nullptr when the minimum is found.
    [[nodiscard]] const std::vector<double>* wanted() const;
    /// What it is there.
    void take(double value, const std::vector<double>& gradient);

    /// Never worse than the start.
    [[nodiscard]] Minimum lowest() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// All of it at once.
[[nodiscard]] Minimum minimise(const Objective& objective,
                               std::vector<double> start,
                               const std::vector<double>& low,
                               const std::vector<double>& high,
                               const MinimiseLimits& limits);

}  // namespace sweepctl::bayes

#pragma once

#include "search/bayes/arithmetic.hpp"
#include "search/bayes/encoding.hpp"

#include <memory>
#include <vector>

// A Gaussian process over encoded points: Matern 5/2 with a length-scale for each dimension, a
// constant kernel in place of a mean, learned signal variance and noise. All values are in units of
// the standardised metric, the lower the better.

namespace sweepctl::bayes {

/// What the kernel is made of, as logarithms.
struct Hyperparameters {
    std::vector<double> length;  ///< of each dimension
    double signal = 0.0;         ///< variance
    double noise = -6.0;         ///< variance

    [[nodiscard]] double noise_variance() const;
};

struct FitOptions {
    /// Added to the log of the length-scales' prior median.
    double length_shift = 0.0;
    /// Where to start; nullptr: from fixed starts.
    const Hyperparameters* start = nullptr;
    const Arithmetic* arithmetic = &Arithmetic::fastest();
};

/// Finds the most probable hyperparameters given points and their values (MAP), piece by piece: the
/// same as fit(), in pauses.
class Fitting {
public:
    /// `encoding` must outlive it.
    Fitting(const Encoding& encoding,
            std::vector<Point> points,
            std::vector<double> values,
            const FitOptions& options);
    ~Fitting();
    Fitting(Fitting&&) noexcept;
    Fitting& operator=(Fitting&&) noexcept;

    [[nodiscard]] bool done() const;
    /// The next piece: one evaluation. Says how many multiplications it took, about.
    double step();
    [[nodiscard]] Hyperparameters result() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// All of it at once.
[[nodiscard]] Hyperparameters fit(const Encoding& encoding,
                                  const std::vector<Point>& points,
                                  const std::vector<double>& values,
                                  const FitOptions& options);

/// What is believed about the metric everywhere. Pending points make it surer around them without
/// changing what it expects (kriging believer).
class Posterior {
public:
    Posterior(const Encoding& encoding,
              const Hyperparameters& hyperparameters,
              const std::vector<Point>& observed,
              const std::vector<double>& values,
              const std::vector<Point>& pending,
              const Arithmetic& arithmetic = Arithmetic::fastest());
    ~Posterior();
    Posterior(const Posterior&) = delete;
    Posterior& operator=(const Posterior&) = delete;

    /// The lowest expected value at an observed or pending point.
    [[nodiscard]] double best() const;
    /// The `count` points with the lowest expected values, by index, the observed ones first.
    [[nodiscard]] std::vector<std::size_t> best_known(std::size_t count) const;

    /// The mean square of by how much the value of each observed point is missed when it is
    /// predicted from the others.
    [[nodiscard]] double left_out_error() const;

    /// Expected values at many points. They are kept for deviations().
    [[nodiscard]] std::vector<double> means(const std::vector<Point>& points);
    /// Upper bounds of the deviations at the points of the last means(), from the nearest known
    /// point of each alone.
    [[nodiscard]] std::vector<double> deviation_bounds() const;
    /// Standard deviations at some of the points of the last means().
    [[nodiscard]] std::vector<double> deviations(const std::vector<std::size_t>& which);

    /// At one point, with the gradients by its coordinates (zero for categories).
    [[nodiscard]] Belief at(const Point& point,
                            std::vector<double>& mean_gradient,
                            std::vector<double>& deviation_gradient) const;

    /// Squared distance in units of the length-scales.
    [[nodiscard]] double distance(const Point& left, const Point& right) const;

private:
    struct State;
    std::unique_ptr<State> state_;
    /// That of the last one that ended. Its megabytes are used again: getting them from the system
    /// took a quarter of the time of a suggestion.
    static thread_local std::unique_ptr<State> spare;
};

}  // namespace sweepctl::bayes

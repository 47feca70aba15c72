#pragma once

#include <cstddef>
#include <memory>

// The arithmetic of the Gaussian process, on plain numbers. It is compiled twice: for any machine,
// and for those with AVX2 and FMA, where it takes half the time (src/decisions/0010). The two agree
// but for the last digits.

namespace sweepctl::bayes {

constexpr double kMeanVariance = 1.0;  ///< prior variance of the unknown mean
constexpr double kNoiseFloor = 1e-6;

/// What is expected of the metric at a point, and how surely.
struct Belief {
    double mean = 0.0;
    double deviation = 0.0;
};

/// Of one Posterior after the other: its memory is used again. Points are expanded ones, one after
/// the other; covariances are Matern's with length-scales of 1.
class PosteriorArithmetic {
public:
    PosteriorArithmetic() = default;
    virtual ~PosteriorArithmetic();
    PosteriorArithmetic(const PosteriorArithmetic&) = delete;
    PosteriorArithmetic& operator=(const PosteriorArithmetic&) = delete;

    /// Room for the known points, `size` numbers each: the observed ones, then the pending ones.
    virtual double* points(std::size_t size, std::size_t count) = 0;
    /// Of them `observed` have values. Puts the mean of each into `means`. false: however much
    /// noise is added, the covariance cannot be factored.
    [[nodiscard]] virtual bool build(
        double signal, double noise, const double* values, std::size_t observed, double* means) = 0;

    /// The mean square of by how much the value of each observed point is missed when it is
    /// predicted from the others.
    [[nodiscard]] virtual double left_out_error() = 0;

    /// Room for candidates.
    virtual double* candidates(std::size_t count) = 0;
    /// Of each candidate. Their covariances are kept for what follows.
    virtual void means(double* out) = 0;
    /// Not less than the deviation of each candidate.
    virtual void deviation_bounds(double* out) const = 0;
    /// Of `count` of the candidates.
    virtual void deviations(const std::size_t* which, std::size_t count, double* out) = 0;

    /// At a point, with gradients by its coordinates.
    virtual Belief at(const double* point, double* mean_gradient, double* deviation_gradient) = 0;
};

/// Of one fit: minus the log of the posterior density of hyperparameters, given some points.
class EvidenceArithmetic {
public:
    EvidenceArithmetic() = default;
    virtual ~EvidenceArithmetic();
    EvidenceArithmetic(const EvidenceArithmetic&) = delete;
    EvidenceArithmetic& operator=(const EvidenceArithmetic&) = delete;

    /// Room for what is given for each dimension: the squared differences of all pairs of points
    /// (1 and 0), (2 and 0), (2 and 1), (3 and 0) and so on.
    virtual double* squares(std::size_t dimension) = 0;
    virtual double* values() = 0;

    /// `theta` and `gradient`: by the logarithms of the length-scales, the signal and the noise.
    /// Infinite where it is too ill-conditioned. `length_median`: the log of the length-scales'
    /// prior median.
    virtual double evaluate(const double* theta, double length_median, double* gradient) = 0;
};

/// One way to compute it.
struct Arithmetic {
    PosteriorArithmetic* (*new_posterior)();
    EvidenceArithmetic* (*new_evidence)(std::size_t points, std::size_t dimensions);

    [[nodiscard]] std::unique_ptr<PosteriorArithmetic> posterior() const;
    [[nodiscard]] std::unique_ptr<EvidenceArithmetic> evidence(std::size_t points,
                                                               std::size_t dimensions) const;

    /// The one for any machine.
    static const Arithmetic portable;
    /// The fastest one of this machine.
    static const Arithmetic& fastest();
};

}  // namespace sweepctl::bayes

#include "search/bayes/arithmetic.hpp"

#ifdef SWEEPCTL_HAS_AVX2
#include "search/bayes/arithmetic_avx2.hpp"
#endif

namespace sweepctl::bayes {

PosteriorArithmetic::~PosteriorArithmetic() = default;
EvidenceArithmetic::~EvidenceArithmetic() = default;

std::unique_ptr<PosteriorArithmetic> Arithmetic::posterior() const {
    return std::unique_ptr<PosteriorArithmetic>(new_posterior());
}

std::unique_ptr<EvidenceArithmetic> Arithmetic::evidence(std::size_t points,
                                                         std::size_t dimensions) const {
    return std::unique_ptr<EvidenceArithmetic>(new_evidence(points, dimensions));
}

const Arithmetic& Arithmetic::fastest() {
#ifdef SWEEPCTL_HAS_AVX2
    static const bool avx2 =
        __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    if (avx2) return arithmetic_avx2;
#endif
    return portable;
}

}  // namespace sweepctl::bayes

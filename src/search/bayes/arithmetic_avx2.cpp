// For machines with AVX2 and FMA. The name of Eigen is changed: its instances here must not be
// taken for those of other files.

#define Eigen EigenAvx2

#include "search/bayes/arithmetic_avx2.hpp"

#include "search/bayes/arithmetic_impl.hpp"

namespace sweepctl::bayes {

// constinit: it is computed by no instruction of AVX2.
constinit const Arithmetic arithmetic_avx2{posterior_matrices, evidence_matrices};

}  // namespace sweepctl::bayes

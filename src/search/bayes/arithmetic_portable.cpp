// For any machine.

#include "search/bayes/arithmetic_impl.hpp"

namespace sweepctl::bayes {

const Arithmetic Arithmetic::portable{posterior_matrices, evidence_matrices};

}  // namespace sweepctl::bayes

#pragma once

#include "search/bayes/arithmetic.hpp"

namespace sweepctl::bayes {

/// Only for machines with AVX2 and FMA. Only there with SWEEPCTL_HAS_AVX2.
extern const Arithmetic arithmetic_avx2;

}  // namespace sweepctl::bayes

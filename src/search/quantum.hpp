#pragma once

#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/value.hpp"

namespace sweepctl {

/// The multiple of q nearest to `value` (halves go to the even one), kept to those within
/// [min, max] where there are any. Without the noise of binary fractions: 3 x 0.1 is 0.3.
[[nodiscard]] ParamValue nearest_multiple(const Quantum& quantum,
                                          double value,
                                          double min,
                                          double max);

/// How many digits `value` has behind the decimal point, as written shortest.
[[nodiscard]] int decimals(double value);

/// `value` rounded to `digits` behind the decimal point.
[[nodiscard]] double rounded(double value, int digits);

/// A whole number as an integer of any size.
[[nodiscard]] ParamValue integer_value(double whole);

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/value.hpp"

#include <string>

// When two values are the same choice, so that trying both would be trying one twice
// (sweep-semantics 5.1): 3 and 3.0 are (but not inside lists and maps), NaN and NaN are, and maps
// in whatever order; true and 1, "3" and 3, null and "null" are not.

namespace sweepctl {

[[nodiscard]] bool same_choice(const ParamValue& left, const ParamValue& right);

/// A text that two values share exactly when they are the same choice.
[[nodiscard]] std::string choice_key(const ParamValue& value);

}  // namespace sweepctl

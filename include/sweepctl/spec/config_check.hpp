#pragma once

#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/value.hpp"

#include <string>
#include <vector>

// Whether a configuration that a search did not make is one of its space.

namespace sweepctl {

/// What is wrong with it, for people: "'lr' is 0.5, above the maximum 0.1". Parameters that the
/// space does not have or that it lacks, but for constants, and values outside the space.
[[nodiscard]] std::vector<std::string> config_faults(const SearchSpace& space,
                                                     const Config& config);

}  // namespace sweepctl

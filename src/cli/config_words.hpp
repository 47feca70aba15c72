#pragma once

#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/value.hpp"

#include "cli/assignment.hpp"

#include <string>
#include <vector>

namespace sweepctl::cli {

/// The configuration that "key=value" words give. A key that is a parameter's name is that
/// parameter; otherwise its dots lead into groups. Throws CliError(kUsage) when two contradict.
[[nodiscard]] Config config_from(const std::vector<Assignment>& assignments,
                                 const SearchSpace& space);

}  // namespace sweepctl::cli

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

/// The parameters that `config` lacks, as dotted paths. Throws CliError when it has a value that is
/// none of the space's parameters: a slip of the pen would otherwise be a run that ignores it.
[[nodiscard]] std::vector<std::string> missing_parameters(const Config& config,
                                                          const SearchSpace& space);

}  // namespace sweepctl::cli

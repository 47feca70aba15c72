#pragma once

#include "sweepctl/core/search_options.hpp"
#include "sweepctl/core/search_space.hpp"

#include "spec/yaml_node.hpp"

#include <optional>

namespace sweepctl {

/// Reads the map `parameters` (sweep-semantics 4.4, 4.5), sorted. Parameters that are wrong are in
/// the findings and not in the space.
[[nodiscard]] SearchSpace parse_parameters(const YamlNode& node,
                                           std::optional<Method> method,
                                           Findings& findings);

}  // namespace sweepctl

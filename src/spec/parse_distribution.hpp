#pragma once

#include "sweepctl/core/search_options.hpp"
#include "sweepctl/core/search_space.hpp"

#include "spec/yaml_node.hpp"

#include <optional>
#include <string>

namespace sweepctl {

/// Reads one parameter that is no group: a map with `value`, `values`, or the keys of a
/// distribution, which is inferred where it is not named (sweep-semantics 4.4). `name` is dotted.
[[nodiscard]] std::optional<Distribution> parse_distribution(const YamlNode& node,
                                                             const std::string& name,
                                                             std::optional<Method> method,
                                                             Findings& findings);

}  // namespace sweepctl

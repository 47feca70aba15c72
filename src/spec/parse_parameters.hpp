#pragma once

#include "sweepctl/core/search_options.hpp"
#include "sweepctl/core/search_space.hpp"

#include "spec/yaml_node.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sweepctl {

struct ParsedParameters {
    SearchSpace space;  ///< those that are right
    /// Where each one stands, right or wrong: {"opt", "lr"}. What names one that is wrong is not
    /// wrong for that.
    std::vector<std::vector<std::string>> paths;
};

/// Reads the map `parameters` (sweep-semantics 4.4, 4.5), sorted. What is wrong is in the findings.
[[nodiscard]] ParsedParameters parse_parameters(const YamlNode& node,
                                                std::optional<Method> method,
                                                Findings& findings);

}  // namespace sweepctl

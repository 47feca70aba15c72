#pragma once

#include "sweepctl/spec/sweep_spec.hpp"

#include "spec/fields.hpp"

#include <string>
#include <vector>

namespace sweepctl {

/// Reads our own keys, those below `sweepctl:`, into the spec, whose method and space are there;
/// `parameters` are the paths of all that the spec has, right or wrong.
void parse_extension(const YamlNode& node,
                     const std::vector<std::vector<std::string>>& parameters,
                     SweepSpec& spec,
                     Findings& findings);

}  // namespace sweepctl

#pragma once

#include "sweepctl/spec/sweep_spec.hpp"

#include "spec/fields.hpp"

namespace sweepctl {

/// Reads our own keys, those below `sweepctl:`, into the spec, whose method and space are there.
void parse_extension(const YamlNode& node, SweepSpec& spec, Findings& findings);

}  // namespace sweepctl

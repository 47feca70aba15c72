#pragma once

#include "sweepctl/spec/sweep_spec.hpp"

#include "spec/fields.hpp"

#include <string>
#include <vector>

namespace sweepctl {

/// Reads `program` and `command` into the spec, and checks every macro; `parameters` are the paths
/// of all that the spec has.
void parse_command(Fields& fields,
                   std::vector<std::vector<std::string>> parameters,
                   const SpecOptions& options,
                   SweepSpec& spec,
                   Findings& findings);

}  // namespace sweepctl

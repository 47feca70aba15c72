#pragma once

#include "sweepctl/spec/sweep_spec.hpp"

#include "spec/fields.hpp"

namespace sweepctl {

/// Reads `program` and `command` into the spec, whose space is there, and checks every macro.
void parse_command(Fields& fields, SweepSpec& spec, Findings& findings);

}  // namespace sweepctl

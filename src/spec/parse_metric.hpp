#pragma once

#include "sweepctl/spec/sweep_spec.hpp"

#include "spec/fields.hpp"

namespace sweepctl {

/// Reads `metric` (sweep-semantics 4.3) into the spec.
void parse_metric(const YamlNode& node, SweepSpec& spec, Findings& findings);

/// Checks `metrics`, which only custom searches have.
void check_metrics(const YamlNode& node, Findings& findings);

/// Reads `early_terminate` (sweep-semantics 4.6) into the spec.
void parse_early_terminate(const YamlNode& node, SweepSpec& spec, Findings& findings);

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/value.hpp"

#include "cli/table.hpp"

#include <string_view>

namespace sweepctl::cli {

/// Runs with their states, the parameters in which they differ, and their metrics: the sweep's own
/// metric and what they are sorted by first.
[[nodiscard]] Table runs_table(const ParamValue& sweep,
                               const ParamList& runs,
                               std::string_view sort_key);

}  // namespace sweepctl::cli

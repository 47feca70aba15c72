#pragma once

#include "sweepctl/core/value.hpp"

#include <string>
#include <vector>

namespace sweepctl {

/// Puts `value` at `path` of a configuration that is filled in the order of a SearchSpace: a group
/// that is already there is the last entry of its level.
void place(Config& config, const std::vector<std::string>& path, ParamValue value);

/// What stands at `path`, or nullptr.
[[nodiscard]] const ParamValue* at_path(const Config& config, const std::vector<std::string>& path);

}  // namespace sweepctl

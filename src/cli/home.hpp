#pragma once

#include <optional>
#include <string>

// The state directory: where it is, and what in it leads to its controller.

namespace sweepctl::cli {

/// --home, SWEEPCTL_HOME, $XDG_STATE_HOME/sweepctl or ~/.local/state/sweepctl, the first that is
/// given; absolute. Throws CliError when none can be told.
[[nodiscard]] std::string state_directory(const std::optional<std::string>& given);

}  // namespace sweepctl::cli

#pragma once

#include <optional>
#include <string>

// The directories that a verb begins with: its state, and where it was called.

namespace sweepctl::cli {

/// --home, SWEEPCTL_HOME, $XDG_STATE_HOME/sweepctl or ~/.local/state/sweepctl, the first that is
/// given; absolute. Throws CliError when none can be told.
[[nodiscard]] std::string state_directory(const std::optional<std::string>& given);

/// The current directory, fit to be named to a controller. Throws CliError when it was deleted, or
/// its name is not UTF-8.
[[nodiscard]] std::string working_directory();

}  // namespace sweepctl::cli

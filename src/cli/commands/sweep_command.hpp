#pragma once

#include "cli/verb.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl::cli {

class Session;

/// pause, resume, stop and cancel: POST /sweeps/ID/COMMAND for each sweep, and say what happened.
int sweep_command(Session& session,
                  std::string_view command,
                  const std::vector<std::string>& sweeps,
                  std::optional<std::string> grace = std::nullopt);

/// The arguments of those that take nothing but sweeps.
Action declare_sweep_command(Arguments& arguments, std::string_view command);

}  // namespace sweepctl::cli

#pragma once

#include "sweepctl/agent/launcher.hpp"

#include <optional>
#include <string>
#include <string_view>

// The agent's half of runner/contract.hpp: what the runner is told, and run ids as one word.

namespace sweepctl {

/// A run id as one word: letters, digits, '-', '_' and '.' as they are, other bytes as %XX.
[[nodiscard]] std::string run_token(const RunId& run);
/// Empty when `token` is nothing that run_token writes.
[[nodiscard]] std::optional<RunId> run_from_token(std::string_view token);

/// The runner's first argument; empty when the run id is empty or too long, or the cwd is empty.
[[nodiscard]] std::optional<std::string> runner_params(const LaunchRequest& request,
                                                       int agent_pid,
                                                       std::string_view boot_id);

}  // namespace sweepctl

#pragma once

#include "sweepctl/agent/agent.hpp"
#include "sweepctl/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

// What one run's program is started with: argv, environment, directory, files.

namespace sweepctl {

struct RunSetting {
    const AgentSettings& agent;
    const SweepBrief& brief;
    const StartOrder& order;
    int slot = 0;
    std::vector<std::string> gpu_ids;  ///< assigned ones
};

/// home/sweeps/SWEEP/RUN.ATTEMPT
[[nodiscard]] std::string run_file_stem(const std::string& home,
                                        const SweepId& sweep,
                                        const RunId& run,
                                        std::uint32_t attempt);

/// SWEEP of such a stem.
[[nodiscard]] SweepId sweep_of_stem(std::string_view stem);

/// Everything of a launch but its lease. The error says which part of the command cannot be
/// expanded.
[[nodiscard]] Result<LaunchRequest, std::string> launch_request(const RunSetting& setting);

/// Which slot, how many slots and which GPUs a program was given, read back from its environment.
struct Placement {
    int slot = -1;
    Resources resources;
    std::vector<std::string> gpu_ids;
    SweepId sweep;
};
[[nodiscard]] Placement placement_of(const std::vector<std::string>& environment);

}  // namespace sweepctl

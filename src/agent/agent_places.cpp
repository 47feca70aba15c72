// How many runs the agent starts at a time, where that is less than its slots: no more than are still
// to finish. What it holds beyond that it gives back, so that others may start it.

#include "sweepctl/agent/agent.hpp"

#include <algorithm>
#include <limits>

namespace sweepctl {

/// How many may be started at a time; nullopt: as many as there are slots.
std::optional<std::uint64_t> Agent::places() const {
    if (!settings_.successes_max) return std::nullopt;
    return *settings_.successes_max - std::min(succeeded_, *settings_.successes_max);
}

std::uint64_t Agent::started() const {
    return static_cast<std::uint64_t>(
        std::count_if(executions_.begin(), executions_.end(), [](const auto& entry) {
            const Phase phase = entry.second.phase;
            return phase == Phase::launching || phase == Phase::live;
        }));
}

bool Agent::has_place() const {
    const std::optional<std::uint64_t> most = places();
    return !most || started() < *most;
}

/// The controller counts what has ended until nothing of it is alive.
std::optional<std::uint32_t> Agent::claims_max() const {
    const std::optional<std::uint64_t> most = places();
    if (!most) return std::nullopt;
    const auto ending =
        std::count_if(executions_.begin(), executions_.end(), [](const auto& entry) {
            const Execution& execution = entry.second;
            return execution.phase == Phase::ended &&
                   !(execution.end_reported && execution.drained);
        });
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(
        std::min(std::min(*most, kMost) + static_cast<std::uint64_t>(ending), kMost));
}

void Agent::keep_to_places() {
    if (!draining_ && done_enough()) drain();
    const std::optional<std::uint64_t> most = places();
    if (!most) return;
    const std::uint64_t room = *most - std::min(*most, started());
    while (queue_.size() > room)
        give_back(executions_.at(queue_.back()));
}

}  // namespace sweepctl

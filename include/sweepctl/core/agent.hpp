#pragma once

#include "sweepctl/core/ids.hpp"
#include "sweepctl/core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

enum class AgentState : std::uint8_t { online, lost, draining };
[[nodiscard]] std::string_view to_string(AgentState state);

/// How often an agent of ours says that it lives; more often while it holds claims, whose leases
/// that renews.
inline constexpr Duration kAgentHeartbeat = std::chrono::seconds{10};
inline constexpr Duration kAgentHeartbeatWithHeld = std::chrono::seconds{5};
/// One that was heard since may be well, however little patience a sweep has: its runs are given up
/// for a longer silence only.
inline constexpr Duration kAgentSilenceMin = 3 * kAgentHeartbeat;

/// How long a held claim may still be started after the agent's last contact, and what is added to
/// that before one can be sure. It may have been started until then, so the run is not given out
/// again: only the agent's return tells.
inline constexpr Duration kClaimLease = std::chrono::seconds{15};
inline constexpr Duration kLeaseMargin = std::chrono::seconds{2};

/// An agent as it is stored and shown.
struct AgentRecord {
    AgentId id;
    std::string host;
    std::string boot_id;
    int pid = 0;
    AgentState state = AgentState::lost;
    std::uint32_t slots = 1;
    std::uint32_t gpus = 0;
    bool local = false;  ///< spawned by this controller
    /// A W&B agent. It has no link: it asks by heartbeats, serves one sweep, one run at a time.
    bool foreign = false;
    std::optional<SweepId> only_sweep;  ///< serves this one only
    std::optional<WallTime> heartbeat_at;
    std::optional<WallTime> created_at;  ///< when it first registered; foreign ones only
};

}  // namespace sweepctl

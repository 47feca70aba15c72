#pragma once

#include "sweepctl/core/events.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// What an agent and the controller say to each other over one link. Either side may repeat
// anything.

namespace sweepctl {

/// How the runs of a sweep are started: told once a link, before the sweep's first start order.
struct SweepBrief {
    SweepId sweep;
    std::string project;
    std::string entity;
    std::optional<std::string> program;
    std::vector<std::string> command;
    std::string interpreter;
    std::string cwd;         ///< where the program is started
    std::string launch_dir;  ///< WANDB_DIR unless the user set one
    /// The launch environment; empty for an agent on another host or of another user.
    std::vector<std::pair<std::string, std::string>> launch_env;
    std::vector<std::pair<std::string, std::string>> env;  ///< sweepctl.env
    Duration kill_delay{30'000};
    Duration straggler_grace{5'000};
    bool forward_signals = true;
    StdoutMetrics stdout_metrics = StdoutMetrics::none;
};

/// The agent is wanted no longer: it leaves when nothing of its runs is alive.
struct ExitOrder {
    AgentId agent;
};

/// Asks for a piece of a run's output. The answer is a LogChunk with the same `id`.
struct TailOrder {
    AgentId agent;
    std::uint64_t id = 0;
    SweepId sweep;
    RunId run;
    std::uint32_t attempt = 1;
    std::uint64_t offset = 0;
    std::uint32_t limit = 0;
};

using AgentOrder = std::variant<SweepBrief,
                                StartOrder,
                                RevokeOrder,
                                SignalOrder,
                                AckOrder,
                                DrainOrder,
                                WelcomeOrder,
                                MetricsAck,
                                ExitOrder,
                                TailOrder>;

struct LogChunk {
    std::uint64_t id = 0;
    std::uint64_t size = 0;  ///< of the whole file
    std::string bytes;       ///< as they are, UTF-8 or not
    std::string error;       ///< empty, or why there are none
};

/// The agent has nothing any more and leaves.
struct AgentLeaving {
    AgentId agent;
    std::string reason;
};

using AgentMessage =
    std::variant<AgentHello, AgentReport, AgentHeartbeat, MetricsLogged, LogChunk, AgentLeaving>;

inline constexpr int kAgentProtocol = 1;

}  // namespace sweepctl

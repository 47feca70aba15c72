#pragma once

#include "sweepctl/core/request.hpp"
#include "sweepctl/core/run.hpp"
#include "sweepctl/core/run_rules.hpp"

#include <string_view>

// The rules for runs that are known only by what W&B's clients and agents say, as pure functions.

namespace sweepctl {

/// A W&B agent without a heartbeat for this long has gone; nobody says goodbye.
inline constexpr Duration kForeignAgentSilence = std::chrono::seconds{60};
/// Agents wait five seconds between heartbeats. One that comes sooner after an answer repeats its
/// request, since the answer did not reach it.
inline constexpr Duration kForeignBeat = std::chrono::milliseconds{4'500};
/// Heartbeats in a row without a run that the agent had: its process has ended. What its client has
/// to say about that comes by another process, perhaps a little later.
inline constexpr std::uint32_t kMissedBeats = 3;
/// How long a client may take to find a controller that is back: its longest pause between tries.
inline constexpr Duration kClientBackoff = std::chrono::seconds{75};

/// How "complete" ends a run (R4, R5, R11 to R15): by the client's exit code, unless its end was
/// ordered and the order had reached the client or its agent.
[[nodiscard]] EndVerdict judge_complete(const Run& run, int exit_code);
/// Its agent saw the process end, and its client never said how.
[[nodiscard]] EndVerdict judge_vanished(const Run& run);
/// Neither its client nor its agent was heard for the timeout.
[[nodiscard]] EndVerdict judge_lost(const Run& run);

/// Whether a client may be called back to life by a process that begins (R24).
[[nodiscard]] bool may_resume(const Run& run);

/// Whether a client's config comes from a process that has just begun: its environment
/// (`_wandb.value.e`) is told a little later.
[[nodiscard]] bool is_first_config(std::string_view config_json);

/// Whether ours can use `name` as a run's id, and as the name of its files.
[[nodiscard]] bool is_run_id(std::string_view name);

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/agent.hpp"
#include "sweepctl/core/changes.hpp"
#include "sweepctl/core/run.hpp"
#include "sweepctl/core/sweep_status.hpp"

#include <string_view>

// Stored words for enums that core has no reader for. The *_from functions throw std::runtime_error
// for a word that this version does not know.

namespace sweepctl {

[[nodiscard]] std::string_view word(RunOrigin origin);
[[nodiscard]] std::string_view word(ClaimPhase phase);
[[nodiscard]] std::string_view word(RunStream stream);

[[nodiscard]] RunState stored_run_state(std::string_view text);
[[nodiscard]] EndReason stored_end_reason(std::string_view text);
[[nodiscard]] SweepStatus stored_sweep_status(std::string_view text);
[[nodiscard]] AgentState stored_agent_state(std::string_view text);
[[nodiscard]] RunOrigin stored_origin(std::string_view text);
[[nodiscard]] ClaimPhase stored_claim_phase(std::string_view text);

}  // namespace sweepctl

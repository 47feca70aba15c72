#include "store/words.hpp"

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace sweepctl {

namespace {

constexpr std::array kOrigins{RunOrigin::search, RunOrigin::enqueued};
constexpr std::array kPhases{ClaimPhase::held, ClaimPhase::started, ClaimPhase::ended};
constexpr std::array kAgentStates{AgentState::online, AgentState::lost, AgentState::draining};

[[noreturn]] void unknown(const char* what, std::string_view text) {
    throw std::runtime_error(std::string("unknown ") + what + " '" + std::string(text) +
                             "' in the database");
}

}  // namespace

std::string_view word(RunOrigin origin) {
    switch (origin) {
        case RunOrigin::search: return "search";
        case RunOrigin::enqueued: return "enqueued";
    }
    std::abort();
}

std::string_view word(ClaimPhase phase) {
    switch (phase) {
        case ClaimPhase::held: return "held";
        case ClaimPhase::started: return "started";
        case ClaimPhase::ended: return "ended";
    }
    std::abort();
}

std::string_view word(RunStream stream) {
    switch (stream) {
        case RunStream::history: return "history";
        case RunStream::events: return "events";
        case RunStream::output: return "output";
    }
    std::abort();
}

RunState stored_run_state(std::string_view text) {
    const auto state = run_state_from(text);
    if (!state || to_string(*state) != text) unknown("run state", text);
    return *state;
}

EndReason stored_end_reason(std::string_view text) {
    const auto reason = end_reason_from(text);
    if (!reason) unknown("end reason", text);
    return *reason;
}

SweepStatus stored_sweep_status(std::string_view text) {
    const auto status = sweep_status_from(text);
    if (!status) unknown("sweep status", text);
    return *status;
}

AgentState stored_agent_state(std::string_view text) {
    for (const AgentState state : kAgentStates) {
        if (to_string(state) == text) return state;
    }
    unknown("agent state", text);
}

RunOrigin stored_origin(std::string_view text) {
    for (const RunOrigin origin : kOrigins) {
        if (word(origin) == text) return origin;
    }
    unknown("run origin", text);
}

ClaimPhase stored_claim_phase(std::string_view text) {
    for (const ClaimPhase phase : kPhases) {
        if (word(phase) == text) return phase;
    }
    unknown("claim phase", text);
}

}  // namespace sweepctl

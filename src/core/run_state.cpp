#include "sweepctl/core/run_state.hpp"

#include <cstdlib>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::array<std::pair<EndReason, std::string_view>, 17> kReasonWords{{
    {EndReason::exit, "exit"},
    {EndReason::finish, "finish"},
    {EndReason::signal, "signal"},
    {EndReason::spawn_error, "spawn_error"},
    {EndReason::heartbeat_lost, "heartbeat_lost"},
    {EndReason::agent_lost, "agent_lost"},
    {EndReason::runner_lost, "runner_lost"},
    {EndReason::machine_restart, "machine_restart"},
    {EndReason::stop_run, "stop_run"},
    {EndReason::cancel, "cancel"},
    {EndReason::early_terminate, "early_terminate"},
    {EndReason::timeout, "timeout"},
    {EndReason::target_reached, "target_reached"},
    {EndReason::agent_shutdown, "agent_shutdown"},
    {EndReason::stopped_before_start, "stopped_before_start"},
    {EndReason::cancelled_before_start, "cancelled_before_start"},
    {EndReason::preempted, "preempted"},
}};

}  // namespace

std::string_view to_string(RunState state) {
    switch (state) {
        case RunState::pending: return "pending";
        case RunState::running: return "running";
        case RunState::finished: return "finished";
        case RunState::failed: return "failed";
        case RunState::crashed: return "crashed";
        case RunState::killed: return "killed";
    }
    std::abort();
}

std::string_view to_string(EndReason reason) {
    for (const auto& [known, word] : kReasonWords) {
        if (known == reason) return word;
    }
    std::abort();
}

std::optional<RunState> run_state_from(std::string_view word) {
    for (const RunState state : kAllRunStates) {
        if (to_string(state) == word) return state;
    }
    if (word == "preempting") return RunState::running;
    if (word == "preempted") return RunState::pending;
    return std::nullopt;
}

std::optional<EndReason> end_reason_from(std::string_view word) {
    for (const auto& [reason, known] : kReasonWords) {
        if (known == word) return reason;
    }
    return std::nullopt;
}

}  // namespace sweepctl

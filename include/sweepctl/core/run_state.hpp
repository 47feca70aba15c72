#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

// The words for a run's state and for why it ended. Enumerators equal the stored words.

namespace sweepctl {

enum class RunState : std::uint8_t { pending, running, finished, failed, crashed, killed };

/// Why a run ended, or why it was asked to.
enum class EndReason : std::uint8_t {
    exit,             ///< the program exited
    finish,           ///< the program reported finish()
    signal,           ///< the program died of a signal that we did not send
    spawn_error,      ///< the program could not be started
    heartbeat_lost,   ///< the agent fell silent for longer than the timeout
    agent_lost,       ///< the agent's process is known to be dead and none has come back in time
    runner_lost,      ///< the run's supervisor was killed; how the program ended is not known
    machine_restart,  ///< the host booted again
    stop_run,         ///< a person stopped this run
    cancel,           ///< the sweep was cancelled
    early_terminate,  ///< early stopping judged it hopeless
    timeout,          ///< it ran longer than sweepctl.timeout
    target_reached,   ///< never started: another run reached metric.target
    agent_shutdown,   ///< a person ended the agent (Ctrl-C twice)
    stopped_before_start,    ///< stop-run while pending
    cancelled_before_start,  ///< cancel while pending
    preempted,               ///< requeued
};

inline constexpr std::array kAllRunStates{RunState::pending, RunState::running, RunState::finished,
                                          RunState::failed,  RunState::crashed, RunState::killed};

[[nodiscard]] std::string_view to_string(RunState state);
[[nodiscard]] std::string_view to_string(EndReason reason);
/// Also takes W&B's `preempting` (running) and `preempted` (pending).
[[nodiscard]] std::optional<RunState> run_state_from(std::string_view word);
[[nodiscard]] std::optional<EndReason> end_reason_from(std::string_view word);

/// Finished, failed, crashed, killed.
[[nodiscard]] constexpr bool is_ended(RunState state) {
    return state > RunState::running;
}

}  // namespace sweepctl

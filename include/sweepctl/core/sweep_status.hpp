#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

// The words for a sweep's status: only whether it creates new runs, never how its runs are.

namespace sweepctl {

enum class SweepStatus : std::uint8_t {
    pending,
    running,
    paused,
    stopped,
    cancelled,
    finished,
    failed,
    crashed
};
enum class SweepCommand : std::uint8_t { pause, resume, stop, cancel };

inline constexpr std::array kAllSweepStatuses{
    SweepStatus::pending,   SweepStatus::running,  SweepStatus::paused, SweepStatus::stopped,
    SweepStatus::cancelled, SweepStatus::finished, SweepStatus::failed, SweepStatus::crashed};
inline constexpr std::array kAllSweepCommands{SweepCommand::pause, SweepCommand::resume,
                                              SweepCommand::stop, SweepCommand::cancel};

[[nodiscard]] std::string_view to_string(SweepStatus status);
[[nodiscard]] std::string_view to_string(SweepCommand command);
/// Takes every spelling of cancelled, in any case.
[[nodiscard]] std::optional<SweepStatus> sweep_status_from(std::string_view word);

/// Whether new runs may be created and pending ones handed out.
[[nodiscard]] constexpr bool creates_runs(SweepStatus status) {
    return status == SweepStatus::pending || status == SweepStatus::running;
}

/// What a command does to a sweep (sweep-semantics 3.1), as far as the status alone decides.
enum class CommandVerdict : std::uint8_t {
    change,          ///< the status becomes `to`
    nothing,         ///< it is so already: success, nothing to do
    change_if_live,  ///< `to` if any run is live or held, otherwise refused
    refused,
};
struct CommandRule {
    CommandVerdict verdict;
    SweepStatus to;
};
[[nodiscard]] CommandRule command_rule(SweepStatus status, SweepCommand command);

}  // namespace sweepctl

#include "sweepctl/core/sweep_status.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

namespace sweepctl {

std::string_view to_string(SweepStatus status) {
    switch (status) {
        case SweepStatus::pending: return "pending";
        case SweepStatus::running: return "running";
        case SweepStatus::paused: return "paused";
        case SweepStatus::stopped: return "stopped";
        case SweepStatus::cancelled: return "cancelled";
        case SweepStatus::finished: return "finished";
        case SweepStatus::failed: return "failed";
        case SweepStatus::crashed: return "crashed";
    }
    std::abort();
}

std::string_view to_string(SweepCommand command) {
    switch (command) {
        case SweepCommand::pause: return "pause";
        case SweepCommand::resume: return "resume";
        case SweepCommand::stop: return "stop";
        case SweepCommand::cancel: return "cancel";
    }
    std::abort();
}

std::optional<SweepStatus> sweep_status_from(std::string_view word) {
    std::string lower(word);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (lower == "canceled") return SweepStatus::cancelled;
    for (const SweepStatus status : kAllSweepStatuses) {
        if (to_string(status) == lower) return status;
    }
    return std::nullopt;
}

namespace {

CommandRule pause_rule(SweepStatus status) {
    switch (status) {
        case SweepStatus::pending:
        case SweepStatus::running: return {CommandVerdict::change, SweepStatus::paused};
        case SweepStatus::paused: return {CommandVerdict::nothing, status};
        case SweepStatus::stopped:
        case SweepStatus::cancelled:
        case SweepStatus::finished:
        case SweepStatus::failed:
        case SweepStatus::crashed: return {CommandVerdict::refused, status};
    }
    std::abort();
}

CommandRule resume_rule(SweepStatus status) {
    switch (status) {
        case SweepStatus::pending:
        case SweepStatus::running: return {CommandVerdict::nothing, status};
        case SweepStatus::paused:
        case SweepStatus::stopped:
        case SweepStatus::cancelled:
        case SweepStatus::finished:
        case SweepStatus::failed:
        case SweepStatus::crashed: return {CommandVerdict::change, SweepStatus::running};
    }
    std::abort();
}

CommandRule stop_rule(SweepStatus status) {
    switch (status) {
        case SweepStatus::pending:
        case SweepStatus::running:
        case SweepStatus::paused: return {CommandVerdict::change, SweepStatus::stopped};
        case SweepStatus::stopped:
        case SweepStatus::cancelled:
        case SweepStatus::finished:
        case SweepStatus::failed:
        case SweepStatus::crashed: return {CommandVerdict::refused, status};
    }
    std::abort();
}

CommandRule cancel_rule(SweepStatus status) {
    switch (status) {
        case SweepStatus::pending:
        case SweepStatus::running:
        case SweepStatus::paused: return {CommandVerdict::change, SweepStatus::cancelled};
        case SweepStatus::stopped:
        case SweepStatus::failed:
        case SweepStatus::crashed: return {CommandVerdict::change_if_live, SweepStatus::cancelled};
        case SweepStatus::cancelled:
        case SweepStatus::finished: return {CommandVerdict::refused, status};
    }
    std::abort();
}

}  // namespace

CommandRule command_rule(SweepStatus status, SweepCommand command) {
    switch (command) {
        case SweepCommand::pause: return pause_rule(status);
        case SweepCommand::resume: return resume_rule(status);
        case SweepCommand::stop: return stop_rule(status);
        case SweepCommand::cancel: return cancel_rule(status);
    }
    std::abort();
}

}  // namespace sweepctl

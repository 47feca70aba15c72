#pragma once

#include <optional>
#include <string>
#include <vector>

// What W&B clients say about a run and nobody here decides by: stored and shown as given.

namespace sweepctl {

/// A patch: what is not set stays as it is.
struct RunDetails {
    std::optional<std::string> notes;
    std::optional<std::string> group;
    std::optional<std::string> job_type;
    std::optional<std::vector<std::string>> tags;
    std::optional<std::string> commit;
    std::optional<std::string> program;
    std::optional<std::string> repo;
    std::optional<std::string> username;
    /// The client's whole config, {"lr": {"value": 0.1}, "_wandb": {...}}, without NaN.
    std::optional<std::string> config_json;
    /// The client's whole summary, without NaN.
    std::optional<std::string> summary_json;
    std::optional<std::string> system_metrics_json;

    bool operator==(const RunDetails&) const = default;
    [[nodiscard]] bool empty() const { return *this == RunDetails{}; }
};

}  // namespace sweepctl

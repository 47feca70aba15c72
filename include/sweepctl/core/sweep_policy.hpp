#pragma once

#include "sweepctl/core/early_stop_rule.hpp"
#include "sweepctl/core/run_state.hpp"
#include "sweepctl/core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What the core needs to know of a sweep's spec to decide about its runs.

namespace sweepctl {

enum class Goal : std::uint8_t { minimize, maximize };

/// The metric that says how good a run is.
struct MetricGoal {
    std::string name;
    Goal goal = Goal::minimize;
    std::optional<double> target;  ///< no new runs once a run reaches it

    [[nodiscard]] bool better(double left, double right) const {
        return goal == Goal::minimize ? left < right : left > right;
    }
    [[nodiscard]] bool reached(double value) const {
        return target && (goal == Goal::minimize ? value <= *target : value >= *target);
    }
};

/// `sweepctl.retry`: a run that ended in one of `states`, or with one of `exit_codes`, goes again
/// until it had `max` more attempts.
struct RetryPolicy {
    std::uint32_t max = 0;
    std::vector<RunState> states{RunState::crashed};
    std::vector<int> exit_codes;
};

/// `sweepctl.fail_fast`: pause the sweep when its last `runs` runs all failed within `within` each.
struct FailFast {
    std::uint32_t runs = 10;
    Duration within = std::chrono::seconds{30};
};

/// What one run takes of its agent: `cpus` slots, and whole GPUs.
struct Resources {
    std::uint32_t cpus = 1;
    std::uint32_t gpus = 0;
};

struct SweepPolicy {
    std::optional<MetricGoal> metric;
    std::optional<EarlyStopRule> early_stop;  ///< only with a metric
    std::optional<std::uint64_t> run_cap;     ///< distinct runs ever created and not deleted
    std::optional<std::uint32_t>
        parallel;  ///< runs live at once over all agents; none: as many as slots
    RetryPolicy retry;
    std::optional<FailFast> fail_fast = FailFast{};
    Resources resources;
    std::uint32_t repeats =
        1;  ///< runs with the same configuration, one suggestion after the other
    Duration heartbeat_timeout = std::chrono::seconds{300};
    std::optional<Duration>
        timeout;  ///< of one execution; then the stop path with reason `timeout`
};

}  // namespace sweepctl

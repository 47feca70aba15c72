#pragma once

#include "sweepctl/core/coverage.hpp"
#include "sweepctl/core/ids.hpp"
#include "sweepctl/core/prior.hpp"
#include "sweepctl/core/run.hpp"
#include "sweepctl/core/sweep_policy.hpp"
#include "sweepctl/core/sweep_status.hpp"
#include "sweepctl/core/time.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sweepctl {

/// Runs by state. Changed in one place (World) together with the states.
class RunCounts {
public:
    [[nodiscard]] std::uint64_t& operator[](RunState state) {
        return counts_[static_cast<std::size_t>(state)];
    }
    [[nodiscard]] std::uint64_t operator[](RunState state) const {
        return counts_[static_cast<std::size_t>(state)];
    }
    [[nodiscard]] std::uint64_t total() const;
    bool operator==(const RunCounts&) const = default;

private:
    std::array<std::uint64_t, kAllRunStates.size()> counts_{};
};

/// The best run so far, by the sweep's metric.
struct BestRun {
    RunId run;
    double value = 0.0;
};

/// What `launch` fixes: the spec as given and where from. Never changes; big, so kept apart from
/// SweepRecord.
struct SweepOrigin {
    std::string spec;        ///< the YAML text as given
    std::string method;      ///< word
    std::uint64_t seed = 0;  ///< the one in use, given or drawn
    std::string cwd;         ///< the launch directory
    /// The launch environment. Secret: never in an API answer, a log or an event.
    std::vector<std::pair<std::string, std::string>> env;
    /// Runs from before it that its search knows; null: none. Shared: it never changes, may be big,
    /// and the World looks at it, too.
    std::shared_ptr<const Prior> prior{};
};

/// A sweep as it is stored: everything but `SweepOrigin`.
struct SweepRecord {
    SweepId id;
    std::string name;
    std::string project;
    std::string entity;
    SweepStatus status = SweepStatus::pending;
    std::string
        reason;  ///< why it has this status, for people ("fail_fast", who cancelled); may be empty
    std::string description;
    /// Not a sweep but the drawer with the runs of a project that belong to none ("loose runs"): no
    /// search, always `running`, never active, never listed, never the target of a command.
    bool loose = false;
    /// It was made without a launch directory (`wandb sweep`): only agents that serve it alone work
    /// on it, since they know where its program is.
    bool needs_own_agent = false;
    std::string prior_filters;    ///< which prior runs its client named, as given; may be empty
    bool exhausted = false;       ///< the search has nothing more
    bool target_reached = false;  ///< a run reached metric.target
    std::optional<std::uint32_t> parallel;
    std::optional<std::uint64_t> run_cap;
    std::optional<std::uint64_t> expected_runs;  ///< when nothing more comes; none: without end
    std::uint64_t next_number = 1;  ///< of the next run
    RunCounts counts;
    std::optional<BestRun> best;
    std::string metric_name;  ///< of `best`; empty: none
    bool metric_maximize = false;
    CoverageState coverage;
    std::uint64_t prior_cells = 0;  ///< so many of the covered ones are those of prior runs
    WallTime created_at;
    std::optional<WallTime> started_at;
    std::optional<WallTime> ended_at;
};

/// So many runs may end without a number of the metric before people are told.
inline constexpr std::uint64_t kSilentRunsMax = 3;

/// Runs that ended, but for those that were killed.
[[nodiscard]] std::uint64_t ended_unstopped(const SweepRecord& sweep);

/// That the sweep's metric is one that nobody logs, when it seems so: then there is no best run,
/// and no rule that goes by the metric ever acts.
[[nodiscard]] std::optional<std::string> missing_metric(const SweepRecord& sweep);

}  // namespace sweepctl

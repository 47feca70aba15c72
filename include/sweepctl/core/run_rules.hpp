#pragma once

#include "sweepctl/core/events.hpp"
#include "sweepctl/core/run.hpp"
#include "sweepctl/core/run_state.hpp"
#include "sweepctl/core/search_strategy.hpp"
#include "sweepctl/core/sweep_policy.hpp"

#include <optional>
#include <string_view>
#include <vector>

// The rules of one run's life as pure functions. The life:
//
//   pending ──started──> running ──exit 0──> finished
//      │                    ├──exit n──────> failed          (also pending ──cannot start──>
//      failed) │                    ├──a signal that nobody ordered──> crashed, or killed for
//      SIGINT │                    ├──ordered to end, and did──> killed │ ├──agent or host
//      silent──> crashed ──heard again──> running └──stopped, cancelled, target reached──> killed
//   failed, crashed, killed ──retry──> pending;   running and preempting ──ended, not exit 0──>
//   pending
//
// Whether an end was ordered is decided by what the runner recorded at the end (was our signal sent
// before?), never by when the messages happen to arrive.

namespace sweepctl {

/// How an execution's end changes its run.
struct EndVerdict {
    RunState state = RunState::crashed;
    EndReason reason = EndReason::runner_lost;
    std::optional<int> exit_code;
    std::optional<int> term_signal;
    bool requeue = false;  ///< back to pending with the next attempt; `state` is not taken
};
[[nodiscard]] EndVerdict judge_end(const Run& run, const RunEnded& ended);

/// Whether the tables allow a run to go from one state to another.
[[nodiscard]] bool legal_transition(RunState from, RunState to);

/// Whether `retry` of the spec sends a run with this end on again. `run` is as ended.
[[nodiscard]] bool retries(const RetryPolicy& policy, const Run& run);

/// The end reason of a pending run that is ended on order before it was started.
[[nodiscard]] EndReason reason_before_start(EndReason ordered);

/// Crashed only because nobody was heard, so that news may still change it (R8, R9).
[[nodiscard]] bool crashed_by_silence(const Run& run);

/// What a run is worth by `metric`: its best finite value; nullopt when it has none.
[[nodiscard]] std::optional<double> best_value(const Run& run, const MetricGoal& metric);

/// Which of the runs with its configuration it is, from 1 to `repeats`; 0 where nothing is
/// repeated. One that a person enqueued beyond the search's is the first.
[[nodiscard]] std::uint32_t repeat_of(const SweepPolicy& policy, const Run& run);

/// What an object that a program logged stands for: values by name, nested objects flattened with
/// '.', keys that begin with '_' left out.
[[nodiscard]] std::vector<MetricPoint> metric_points(const ParamMap& line);

/// The value where it is a finite number: what is compared of a metric.
[[nodiscard]] std::optional<double> finite_number(const ParamValue& value);
/// Such values of `metric` in an object that a program logged. One, unless it wrote both the name
/// with its dots and the nested objects that they may mean.
[[nodiscard]] std::vector<double> finite_values(const ParamMap& line, std::string_view metric);

/// What became of a run in that state, as far as a search cares; nullopt of one that was ended
/// before it started, which tells nothing.
[[nodiscard]] std::optional<RunFate> fate_of(RunState state, std::optional<EndReason> reason);

/// What an adaptive search may know of a run; nullopt of one that was ended before it started,
/// which tells nothing.
[[nodiscard]] std::optional<Observation> observation_of(const Run& run,
                                                        const std::optional<MetricGoal>& metric);
/// Its place among the sweep's observations.
[[nodiscard]] std::uint64_t observation_order(const Run& run);

}  // namespace sweepctl

#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/run.hpp"
#include "sweepctl/core/sweep_policy.hpp"
#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// A run as other programs tell of it: one JSON object.

namespace sweepctl {

/// {"name", "state", "config": {}, "summary": {}, "history": [{}, ...]}; what is missing is empty.
/// Known of a sweep's own runs: "end_reason", "number" (from 1, within the sweep), and
/// "suggestion", the search's number, which is null for a run that the search did not propose.
struct ToldRun {
    std::string name;
    std::string state;  ///< one of the words that run_state_from() takes
    Config config;
    ParamMap summary;
    std::vector<ParamMap> history;  ///< what it logged, in order
    std::string end_reason;
    std::optional<std::uint64_t> number;
    std::optional<std::uint64_t> suggestion;
    bool unsuggested = false;  ///< "suggestion" is null
};

/// Why an object is not such a run.
struct ToldRunError {
    std::string message;
    std::string hint;
};

/// Other keys are ignored.
[[nodiscard]] Result<ToldRun, ToldRunError> told_run_from(ParamValue json);

/// The run as a controller would have it: where it does not say otherwise, number `index + 1` of
/// its sweep and suggestion `index`. Of what it logged only `metric` is taken in.
[[nodiscard]] Run run_from(const ToldRun& told,
                           std::uint64_t index,
                           const std::optional<MetricGoal>& metric);

/// Names in code-point order at each level, as a search space has them.
[[nodiscard]] ParamMap in_order(ParamMap map);

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/prior.hpp"
#include "sweepctl/core/told_run.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// Whether runs from elsewhere are such that the search of a spec can learn from them.

namespace sweepctl {

/// Runs as they are told, for a sweep of `spec`.
[[nodiscard]] Prior prior_of(const SweepSpec& spec,
                             std::string source,
                             const std::vector<ToldRun>& runs);

/// Why one of the runs is none to learn from: "'lr' is 0.5, above the maximum 0.1".
struct PriorFault {
    std::size_t run = 0;  ///< index among those that were given
    std::string message;
};

struct CheckedPrior {
    Prior prior;                     ///< with those runs only that have no fault
    std::vector<PriorFault> faults;  ///< of the others: parameters that the space does not have or the
                                     ///< run lacks, values outside the space, no metric, no end
    std::optional<std::string> useless;  ///< why all of it would be for nothing
};
/// `finished_have_metric`: a finished run without a value of the metric is at fault.
[[nodiscard]] CheckedPrior check_prior(const SweepSpec& spec, Prior prior, bool finished_have_metric);

}  // namespace sweepctl

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
    Prior prior;                     ///< with those runs only that have no fault, and their constants
    std::vector<PriorFault> faults;  ///< of the others: parameters that the space does not have or the
                                     ///< run lacks, values outside the space, no end
    std::size_t finished_without = 0;  ///< runs that are to have a value of the metric, without one
    std::optional<std::string> useless;  ///< why all of it would be for nothing
};
[[nodiscard]] CheckedPrior check_prior(const SweepSpec& spec, Prior prior);

}  // namespace sweepctl

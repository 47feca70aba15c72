#pragma once

#include "sweepctl/core/prior.hpp"
#include "sweepctl/core/told_run.hpp"
#include "sweepctl/spec/sweep_spec.hpp"
#include "sweepctl/store/reader.hpp"

#include "api/fields.hpp"
#include "api/problem.hpp"

#include <optional>
#include <string>
#include <vector>

// The `prior` of a launch: runs from before that the search of the new sweep is to know.

namespace sweepctl::api {

/// As it was asked for: the ended runs of a sweep, or runs as they are told.
struct AskedPrior {
    std::optional<IdQuery> sweep;
    std::string source;
    std::vector<ToldRun> runs;
};
[[nodiscard]] AskedPrior read_asked_prior(const ParamMap& object, Complaints& complaints);

/// The ended runs of a sweep that was named.
struct FoundPrior {
    SweepId sweep;
    std::vector<PriorRun> runs;
};

/// All that was asked for as one; `found` are those of the named sweeps. Told runs must be
/// right, all of them; else 422 with what is wrong with each. Of a sweep's runs those are taken that
/// fit; `warnings` says of how many that cannot be said.
[[nodiscard]] Result<Prior, Problem> prior_from(const SweepSpec& spec,
                                                const std::vector<AskedPrior>& asked,
                                                std::vector<FoundPrior> found,
                                                ParamList& warnings);

}  // namespace sweepctl::api

#pragma once

#include "sweepctl/core/prior.hpp"
#include "sweepctl/core/told_run.hpp"
#include "sweepctl/spec/sweep_spec.hpp"
#include "sweepctl/store/reader.hpp"

#include "api/fields.hpp"
#include "api/problem.hpp"

#include <memory>
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

/// Told runs must be right, all of them; else 422 with what is wrong with each.
[[nodiscard]] Result<std::shared_ptr<const Prior>, Problem> prior_from_runs(
    const SweepSpec& spec, const AskedPrior& asked);

/// Of a sweep's runs those are taken that fit; `warnings` says of how many that cannot be said.
[[nodiscard]] Result<std::shared_ptr<const Prior>, Problem> prior_from_sweep(
    const SweepSpec& spec, const SweepId& sweep, std::vector<PriorRun> runs, ParamList& warnings);

}  // namespace sweepctl::api

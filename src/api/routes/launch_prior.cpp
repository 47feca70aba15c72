#include "api/routes/launch_prior.hpp"

#include "sweepctl/base/counted.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/spec/prior_check.hpp"

#include <algorithm>
#include <utility>

namespace sweepctl::api {

namespace {

constexpr std::size_t kFaultsShown = 20;

Result<Prior, Problem> prior_from_runs(const SweepSpec& spec, const AskedPrior& asked) {
    CheckedPrior checked = check_prior(spec, prior_of(spec, asked.source, asked.runs));
    Complaints complaints;
    for (std::size_t i = 0; i < std::min(checked.faults.size(), kFaultsShown); ++i) {
        const PriorFault& fault = checked.faults[i];
        complaints.add("prior", "prior run " + std::to_string(fault.run + 1) + " ('" +
                                    shown(asked.runs[fault.run].name) + "'): " + fault.message);
    }
    if (checked.faults.size() > kFaultsShown) {
        complaints.add("prior",
                       "and " + std::to_string(checked.faults.size() - kFaultsShown) + " more");
    }
    if (complaints.empty() && checked.useless)
        complaints.add("prior", "'prior' is of no use: " + *checked.useless);
    if (!complaints.empty()) return Failure{complaints.problem()};
    return std::move(checked.prior);
}

Result<Prior, Problem> prior_from_sweep(const SweepSpec& spec,
                                        FoundPrior found,
                                        ParamList& warnings) {
    const SweepId& sweep = found.sweep;
    Prior prior;
    prior.source = "sweep " + sweep.text;
    if (spec.policy.metric) prior.metric = spec.policy.metric->name;
    const std::vector<PriorRun> given = found.runs;
    prior.runs = std::move(found.runs);
    CheckedPrior checked = check_prior(spec, std::move(prior));
    std::string example;
    if (!checked.faults.empty()) {
        const PriorFault& first = checked.faults.front();
        example = "run '" + shown(given[first.run].name) + "': " + first.message;
    }
    if (checked.useless) {
        Complaints complaints;
        complaints.add("prior", "'prior': sweep " + sweep.text + " is of no use: " +
                                    *checked.useless + (example.empty() ? "" : "; " + example));
        return Failure{complaints.problem()};
    }
    const std::size_t left_out = given.size() - checked.prior.runs.size();
    if (left_out > 0) {
        warnings.emplace_back(counted(left_out, "run") + " of " + std::to_string(given.size()) +
                              " of sweep " + sweep.text + " told nothing, since the space is " +
                              "another one: " + example);
    }
    return std::move(checked.prior);
}

}  // namespace

AskedPrior read_asked_prior(const ParamMap& object, Complaints& complaints) {
    AskedPrior asked;
    BodyFields fields(object, complaints);
    if (const auto sweep = fields.text("sweep")) {
        asked.sweep = IdQuery{*sweep, fields.text("project").value_or(""),
                              fields.text("entity").value_or("")};
    }
    asked.source = fields.text("source").value_or("the launch");
    check_printable("source", asked.source, complaints);
    const ParamList* const runs = fields.list("runs");
    if (asked.sweep.has_value() == (runs != nullptr)) {
        complaints.add("prior", "'prior' must name either a 'sweep' or the 'runs' themselves");
    }
    for (std::size_t i = 0; runs != nullptr && i < runs->size(); ++i) {
        auto run = told_run_from((*runs)[i]);
        if (!run) {
            complaints.add("prior",
                           "prior run " + std::to_string(i + 1) + ": " + run.error().message);
            break;
        }
        asked.runs.push_back(std::move(*run));
    }
    fields.finish();
    return asked;
}

Result<Prior, Problem> prior_from(const SweepSpec& spec,
                                  const std::vector<AskedPrior>& asked,
                                  std::vector<FoundPrior> found,
                                  ParamList& warnings) {
    Prior all;
    auto next = found.begin();
    for (const AskedPrior& part : asked) {
        Result<Prior, Problem> prior = part.sweep ? prior_from_sweep(spec, std::move(*next++), warnings)
                                                  : prior_from_runs(spec, part);
        if (!prior) return prior;
        add(all, std::move(*prior));
    }
    return all;
}

}  // namespace sweepctl::api

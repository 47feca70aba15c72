#include "sweepctl/spec/prior_check.hpp"

#include "sweepctl/base/shown.hpp"
#include "sweepctl/spec/config_check.hpp"

#include <utility>

namespace sweepctl {

Prior prior_of(const SweepSpec& spec, std::string source, const std::vector<ToldRun>& runs) {
    Prior prior;
    prior.source = std::move(source);
    if (spec.policy.metric) prior.metric = spec.policy.metric->name;
    for (const ToldRun& run : runs)
        prior.runs.push_back(prior_run_of(run_from(run, 0, spec.policy.metric), prior.metric));
    return prior;
}

CheckedPrior check_prior(const SweepSpec& spec, Prior prior) {
    // The others learn nothing from it.
    const bool by_metric = spec.method == Method::bayes && !prior.metric.empty();
    const std::string number = "a number of '" + shown(prior.metric) + "'";
    CheckedPrior checked;
    std::vector<PriorRun> runs = std::exchange(prior.runs, {});
    for (std::size_t i = 0; i < runs.size(); ++i) {
        PriorRun& run = runs[i];
        std::vector<std::string> faults;
        if (!is_ended(run.state)) {
            faults.emplace_back("it has not ended");
        } else {
            for (ConfigFault& fault : config_faults(spec.space, run.config))
                faults.push_back(std::move(fault.message));
        }
        for (std::string& fault : faults)
            checked.faults.push_back({i, std::move(fault)});
        if (!faults.empty()) continue;
        if (by_metric && run.state == RunState::finished && !run.metric) ++checked.finished_without;
        run.config = with_constants(spec.space, std::move(run.config));
        prior.runs.push_back(std::move(run));
    }
    checked.prior = std::move(prior);
    if (checked.prior.runs.empty()) {
        checked.useless = runs.empty() ? "there are no runs" : "none of the runs fits this sweep";
    } else if (by_metric && valued(checked.prior) == 0) {
        checked.useless = "none of the runs has " + number;
    } else if (spec.method == Method::random) {
        checked.useless = "method random learns nothing";
    }
    return checked;
}

}  // namespace sweepctl

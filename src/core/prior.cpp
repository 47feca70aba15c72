#include "sweepctl/core/prior.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/run_rules.hpp"
#include "sweepctl/core/told_run.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sweepctl {

namespace {

/// The least lines with the same extremes and the same last value.
ParamList history_of(const MetricValues& values, const std::string& metric) {
    ParamList history;
    const auto log = [&](double value) { history.emplace_back(ParamMap{{metric, value}}); };
    if (values.min != values.latest) log(values.min);
    if (values.max != values.latest) log(values.max);
    log(values.latest);
    return history;
}

}  // namespace

PriorRun prior_run_of(const Run& run, std::string_view metric) {
    PriorRun prior{run.name, run.state, run.end_reason, run.config, std::nullopt};
    const MetricSummary* const summary = metric.empty() ? nullptr : find(run.summary, metric);
    if (summary != nullptr && summary->count > 0)
        prior.metric = MetricValues{summary->min, summary->max, summary->latest};
    return prior;
}

void add(Prior& prior, Prior more) {
    prior.source += (prior.source.empty() ? "" : ", ") + more.source;
    prior.metric = std::move(more.metric);
    prior.runs.insert(prior.runs.end(), std::make_move_iterator(more.runs.begin()),
                      std::make_move_iterator(more.runs.end()));
    std::vector<std::pair<std::string, std::size_t>> order;
    for (const PriorRun& run : prior.runs)
        order.emplace_back(to_json(run.config) + to_json(told(run, prior.metric)), order.size());
    std::sort(order.begin(), order.end());
    std::vector<PriorRun> sorted;
    sorted.reserve(order.size());
    for (const auto& [key, place] : order)
        sorted.push_back(std::move(prior.runs[place]));
    prior.runs = std::move(sorted);
}

std::uint64_t valued(const Prior& prior) {
    return static_cast<std::uint64_t>(
        std::count_if(prior.runs.begin(), prior.runs.end(),
                      [](const PriorRun& run) { return run.metric.has_value(); }));
}

std::optional<Observation> observation_of(const Prior& prior,
                                          std::size_t index,
                                          const std::optional<MetricGoal>& metric) {
    const PriorRun& run = prior.runs[index];
    const std::optional<RunFate> fate = fate_of(run.state, run.end_reason);
    if (!fate) return std::nullopt;
    Observation seen{Observation::prior(index), run.config, *fate, std::nullopt};
    if (metric && metric->name == prior.metric) seen.metric = run.metric;
    return seen;
}

ParamMap told(const PriorRun& run, const std::string& metric) {
    ParamMap json{{"name", run.name},
                  {"state", std::string(to_string(run.state))},
                  {"config", run.config}};
    if (run.end_reason) json.emplace_back("end_reason", std::string(to_string(*run.end_reason)));
    if (run.metric) json.emplace_back("history", history_of(*run.metric, metric));
    return json;
}

std::string to_json_lines(const Prior& prior) {
    std::string lines;
    for (const PriorRun& run : prior.runs) {
        append_json(lines, told(run, prior.metric));
        lines += '\n';
    }
    return lines;
}

Result<std::vector<PriorRun>, std::string> prior_runs_from(std::string_view lines,
                                                           const std::string& metric) {
    std::vector<PriorRun> runs;
    std::optional<MetricGoal> goal;
    if (!metric.empty()) {
        goal.emplace();
        goal->name = metric;
    }
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        auto json = parse_json(line);
        if (!json) return Failure{"not JSON: " + json.error().message};
        const auto told = told_run_from(std::move(*json));
        if (!told) return Failure{told.error().message};
        runs.push_back(prior_run_of(run_from(*told, runs.size(), goal), metric));
    }
    return runs;
}

}  // namespace sweepctl

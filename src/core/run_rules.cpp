#include "sweepctl/core/run_rules.hpp"

#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <string>
#include <unordered_map>

namespace sweepctl {

namespace {

EndVerdict natural_end(const RunEnded& ended) {
    EndVerdict verdict;
    if (ended.kind == EndKind::exited) {
        verdict.reason = EndReason::exit;
        verdict.exit_code = ended.code;
        verdict.state = ended.code == 0 ? RunState::finished : RunState::failed;  // R4, R5
    } else {
        verdict.reason = EndReason::signal;
        verdict.term_signal = ended.code;
        verdict.state = ended.code == SIGINT ? RunState::killed : RunState::crashed;  // R6
    }
    return verdict;
}

EndVerdict judge_program_end(const Run& run, const RunEnded& ended) {
    EndVerdict verdict = natural_end(ended);
    const bool ordered = ended.order_signal != 0;
    if (run.stopping) {
        // R11; without our signal R12: it had ended by itself, and the natural result stands. R15:
        // a preempted one would have gone again, and the order says that it must not.
        if (ordered || (run.preempting && verdict.state != RunState::finished)) {
            verdict.state = RunState::killed;
            verdict.reason = run.stop_reason.value_or(EndReason::stop_run);
        }
        return verdict;
    }
    if (run.preempting && verdict.state != RunState::finished) {  // R14
        verdict.requeue = true;
        verdict.reason = EndReason::preempted;
        return verdict;
    }
    if (ordered) {  // The agent ended it by itself: a person shut the agent down.
        verdict.state = RunState::killed;
        verdict.reason = EndReason::agent_shutdown;
    }
    return verdict;
}

EndVerdict judge_unknown_end(const Run& run, EndReason reason) {
    EndVerdict verdict;
    verdict.reason = reason;
    if (run.stopping) {  // It was to end, and it did.
        verdict.state = RunState::killed;
        verdict.reason = run.stop_reason.value_or(EndReason::stop_run);
    } else if (run.preempting) {
        verdict.requeue = true;
        verdict.reason = EndReason::preempted;
    }
    return verdict;
}

void flatten(const std::string& prefix, const ParamMap& map, std::vector<MetricPoint>& points) {
    for (const auto& [name, value] : map) {
        if (prefix.empty() && !name.empty() && name.front() == '_') continue;
        const std::string full = prefix.empty() ? name : prefix + "." + name;
        // Each of many values deep inside would carry it: a line could fill the memory.
        if (full.size() > kMetricNameMax) continue;
        if (const auto* nested = value.get_if<ParamMap>()) {
            flatten(full, *nested, points);
        } else {
            points.push_back({full, value});
        }
    }
}

}  // namespace

std::vector<MetricPoint> metric_points(const ParamMap& line) {
    std::vector<MetricPoint> points;
    flatten({}, line, points);
    return points;
}

EndVerdict judge_end(const Run& run, const RunEnded& ended) {
    switch (ended.kind) {
        case EndKind::exited:
        case EndKind::signaled: return judge_program_end(run, ended);
        case EndKind::spawn_error:
            return {RunState::failed, EndReason::spawn_error, ended.code, std::nullopt, false};
        case EndKind::runner_lost: return judge_unknown_end(run, EndReason::runner_lost);
        case EndKind::machine_restart: return judge_unknown_end(run, EndReason::machine_restart);
    }
    std::abort();
}

bool legal_transition(RunState from, RunState to) {
    switch (from) {
        case RunState::pending:
            return to == RunState::running || to == RunState::failed || to == RunState::killed;
        case RunState::running: return to != RunState::running;
        case RunState::finished:  // to pending only when a W&B client goes on with it (R24)
        case RunState::failed:
        case RunState::killed: return to == RunState::pending;
        case RunState::crashed:
            return true;  // by silence: to anything that the news says; else to pending only
    }
    std::abort();
}

bool retries(const RetryPolicy& policy, const Run& run) {
    if (run.retries >= policy.max || run.stopping) return false;
    if (std::find(policy.states.begin(), policy.states.end(), run.state) != policy.states.end())
        return true;
    return run.state == RunState::failed && run.exit_code &&
           std::find(policy.exit_codes.begin(), policy.exit_codes.end(), *run.exit_code) !=
               policy.exit_codes.end();
}

EndReason reason_before_start(EndReason ordered) {
    if (ordered == EndReason::cancel) return EndReason::cancelled_before_start;
    if (ordered == EndReason::target_reached) return EndReason::target_reached;
    return EndReason::stopped_before_start;
}

bool crashed_by_silence(const Run& run) {
    return run.state == RunState::crashed &&
           (run.end_reason == EndReason::heartbeat_lost || run.end_reason == EndReason::agent_lost);
}

std::optional<double> best_value(const Run& run, const MetricGoal& metric) {
    const MetricSummary* summary = find(run.summary, metric.name);
    if (summary == nullptr || summary->count == 0) return std::nullopt;
    return metric.goal == Goal::minimize ? summary->min : summary->max;
}

namespace {

/// What a summary shows of a value: all of it, unless that would be long.
ParamValue shown_of(const ParamValue& value) {
    const auto* text = value.get_if<std::string>();
    const bool small =
        text != nullptr ? text->size() <= kMetricValueMax / 2
                        : value.get_if<ParamList>() == nullptr && value.get_if<BigInt>() == nullptr;
    if (small) return value;
    const std::size_t size = to_json(value).size();
    if (size <= kMetricValueMax) return value;
    return ParamValue("<" + std::to_string(size) + " bytes>");
}

void take_in(MetricSummary& entry, const ParamValue& value) {
    entry.last = shown_of(value);
    const std::optional<double> number = finite_number(value);
    if (!number) return;
    if (entry.count == 0) entry.first = entry.min = entry.max = *number;
    entry.min = std::min(entry.min, *number);
    entry.max = std::max(entry.max, *number);
    entry.latest = *number;
    ++entry.count;
}

/// Finds entries by name: by looking at each where little is to be found, else with an index.
class Entries {
public:
    Entries(std::vector<MetricSummary>& summary, std::size_t searches)
        : summary_(summary), indexed_(searches > kFewSearches) {
        if (!indexed_) return;
        for (std::size_t i = 0; i < summary_.size(); ++i)
            index_.emplace(summary_[i].name, i);
    }
    /// nullptr: it is not there, and there is no room for it.
    MetricSummary* find_or_add(const std::string& name) {
        if (indexed_) {
            if (const auto known = index_.find(name); known != index_.end())
                return &summary_[known->second];
        } else {
            const auto known =
                std::find_if(summary_.begin(), summary_.end(),
                             [&](const MetricSummary& entry) { return entry.name == name; });
            if (known != summary_.end()) return &*known;
        }
        if (summary_.size() >= kMetricNamesMax || name.size() > kMetricNameMax) return nullptr;
        if (indexed_) index_.emplace(name, summary_.size());
        summary_.emplace_back().name = name;
        return &summary_.back();
    }

private:
    static constexpr std::size_t kFewSearches = 64;

    std::vector<MetricSummary>& summary_;
    bool indexed_;
    std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

std::uint64_t observation_order(const Run& run) {
    return run.suggestion ? *run.suggestion : Observation::unnumbered(run.number);
}

std::optional<RunFate> fate_of(RunState state, std::optional<EndReason> reason) {
    switch (state) {
        case RunState::pending: return RunFate::pending;
        case RunState::running: return RunFate::running;
        case RunState::finished: return RunFate::finished;
        case RunState::failed:
        case RunState::crashed: return RunFate::failed;
        case RunState::killed: break;
    }
    if (reason == EndReason::early_terminate) return RunFate::stopped_early;
    const bool unstarted = reason == EndReason::stopped_before_start ||
                           reason == EndReason::cancelled_before_start ||
                           reason == EndReason::target_reached;
    return unstarted ? std::nullopt : std::optional(RunFate::killed);
}

std::optional<Observation> observation_of(const Run& run, const std::optional<MetricGoal>& metric) {
    const std::optional<RunFate> fate = fate_of(run.state, run.end_reason);
    if (!fate) return std::nullopt;
    Observation seen{observation_order(run), run.config, *fate, std::nullopt};
    const MetricSummary* summary = metric ? find(run.summary, metric->name) : nullptr;
    if (summary != nullptr && summary->count > 0)
        seen.metric = MetricValues{summary->min, summary->max, summary->latest};
    return seen;
}

bool take_in(std::vector<MetricSummary>& summary,
             const std::vector<std::vector<MetricPoint>>& lines) {
    const bool had_room = summary.size() < kMetricNamesMax;
    std::size_t points = 0;
    for (const std::vector<MetricPoint>& line : lines)
        points += line.size();
    Entries entries(summary, points);
    for (const std::vector<MetricPoint>& line : lines) {
        for (const MetricPoint& point : line) {
            if (MetricSummary* entry = entries.find_or_add(point.name))
                take_in(*entry, point.value);
        }
    }
    return had_room && summary.size() >= kMetricNamesMax;
}

std::uint32_t repeat_of(const SweepPolicy& policy, const Run& run) {
    if (policy.repeats <= 1) return 0;
    return static_cast<std::uint32_t>(run.suggestion.value_or(0) % policy.repeats) + 1;
}

std::optional<double> finite_number(const ParamValue& value) {
    double scratch = 0.0;
    const double* number = value.number(scratch);
    if (number == nullptr || !std::isfinite(*number)) return std::nullopt;
    return *number;
}

std::vector<double> finite_values(const ParamMap& line, std::string_view metric) {
    std::vector<double> values;
    for (const MetricPoint& point : metric_points(line)) {
        if (point.name != metric) continue;
        if (const std::optional<double> number = finite_number(point.value))
            values.push_back(*number);
    }
    return values;
}

const MetricSummary* find(const std::vector<MetricSummary>& summary, std::string_view name) {
    const auto found = std::find_if(summary.begin(), summary.end(),
                                    [&](const MetricSummary& known) { return known.name == name; });
    return found == summary.end() ? nullptr : &*found;
}

}  // namespace sweepctl

#include "sweepctl/core/run_rules.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <string>

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

}  // namespace sweepctl

#include "sweepctl/core/run_rules.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>

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

}  // namespace

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

void take_in(std::vector<MetricSummary>& summary, const MetricPoint& point) {
    auto entry = std::find_if(summary.begin(), summary.end(),
                              [&](const MetricSummary& known) { return known.name == point.name; });
    if (entry == summary.end()) {
        summary.emplace_back().name = point.name;
        entry = std::prev(summary.end());
    }
    entry->last = point.value;
    double scratch = 0.0;
    const double* number = point.value.number(scratch);
    if (number == nullptr || !std::isfinite(*number)) return;
    if (entry->count == 0) entry->first = entry->min = entry->max = *number;
    entry->min = std::min(entry->min, *number);
    entry->max = std::max(entry->max, *number);
    entry->latest = *number;
    ++entry->count;
}

const MetricSummary* find(const std::vector<MetricSummary>& summary, std::string_view name) {
    const auto found = std::find_if(summary.begin(), summary.end(),
                                    [&](const MetricSummary& known) { return known.name == name; });
    return found == summary.end() ? nullptr : &*found;
}

}  // namespace sweepctl

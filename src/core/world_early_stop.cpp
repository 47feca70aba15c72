// Hopeless runs are stopped as their values arrive, by the sweep's rule (core/early_stop.hpp).

#include "sweepctl/core/world.hpp"

#include "core/plain_number.hpp"

namespace sweepctl {

namespace {

std::string band_text(const EarlyStopping::Band& band) {
    return "band " + std::to_string(band.iteration) + ": " +
           (band.threshold ? "threshold " + plain_number(*band.threshold) : "no threshold yet") +
           ", reached by " + std::to_string(band.runs) + (band.runs == 1 ? " run" : " runs");
}

}  // namespace

void World::begin_early_stop(Sweep& sweep) {
    if (sweep.policy.early_stop && sweep.policy.metric)
        sweep.early_stop.emplace(*sweep.policy.early_stop, sweep.policy.metric->goal);
}

std::vector<SweepId> World::wanted_histories() const {
    std::vector<SweepId> wanted;
    for (const auto& [id, sweep] : sweeps_) {
        // A sweep that is over and has no run left judges nobody, unless it is reopened.
        const SweepStatus status = sweep.record.status;
        const bool goes_on =
            creates_runs(status) || status == SweepStatus::paused || !sweep.runs.empty();
        if (sweep.history_missing && goes_on) wanted.push_back(id);
    }
    return wanted;
}

std::optional<std::string> World::missing_history(const SweepId& id) const {
    const auto found = sweeps_.find(id);
    if (found == sweeps_.end() || !found->second.history_missing) return std::nullopt;
    return found->second.policy.metric->name;
}

void World::restore_history(const SweepId& id, const std::vector<MetricSeries>& history) {
    Sweep* sweep = sweep_of(id);
    if (sweep == nullptr || !sweep->history_missing) return;
    sweep->history_missing = false;
    begin_early_stop(*sweep);
    for (const MetricSeries& series : history) {
        for (const double value : series.values)
            sweep->early_stop->take(series.number, value);
    }
}

/// Takes in what a run has logged, in addition to what the store has. Each value is judged, as if
/// each had come alone.
void World::judge_values(Sweep& sweep,
                         Run& run,
                         const std::vector<std::vector<MetricPoint>>& lines) {
    if (!sweep.early_stop) return;
    std::optional<EarlyStopVerdict> hopeless;
    for (const std::vector<MetricPoint>& line : lines) {
        for (const MetricPoint& point : line) {
            if (point.name != sweep.policy.metric->name) continue;
            const std::optional<double> value = finite_number(point.value);
            if (!value) continue;
            const EarlyStopVerdict verdict = sweep.early_stop->take(run.number, *value);
            if (verdict.stop && !hopeless) hopeless = verdict;
        }
    }
    // Its values may come before the news of its start, and after those of its end.
    const bool over = is_ended(run.state) && !crashed_by_silence(run);
    const bool executed =
        run.claim ? run.claim->phase != ClaimPhase::ended : run.state == RunState::running;
    if (!hopeless || over || run.stopping || !executed) return;
    run.end_detail = sweep.policy.metric->name + " " + to_text(*hopeless) + ", after " +
                     std::to_string(hopeless->iteration) + " values (" +
                     to_text(*sweep.policy.early_stop) + ")";
    order_end(run, EndReason::early_terminate, SignalKind::stop, std::nullopt, run.end_detail);
}

void World::forget_values(Sweep& sweep, const Run& run) {
    if (sweep.early_stop) sweep.early_stop->forget(run.number);
}

/// A metric whose name nobody logs would let everything run to its end, in silence.
void World::judge_silence(Sweep& sweep, const Run& run) {
    const SweepRecord& record = sweep.record;
    // Said once, when the last of them ends.
    if (run.state == RunState::killed || ended_unstopped(record) != kSilentRunsMax) return;
    if (const std::optional<std::string> warning = missing_metric(record))
        audit("metric_missing", sweep, {}, {}, *warning, {});
}

std::vector<std::string> World::explain_early_stop(const SweepId& id,
                                                   std::uint64_t run_number) const {
    std::vector<std::string> lines;
    const auto found = sweeps_.find(id);
    if (found == sweeps_.end() || !found->second.early_stop) return lines;
    const Sweep& sweep = found->second;
    const EarlyStopping& rule = *sweep.early_stop;
    const std::string& metric = sweep.policy.metric->name;
    lines.push_back("early stopping by " + to_text(rule.rule()) + ", on " + metric);
    if (sweep.history_missing) {
        lines.emplace_back("its sweep was over when this controller started: no bands in memory");
        return lines;
    }
    const EarlyStopVerdict verdict = rule.judge(run_number);
    const bool median = std::holds_alternative<MedianRule>(rule.rule());
    for (const EarlyStopping::Band& band : rule.bands()) {
        // Of median there is one for each iteration: only where this run stands is of interest.
        if (median && band.iteration != verdict.band) continue;
        lines.push_back(median ? "compared with the median of the averages of " +
                                     std::to_string(band.runs - 1) + " other runs over " +
                                     std::to_string(band.iteration) + " values"
                               : band_text(band));
        if (band.runs == 0) break;  // Those beyond say nothing more.
    }
    if (verdict.iteration == 0) {
        lines.push_back("it has logged no number as " + metric + " yet, so it is not judged");
    } else if (!verdict.band) {
        lines.push_back("it has " + std::to_string(verdict.iteration) + " values of " + metric +
                        ", too few to be compared");
    } else {
        lines.push_back("it has " + std::to_string(verdict.iteration) + " values of " + metric +
                        ": " + to_text(verdict));
        if (std::holds_alternative<AshaRule>(rule.rule())) {
            lines.emplace_back(
                "that is how it stands now; asha decided once, when it reached that band, among "
                "those "
                "before it");
        } else if (verdict.stop) {
            lines.emplace_back(
                "a value is judged when it comes, among those that the others had logged by then");
        }
    }
    return lines;
}

}  // namespace sweepctl

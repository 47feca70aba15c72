#include "sim/judge.hpp"

#include "sweepctl/agent/run_files.hpp"

#include <csignal>
#include <set>
#include <vector>

namespace sweepctl::sim {

namespace {

/// How one attempt ended, as it is stored.
struct StoredEnd {
    std::string state;  ///< `pending` stands for requeued
    std::string reason;
    std::optional<int> exit_code;
    std::optional<int> term_signal;
};

template <typename Stored>
StoredEnd end_of(const Stored& stored) {
    return {std::string(to_string(stored.state)),
            stored.end_reason ? std::string(to_string(*stored.end_reason)) : std::string{},
            stored.exit_code, stored.term_signal};
}

std::string shown(const StoredEnd& end) {
    return end.state + " (" + end.reason + ", exit code " +
           (end.exit_code ? std::to_string(*end.exit_code) : "none") + ", signal " +
           (end.term_signal ? std::to_string(*end.term_signal) : "none") + ")";
}

void judge_states(const MemoryDisk& disk) {
    std::map<SweepId, RunCounts> counts;
    for (const auto& [id, run] : disk.runs) {
        ++counts[run.sweep][run.state];
        if (run.claim) throw Foul("run " + id.text + " is still in an agent's hands");
        if (run.state == RunState::running) throw Foul("run " + id.text + " is still running");
        if (run.stopping || run.retry_wanted)
            throw Foul("run " + id.text + " is still to be stopped or to go again");
    }
    for (const auto& [id, sweep] : disk.sweeps) {
        const SweepRecord& record = sweep.record;
        const std::string who = "sweep " + id.text;
        if (!(record.counts == counts[id])) throw Foul(who + " has miscounted its runs");
        if (creates_runs(record.status))
            throw Foul(who + " is still " + std::string(to_string(record.status)));
        if (record.status == SweepStatus::finished && counts[id][RunState::pending] > 0)
            throw Foul(who + " is finished, and has pending runs");
    }
}

/// A natural end, an ordered one, or the way back to the queue: what the tables allow for what
/// really happened.
void judge_end(const RealExecution& real, const StoredEnd& end) {
    const std::string who = name_of(real.ref) + " is stored as " + shown(end);
    if (!real.end_recorded) {
        // Its runner was killed or its machine went down: nobody knows, and nobody guesses.
        if (end.exit_code || end.term_signal)
            throw Foul(who + ", though nobody recorded how it ended");
        const bool honest = end.state == "killed" || end.state == "pending" ||
                            (end.state == "crashed" &&
                             (end.reason == "runner_lost" || end.reason == "machine_restart"));
        if (!honest) throw Foul(who + ", though nobody recorded how it ended");
        return;
    }
    const bool exited = real.how == EndKind::exited;
    const std::string truth = exited ? "it exited with " + std::to_string(real.code)
                                     : "it died of signal " + std::to_string(real.code);
    const bool told = exited ? end.exit_code == real.code && !end.term_signal
                             : end.term_signal == real.code && !end.exit_code;
    if (!told) throw Foul(who + ", though " + truth);
    const std::string what = who + ", though " + truth + " and was sent " +
                             std::to_string(real.ordered_signal) + " by us";
    if (real.ordered_signal != 0) {
        if (end.state != "killed" && !(end.state == "pending" && real.said_preempting))
            throw Foul(what);
        return;
    }
    if (exited && real.code == 0) {
        if (end.state != "finished") throw Foul(what);
        return;
    }
    if (real.said_preempting && (end.state == "pending" || end.state == "killed")) return;
    const std::string natural = exited ? "failed" : real.code == SIGINT ? "killed" : "crashed";
    if (end.state != natural || end.reason != (exited ? "exit" : "signal")) throw Foul(what);
}

void judge_metrics(const MemoryDisk& disk,
                   const RealExecution& real,
                   const std::map<std::string, std::string>& files,
                   StdoutMetrics prints) {
    const auto content_of = [&](const std::string& ending) {
        const std::string name =
            "/" + real.ref.run.text + "." + std::to_string(real.ref.attempt) + ending;
        for (const auto& [path, content] : files) {
            if (path.ends_with(name)) return content;
        }
        return std::string();
    };
    const auto check = [&](const std::string& what, const auto& written, const auto& kept) {
        if (kept == written) return;
        throw Foul(name_of(real.ref) + " " + what + " " + std::to_string(written.size()) +
                   " lines of metrics, " + std::to_string(kept.size()) + " are stored");
    };
    std::vector<std::string> logged;
    std::vector<std::string> printed;
    const auto found = disk.metrics.find({real.ref.run, real.ref.attempt});
    if (found != disk.metrics.end()) {
        for (const auto& [line, text] : found->second)
            (text.starts_with("{\"printed\"") ? printed : logged).push_back(text);
    }
    check("logged", metrics_lines(content_of(".metrics.jsonl"), 0, true).lines, logged);
    std::vector<std::string> to_be_found;
    if (prints != StdoutMetrics::none) {
        const MetricsFormat format = prints == StdoutMetrics::json ? MetricsFormat::printed_json
                                                                   : MetricsFormat::printed_pairs;
        to_be_found = metrics_lines(content_of(".log"), 0, true, format).lines;
    }
    check("printed", to_be_found, printed);
}

}  // namespace

void judge(const MemoryDisk& disk,
           const Truth& truth,
           const std::map<std::string, std::string>& files,
           const PrintedBy& printed_by) {
    judge_states(disk);
    std::set<std::pair<RunId, std::uint32_t>> executed;
    for (const RealExecution& real : truth.executions()) {
        if (real.alive()) throw Foul("program of " + name_of(real.ref) + " is still alive");
        executed.emplace(real.ref.run, real.ref.attempt);
        const auto run = disk.runs.find(real.ref.run);
        if (run == disk.runs.end() || truth.was_forced(real.ref.run)) continue;
        if (run->second.attempt == real.ref.attempt) {
            judge_end(real, end_of(run->second));
        } else {
            const auto attempt = disk.attempts.find({real.ref.run, real.ref.attempt});
            if (attempt == disk.attempts.end())
                throw Foul("attempt " + name_of(real.ref) + " was executed and is not stored");
            judge_end(real, end_of(attempt->second));
        }
        if (real.end_recorded) judge_metrics(disk, real, files, printed_by(real.sweep));
    }
    // Whoever is said to have run did.
    for (const auto& [id, run] : disk.runs) {
        const bool claims =
            run.state == RunState::finished ||
            (run.state == RunState::failed && run.end_reason != EndReason::spawn_error) ||
            run.state == RunState::crashed;
        if (claims && !executed.contains({id, run.attempt}) && !truth.was_forced(id) &&
            run.end_reason != EndReason::runner_lost &&
            run.end_reason != EndReason::machine_restart)
            throw Foul("run " + id.text + " is " + std::string(to_string(run.state)) +
                       ", and was never executed");
    }
}

}  // namespace sweepctl::sim

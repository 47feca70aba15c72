#include "cli/sweep_view.hpp"

#include "sweepctl/core/sweep.hpp"
#include "sweepctl/core/time_text.hpp"

#include "cli/json_view.hpp"
#include "cli/text.hpp"

#include <chrono>
#include <cstring>
#include <utility>

namespace sweepctl::cli {

WallTime wall_now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

std::optional<WallTime> time_field(const ParamValue& object, std::string_view name) {
    return from_rfc3339(text_field(object, name));
}

Counts counts_of(const ParamValue& sweep) {
    const ParamValue& counts = field(sweep, "counts");
    const auto count = [&](std::string_view state) {
        const std::int64_t value = int_field(counts, state).value_or(0);
        return static_cast<std::uint64_t>(value < 0 ? 0 : value);
    };
    return {.pending = count("pending"),
            .running = count("running"),
            .finished = count("finished"),
            .failed = count("failed"),
            .crashed = count("crashed"),
            .killed = count("killed")};
}

std::string counts_text(const Counts& counts) {
    std::string out;
    const auto add = [&](std::uint64_t count, std::string_view word) {
        if (count == 0) return;
        out += (out.empty() ? "" : ", ") + count_text(count) + " " + std::string(word);
    };
    add(counts.pending, "pending");
    add(counts.running, "running");
    add(counts.finished, "finished");
    add(counts.failed, "failed");
    add(counts.crashed, "crashed");
    add(counts.killed, "killed");
    return out.empty() ? "no runs" : out;
}

std::string progress_text(const ParamValue& sweep) {
    const std::string ended = count_text(counts_of(sweep).ended());
    const auto expected = int_field(sweep, "expected_runs");
    if (!expected || *expected < 0) return ended;
    return ended + "/" + count_text(static_cast<std::uint64_t>(*expected));
}

std::string best_text(const ParamValue& sweep) {
    const ParamValue& best = field(sweep, "best");
    if (best.is_null()) return "-";
    return cell_text(field(best, "value")) + " (run " + cell_text(field(best, "run")) + ")";
}

std::string metric_warning(const ParamValue& sweep) {
    const Counts counts = counts_of(sweep);
    SweepRecord record;
    record.metric_name = text_field(field(sweep, "metric"), "name");
    record.counts[RunState::finished] = counts.finished;
    record.counts[RunState::failed] = counts.failed;
    record.counts[RunState::crashed] = counts.crashed;
    if (!field(sweep, "best").is_null()) record.best.emplace();
    return printable(missing_metric(record).value_or(""));
}

std::string run_state_text(const ParamValue& run) {
    std::string out = printable(text_field(run, "state"));
    if (bool_field(run, "stopping")) {
        out += " (stopping)";
    } else if (bool_field(run, "preempting")) {
        out += " (preempting)";
    }
    return out;
}

std::string signal_text(std::int64_t number) {
    const char* const name =
        std::in_range<int>(number) ? ::sigabbrev_np(static_cast<int>(number)) : nullptr;
    return name == nullptr ? "signal " + std::to_string(number) : "SIG" + std::string(name);
}

std::string run_end_text(const ParamValue& run) {
    const std::string reason = text_field(run, "end_reason");
    if (reason.empty()) return {};
    const auto code = int_field(run, "exit_code");
    const auto signal = int_field(run, "term_signal");
    std::string how;
    if (signal) {
        how = signal_text(*signal);
    } else if (code && *code != 0) {
        how = "exit " + std::to_string(*code);
    }
    if (reason == "exit" || reason == "signal" || reason == "finish") return how;
    return printable(reason) + (how.empty() ? "" : ", " + how);
}

std::string run_time_text(const ParamValue& run) {
    const auto begin = time_field(run, "started_at");
    if (!begin) return "-";
    return duration_text(time_field(run, "ended_at").value_or(wall_now()) - *begin);
}

}  // namespace sweepctl::cli

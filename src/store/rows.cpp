#include "store/rows.hpp"

#include "sweepctl/core/json_text.hpp"

#include "store/run_text.hpp"
#include "store/words.hpp"

#include <stdexcept>
#include <utility>

namespace sweepctl {

const std::string_view kRunColumns =
    "runs.id, sweeps.id, runs.number, runs.name, runs.origin, runs.suggestion, runs.priority,"
    " runs.state, runs.attempt, runs.retries, runs.requeued, runs.preempting, runs.stopping, "
    "runs.retry_wanted,"
    " runs.stop_reason, runs.stop_signal, runs.end_reason, runs.exit_code, runs.term_signal,"
    " runs.end_detail, runs.created_at, runs.started_at, runs.ended_at, runs.heartbeat_at,"
    " runs.host, runs.boot_id, runs.pid, runs.agent, runs.claim_agent, runs.claim_fence,"
    " runs.claim_phase, runs.claim_revoking, runs.metrics_offset, runs.output_offset,"
    " runs.metrics_lines,"
    " runs.bad_metrics_reported, runs.cut_metrics_reported,"
    " runs.cpu_us, runs.max_rss_kib, runs.config, runs.config_exact,"
    " runs.summary, runs.summary_exact, runs.summary_stats, run_clients.run,"
    " run_clients.wire_name, run_clients.speaks, run_clients.told_to_stop, run_clients.gone,"
    " run_clients.history_lines, run_clients.event_lines, run_clients.output_lines,"
    " run_clients.history_base, run_clients.event_base, run_clients.output_base, "
    "run_clients.last_step";

const std::string_view kSweepColumns =
    "sweeps.id, sweeps.name, sweeps.project, sweeps.entity, sweeps.status, sweeps.reason,"
    " sweeps.exhausted, sweeps.target_reached, sweeps.parallel, sweeps.run_cap,"
    " sweeps.expected_runs, sweeps.next_number, sweeps.runs_pending, sweeps.runs_running,"
    " sweeps.runs_finished, sweeps.runs_failed, sweeps.runs_crashed, sweeps.runs_killed,"
    " sweeps.best_run, sweeps.best_value, sweeps.metric_name, sweeps.metric_goal,"
    " sweeps.coverage_cursor, sweeps.coverage_freed, sweeps.coverage_taken, sweeps.created_at,"
    " sweeps.started_at, sweeps.ended_at, sweeps.description, sweeps.prior_filters,"
    " sweeps.prior_cells, sweeps.loose, sweeps.needs_own_agent";

const std::string_view kAgentColumns =
    "id, host, boot_id, pid, state, slots, gpus, local, only_sweep, heartbeat_at, kind,"
    " created_at";

namespace {

/// Columns one after the other.
class Cursor {
public:
    explicit Cursor(const sqlite::Rows& row) : row_(row) {}

    std::string string() { return row_.string(at_++); }
    std::string_view text() { return row_.text(at_++); }
    double real() { return row_.real(at_++); }
    template <typename T>
    T get() {
        return row_.get<T>(at_++);
    }
    template <typename T>
    std::optional<T> optional() {
        return row_.get_optional<T>(at_++);
    }
    std::optional<std::string_view> optional_text() {
        const int column = at_++;
        if (row_.is_null(column)) return std::nullopt;
        return row_.text(column);
    }
    std::optional<std::string> optional_string() {
        const auto text = optional_text();
        if (!text) return std::nullopt;
        return std::string(*text);
    }
    std::optional<EndReason> optional_reason() {
        const auto text = optional_text();
        if (!text) return std::nullopt;
        return stored_end_reason(*text);
    }
    WallTime time() { return stored_time(get<std::int64_t>()); }
    std::optional<WallTime> optional_time() {
        const auto milliseconds = optional<std::int64_t>();
        if (!milliseconds) return std::nullopt;
        return stored_time(*milliseconds);
    }
    template <typename T>
    std::optional<T> optional_id() {
        const auto text = optional_text();
        if (!text) return std::nullopt;
        return T(std::string(*text));
    }

private:
    const sqlite::Rows& row_;
    int at_ = 0;
};

std::optional<Claim> read_claim(Cursor& column) {
    auto agent = column.optional_id<AgentId>();
    const auto fence = column.optional<Fence>();
    const auto phase = column.optional_text();
    const auto revoking = column.optional<bool>();
    if (!agent || !fence || !phase || !revoking) return std::nullopt;
    return Claim{std::move(*agent), *fence, stored_claim_phase(*phase), *revoking};
}

std::optional<ClientSide> read_client(Cursor& column) {
    if (!column.optional<std::int64_t>()) return std::nullopt;
    ClientSide client;
    client.wire_name = column.optional_string().value_or("");
    client.speaks = column.get<bool>();
    client.told_to_stop = column.get<bool>();
    client.gone = column.get<bool>();
    client.history_lines = column.get<std::uint64_t>();
    client.event_lines = column.get<std::uint64_t>();
    client.output_lines = column.get<std::uint64_t>();
    client.history_base = column.get<std::uint64_t>();
    client.event_base = column.get<std::uint64_t>();
    client.output_base = column.get<std::uint64_t>();
    client.last_step = column.optional<std::int64_t>();
    return client;
}

std::vector<std::uint64_t> read_numbers(std::string_view text) {
    std::vector<std::uint64_t> numbers;
    const Result<ParamValue, JsonError> list = parse_json(text);
    const auto* items = list.ok() ? list->get_if<ParamList>() : nullptr;
    if (items == nullptr) throw std::runtime_error("the stored coverage is not a list of numbers");
    for (const ParamValue& item : *items) {
        const auto number = unsigned_number(item);
        if (!number) throw std::runtime_error("the stored coverage is not a list of numbers");
        numbers.push_back(*number);
    }
    return numbers;
}

}  // namespace

WallTime stored_time(std::int64_t milliseconds) {
    return WallTime{Duration{milliseconds}};
}

Run read_run(const sqlite::Rows& row) {
    Cursor column(row);
    Run run;
    run.id = RunId(column.string());
    run.sweep = SweepId(column.string());
    run.number = column.get<std::uint64_t>();
    run.name = column.string();
    run.origin = stored_origin(column.text());
    run.suggestion = column.optional<std::uint64_t>();
    run.priority = column.get<std::int32_t>();
    run.state = stored_run_state(column.text());
    run.attempt = column.get<std::uint32_t>();
    run.retries = column.get<std::uint32_t>();
    run.requeued = column.get<bool>();
    run.preempting = column.get<bool>();
    run.stopping = column.get<bool>();
    run.retry_wanted = column.get<bool>();
    run.stop_reason = column.optional_reason();
    run.stop_signal = column.optional<int>();
    run.end_reason = column.optional_reason();
    run.exit_code = column.optional<int>();
    run.term_signal = column.optional<int>();
    run.end_detail = column.string();
    run.created_at = column.time();
    run.started_at = column.optional_time();
    run.ended_at = column.optional_time();
    run.heartbeat_at = column.optional_time();
    run.host = column.optional_string();
    run.boot_id = column.optional_string();
    run.pid = column.optional<int>();
    run.agent = column.optional_id<AgentId>();
    run.claim = read_claim(column);
    run.metrics_offset = column.get<std::uint64_t>();
    run.output_offset = column.get<std::uint64_t>();
    run.metrics_lines = column.get<std::uint64_t>();
    run.bad_metrics_reported = column.get<bool>();
    run.cut_metrics_reported = column.get<bool>();
    run.cpu_us = column.get<std::uint64_t>();
    run.max_rss_kib = column.get<std::uint64_t>();
    const auto config = column.text();
    run.config = config_from_text(config, column.optional_text());
    const auto summary = column.text();
    const auto exact = column.optional_text();
    run.summary = summary_from_text(summary, exact, column.text());
    run.client = read_client(column);
    return run;
}

SweepRecord read_sweep(const sqlite::Rows& row) {
    Cursor column(row);
    SweepRecord sweep;
    sweep.id = SweepId(column.string());
    sweep.name = column.string();
    sweep.project = column.string();
    sweep.entity = column.string();
    sweep.status = stored_sweep_status(column.text());
    sweep.reason = column.string();
    sweep.exhausted = column.get<bool>();
    sweep.target_reached = column.get<bool>();
    sweep.parallel = column.optional<std::uint32_t>();
    sweep.run_cap = column.optional<std::uint64_t>();
    sweep.expected_runs = column.optional<std::uint64_t>();
    sweep.next_number = column.get<std::uint64_t>();
    for (const RunState state : kAllRunStates)
        sweep.counts[state] = column.get<std::uint64_t>();
    auto best = column.optional_id<RunId>();
    const double value = column.real();
    if (best) sweep.best = BestRun{std::move(*best), value};
    sweep.metric_name = column.string();
    sweep.metric_maximize = column.text() == "maximize";
    sweep.coverage.cursor = column.get<std::uint64_t>();
    sweep.coverage.freed = read_numbers(column.text());
    sweep.coverage.taken = read_numbers(column.text());
    sweep.created_at = column.time();
    sweep.started_at = column.optional_time();
    sweep.ended_at = column.optional_time();
    sweep.description = column.string();
    sweep.prior_filters = column.string();
    sweep.prior_cells = column.get<std::uint64_t>();
    sweep.loose = column.get<bool>();
    sweep.needs_own_agent = column.get<bool>();
    return sweep;
}

AgentRecord read_agent(const sqlite::Rows& row) {
    Cursor column(row);
    AgentRecord agent;
    agent.id = AgentId(column.string());
    agent.host = column.string();
    agent.boot_id = column.string();
    agent.pid = column.get<int>();
    agent.state = stored_agent_state(column.text());
    agent.slots = column.get<std::uint32_t>();
    agent.gpus = column.get<std::uint32_t>();
    agent.local = column.get<bool>();
    agent.only_sweep = column.optional_id<SweepId>();
    agent.heartbeat_at = column.optional_time();
    agent.foreign = column.text() == "foreign";
    agent.created_at = column.optional_time();
    return agent;
}

}  // namespace sweepctl

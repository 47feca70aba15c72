#include "store/wire_run_row.hpp"

#include "sweepctl/core/json_text.hpp"

#include "store/history_lines.hpp"
#include "store/json_members.hpp"
#include "store/json_object.hpp"
#include "store/run_text.hpp"
#include "store/words.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kColumns =
    "SELECT runs.id, runs.name, runs.number, runs.state, runs.attempt, runs.preempting, "
    "runs.requeued,"
    " runs.stopping, runs.host, runs.agent, runs.created_at, runs.started_at, runs.ended_at,"
    " runs.heartbeat_at, runs.exit_code, runs.metrics_lines, sweeps.id, sweeps.loose,"
    " projects.key, projects.name, projects.entity, run_clients.wire_name,"
    " run_clients.history_lines, run_clients.event_lines, run_clients.output_lines,"
    " run_clients.last_step, run_details.tags, run_details.notes, run_details.run_group,"
    " run_details.job_type, run_details.commit_hash, run_details.username, run_details.program,"
    " run_details.repo";
enum Column : int {
    id,
    name,
    number,
    state,
    attempt,
    preempting,
    requeued,
    stopping,
    host,
    agent,
    created_at,
    started_at,
    ended_at,
    heartbeat_at,
    exit_code,
    metrics_lines,
    sweep,
    loose,
    project_key,
    project,
    entity,
    wire_name,
    history_lines,
    event_lines,
    output_lines,
    last_step,
    tags,
    notes,
    run_group,
    job_type,
    commit_hash,
    username,
    program,
    repo,
    // As far as wanted; else NULL.
    config,
    config_exact,
    client_config,
    summary,
    summary_exact,
    client_summary,
    system_metrics,
    stats_values,
    stats_exact,
    stats,
};
constexpr std::uint64_t kLinesToLookThrough = 20'000;
constexpr std::string_view kConfig = ", runs.config, runs.config_exact, run_details.config_json";
constexpr std::string_view kSummary =
    ", runs.summary, runs.summary_exact, run_clients.summary_json";
constexpr std::string_view kSystemMetrics = ", run_clients.system_metrics_json";
constexpr std::string_view kStats = ", runs.summary, runs.summary_exact, runs.summary_stats";
constexpr std::string_view kFrom =
    " FROM runs JOIN sweeps ON sweeps.key = runs.sweep JOIN projects ON projects.key = runs.project"
    " LEFT JOIN run_clients ON run_clients.run = runs.key"
    " LEFT JOIN run_details ON run_details.run = runs.key"
    " WHERE runs.key = ?1 AND sweeps.deleted = 0";

std::string select_run(const RunColumns& wanted) {
    std::string sql(kColumns);
    sql += wanted.config ? kConfig : ", NULL, NULL, NULL";
    sql += wanted.summary ? kSummary : ", NULL, NULL, NULL";
    sql += wanted.system_metrics ? kSystemMetrics : ", NULL";
    sql += wanted.history_keys ? kStats : ", NULL, NULL, NULL";
    sql += kFrom;
    return sql;
}

std::optional<std::string> optional_text(const sqlite::Rows& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return row.string(column);
}

std::optional<WallTime> optional_time(const sqlite::Rows& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return stored_time(row.integer(column));
}

std::vector<std::string> text_list(const sqlite::Rows& row, int column) {
    std::vector<std::string> texts;
    if (row.is_null(column)) return texts;
    const Result<ParamValue, JsonError> parsed = parse_json(row.text(column));
    const auto* list = parsed.ok() ? parsed->get_if<ParamList>() : nullptr;
    if (list == nullptr) return texts;
    for (const ParamValue& one : *list) {
        if (const auto* text = one.get_if<std::string>()) texts.push_back(*text);
    }
    return texts;
}

std::string_view exact_text(const sqlite::Rows& row, int plain, int exact) {
    return row.is_null(exact) ? row.text(plain) : row.text(exact);
}

/// Appends `"name":value` pairs to an object that is still open.
class OpenObject {
public:
    OpenObject() : text_("{") {}
    /// `raw_name` is what stands between the quotes.
    std::string& member(std::string_view raw_name) {
        if (text_.size() > 1) text_.push_back(',');
        text_.push_back('"');
        text_ += raw_name;
        text_ += "\":";
        return text_;
    }
    [[nodiscard]] std::string close() {
        text_.push_back('}');
        return std::move(text_);
    }

private:
    std::string text_;
};

/// W&B's word for the kind of a metric.
std::string type_of(const MetricSummary& metric) {
    if (metric.last.get_if<std::string>() != nullptr) return "string";
    if (metric.last.get_if<ParamList>() != nullptr) return "list";
    const auto* map = metric.last.get_if<ParamMap>();
    if (map == nullptr) return "number";
    const ParamValue* type = find(*map, "_type");
    const auto* word = type == nullptr ? nullptr : type->get_if<std::string>();
    return word == nullptr ? "map" : *word;
}

/// {"lastStep", "keys", "sets"} of the metrics whose last values and numbers are given.
std::string history_keys(std::int64_t last, std::string_view values, std::string_view stats) {
    OpenObject keys;
    for (const MetricSummary& metric : summary_from_text(values, std::nullopt, stats)) {
        std::string name;
        append_json_string(name, metric.name);
        std::string& out = keys.member(std::string_view(name).substr(1, name.size() - 2));
        out += R"({"typeCounts":[{"type":)";
        append_json_string(out, type_of(metric));
        // Of what is no number only the last is kept.
        out += ",\"count\":" + std::to_string(std::max<std::uint64_t>(metric.count, 1));
        out += "}],\"monotonic\":false";
        double scratch = 0.0;
        const double* number = metric.last.number(scratch);
        if (number != nullptr && std::isfinite(*number))
            out += ",\"previousValue\":" + to_json(metric.last);
        out.push_back('}');
    }
    return "{\"lastStep\":" + std::to_string(last) + ",\"keys\":" + keys.close() + ",\"sets\":[]}";
}

}  // namespace

std::string merged_objects(std::string_view first, std::string_view second) {
    OpenObject object;
    std::unordered_set<std::string> names;
    for (JsonMembers members(first); members.next();) {
        names.insert(members.name());
        object.member(members.raw_name()) += members.value();
    }
    for (JsonMembers members(second); members.next();) {
        if (!names.contains(members.name())) object.member(members.raw_name()) += members.value();
    }
    return object.close();
}

std::string wrapped_config(std::string_view config, std::string_view client_config) {
    OpenObject object;
    for (JsonMembers members(config); members.next();) {
        std::string& out = object.member(members.raw_name());
        out += "{\"value\":";
        out += members.value();
        out.push_back('}');
    }
    const std::string ours = object.close();
    return client_config.empty() ? ours : merged_objects(ours, client_config);
}

std::optional<WireRun> wire_run_of(ReadSession& session,
                                   std::int64_t key,
                                   const RunColumns& wanted,
                                   bool in_list) {
    sqlite::Rows row = session.statement(select_run(wanted)).query(key);
    if (!row.next()) return std::nullopt;
    WireRun run;
    run.id = RunId(row.string(Column::id));
    run.wire_name = row.string(row.is_null(Column::wire_name) ? Column::id : Column::wire_name);
    run.display_name = row.string(Column::name);
    run.project_key = row.integer(Column::project_key);
    run.project = row.string(Column::project);
    run.entity = row.string(Column::entity);
    if (!row.get<bool>(Column::loose)) run.sweep = row.string(Column::sweep);
    run.number = row.get<std::uint64_t>(Column::number);
    run.state = stored_run_state(row.text(Column::state));
    run.attempt = row.get<std::uint32_t>(Column::attempt);
    run.preempting = row.get<bool>(Column::preempting);
    run.requeued = row.get<bool>(Column::requeued);
    run.stopping = row.get<bool>(Column::stopping);
    run.tags = text_list(row, Column::tags);
    run.notes = optional_text(row, Column::notes);
    run.group = optional_text(row, Column::run_group);
    run.job_type = optional_text(row, Column::job_type);
    run.commit = optional_text(row, Column::commit_hash);
    run.username = optional_text(row, Column::username);
    run.host = optional_text(row, Column::host);
    run.program = optional_text(row, Column::program);
    run.repo = optional_text(row, Column::repo);
    run.agent = optional_text(row, Column::agent);
    run.created_at = stored_time(row.integer(Column::created_at));
    run.started_at = optional_time(row, Column::started_at);
    run.ended_at = optional_time(row, Column::ended_at);
    run.heartbeat_at = optional_time(row, Column::heartbeat_at);
    run.exit_code = row.get_optional<int>(Column::exit_code);
    // A run that never had a client has NULLs here, which read as 0.
    run.history_lines = row.get<std::uint64_t>(Column::history_lines);
    run.event_lines = row.get<std::uint64_t>(Column::event_lines);
    run.output_lines = row.get<std::uint64_t>(Column::output_lines);
    const auto lines_now = row.get<std::uint64_t>(Column::metrics_lines);
    run.metric_lines = run.attempt == 1 ? lines_now : metric_line_count(session, key, run.attempt);
    if (wanted.config) {
        run.config_json = wrapped_config(exact_text(row, Column::config, Column::config_exact),
                                         row.text(Column::client_config));
    }
    if (wanted.summary) {
        const std::string_view ours = exact_text(row, Column::summary, Column::summary_exact);
        if (row.is_null(Column::client_summary)) {
            run.summary_json = std::string(ours);
        } else if (run.metric_lines == 0) {
            // The client decides what its summary has: define_metric() may leave metrics out.
            run.summary_json = row.string(Column::client_summary);
        } else {
            run.summary_json = merged_objects(row.text(Column::client_summary), ours);
        }
    }
    if (wanted.system_metrics) run.system_metrics_json = optional_text(row, Column::system_metrics);
    if (wanted.history_keys && run.history_lines + run.metric_lines > 0) {
        std::int64_t last = row.is_null(Column::last_step) ? -1 : row.integer(Column::last_step);
        if (run.metric_lines > 0) {
            last = std::max(last, last_metric_step(session, key, run.attempt));
        }
        // A process that begins again at step 0 may not have come as far as the one before.
        const bool short_enough = run.history_lines + run.metric_lines <= kLinesToLookThrough;
        if (!in_list && (short_enough || run.attempt > 1)) {
            last = std::max(last, HistoryLines(session, key).last_step());
        }
        run.history_keys_json =
            history_keys(last, exact_text(row, Column::stats_values, Column::stats_exact),
                         row.text(Column::stats));
    }
    return run;
}

}  // namespace sweepctl

#include "sweepctl/store/reader.hpp"

#include "store/page_cursor.hpp"
#include "store/read_session.hpp"
#include "store/run_json.hpp"
#include "store/words.hpp"

#include <utility>

// One run with everything that is known of it, and its history of metrics.

namespace sweepctl {

namespace {

// What follows the columns of kRunJsonColumns.
constexpr std::string_view kMore =
    ", runs.key, sweeps.id, sweeps.project, sweeps.entity, sweeps.metric_name, sweeps.metric_goal,"
    " runs.origin, runs.suggestion, runs.priority, runs.requeued, runs.retry_wanted,"
    " runs.stop_reason, runs.stop_signal, runs.end_detail, runs.boot_id, runs.claim_phase,"
    " runs.metrics_lines, runs.cpu_us, runs.max_rss_kib, runs.summary, runs.summary_exact,"
    " runs.summary_stats"
    " FROM runs JOIN sweeps ON sweeps.key = runs.sweep WHERE runs.id = ?1 AND sweeps.deleted = 0";
enum More : int {
    key = kRunJsonColumnCount,
    sweep,
    project,
    entity,
    metric_name,
    metric_goal,
    origin,
    suggestion,
    priority,
    requeued,
    retry_wanted,
    stop_reason,
    stop_signal,
    end_detail,
    boot_id,
    claim_phase,
    metrics_lines,
    cpu_us,
    max_rss_kib,
    summary,
    summary_exact,
    summary_stats,
};
// The columns of kRunJsonColumns that are read here as well.
constexpr int kState = 3;
constexpr int kAttempt = 5;
constexpr int kEndReason = 6;
constexpr int kExitCode = 7;
constexpr int kTermSignal = 8;
constexpr int kStartedAt = 12;
constexpr int kEndedAt = 13;
constexpr int kAgent = 15;
constexpr int kHost = 16;
constexpr int kPid = 17;

constexpr std::string_view kAttempts =
    "SELECT attempt, state, end_reason, exit_code, term_signal, end_detail, agent, host, pid,"
    " started_at, ended_at FROM attempts WHERE run = ?1 ORDER BY attempt";
constexpr std::string_view kMetricsOf =
    "SELECT runs.key, runs.attempt FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
    " WHERE runs.id = ?1 AND sweeps.deleted = 0";
constexpr std::string_view kMetricLines =
    "SELECT line, data FROM metrics WHERE run = ?1 AND attempt = ?2 AND line >= ?3"
    " ORDER BY line LIMIT ?4";

void append_attempt(std::string& out, const sqlite::Rows& row) {
    JsonObject json(out);
    json.number<std::uint32_t>("attempt", row, 0);
    json.text("state", row, 1);
    json.text("end_reason", row, 2);
    json.number<int>("exit_code", row, 3);
    json.number<int>("term_signal", row, 4);
    json.text_or_null("detail", row.text(5));
    json.text("agent", row, 6);
    json.text("host", row, 7);
    json.number<int>("pid", row, 8);
    json.time("started_at", row, 9);
    json.time("ended_at", row, 10);
    json.close();
}

/// The attempt that the run itself tells of.
void append_current_attempt(std::string& out, const sqlite::Rows& row) {
    JsonObject json(out);
    json.number<std::uint32_t>("attempt", row, kAttempt);
    json.text("state", row, kState);
    json.text("end_reason", row, kEndReason);
    json.number<int>("exit_code", row, kExitCode);
    json.number<int>("term_signal", row, kTermSignal);
    json.text_or_null("detail", row.text(More::end_detail));
    json.text("agent", row, kAgent);
    json.text("host", row, kHost);
    json.number<int>("pid", row, kPid);
    json.time("started_at", row, kStartedAt);
    json.time("ended_at", row, kEndedAt);
    json.close();
}

void append_attempts(std::string& out, ReadSession& session, const sqlite::Rows& run) {
    out.push_back('[');
    for (sqlite::Rows row = session.statement(kAttempts).query(run.integer(More::key));
         row.next();) {
        append_attempt(out, row);
        out.push_back(',');
    }
    append_current_attempt(out, run);
    out.push_back(']');
}

void append_metrics(std::string& out, const sqlite::Rows& run) {
    const auto exact = run.is_null(More::summary_exact)
                           ? std::nullopt
                           : std::optional(run.text(More::summary_exact));
    out.push_back('[');
    bool first = true;
    for (const MetricSummary& metric :
         summary_from_text(run.text(More::summary), exact, run.text(More::summary_stats))) {
        if (!first) out.push_back(',');
        first = false;
        JsonObject json(out);
        json.text("name", metric.name);
        append_plain_json(json.value("last"), metric.last);
        json.number("count", metric.count);
        const bool counted = metric.count > 0;
        const auto real = [&](std::string_view name, bool known, double number) {
            if (known) {
                json.real(name, number);
            } else {
                json.null(name);
            }
        };
        // Only of the sweep's metric is it known which way is better.
        const bool judged = counted && run.text(More::metric_name) == metric.name;
        const bool maximize = run.text(More::metric_goal) == "maximize";
        real("first", counted, metric.first);
        real("best", judged, maximize ? metric.max : metric.min);
        real("min", counted, metric.min);
        real("max", counted, metric.max);
        json.close();
    }
    out.push_back(']');
}

/// Where the program's output goes.
std::string log_path(const std::string& home,
                     std::string_view sweep,
                     std::string_view run,
                     std::uint32_t attempt) {
    std::string path = home + "/sweeps/";
    path += sweep;
    path += '/';
    path += run;
    path += '.' + std::to_string(attempt) + ".log";
    return path;
}

/// A line of history as JSON that every reader takes; null where it is none.
void append_line(std::string& out, std::string_view line) {
    const Result<ParamValue, JsonError> value = parse_json(line);
    if (value.ok()) {
        append_plain_json(out, *value);
    } else {
        out += "null";
    }
}

}  // namespace

std::optional<std::string> run_json(ReadSession& session,
                                    const RunId& id,
                                    const std::string& home) {
    std::string sql = "SELECT ";
    sql += kRunJsonColumns;
    sql += kMore;
    sqlite::Rows row = session.statement(sql).query(id.text);
    if (!row.next()) return std::nullopt;
    const SweepNames names{0, row.string(More::sweep), row.string(More::project),
                           row.string(More::entity)};
    const bool ended = is_ended(stored_run_state(row.text(kState)));
    std::string text;
    JsonObject json(text);
    append_run_members(json, names, row, 0);
    json.text("origin", row, More::origin);
    json.number<std::uint64_t>("suggestion", row, More::suggestion);
    json.number<std::int32_t>("priority", row, More::priority);
    json.flag("requeued", row.get<bool>(More::requeued));
    json.flag("retry_wanted", row.get<bool>(More::retry_wanted));
    json.text("stop_reason", row, More::stop_reason);
    json.number<int>("stop_signal", row, More::stop_signal);
    json.text_or_null("detail", row.text(More::end_detail));
    json.text("boot", row, More::boot_id);
    json.text("claim", row, More::claim_phase);
    json.flag("process_alive", ended && row.text(More::claim_phase) == word(ClaimPhase::started));
    json.real("cpu_seconds", static_cast<double>(row.get<std::uint64_t>(More::cpu_us)) / 1e6);
    json.number<std::uint64_t>("max_rss_kib", row, More::max_rss_kib);
    json.number<std::uint64_t>("metrics_lines", row, More::metrics_lines);
    if (row.is_null(kStartedAt)) {
        json.null("log_path");
    } else {
        json.text("log_path", log_path(home, names.id, id.text, row.get<std::uint32_t>(kAttempt)));
    }
    append_attempts(json.value("attempts"), session, row);
    append_metrics(json.value("metrics"), row);
    json.close();
    return text;
}

std::string metrics_page(ReadSession& session, const MetricsQuery& query) {
    JsonPage page;
    std::int64_t run = 0;
    std::uint32_t attempt = 0;
    {
        sqlite::Rows row = session.statement(kMetricsOf).query(query.run.text);
        if (!row.next()) return page.close("");
        run = row.integer(0);
        attempt = query.attempt.value_or(row.get<std::uint32_t>(1));
    }
    const std::uint64_t first = query.after ? *query.after + 1 : 0;
    std::size_t items = 0;
    std::uint64_t last = 0;
    sqlite::Statement& select = session.statement(kMetricLines);
    for (sqlite::Rows row = select.query(run, attempt, first, query.limit + 1); row.next();) {
        if (items == query.limit) return page.close(std::to_string(last));
        last = row.get<std::uint64_t>(0);
        JsonObject json(page.item());
        json.number("line", last);
        append_line(json.value("data"), row.text(1));
        json.close();
        ++items;
    }
    return page.close("");
}

}  // namespace sweepctl

#include "sweepctl/store/reader.hpp"

#include "store/json_object.hpp"
#include "store/page_cursor.hpp"
#include "store/read_session.hpp"

#include <algorithm>
#include <limits>

namespace sweepctl {

namespace {

// The inner condition is that of the index runs_live.
constexpr std::string_view kColumns =
    "SELECT sweeps.key, sweeps.id, sweeps.name, sweeps.project, sweeps.entity, sweeps.status,"
    " sweeps.reason, sweep_origins.method, sweeps.runs_pending, sweeps.runs_running,"
    " sweeps.runs_finished, sweeps.runs_failed, sweeps.runs_crashed, sweeps.runs_killed,"
    " sweeps.expected_runs, sweeps.exhausted, sweeps.best_run, sweeps.best_value,"
    " sweeps.metric_name, sweeps.metric_goal, sweeps.parallel, sweeps.run_cap, sweep_origins.seed,"
    " sweeps.created_at, sweeps.started_at, sweeps.ended_at,"
    " NOT EXISTS (SELECT 1 FROM runs WHERE runs.sweep = sweeps.key AND"
    " (runs.state IN ('pending', 'running') OR runs.claim_fence IS NOT NULL)),"
    " sweep_origins.spec, sweep_priors.source, sweep_priors.count, sweep_priors.valued"
    " FROM sweeps JOIN sweep_origins ON sweep_origins.sweep = sweeps.key"
    " LEFT JOIN sweep_priors ON sweep_priors.sweep = sweeps.key"
    " WHERE sweeps.deleted = 0";
constexpr std::string_view kOne = " AND sweeps.id = ?1";
constexpr std::string_view kPage =
    " AND sweeps.key < ?1 AND (?2 = '' OR sweeps.project = ?2)"
    " AND (?3 = '' OR sweeps.entity = ?3) ORDER BY sweeps.key DESC";
constexpr std::string_view kSpec =
    "SELECT sweep_origins.spec FROM sweeps JOIN sweep_origins ON sweep_origins.sweep = sweeps.key"
    " WHERE sweeps.deleted = 0 AND sweeps.id = ?1";
constexpr std::string_view kCounts =
    "SELECT count(*), total(runs_pending), total(runs_running), total(runs_finished),"
    " total(runs_failed), total(runs_crashed), total(runs_killed) FROM sweeps WHERE deleted = 0";

constexpr char kCursorKind = 'k';
constexpr int kStatusColumn = 5;

void append_sweep(std::string& out, const sqlite::Rows& row, bool with_spec) {
    JsonObject sweep(out);
    sweep.text("id", row, 1);
    sweep.text("name", row, 2);
    sweep.text("project", row, 3);
    sweep.text("entity", row, 4);
    sweep.text("status", row, kStatusColumn);
    sweep.text_or_null("reason", row.text(6));
    sweep.text("method", row, 7);
    JsonObject counts(sweep.value("counts"));
    int column = 8;
    for (const RunState state : kAllRunStates)
        counts.number<std::uint64_t>(to_string(state), row, column++);
    counts.close();
    sweep.number<std::uint64_t>("expected_runs", row, 14);
    sweep.flag("exhausted", row.get<bool>(15));
    if (row.is_null(16)) {
        sweep.null("best");
    } else {
        JsonObject best(sweep.value("best"));
        best.text("run", row, 16);
        best.real("value", row.real(17));
        best.close();
    }
    if (row.text(18).empty()) {
        sweep.null("metric");
    } else {
        JsonObject metric(sweep.value("metric"));
        metric.text("name", row, 18);
        metric.text("goal", row, 19);
        metric.close();
    }
    sweep.number<std::uint32_t>("parallel", row, 20);
    sweep.number<std::uint64_t>("run_cap", row, 21);
    sweep.number<std::uint64_t>("seed", row, 22);
    if (row.is_null(28)) {
        sweep.null("prior");
    } else {
        JsonObject prior(sweep.value("prior"));
        prior.text("source", row, 28);
        prior.number<std::uint64_t>("runs", row, 29);
        prior.number<std::uint64_t>("with_metric", row, 30);
        prior.close();
    }
    if (with_spec) sweep.text("spec", row, 27);
    sweep.time("created_at", row, 23);
    sweep.time("started_at", row, 24);
    sweep.time("ended_at", row, 25);
    sweep.flag("drained", row.get<bool>(26));
    sweep.close();
}

std::string joined(std::string_view first, std::string_view second) {
    return std::string(first) + std::string(second);
}

bool wanted(const SweepsQuery& query, std::string_view status) {
    return query.statuses.empty() ||
           std::any_of(query.statuses.begin(), query.statuses.end(),
                       [&](SweepStatus one) { return to_string(one) == status; });
}

}  // namespace

Result<std::string, QueryError> sweeps_page(ReadSession& session, const SweepsQuery& query) {
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (!query.cursor.empty()) {
        const auto key = read_number_cursor(kCursorKind, query.cursor);
        if (!key) {
            return Failure{QueryError{QueryError::Kind::bad_cursor, 0,
                                      "the cursor is not one of a list of sweeps"}};
        }
        before = *key;
    }
    JsonPage page;
    std::size_t items = 0;
    std::int64_t last = 0;
    sqlite::Statement& select = session.statement(joined(kColumns, kPage));
    for (sqlite::Rows row = select.query(before, query.project, query.entity); row.next();) {
        if (!wanted(query, row.text(kStatusColumn))) continue;
        if (items == query.limit) return page.close(number_cursor(kCursorKind, last));
        append_sweep(page.item(), row, false);
        last = row.integer(0);
        ++items;
    }
    return page.close("");
}

std::optional<std::string> sweep_json(ReadSession& session, const SweepId& id) {
    sqlite::Rows row = session.statement(joined(kColumns, kOne)).query(id.text);
    if (!row.next()) return std::nullopt;
    std::string text;
    append_sweep(text, row, true);
    return text;
}

std::optional<std::string> sweep_spec(ReadSession& session, const SweepId& id) {
    sqlite::Rows row = session.statement(kSpec).query(id.text);
    if (!row.next()) return std::nullopt;
    return row.string(0);
}

StoreCounts store_counts(ReadSession& session) {
    sqlite::Rows row = session.statement(kCounts).query();
    StoreCounts counts;
    if (!row.next()) return counts;
    counts.sweeps = row.get<std::uint64_t>(0);
    int column = 1;
    for (const RunState state : kAllRunStates)
        counts.runs[state] = static_cast<std::uint64_t>(row.real(column++));
    return counts;
}

}  // namespace sweepctl

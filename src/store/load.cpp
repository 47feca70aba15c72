#include "store/load.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/run_rules.hpp"

#include "store/metric_values.hpp"
#include "store/rows.hpp"
#include "store/run_text.hpp"
#include "store/words.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kLoadSerials =
    "SELECT id_key, next_sweep, next_run, next_fence, next_event FROM serials";
constexpr std::string_view kLoadOrigins =
    "SELECT sweeps.id, sweep_origins.spec, sweep_origins.method, sweep_origins.seed,"
    " sweep_origins.cwd FROM sweep_origins JOIN sweeps ON sweeps.key = sweep_origins.sweep"
    " WHERE sweeps.deleted = 0";
constexpr std::string_view kLoadEnvironments =
    "SELECT sweeps.id, sweep_environments.name, sweep_environments.value FROM sweep_environments"
    " JOIN sweeps ON sweeps.key = sweep_environments.sweep WHERE sweeps.deleted = 0"
    " ORDER BY sweep_environments.sweep, sweep_environments.position";
constexpr std::string_view kLoadPriors =
    "SELECT sweeps.id, sweep_priors.source, sweep_priors.metric, sweep_priors.runs FROM sweep_priors"
    " JOIN sweeps ON sweeps.key = sweep_priors.sweep WHERE sweeps.deleted = 0";
// The condition is that of the index runs_live, word for word.
constexpr std::string_view kLiveRuns =
    " FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
    " LEFT JOIN run_clients ON run_clients.run = runs.key"
    " WHERE (runs.state IN ('pending', 'running')"
    " OR runs.claim_fence IS NOT NULL) AND sweeps.deleted = 0 ORDER BY runs.sweep, runs.number";
constexpr std::string_view kOneRun =
    " FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
    " LEFT JOIN run_clients ON run_clients.run = runs.key"
    " WHERE runs.id = ?1 AND sweeps.deleted = 0";
constexpr std::string_view kSettledRuns =
    "SELECT runs.id, runs.number, runs.suggestion, runs.state, runs.end_reason, runs.config,"
    " runs.config_exact, runs.summary, runs.summary_exact, runs.summary_stats FROM runs JOIN sweeps"
    " ON sweeps.key = runs.sweep WHERE sweeps.id = ?1 AND sweeps.deleted = 0"
    " AND runs.state NOT IN ('pending', 'running') AND runs.claim_fence IS NULL"
    " ORDER BY runs.number";
constexpr std::string_view kRunCalled =
    " FROM run_clients JOIN runs ON runs.key = run_clients.run"
    " JOIN sweeps ON sweeps.key = runs.sweep"
    " WHERE run_clients.project = (SELECT key FROM projects WHERE entity = ?1 AND name = ?2)"
    " AND run_clients.wire_name = ?3 AND sweeps.deleted = 0";
constexpr std::string_view kRunOfProject =
    " FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
    " LEFT JOIN run_clients ON run_clients.run = runs.key"
    " WHERE sweeps.entity = ?1 AND sweeps.project = ?2 AND runs.id = ?3 AND sweeps.deleted = 0";
constexpr std::string_view kSkippedSerials =
    "SELECT serial FROM skipped_serials WHERE serial >= ?1";
constexpr std::string_view kMetricOfSweep =
    "SELECT key, metric_name, metric_goal FROM sweeps WHERE id = ?1 AND deleted = 0";
constexpr std::string_view kSummaries =
    "SELECT id, summary, summary_stats FROM runs WHERE sweep = ?1 AND summary != '{}'"
    " ORDER BY number";

std::string history_sql() {
    return "SELECT runs.number, metrics.data FROM sweeps JOIN runs ON runs.sweep = sweeps.key"
           " JOIN metrics ON metrics.run = runs.key WHERE sweeps.id = ?1 AND sweeps.deleted = 0"
           " AND " +
           std::string(kOfHistory) + " ORDER BY runs.number, metrics.attempt, metrics.line";
}
constexpr std::string_view kClientHistory =
    "SELECT runs.number, stream_lines.data FROM sweeps JOIN runs ON runs.sweep = sweeps.key"
    " JOIN run_clients ON run_clients.run = runs.key"
    " JOIN stream_lines ON stream_lines.run = runs.key AND stream_lines.stream = 'history'"
    " AND stream_lines.line >= run_clients.history_base"
    " WHERE sweeps.id = ?1 AND sweeps.deleted = 0 ORDER BY runs.number, stream_lines.line";

std::string select(std::string_view columns, std::string_view rest) {
    std::string sql = "SELECT ";
    sql += columns;
    sql += rest;
    return sql;
}

}  // namespace

Snapshot load_snapshot(sqlite::Database& database) {
    const sqlite::Transaction moment(database, sqlite::Transaction::Kind::read);
    Snapshot snapshot;
    {
        sqlite::Statement statement = database.prepare(kLoadSerials);
        sqlite::Rows row = statement.query();
        if (!row.next()) throw std::runtime_error("the database has lost its serial numbers");
        snapshot.id_key = row.get<std::uint64_t>(0);
        snapshot.serials = Serials{row.get<std::uint64_t>(1), row.get<std::uint64_t>(2),
                                   row.get<std::uint64_t>(3), row.get<std::uint64_t>(4)};
    }
    {
        sqlite::Statement statement = database.prepare(kSkippedSerials);
        for (sqlite::Rows row = statement.query(snapshot.serials.next_run); row.next();)
            snapshot.skipped_serials.push_back(row.get<std::uint64_t>(0));
    }
    std::unordered_map<std::string, SweepOrigin> origins;
    {
        sqlite::Statement statement = database.prepare(kLoadOrigins);
        for (sqlite::Rows row = statement.query(); row.next();) {
            SweepOrigin& origin = origins[row.string(0)];
            origin.spec = row.string(1);
            origin.method = row.string(2);
            origin.seed = row.get<std::uint64_t>(3);
            origin.cwd = row.string(4);
        }
    }
    {
        sqlite::Statement statement = database.prepare(kLoadEnvironments);
        for (sqlite::Rows row = statement.query(); row.next();)
            origins[row.string(0)].env.emplace_back(row.string(1), row.string(2));
    }
    {
        sqlite::Statement statement = database.prepare(kLoadPriors);
        for (sqlite::Rows row = statement.query(); row.next();) {
            auto runs = prior_runs_from(row.text(3), row.string(2));
            if (!runs) throw std::runtime_error("stored prior runs: " + runs.error());
            origins[row.string(0)].prior = std::make_shared<const Prior>(
                Prior{row.string(1), row.string(2), std::move(*runs)});
        }
    }
    {
        sqlite::Statement statement =
            database.prepare(select(kSweepColumns, " FROM sweeps WHERE deleted = 0 ORDER BY key"));
        for (sqlite::Rows row = statement.query(); row.next();) {
            NewSweep& sweep = snapshot.sweeps.emplace_back();
            sweep.record = read_sweep(row);
            sweep.origin = std::move(origins[sweep.record.id.text]);
        }
    }
    {
        sqlite::Statement statement = database.prepare(select(kRunColumns, kLiveRuns));
        for (sqlite::Rows row = statement.query(); row.next();)
            snapshot.runs.push_back(read_run(row));
    }
    {
        sqlite::Statement statement =
            database.prepare(select(kAgentColumns, " FROM agents ORDER BY id"));
        for (sqlite::Rows row = statement.query(); row.next();)
            snapshot.agents.push_back(read_agent(row));
    }
    return snapshot;
}

std::optional<Run> load_run(sqlite::Database& database, const RunId& id) {
    sqlite::Statement statement = database.prepare(select(kRunColumns, kOneRun));
    sqlite::Rows row = statement.query(id.text);
    if (!row.next()) return std::nullopt;
    return read_run(row);
}

void load_settled(sqlite::Database& database,
                  const SweepId& sweep,
                  const std::function<void(const Run&)>& take) {
    sqlite::Statement statement = database.prepare(kSettledRuns);
    for (sqlite::Rows row = statement.query(sweep.text); row.next();) {
        Run run;
        run.id = RunId(row.string(0));
        run.sweep = sweep;
        run.number = row.get<std::uint64_t>(1);
        run.suggestion = row.get_optional<std::uint64_t>(2);
        run.state = stored_run_state(row.text(3));
        if (!row.is_null(4)) run.end_reason = stored_end_reason(row.text(4));
        const auto exact = [&](int column) -> std::optional<std::string_view> {
            if (row.is_null(column)) return std::nullopt;
            return row.text(column);
        };
        run.config = config_from_text(row.text(5), exact(6));
        run.summary = summary_from_text(row.text(7), exact(8), row.text(9));
        take(run);
    }
}

std::optional<Run> load_run_named(sqlite::Database& database,
                                  const std::string& entity,
                                  const std::string& project,
                                  const std::string& name) {
    for (const std::string_view rest : {kRunCalled, kRunOfProject}) {
        sqlite::Statement statement = database.prepare(select(kRunColumns, rest));
        sqlite::Rows row = statement.query(entity, project, name);
        if (row.next()) return read_run(row);
    }
    return std::nullopt;
}

std::optional<BestRun> load_best_without(sqlite::Database& database,
                                         const SweepId& sweep,
                                         const RunId& without) {
    sqlite::Statement find = database.prepare(kMetricOfSweep);
    sqlite::Rows row = find.query(sweep.text);
    if (!row.next()) return std::nullopt;
    const auto key = row.integer(0);
    const std::string metric = row.string(1);
    const bool maximize = row.text(2) == "maximize";
    std::optional<BestRun> best;
    sqlite::Statement all = database.prepare(kSummaries);
    for (sqlite::Rows run = all.query(key); run.next();) {
        if (run.text(0) == without.text) continue;
        // Only the numbers are looked at, so the plain text will do.
        const auto summary = summary_from_text(run.text(1), std::nullopt, run.text(2));
        const auto seen = std::find_if(summary.begin(), summary.end(),
                                       [&](const auto& entry) { return entry.name == metric; });
        if (seen == summary.end() || seen->count == 0) continue;
        const double value = maximize ? seen->max : seen->min;
        if (!best || (maximize ? value > best->value : value < best->value)) {
            best = BestRun{RunId(run.string(0)), value};
        }
    }
    return best;
}

std::vector<MetricSeries> load_metric_history(sqlite::Database& database,
                                              const SweepId& sweep,
                                              const std::string& metric) {
    std::map<std::uint64_t, std::vector<double>> by_number;
    const MetricLineReader reader(metric);
    for (const std::string& sql : {history_sql(), std::string(kClientHistory)}) {
        sqlite::Statement statement = database.prepare(sql);
        for (sqlite::Rows row = statement.query(sweep.text); row.next();) {
            const std::vector<double> values = reader.in_line(row.text(1));
            if (values.empty()) continue;
            std::vector<double>& series = by_number[row.get<std::uint64_t>(0)];
            series.insert(series.end(), values.begin(), values.end());
        }
    }
    std::vector<MetricSeries> all;
    for (auto& [number, values] : by_number)
        all.push_back({number, std::move(values)});
    return all;
}

}  // namespace sweepctl

#include "sweepctl/store/project_reads.hpp"

#include "store/page_cursor.hpp"
#include "store/read_session.hpp"
#include "store/rows.hpp"
#include "store/words.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

// Sweeps and their agents, as W&B clients see them.

namespace sweepctl {

namespace {

constexpr std::string_view kColumns =
    "SELECT sweeps.key, sweeps.id, sweeps.name, sweeps.project, sweeps.entity, sweeps.status,"
    " sweeps.description, sweeps.prior_filters, sweeps.created_at, sweeps.started_at,"
    " sweeps.ended_at, sweeps.runs_pending + sweeps.runs_running + sweeps.runs_finished +"
    " sweeps.runs_failed + sweeps.runs_crashed + sweeps.runs_killed, sweeps.expected_runs,"
    " sweeps.best_run, sweeps.best_value, sweep_origins.method, sweep_origins.spec, projects.key,"
    " (SELECT runs.created_at FROM runs WHERE runs.sweep = sweeps.key"
    " ORDER BY runs.number DESC LIMIT 1),"
    " (SELECT max(agents.heartbeat_at) FROM agents"
    " WHERE agents.kind = 'foreign' AND agents.only_sweep = sweeps.id)"
    " FROM sweeps JOIN sweep_origins ON sweep_origins.sweep = sweeps.key"
    " JOIN projects ON projects.entity = sweeps.entity AND projects.name = sweeps.project"
    " WHERE sweeps.deleted = 0 AND sweeps.loose = 0";
enum Column : int {
    key,
    id,
    name,
    project,
    entity,
    status,
    description,
    prior_filters,
    created_at,
    started_at,
    ended_at,
    run_count,
    expected_runs,
    best_run,
    best_value,
    method,
    spec,
    project_key,
    newest_run_at,
    heartbeat_at,
};
constexpr std::string_view kPage =
    " AND sweeps.entity = ?1 AND sweeps.project = ?2 AND sweeps.key < ?3"
    " ORDER BY sweeps.key DESC LIMIT ?4";
constexpr std::string_view kOne = " AND sweeps.id = ?1";
constexpr std::string_view kCount =
    "SELECT count(*) FROM sweeps WHERE entity = ?1 AND project = ?2 AND loose = 0 AND deleted = 0";
constexpr std::string_view kWorkers =
    "SELECT runs.agent, count(*), min(coalesce(runs.started_at, runs.created_at)),"
    " max(runs.heartbeat_at), max(runs.host) FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
    " WHERE sweeps.id = ?1 AND sweeps.deleted = 0 AND runs.agent IS NOT NULL GROUP BY runs.agent";
constexpr std::string_view kAgent =
    "SELECT id, host, state, created_at, heartbeat_at FROM agents WHERE id = ?1";
constexpr std::string_view kForeign =
    "SELECT id, host, state, created_at, heartbeat_at FROM agents"
    " WHERE kind = 'foreign' AND only_sweep = ?1";
constexpr char kCursorKind = 'w';

std::string joined(std::string_view first, std::string_view second) {
    return std::string(first) + std::string(second);
}

const char* wire_word(SweepStatus status) {
    switch (status) {
        case SweepStatus::pending: return "PENDING";
        case SweepStatus::running: return "RUNNING";
        case SweepStatus::paused: return "PAUSED";
        case SweepStatus::stopped:
        case SweepStatus::finished: return "FINISHED";
        case SweepStatus::cancelled: return "CANCELED";
        case SweepStatus::failed: return "FAILED";
        case SweepStatus::crashed: return "CRASHED";
    }
    return "";
}

WireSweep read_wire_sweep(const sqlite::Rows& row) {
    WireSweep sweep;
    sweep.id = SweepId(row.string(Column::id));
    sweep.project_key = row.integer(Column::project_key);
    sweep.project = row.string(Column::project);
    sweep.entity = row.string(Column::entity);
    sweep.display_name = row.string(Column::name);
    sweep.method = row.string(Column::method);
    const SweepStatus status = stored_sweep_status(row.text(Column::status));
    sweep.state = wire_word(status);
    sweep.stopped = status == SweepStatus::stopped;
    sweep.description = row.string(Column::description);
    sweep.spec = row.string(Column::spec);
    if (!row.text(Column::prior_filters).empty())
        sweep.prior_filters = row.string(Column::prior_filters);
    std::int64_t latest = row.integer(Column::created_at);
    for (const int one : {Column::started_at, Column::ended_at, Column::newest_run_at}) {
        if (!row.is_null(one)) latest = std::max(latest, row.integer(one));
    }
    sweep.created_at = stored_time(row.integer(Column::created_at));
    sweep.updated_at = stored_time(latest);
    if (!row.is_null(Column::heartbeat_at))
        sweep.heartbeat_at = stored_time(row.integer(Column::heartbeat_at));
    sweep.run_count = row.get<std::uint64_t>(Column::run_count);
    sweep.expected_runs = row.get_optional<std::uint64_t>(Column::expected_runs);
    if (!row.is_null(Column::best_run)) {
        sweep.best_run = row.string(Column::best_run);
        sweep.best_loss = row.real(Column::best_value);
    }
    sweep.cursor = number_cursor(kCursorKind, row.integer(Column::key));
    return sweep;
}

/// From a row of kAgent or kForeign. An agent that has had runs is known by then.
void read_wire_agent(std::map<std::string, WireAgent>& agents, const sqlite::Rows& row) {
    const auto [at, fresh] = agents.try_emplace(row.string(0));
    WireAgent& agent = at->second;
    agent.id = AgentId(row.string(0));
    agent.host = row.string(1);
    const AgentState state = stored_agent_state(row.text(2));
    agent.state = state == AgentState::lost ? "FINISHED" : "RUNNING";
    if (!row.is_null(4)) agent.heartbeat_at = stored_time(row.integer(4));
    if (!row.is_null(3)) {
        agent.created_at = stored_time(row.integer(3));
    } else if (fresh && agent.heartbeat_at) {
        agent.created_at = *agent.heartbeat_at;
    }
}

}  // namespace

Result<WireSweepPage, QueryError> project_sweeps(ReadSession& session,
                                                 const std::string& entity,
                                                 const std::string& project,
                                                 std::size_t limit,
                                                 const std::string& cursor) {
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (!cursor.empty()) {
        const auto key = read_number_cursor(kCursorKind, cursor);
        if (!key) {
            return Failure{QueryError{QueryError::Kind::bad_cursor, 0,
                                      "the cursor is not one of a list of sweeps"}};
        }
        before = *key;
    }
    WireSweepPage page;
    sqlite::Statement& select = session.statement(joined(kColumns, kPage));
    for (sqlite::Rows row = select.query(entity, project, before, limit + 1); row.next();) {
        page.has_next = page.sweeps.size() == limit;
        if (!page.has_next) page.sweeps.push_back(read_wire_sweep(row));
    }
    return page;
}

std::uint64_t project_sweep_count(ReadSession& session,
                                  const std::string& entity,
                                  const std::string& project) {
    sqlite::Rows row = session.statement(kCount).query(entity, project);
    return row.next() ? row.get<std::uint64_t>(0) : 0;
}

std::optional<WireSweep> wire_sweep(ReadSession& session, const SweepId& id) {
    sqlite::Rows row = session.statement(joined(kColumns, kOne)).query(id.text);
    if (!row.next()) return std::nullopt;
    return read_wire_sweep(row);
}

std::optional<WireSweep> wire_sweep(ReadSession& session,
                                    const std::string& entity,
                                    const std::string& project,
                                    const std::string& id) {
    auto sweep = wire_sweep(session, SweepId(id));
    if (!sweep || sweep->entity != entity || sweep->project != project) return std::nullopt;
    return sweep;
}

std::vector<WireAgent> sweep_agents(ReadSession& session, const SweepId& sweep) {
    std::map<std::string, WireAgent> agents;
    for (sqlite::Rows row = session.statement(kWorkers).query(sweep.text); row.next();) {
        WireAgent& agent = agents[row.string(0)];
        agent.id = AgentId(row.string(0));
        agent.total_runs = row.get<std::uint64_t>(1);
        agent.created_at = stored_time(row.integer(2));
        if (!row.is_null(3)) agent.heartbeat_at = stored_time(row.integer(3));
        agent.host = row.string(4);
        agent.state = "FINISHED";  // Unless it is still among the agents.
    }
    std::vector<std::string> workers;
    for (const auto& [id, agent] : agents)
        workers.push_back(id);
    for (const std::string& id : workers) {
        sqlite::Rows row = session.statement(kAgent).query(id);
        if (row.next()) read_wire_agent(agents, row);
    }
    for (sqlite::Rows row = session.statement(kForeign).query(sweep.text); row.next();)
        read_wire_agent(agents, row);
    std::vector<WireAgent> list;
    for (auto& [id, agent] : agents)
        list.push_back(std::move(agent));
    std::stable_sort(list.begin(), list.end(), [](const WireAgent& left, const WireAgent& right) {
        return left.created_at < right.created_at;
    });
    return list;
}

}  // namespace sweepctl

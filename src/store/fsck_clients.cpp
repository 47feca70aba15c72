#include "store/fsck_check.hpp"

#include <string>
#include <string_view>

namespace sweepctl {

namespace {

constexpr std::string_view kCounts =
    "SELECT runs.id, clients.history_lines, clients.event_lines, clients.output_lines,"
    " clients.event_base, clients.output_base,"
    " (SELECT coalesce(max(line) + 1, 0) FROM stream_lines WHERE run = runs.key"
    "  AND stream = 'history'),"
    " (SELECT coalesce(max(line) + 1, 0) FROM stream_lines WHERE run = runs.key"
    "  AND stream = 'events'),"
    " (SELECT coalesce(max(line) + 1, 0) FROM stream_lines WHERE run = runs.key"
    "  AND stream = 'output')"
    " FROM run_clients AS clients JOIN runs ON runs.key = clients.run"
    " JOIN sweeps ON sweeps.key = runs.sweep WHERE sweeps.deleted = 0";

/// A rule as the rows that break it: an id, and what is wrong with it.
struct Rule {
    const char* what;
    std::string_view broken;
};
constexpr Rule kRules[] = {
    {"project",
     "SELECT runs.id, 'is of another project than its sweep' FROM runs"
     " JOIN sweeps ON sweeps.key = runs.sweep"
     " LEFT JOIN projects ON projects.key = runs.project"
     " WHERE sweeps.deleted = 0 AND (projects.entity IS NOT sweeps.entity"
     "  OR projects.name IS NOT sweeps.project)"},
    {"project",
     "SELECT runs.id, 'is of another project than its client' FROM run_clients"
     " JOIN runs ON runs.key = run_clients.run WHERE runs.project IS NOT run_clients.project"},
    {"wire_name",
     "SELECT min(runs.id), 'shares its client''s name ''' || run_clients.wire_name || ''''"
     " FROM run_clients JOIN runs ON runs.key = run_clients.run"
     " JOIN sweeps ON sweeps.key = runs.sweep"
     " WHERE run_clients.wire_name IS NOT NULL AND sweeps.deleted = 0"
     " GROUP BY run_clients.project, run_clients.wire_name HAVING count(*) > 1"},
    {"stream",
     "SELECT DISTINCT runs.id, 'has lines of a client that never spoke' FROM runs"
     " WHERE EXISTS (SELECT 1 FROM stream_lines WHERE stream_lines.run = runs.key)"
     " AND NOT EXISTS (SELECT 1 FROM run_clients WHERE run_clients.run = runs.key)"},
    {"agent",
     "SELECT agents.id, 'is a W&B agent of no sweep' FROM agents"
     " LEFT JOIN sweeps ON sweeps.id = agents.only_sweep AND sweeps.deleted = 0"
     " WHERE agents.kind = 'foreign' AND sweeps.key IS NULL"},
    {"claim",
     "SELECT runs.id, 'is in the hands of W&B agent ''' || agents.id || ''' of another sweep'"
     " FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
     " JOIN agents ON agents.id = runs.claim_agent"
     " WHERE agents.kind = 'foreign' AND sweeps.deleted = 0"
     " AND agents.only_sweep IS NOT sweeps.id"},
    {"claim",
     "SELECT runs.id, 'is of no sweep, but in the hands of agent ''' || runs.claim_agent || ''''"
     " FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
     " WHERE sweeps.loose = 1 AND sweeps.deleted = 0 AND runs.claim_agent IS NOT NULL"},
    {"drawer",
     "SELECT id, 'holds runs of no sweep, but is ' || status FROM sweeps"
     " WHERE loose = 1 AND deleted = 0 AND status != 'running'"},
};

void check_count(const std::string& run,
                 const std::string& stream,
                 std::uint64_t counted,
                 std::uint64_t there,
                 FsckReport& findings) {
    if (counted == there) return;
    findings.add("stream", run,
                 "line " + std::to_string(counted) + " of its " + stream +
                     " is the next one, but " + std::to_string(there) + " follows what is there");
}

}  // namespace

void check_clients(sqlite::Database& database, FsckReport& findings) {
    sqlite::Statement counts = database.prepare(kCounts);
    for (sqlite::Rows row = counts.query(); row.next();) {
        const std::string run = row.string(0);
        const auto number = [&](int column) { return row.get<std::uint64_t>(column); };
        check_count(run, "history", number(1), number(6), findings);
        check_count(run, "events", number(2), number(7), findings);
        check_count(run, "output", number(3), number(8), findings);
        if (number(4) > number(2) || number(5) > number(3)) {
            findings.add("stream", run, "its client begins behind the lines that are there");
        }
    }
    for (const Rule& rule : kRules) {
        sqlite::Statement broken = database.prepare(rule.broken);
        for (sqlite::Rows row = broken.query(); row.next();)
            findings.add(rule.what, row.string(0), row.string(1));
    }
}

}  // namespace sweepctl

#include "sweepctl/store/project_reads.hpp"

#include "store/page_cursor.hpp"
#include "store/read_session.hpp"
#include "store/rows.hpp"
#include "store/wire_run_row.hpp"

#include <limits>

// Projects, and runs by their names.

namespace sweepctl {

namespace {

constexpr std::string_view kColumns =
    "SELECT key, entity, name, description, created_at FROM projects";
constexpr std::string_view kPage =
    " WHERE key < ?1 AND (?2 = '' OR entity = ?2) ORDER BY key DESC LIMIT ?3";
constexpr std::string_view kNamed = " WHERE entity = ?1 AND name = ?2";
constexpr std::string_view kKeyed = " WHERE key = ?1";
constexpr char kCursorKind = 'o';

// A client may have brought a name that is the id of another project's run.
constexpr std::string_view kRunById =
    "SELECT runs.key FROM runs JOIN projects ON projects.key = runs.project"
    " LEFT JOIN run_clients ON run_clients.run = runs.key"
    " WHERE runs.id = ?3 AND projects.entity = ?1 AND projects.name = ?2"
    " AND coalesce(run_clients.wire_name, runs.id) = ?3";
constexpr std::string_view kRunByName =
    "SELECT run_clients.run FROM run_clients JOIN projects ON projects.key = run_clients.project"
    " WHERE projects.entity = ?1 AND projects.name = ?2 AND run_clients.wire_name = ?3";
constexpr std::string_view kRun = "SELECT key FROM runs WHERE id = ?1";

std::string joined(std::string_view first, std::string_view second) {
    return std::string(first) + std::string(second);
}

WireProject read_project(const sqlite::Rows& row) {
    WireProject project;
    project.key = row.integer(0);
    project.entity = row.string(1);
    project.name = row.string(2);
    project.description = row.string(3);
    project.created_at = stored_time(row.integer(4));
    project.cursor = number_cursor(kCursorKind, project.key);
    return project;
}

}  // namespace

Result<WireProjectPage, QueryError> wire_projects(ReadSession& session,
                                                  const std::string& entity,
                                                  std::size_t limit,
                                                  const std::string& cursor) {
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (!cursor.empty()) {
        const auto key = read_number_cursor(kCursorKind, cursor);
        if (!key) {
            return Failure{QueryError{QueryError::Kind::bad_cursor, 0,
                                      "the cursor is not one of a list of projects"}};
        }
        before = *key;
    }
    WireProjectPage page;
    sqlite::Statement& select = session.statement(joined(kColumns, kPage));
    for (sqlite::Rows row = select.query(before, entity, limit + 1); row.next();) {
        page.has_next = page.projects.size() == limit;
        if (!page.has_next) page.projects.push_back(read_project(row));
    }
    return page;
}

std::optional<WireProject> wire_project(ReadSession& session,
                                        const std::string& entity,
                                        const std::string& name) {
    sqlite::Rows row = session.statement(joined(kColumns, kNamed)).query(entity, name);
    if (!row.next()) return std::nullopt;
    return read_project(row);
}

std::optional<WireProject> wire_project(ReadSession& session, std::int64_t key) {
    sqlite::Rows row = session.statement(joined(kColumns, kKeyed)).query(key);
    if (!row.next()) return std::nullopt;
    return read_project(row);
}

std::optional<WireRun> wire_run(ReadSession& session,
                                const std::string& entity,
                                const std::string& project,
                                const std::string& name,
                                const RunColumns& wanted) {
    for (const std::string_view sql : {kRunById, kRunByName}) {
        std::optional<std::int64_t> key;
        {
            sqlite::Rows row = session.statement(sql).query(entity, project, name);
            if (row.next()) key = row.integer(0);
        }
        if (!key) continue;
        if (auto run = wire_run_of(session, *key, wanted, false)) return run;
    }
    return std::nullopt;
}

std::optional<WireRun> wire_run(ReadSession& session, const RunId& id, const RunColumns& wanted) {
    std::optional<std::int64_t> key;
    {
        sqlite::Rows row = session.statement(kRun).query(id.text);
        if (row.next()) key = row.integer(0);
    }
    if (!key) return std::nullopt;
    return wire_run_of(session, *key, wanted, false);
}

}  // namespace sweepctl

#include "sweepctl/store/project_reads.hpp"

#include "store/history_lines.hpp"
#include "store/rows.hpp"

#include <algorithm>
#include <utility>

// Names of what a run's client uploaded; the bytes lie in the run's directory.

namespace sweepctl {

namespace {

constexpr std::string_view kColumns = "SELECT name, size, md5, mimetype, updated_at FROM files";
constexpr std::string_view kPage =
    " WHERE run = ?1 AND name > ?2 AND (?3 = '' OR name LIKE ?3) ORDER BY name LIMIT ?4";
constexpr std::string_view kOne = " WHERE run = ?1 AND name = ?2 AND (?3 = '' OR name LIKE ?3)";
constexpr std::string_view kCount = "SELECT count(*) FROM files WHERE run = ?1";
constexpr std::size_t kPatternMax = 1'000;
constexpr char kCursorKind = 'f';

std::string joined(std::string_view first, std::string_view second) {
    return std::string(first) + std::string(second);
}

WireFile read_file(const sqlite::Rows& row) {
    WireFile file;
    file.name = row.string(0);
    file.size = row.get<std::uint64_t>(1);
    file.md5 = row.string(2);
    file.mimetype = row.string(3);
    file.updated_at = stored_time(row.integer(4));
    file.cursor = kCursorKind + file.name;
    return file;
}

}  // namespace

Result<WireFilePage, QueryError> run_files(ReadSession& session, const RunFilesQuery& query) {
    if (!query.cursor.empty() && query.cursor.front() != kCursorKind) {
        return Failure{QueryError{QueryError::Kind::bad_cursor, 0,
                                  "the cursor is not one of a list of files"}};
    }
    if (query.pattern.size() > kPatternMax) {
        return Failure{QueryError{
            QueryError::Kind::bad_filter, kPatternMax,
            "a pattern may not be longer than " + std::to_string(kPatternMax) + " characters"}};
    }
    WireFilePage page;
    const auto key = run_key_of(session, query.run);
    if (!key) return page;
    const std::string after = query.cursor.empty() ? "" : query.cursor.substr(1);
    const auto take = [&](const sqlite::Rows& row) {
        page.has_next = page.files.size() == query.limit;
        if (!page.has_next) page.files.push_back(read_file(row));
    };
    if (query.names.empty()) {
        sqlite::Statement& select = session.statement(joined(kColumns, kPage));
        for (sqlite::Rows row = select.query(*key, after, query.pattern, query.limit + 1);
             row.next();)
            take(row);
        return page;
    }
    std::vector<std::string> names = query.names;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    sqlite::Statement& select = session.statement(joined(kColumns, kOne));
    for (const std::string& name : names) {
        if (name <= after || page.has_next) continue;
        sqlite::Rows row = select.query(*key, name, query.pattern);
        if (row.next()) take(row);
    }
    return page;
}

std::uint64_t run_file_count(ReadSession& session, const RunId& run) {
    const auto key = run_key_of(session, run);
    if (!key) return 0;
    sqlite::Rows row = session.statement(kCount).query(*key);
    return row.next() ? row.get<std::uint64_t>(0) : 0;
}

}  // namespace sweepctl

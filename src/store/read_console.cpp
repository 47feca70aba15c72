#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/time_text.hpp"
#include "sweepctl/store/project_reads.hpp"

#include "store/history_lines.hpp"
#include "store/page_cursor.hpp"

#include <algorithm>
#include <utility>

// What a run's program wrote, as its W&B client streamed it.

namespace sweepctl {

namespace {

constexpr std::string_view kAfter =
    "SELECT line, data FROM stream_lines WHERE run = ?1 AND stream = 'output' AND line > ?2"
    " ORDER BY line LIMIT ?3";
constexpr std::string_view kLast =
    "SELECT line, data FROM stream_lines WHERE run = ?1 AND stream = 'output'"
    " ORDER BY line DESC LIMIT ?2";
constexpr char kCursorKind = 'c';

/// {"level": "error", "ts": ..., "label": ..., "content": ...}; false: the line is something else.
bool read_structured(ConsoleLine& line, std::string_view text) {
    if (!text.starts_with('{')) return false;
    const Result<ParamValue, JsonError> parsed = parse_json(text);
    const auto* map = parsed.ok() ? parsed->get_if<ParamMap>() : nullptr;
    if (map == nullptr) return false;
    const auto text_of = [&](std::string_view name) -> const std::string* {
        const ParamValue* value = find(*map, name);
        return value == nullptr ? nullptr : value->get_if<std::string>();
    };
    const std::string* content = text_of("content");
    if (content == nullptr) return false;
    line.line = *content;
    if (const std::string* level = text_of("level")) line.level = *level;
    if (const std::string* label = text_of("label")) line.label = *label;
    if (const std::string* time = text_of("ts")) line.timestamp = *time;
    return true;
}

ConsoleLine read_line(const sqlite::Rows& row) {
    ConsoleLine line;
    line.number = row.get<std::uint64_t>(0);
    line.cursor = number_cursor(kCursorKind, row.integer(0));
    line.level = "info";
    std::string_view text = row.text(1);
    if (read_structured(line, text)) return line;
    // "[ERROR ]2026-08-21T12:00:00.123456 text": what a client sends.
    constexpr std::string_view kError = "ERROR ";
    std::string_view rest = text;
    const bool error = rest.starts_with(kError);
    if (error) rest.remove_prefix(kError.size());
    const std::size_t space = rest.find(' ');
    if (space != std::string_view::npos && from_rfc3339(rest.substr(0, space))) {
        line.timestamp = rest.substr(0, space);
        text = rest.substr(space + 1);
        if (error) line.level = "error";
    }
    line.line = text;
    return line;
}

}  // namespace

Result<ConsolePage, QueryError> console_lines(ReadSession& session,
                                              const RunId& run,
                                              std::size_t limit,
                                              const std::string& cursor) {
    std::int64_t after = -1;
    if (!cursor.empty()) {
        const auto line = read_number_cursor(kCursorKind, cursor);
        if (!line) {
            return Failure{QueryError{QueryError::Kind::bad_cursor, 0,
                                      "the cursor is not one of a run's console"}};
        }
        after = *line;
    }
    ConsolePage page;
    const auto key = run_key_of(session, run);
    if (!key) return page;
    for (sqlite::Rows row = session.statement(kAfter).query(*key, after, limit + 1); row.next();) {
        page.has_next = page.lines.size() == limit;
        if (!page.has_next) page.lines.push_back(read_line(row));
    }
    return page;
}

ConsolePage last_console_lines(ReadSession& session, const RunId& run, std::size_t count) {
    ConsolePage page;
    const auto key = run_key_of(session, run);
    if (!key) return page;
    for (sqlite::Rows row = session.statement(kLast).query(*key, count); row.next();)
        page.lines.push_back(read_line(row));
    std::reverse(page.lines.begin(), page.lines.end());
    return page;
}

}  // namespace sweepctl

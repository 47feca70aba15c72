#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/project_reads.hpp"

#include "store/history_lines.hpp"
#include "store/json_members.hpp"
#include "store/run_text.hpp"

#include <algorithm>
#include <limits>
#include <utility>

// Rows of a run's history and of its system metrics.

namespace sweepctl {

namespace {

constexpr std::string_view kLastLines =
    "SELECT data FROM stream_lines WHERE run = ?1 AND stream = ?2 ORDER BY line DESC LIMIT ?3";
constexpr std::string_view kFirstLines =
    "SELECT data FROM stream_lines WHERE run = ?1 AND stream = ?2 ORDER BY line LIMIT ?3";
constexpr std::string_view kLineAt =
    "SELECT line, data FROM stream_lines WHERE run = ?1 AND stream = ?2 AND line >= ?3"
    " ORDER BY line LIMIT 1";
constexpr std::string_view kLastLine =
    "SELECT max(line) FROM stream_lines WHERE run = ?1 AND stream = ?2";
constexpr std::string_view kEvents = "events";
constexpr std::string_view kHistory = "history";

bool has_all(std::string_view row, const std::vector<std::string>& keys) {
    return std::all_of(keys.begin(), keys.end(),
                       [&](const std::string& key) { return json_path(row, key).has_value(); });
}

std::vector<std::string> lines(ReadSession& session,
                               std::string_view sql,
                               std::int64_t run,
                               std::string_view stream,
                               std::size_t limit) {
    std::vector<std::string> texts;
    for (sqlite::Rows row = session.statement(sql).query(run, stream, limit); row.next();)
        texts.push_back(row.string(0));
    return texts;
}

std::vector<std::string> tail(ReadSession& session,
                              const RunId& run,
                              std::string_view stream,
                              std::size_t count) {
    const auto key = run_key_of(session, run);
    if (!key) return {};
    std::vector<std::string> texts = lines(session, kLastLines, *key, stream, count);
    std::reverse(texts.begin(), texts.end());
    return texts;
}

bool is_whole(const HistoryQuery& query) {
    return query.keys.empty() && !query.min_step && !query.max_step;
}

/// Without looking at every row of a long history.
std::vector<std::string> sampled_history(HistoryLines& history, std::size_t samples) {
    std::vector<std::string> rows;
    const std::vector<HistoryPlace> places = history.places(samples);
    for (const HistoryPlace& place : places) {
        std::string row = history.row_at(place);
        // Where lines are missing, two places may lead to one row.
        if (!row.empty() && (rows.empty() || rows.back() != row)) rows.push_back(std::move(row));
    }
    return rows;
}

/// One key of a row for clients that read strict JSON.
void append_strict(std::string& out, std::string_view json) {
    const Result<ParamValue, JsonError> value = parse_json(json);
    if (value.ok()) {
        append_plain_json(out, *value);
    } else {
        out += "null";
    }
}

std::string strict_object(std::string_view row, const std::vector<std::string>& keys) {
    std::string out;
    if (keys.empty()) {
        append_strict(out, row);
        return out;
    }
    out.push_back('{');
    for (auto key = keys.begin(); key != keys.end(); ++key) {
        if (std::find(keys.begin(), key, *key) != key) continue;  // Clients name _step twice.
        if (out.size() > 1) out.push_back(',');
        append_json_string(out, *key);
        out.push_back(':');
        append_strict(out, json_path(row, *key).value_or("null"));
    }
    out.push_back('}');
    return out;
}

}  // namespace

std::vector<std::string> history_rows(ReadSession& session,
                                      const RunId& run,
                                      const HistoryQuery& query) {
    const auto key = run_key_of(session, run);
    if (!key || query.samples == 0) return {};
    HistoryLines history(session, *key);
    const bool many = history.place_count() > query.samples;
    std::vector<std::string> rows;
    std::vector<HistoryPlace> places;
    constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
    std::int64_t end = query.max_step.value_or(kLast);
    if (query.max_included && end < kLast) ++end;
    const std::int64_t min = query.min_step.value_or(std::numeric_limits<std::int64_t>::min());
    bool sampled = false;
    history.each(min, end, [&](const HistoryRow& row) {
        if (!has_all(row.text, query.keys)) return true;
        if (rows.size() < query.samples) {
            rows.emplace_back(row.text);
        } else {
            sampled = true;
        }
        if (many) places.push_back(row.place);
        // Of a whole history the lines say where its rows are.
        return !sampled || !is_whole(query);
    });
    if (!sampled) return rows;
    if (is_whole(query)) return sampled_history(history, query.samples);
    rows.clear();
    for (const std::size_t index : spread(places.size(), query.samples))
        rows.push_back(history.row_at(places[index]));
    return rows;
}

std::vector<std::string> history_objects(ReadSession& session,
                                         const RunId& run,
                                         const HistoryQuery& query) {
    std::vector<std::string> objects;
    for (const std::string& row : history_rows(session, run, query))
        objects.push_back(strict_object(row, query.keys));
    return objects;
}

std::vector<std::string> event_rows(ReadSession& session, const RunId& run, std::size_t samples) {
    const auto key = run_key_of(session, run);
    if (!key || samples == 0) return {};
    std::vector<std::string> rows = lines(session, kFirstLines, *key, kEvents, samples + 1);
    if (rows.size() <= samples) return rows;
    rows.clear();
    std::int64_t last = 0;
    {
        sqlite::Rows row = session.statement(kLastLine).query(*key, kEvents);
        if (row.next()) last = row.integer(0);
    }
    std::int64_t taken = -1;
    for (const std::size_t index : spread(static_cast<std::size_t>(last) + 1, samples)) {
        sqlite::Rows row = session.statement(kLineAt).query(*key, kEvents, index);
        if (!row.next() || row.integer(0) == taken) continue;
        taken = row.integer(0);
        rows.push_back(row.string(1));
    }
    return rows;
}

std::vector<std::string> history_tail(ReadSession& session, const RunId& run, std::size_t count) {
    return tail(session, run, kHistory, count);
}

std::vector<std::string> events_tail(ReadSession& session, const RunId& run, std::size_t count) {
    return tail(session, run, kEvents, count);
}

}  // namespace sweepctl

#include "sweepctl/store/reader.hpp"

#include "store/json_object.hpp"
#include "store/page_cursor.hpp"
#include "store/read_session.hpp"

#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kColumns =
    "SELECT id, time, actor, sweep, run, attempt, kind, \"from\", \"to\", reason, detail"
    " FROM events WHERE id > ?1";
constexpr std::string_view kOfSweep = " AND sweep_key = ?3";
constexpr std::string_view kOfRun = " AND run_key = ?3";
constexpr std::string_view kOrder = " ORDER BY id LIMIT ?2";
// Of deleted ones too, while their rows are there: their events stay.
constexpr std::string_view kSweepKey = "SELECT key FROM sweeps WHERE id = ?1";
constexpr std::string_view kRunKey = "SELECT key FROM runs WHERE id = ?1";
constexpr std::string_view kLast = "SELECT coalesce(max(id), 0) FROM events";

std::optional<std::int64_t> key_of(ReadSession& session,
                                   std::string_view sql,
                                   const std::string& id) {
    sqlite::Rows row = session.statement(sql).query(id);
    if (!row.next()) return std::nullopt;
    return row.integer(0);
}

AuditEvent read_event(const sqlite::Rows& row) {
    AuditEvent event;
    event.id = row.get<std::uint64_t>(0);
    event.time = stored_time(row.integer(1));
    event.actor = row.string(2);
    event.sweep = SweepId(row.string(3));
    event.run = RunId(row.string(4));
    event.attempt = row.get<std::uint32_t>(5);
    event.kind = row.string(6);
    event.from = row.string(7);
    event.to = row.string(8);
    event.reason = row.string(9);
    event.detail = row.string(10);
    return event;
}

std::string joined(std::string_view first, std::string_view second, std::string_view third) {
    return std::string(first) + std::string(second) + std::string(third);
}

}  // namespace

std::string event_json(const AuditEvent& event) {
    std::string text;
    JsonObject json(text);
    json.number("id", event.id);
    json.time("time", event.time);
    json.text_or_null("actor", event.actor);
    json.text_or_null("sweep", event.sweep.text);
    json.text_or_null("run", event.run.text);
    if (event.attempt == 0) {
        json.null("attempt");
    } else {
        json.number("attempt", event.attempt);
    }
    json.text("kind", event.kind);
    json.text_or_null("from", event.from);
    json.text_or_null("to", event.to);
    json.text_or_null("reason", event.reason);
    json.text_or_null("detail", event.detail);
    json.close();
    return text;
}

std::vector<EventText> events_after(ReadSession& session, const EventsQuery& query) {
    std::vector<EventText> events;
    std::string_view narrowed;
    std::optional<std::int64_t> key;
    if (!query.run.empty()) {
        narrowed = kOfRun;
        key = key_of(session, kRunKey, query.run.text);
    } else if (!query.sweep.empty()) {
        narrowed = kOfSweep;
        key = key_of(session, kSweepKey, query.sweep.text);
    }
    if (!narrowed.empty() && !key) return events;
    sqlite::Statement& select = session.statement(joined(kColumns, narrowed, kOrder));
    select.bind_all(query.after, query.limit);
    if (key) select.bind(3, *key);
    for (sqlite::Rows row = select.rows(); row.next();) {
        const AuditEvent event = read_event(row);
        // A run's events are those of its sweep.
        if (!query.sweep.empty() && event.sweep != query.sweep) continue;
        events.push_back(EventText{event.id, event_json(event)});
    }
    return events;
}

std::string events_page(ReadSession& session, const EventsQuery& query) {
    EventsQuery with_next = query;
    ++with_next.limit;
    std::vector<EventText> events = events_after(session, with_next);
    const bool more = events.size() > query.limit;
    if (more) events.pop_back();
    JsonPage page;
    for (const EventText& event : events)
        page.item() += event.json;
    return page.close(more && !events.empty() ? std::to_string(events.back().id) : "");
}

std::uint64_t last_event_id(ReadSession& session) {
    sqlite::Rows row = session.statement(kLast).query();
    return row.next() ? row.get<std::uint64_t>(0) : 0;
}

}  // namespace sweepctl

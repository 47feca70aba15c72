#include "sweepctl/wire/http_text.hpp"

#include "api/backend.hpp"
#include "api/named.hpp"
#include "api/routes/routes.hpp"

#include <charconv>
#include <utility>

namespace sweepctl::api {

namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kPageMax = 10'000;

struct EventsAsked {
    IdQuery sweep;
    IdQuery run;
    EventsQuery query;
};

/// With the ids that are meant.
Result<EventsQuery, Problem> resolve(ReadSession& session, const EventsAsked& asked) {
    EventsQuery query = asked.query;
    if (!asked.sweep.prefix.empty()) {
        const Result<SweepId, Problem> sweep = match_sweep(session, asked.sweep);
        if (!sweep) return Failure{sweep.error()};
        query.sweep = sweep.value();
    }
    if (!asked.run.prefix.empty()) {
        const Result<RunId, Problem> run = match_run(session, asked.run);
        if (!run) return Failure{run.error()};
        query.run = run.value();
    }
    return query;
}

bool wants_stream(const HttpRequest& request) {
    const std::string* accept = request.header("accept");
    return accept != nullptr && lower(*accept).find("text/event-stream") != std::string::npos;
}

/// A browser that comes back says so in a header; it wins over the address it first used.
std::optional<std::uint64_t> last_event_id(const HttpRequest& request, Complaints& complaints) {
    const std::string* text = request.header("last-event-id");
    if (text == nullptr || text->empty()) return std::nullopt;
    std::uint64_t id = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, id);
    if (stop != end || error != std::errc{} || id > INT64_MAX) {
        complaints.wrong("Last-Event-ID", "the id of an event", ParamValue(*text));
        return std::nullopt;
    }
    return id;
}

}  // namespace

void list_events(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    EventsAsked asked;
    const std::string project = query.text("project");
    const std::string entity = query.text("entity");
    asked.sweep = {query.text("sweep"), project, entity};
    asked.run = {query.text("run"), project, entity};
    std::optional<std::uint64_t> after = query.number("after");
    asked.query.limit = query.limit(kPage, kPageMax);
    const bool stream = wants_stream(call->request());
    if (stream) {
        if (const auto last = last_event_id(call->request(), complaints)) after = last;
    }
    if (!complaints.empty()) return call->refuse(complaints.problem());
    asked.query.after = after.value_or(0);
    if (!stream) {
        call->backend().answer_with(
            call, Pace::quick,
            [asked = std::move(asked)](ReadSession& session) -> Result<std::string, Problem> {
                const Result<EventsQuery, Problem> resolved = resolve(session, asked);
                if (!resolved) return Failure{resolved.error()};
                return events_page(session, resolved.value());
            });
        return;
    }
    call->backend().read(
        call, Pace::quick,
        [asked = std::move(asked)](ReadSession& session) { return resolve(session, asked); },
        [call, after](const EventsQuery& resolved) {
            call->backend().events.open(call->take_exchange(),
                                        {resolved.sweep, resolved.run, after});
        });
}

}  // namespace sweepctl::api

#include "api/event_feed.hpp"

#include "sweepctl/base/log.hpp"

#include <utility>

namespace sweepctl::api {

namespace {

constexpr std::size_t kPage = 1000;
// Beyond this many unsent bytes the next page waits until the reader has taken some.
constexpr std::size_t kAheadMax = std::size_t{512} << 10;
constexpr std::chrono::milliseconds kBreath{20};

void append_event(std::string& out, std::uint64_t id, std::string_view json) {
    out += "id: ";
    out += std::to_string(id);
    out += "\ndata: ";
    out += json;
    out += "\n\n";
}

}  // namespace

struct EventFeed::Stream {
    Stream(boost::asio::io_context& context, std::uint64_t its_number, EventChoice chosen)
        : number(its_number), choice(std::move(chosen)), breath(context) {}

    const std::uint64_t number;
    EventChoice choice;
    std::shared_ptr<EventStream> out;
    std::uint64_t sent = 0;  ///< everything up to here was sent, or is not for this stream
    bool live = false;       ///< it has caught up
    Timer breath;

    [[nodiscard]] bool wants(const AuditEvent& event) const {
        return event.id > sent && (choice.sweep.empty() || event.sweep == choice.sweep) &&
               (choice.run.empty() || event.run == choice.run);
    }
};

EventFeed::EventFeed(boost::asio::io_context& context, Controller& controller, Reader& reader)
    : context_(context), controller_(controller), reader_(reader) {
    subscription_ =
        controller_.subscribe([this](const std::vector<AuditEvent>& events) { publish(events); });
}

EventFeed::~EventFeed() {
    close();
}

void EventFeed::close() {
    if (subscription_ != 0) controller_.unsubscribe(std::exchange(subscription_, 0));
    *alive_ = false;
    for (const auto& [number, stream] : std::exchange(streams_, {})) {
        stream->breath.cancel();
        stream->out->close();
    }
}

void EventFeed::open(const std::shared_ptr<Exchange>& exchange, EventChoice choice) {
    const auto stream = std::make_shared<Stream>(context_, next_number_++, std::move(choice));
    stream->out = exchange->open_stream(
        "text/event-stream", {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}});
    if (!stream->out->is_open()) return;
    streams_.emplace(stream->number, stream);
    stream->out->on_closed([this, alive = alive_, number = stream->number] {
        if (*alive) drop(number);
    });
    if (stream->choice.after) {
        stream->sent = *stream->choice.after;
        catch_up(stream);
        return;
    }
    // The reader is told at once where it stands, so that it can come back even when nothing
    // happened before the connection broke.
    reader_.read(
        Pace::quick, [](ReadSession& session) { return last_event_id(session); },
        [this, alive = alive_, stream](Result<std::uint64_t, ReadError> last) {
            if (!*alive || !stream->out->is_open()) return;
            if (!last) {
                log_warn("cannot begin a stream of events, closing it: ", last.error().message);
                stream->out->close();
                return;
            }
            stream->sent = *last;
            stream->out->push("id: " + std::to_string(*last) + "\n\n");
            catch_up(stream);
        });
}

void EventFeed::catch_up(const std::shared_ptr<Stream>& stream) {
    if (!stream->out->is_open()) return;
    if (stream->out->queued() > kAheadMax) {
        // The timer goes with its stream, so it need not keep it.
        stream->breath.after(kBreath, [this, weak = std::weak_ptr(stream)] {
            if (const auto waiting = weak.lock()) catch_up(waiting);
        });
        return;
    }
    EventsQuery query;
    query.sweep = stream->choice.sweep;
    query.run = stream->choice.run;
    query.after = stream->sent;
    query.limit = kPage;
    reader_.read(
        Pace::quick,
        [query = std::move(query)](ReadSession& session) { return events_after(session, query); },
        [this, alive = alive_, stream,
         published = published_](Result<std::vector<EventText>, ReadError> page) {
            if (!*alive || !stream->out->is_open()) return;
            if (!page) {
                log_warn("cannot go on with a stream of events, closing it: ",
                         page.error().message);
                stream->out->close();
                return;
            }
            take_page(stream, published, *page);
        });
}

void EventFeed::take_page(const std::shared_ptr<Stream>& stream,
                          std::uint64_t published_before,
                          const std::vector<EventText>& page) {
    std::string text;
    for (const EventText& event : page) {
        append_event(text, event.id, event.json);
        stream->sent = std::max(stream->sent, event.id);
    }
    if (!stream->out->push(text)) return;
    if (page.size() < kPage) {
        // It has everything that was published before the store was asked, and maybe more.
        stream->sent = std::max(stream->sent, published_before);
        if (published_ <= stream->sent) {
            stream->live = true;
            return;
        }
    }
    catch_up(stream);
}

void EventFeed::publish(const std::vector<AuditEvent>& events) {
    if (!events.empty()) published_ = std::max(published_, events.back().id);
    if (streams_.empty()) return;
    std::vector<std::string> texts(events.size());
    for (const auto& [number, stream] : streams_) {
        if (!stream->live) continue;
        std::string text;
        for (std::size_t i = 0; i < events.size(); ++i) {
            if (!stream->wants(events[i])) continue;
            if (texts[i].empty()) append_event(texts[i], events[i].id, event_json(events[i]));
            text += texts[i];
        }
        stream->sent = std::max(stream->sent, published_);
        // A reader who is too slow is cut off, and comes back with the last id that it has.
        if (!text.empty()) stream->out->push(text);
    }
}

void EventFeed::drop(std::uint64_t number) {
    streams_.erase(number);
}

}  // namespace sweepctl::api

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/event_feed.hpp"
#include "cli/follow.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

namespace sweepctl::cli {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
// A log grows without an event to say so: looked at more rarely the longer nothing came.
constexpr milliseconds kFirstPause{50};
constexpr milliseconds kLastPause{1000};
constexpr milliseconds kAnswerTimeout{5000};

struct Options {
    std::string run;
    std::optional<std::uint64_t> attempt;
    bool follow = false;
};

std::uint64_t number_header(const HttpReply& reply,
                            std::string_view name,
                            std::uint64_t otherwise) {
    const std::string* const text = reply.header(name);
    std::uint64_t number = 0;
    if (text == nullptr) return otherwise;
    const char* const end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, number);
    return error == std::errc{} && rest == end ? number : otherwise;
}

/// Copies one attempt's log to standard output, piece by piece.
class LogReader {
public:
    LogReader(Session& session, std::string run, std::uint64_t attempt)
        : session_(session), run_(std::move(run)), attempt_(attempt) {}

    [[nodiscard]] std::uint64_t attempt() const { return attempt_; }
    [[nodiscard]] bool live() const { return live_; }

    /// All that there is now. False: nobody answered; try again later.
    bool copy(bool tolerant) {
        for (;;) {
            HttpCall call;
            call.target =
                api_target("runs/" + run_ + "/log", {{"attempt", std::to_string(attempt_)},
                                                     {"offset", std::to_string(offset_)},
                                                     {"limit", std::to_string(kPiece)}});
            Controller* const controller =
                tolerant ? session_.reachable_controller() : &session_.controller();
            if (controller == nullptr) return false;
            const Result<HttpReply, HttpError> got = controller->http().request(call);
            if (!got && tolerant) return false;
            if (!got) throw_no_answer(got.error());
            const HttpReply& reply = got.value();
            if (tolerant && reply.status == 503) return false;
            if (!reply.ok()) throw_problem(reply);
            session_.out.write(reply.body);
            const std::uint64_t next =
                number_header(reply, "X-Next-Offset", offset_ + reply.body.size());
            live_ = number_header(reply, "X-Run-Live", 0) != 0;
            const std::uint64_t size = number_header(reply, "X-Log-Size", next);
            // A program may print faster than it is read: what was there at first is all.
            if (!tolerant && !end_) end_ = size;
            const bool more = next > offset_ && next < end_.value_or(size);
            grown_ = grown_ || next > offset_;
            offset_ = std::max(offset_, next);
            if (!more) break;
        }
        session_.out.flush();
        return true;
    }

    /// Whether anything came since this was asked last.
    bool take_grown() { return std::exchange(grown_, false); }

    void begin_attempt(std::uint64_t attempt) {
        attempt_ = attempt;
        offset_ = 0;
        live_ = true;
    }

private:
    Session& session_;
    std::string run_;
    std::uint64_t attempt_;
    std::uint64_t offset_ = 0;
    std::optional<std::uint64_t> end_;
    bool live_ = false;
    bool grown_ = false;
};

bool is_over(const ParamValue& run) {
    const std::string state = text_field(run, "state");
    return state != "pending" && state != "running";
}

/// Follows the log to the run's end, over its next attempts as well unless one was asked for.
class LogFollower {
public:
    LogFollower(Session& session, LogReader& reader, const std::string& run, bool one_attempt)
        : session_(session),
          reader_(reader),
          target_(api_target("runs/" + run)),
          one_attempt_(one_attempt),
          feed_(controller_finder(session), api_target("events", {{"run", run}}), {}, kPatience) {}

    void run() {
        milliseconds pause = kFirstPause;
        while (!over_) {
            if (connected_) step();
            if (over_) return;
            pause = reader_.take_grown() ? kFirstPause : std::min(pause * 2, kLastPause);
            if (session_.out.wait_readable(feed_.fd(), pause)) take_items();
        }
    }

private:
    void step() {
        HttpCall call;
        call.target = target_;
        call.timeout = kAnswerTimeout;
        Controller* const controller = session_.reachable_controller();
        if (controller == nullptr) return;
        const Result<HttpReply, HttpError> got = controller->http().request(call);
        if (!got || got.value().status == 503) return;  // The feed notices, too.
        if (!got.value().ok()) throw_problem(got.value());
        const ParamValue run = json_of(got.value());
        const auto attempt = static_cast<std::uint64_t>(
            std::max<std::int64_t>(int_field(run, "attempt").value_or(1), 1));
        const bool superseded = attempt > reader_.attempt();
        // The state was read before the rest of the log, so that nothing of it can be missed.
        if (!reader_.copy(true)) return;
        if (superseded && !one_attempt_) {
            session_.messages.note("attempt " + std::to_string(attempt) + " of run " +
                                   cell_text(field(run, "id")));
            reader_.begin_attempt(attempt);
        } else if (superseded || (is_over(run) && !reader_.live())) {
            over_ = true;
        }
    }

    void take_items() {
        for (const FeedItem& item : feed_.take()) {
            switch (item.kind) {
                case FeedItem::Kind::event: break;  // The next step sees what it was.
                case FeedItem::Kind::lost:
                    connected_ = false;
                    session_.messages.note(
                        "the controller is gone; the run goes on. waiting up to " +
                        duration_text(kPatience) + " for it to come back");
                    break;
                case FeedItem::Kind::back:
                    if (!connected_) session_.messages.note("the controller is back");
                    connected_ = true;
                    session_.forget_controller();
                    break;
                case FeedItem::Kind::gave_up: throw_lost();
                case FeedItem::Kind::refused: break;  // The next step knows why.
            }
        }
    }

    Session& session_;
    LogReader& reader_;
    const std::string target_;
    const bool one_attempt_;
    EventFeed feed_;
    bool connected_ = true;
    bool over_ = false;
};

int logs(Session& session, const Options& options) {
    const ParamValue run = session.controller().get(id_target("runs", options.run));
    const std::string id = text_field(run, "id");
    const std::uint64_t latest = static_cast<std::uint64_t>(
        std::max<std::int64_t>(int_field(run, "attempt").value_or(1), 1));
    LogReader reader(session, id, options.attempt.value_or(latest));
    if (options.follow) {
        LogFollower(session, reader, id, options.attempt.has_value()).run();
    } else {
        reader.copy(false);
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->run, ValueKind::run, "RUN", "the run's id");
    arguments.flag("-f,--follow", options->follow, "go on as it grows, until the run has ended");
    arguments.option("--attempt", options->attempt, "N",
                     "of this attempt; the latest unless given");
    return [options](Session& session) { return logs(session, *options); };
}

}  // namespace

const Verb kLogsVerb{
    .name = "logs",
    .group = "follow",
    .summary = "print what a run printed",
    .details = {},
    .examples =
        "sweepctl logs r8a2kk3p\n"
        "sweepctl logs -f r8a2kk3p",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "cli/event_feed.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/wire/http_client.hpp"

#include "cli/cli_error.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iterator>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

using Clock = std::chrono::steady_clock;

// The controller's side is bounded too: it closes a stream whose reader is too slow, and the feed
// comes back for the rest.
constexpr std::size_t kQueueLimit = 20'000;
constexpr std::chrono::milliseconds kFirstRetry{50};
constexpr std::chrono::milliseconds kLastRetry{1000};

UniqueFd make_eventfd() {
    UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd.valid()) throw CliError(kError, "there are no file descriptors left");
    return fd;
}

void ring(int fd) {
    const std::uint64_t one = 1;
    // Fails only when it is ringing already, 2^64 times.
    static_cast<void>(::write(fd, &one, sizeof one));
}

void silence(int fd) {
    std::uint64_t count = 0;
    static_cast<void>(::read(fd, &count, sizeof count));
}

}  // namespace

EventFeed::EventFeed(Find find,
                     std::string target,
                     std::string after,
                     std::chrono::milliseconds patience)
    : find_(std::move(find)),
      target_(std::move(target)),
      last_id_(std::move(after)),
      patience_(patience),
      news_(make_eventfd()),
      cancel_(make_eventfd()) {
    // Signals are for the thread that waits for them.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] {
        try {
            run();
        } catch (const std::exception&) {
            // Out of memory or of descriptors: whoever waits must not wait for ever.
            push({FeedItem::Kind::gave_up, {}});
        }
    });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

EventFeed::~EventFeed() {
    {
        const std::scoped_lock lock(mutex_);
        closing_ = true;
    }
    room_.notify_all();
    ring(cancel_.get());
    thread_.join();
}

std::vector<FeedItem> EventFeed::take() {
    silence(news_.get());
    const std::scoped_lock lock(mutex_);
    std::vector<FeedItem> out(std::make_move_iterator(items_.begin()),
                              std::make_move_iterator(items_.end()));
    items_.clear();
    room_.notify_all();
    return out;
}

void EventFeed::push(FeedItem item) {
    {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return closing_ || items_.size() < kQueueLimit; });
        if (closing_) return;
        items_.push_back(std::move(item));
    }
    ring(news_.get());
}

bool EventFeed::cancelled_within(std::chrono::milliseconds time) const {
    pollfd waiting{cancel_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(time.count())) > 0;
}

void EventFeed::run() {
    std::optional<ServerAddress> address = find_();
    for (;;) {
        if (address && !follow(*address)) return;
        // A controller that restarts, or that closed a stream which was too slow, is there again
        // before anybody needs to hear of it.
        if (cancelled_within(kFirstRetry)) return;
        address = find_();
        if (!address) {
            push({FeedItem::Kind::lost, {}});
            if (!wait_for_return()) return;
            address = find_();
        }
        push({FeedItem::Kind::back, {}});
    }
}

bool EventFeed::wait_for_return() {
    const auto deadline = Clock::now() + patience_;
    std::chrono::milliseconds pause = kFirstRetry;
    while (Clock::now() < deadline) {
        if (cancelled_within(pause)) return false;
        if (find_()) return true;
        pause = std::min(pause * 2, kLastRetry);
    }
    push({FeedItem::Kind::gave_up, {}});
    return false;
}

bool EventFeed::follow(const ServerAddress& address) {
    HttpClientOptions options;
    options.cancel_fd = cancel_.get();
    HttpClient http(address, options);
    StreamCall call;
    call.target = target_;
    call.last_event_id = last_id_;
    const Result<StreamEnd, HttpError> end = http.events(call, [&](const ServerEvent& event) {
        if (!event.id.empty()) last_id_ = event.id;
        auto data = parse_json(event.data);
        if (data) push({FeedItem::Kind::event, std::move(*data)});
        return true;
    });
    if (!end) return end.error().kind != HttpError::Kind::cancelled;
    const StreamEnd& how = end.value();
    // 503: it is leaving, and another may come. Other refusals stay what they are.
    if (how.why == StreamEnd::Why::refused && how.reply.status != 503) {
        push({FeedItem::Kind::refused, {}});
        return false;
    }
    return how.why != StreamEnd::Why::stopped;
}

}  // namespace sweepctl::cli

#include "cli/follow.hpp"

#include "cli/cli_error.hpp"
#include "cli/controller.hpp"
#include "cli/controller_start.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/sweep_end.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Looking costs the controller microseconds, but thousands of runs may end in a second.
constexpr milliseconds kLookGap{100};
// What came between the first look and the stream's beginning is found by looking again.
constexpr milliseconds kSecondLook{1000};
constexpr milliseconds kIdleLook{15'000};
// Nobody else's patience: the screen and Ctrl-C wait for it.
constexpr milliseconds kLookTimeout{5000};
// The feed asks again and again; it must not hold up whoever ends it.
constexpr milliseconds kFindTimeout{2000};
// An end that is not certain has to last for so long.
constexpr milliseconds kSettle{500};

/// SIGINT as a readable descriptor, and as the process's own business again afterwards.
class Interrupt {
public:
    explicit Interrupt(bool wanted) {
        if (!wanted) return;
        sigset_t mask;
        sigemptyset(&mask);
        sigaddset(&mask, SIGINT);
        ::pthread_sigmask(SIG_BLOCK, &mask, &before_);
        fd_ = UniqueFd(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
    }
    ~Interrupt() {
        if (!fd_.valid()) return;
        signalfd_siginfo info{};
        static_cast<void>(::read(fd_.get(), &info, sizeof info));
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    UniqueFd fd_;
    sigset_t before_{};
};

class Follower {
public:
    Follower(Session& session,
             const std::string& sweep,
             FollowView& view,
             const FollowOptions& options)
        : session_(session),
          target_(api_target("sweeps/" + sweep)),
          view_(view),
          interrupt_(options.catch_interrupt),
          feed_(
              controller_finder(session), api_target("events", {{"sweep", sweep}}), {}, kPatience),
          deadline_(options.timeout ? std::optional(Clock::now() + *options.timeout)
                                    : std::nullopt) {}

    FollowResult run() {
        look_at_ = Clock::now();
        for (;;) {
            if (Clock::now() >= look_at_ && connected_) look();
            if (result_) return finish();
            view_.draw(false);
            wait();
            if (result_) return finish();
        }
    }

private:
    FollowResult finish() {
        view_.draw(true);
        return {*result_, sweep_};
    }

    void look_within(milliseconds time) { look_at_ = std::min(look_at_, Clock::now() + time); }

    std::optional<HttpReply> ask() {
        Controller* const controller = session_.reachable_controller();
        if (controller == nullptr) return std::nullopt;
        HttpCall call;
        call.target = target_;
        call.timeout = kLookTimeout;
        Result<HttpReply, HttpError> reply = controller->http().request(call);
        if (!reply) return std::nullopt;
        return std::move(*reply);
    }

    void look() {
        looks_ += 1;
        look_at_ = Clock::now() + (looks_ == 1 ? kSecondLook : kIdleLook);
        const auto begin = Clock::now();
        const std::optional<HttpReply> got = ask();
        looked_at_ = Clock::now();
        look_cost_ = std::chrono::duration_cast<milliseconds>(looked_at_ - begin);
        if (!got || got->status == 503) return;  // The feed notices, too.
        const HttpReply& reply = *got;
        if (reply.status == 404) {
            result_ = FollowResult::Why::removed;
            return;
        }
        if (!reply.ok()) throw_problem(reply);
        sweep_ = json_of(reply);
        view_.sweep(sweep_);
        judge();
    }

    void judge() {
        const auto end = end_of(sweep_);
        if (!end) {
            quiet_since_.reset();
        } else if (end->certain) {
            result_ = FollowResult::Why::ended;
        } else if (!quiet_since_) {
            quiet_since_ = Clock::now();
            look_within(kSettle);
        } else if (Clock::now() - *quiet_since_ >= kSettle) {
            result_ = FollowResult::Why::ended;
        } else {
            look_within(kSettle);
        }
    }

    void wait() {
        auto until = look_at_;
        if (!connected_) until = Clock::now() + kIdleLook;
        if (deadline_) until = std::min(until, *deadline_);
        if (const auto period = view_.period()) until = std::min(until, Clock::now() + *period);
        const auto time = std::chrono::ceil<milliseconds>(until - Clock::now());
        std::array<pollfd, 2> fds{pollfd{feed_.fd(), POLLIN, 0},
                                  pollfd{interrupt_.fd(), POLLIN, 0}};
        const int count = ::poll(fds.data(), fds.size(),
                                 static_cast<int>(std::max<std::int64_t>(time.count(), 0)));
        if (count < 0 && errno != EINTR) throw CliError(kError, "cannot wait for events");
        if (count > 0 && (fds[1].revents & POLLIN) != 0) {
            result_ = FollowResult::Why::interrupted;
            return;
        }
        if (count > 0 && fds[0].revents != 0) take_items();
        if (!result_ && deadline_ && Clock::now() >= *deadline_) {
            result_ = FollowResult::Why::timed_out;
        }
    }

    void take_items() {
        for (FeedItem& item : feed_.take()) {
            switch (item.kind) {
                case FeedItem::Kind::event:
                    view_.event(item.event);
                    // A change of the sweep itself is seen at once, its runs' when there is time.
                    look_within(text_field(item.event, "kind") == "sweep_status" ? milliseconds{0}
                                                                                 : gap_left());
                    break;
                case FeedItem::Kind::lost:
                    connected_ = false;
                    view_.note("the controller is gone; the sweep's runs go on. waiting up to " +
                               duration_text(kPatience) + " for it to come back");
                    break;
                case FeedItem::Kind::back:
                    if (!connected_) view_.note("the controller is back");
                    connected_ = true;
                    session_.forget_controller();
                    look_within(milliseconds{0});
                    break;
                case FeedItem::Kind::gave_up: result_ = FollowResult::Why::lost; return;
                case FeedItem::Kind::refused:
                    // The next look knows what is wrong.
                    look_within(milliseconds{0});
                    break;
            }
        }
    }

    [[nodiscard]] milliseconds gap_left() const {
        const auto since = std::chrono::duration_cast<milliseconds>(Clock::now() - looked_at_);
        // A spec may be megabytes: looking never takes more than a tenth of the time.
        return std::max(std::max(kLookGap, look_cost_ * 10) - since, milliseconds{0});
    }

    Session& session_;
    const std::string target_;
    FollowView& view_;
    Interrupt interrupt_;
    EventFeed feed_;
    const std::optional<Clock::time_point> deadline_;

    std::uint64_t looks_ = 0;
    Clock::time_point look_at_;
    Clock::time_point looked_at_;
    milliseconds look_cost_{0};
    std::optional<Clock::time_point> quiet_since_;
    bool connected_ = true;
    ParamValue sweep_;
    std::optional<FollowResult::Why> result_;
};

}  // namespace

void throw_lost() {
    throw CliError(kError,
                   "the controller has not come back for " + duration_text(kPatience) +
                       "; the sweep's live runs go on",
                   "any verb, such as 'sweepctl ls', starts it again");
}

void throw_removed(const std::string& sweep) {
    throw CliError(kNotFound, "sweep " + printable(sweep) + " was deleted");
}

EventFeed::Find controller_finder(Session& session) {
    Controller& controller = session.controller();
    if (controller.home().empty()) {
        return [address = controller.address()]() -> std::optional<ServerAddress> {
            HttpClient http(address);
            HttpCall call;
            call.target = api_target("health");
            call.timeout = kFindTimeout;
            return http.request(call) ? std::optional(address) : std::nullopt;
        };
    }
    return [home = controller.home()]() -> std::optional<ServerAddress> {
        try {
            const auto found = find_controller(home, kFindTimeout);
            return found ? std::optional(found->address()) : std::nullopt;
        } catch (const CliError&) {
            // There is one, but it does not answer: as good as none, for now.
            return std::nullopt;
        }
    };
}

FollowResult follow_sweep(Session& session,
                          const std::string& sweep,
                          FollowView& view,
                          const FollowOptions& options) {
    return Follower(session, sweep, view, options).run();
}

}  // namespace sweepctl::cli

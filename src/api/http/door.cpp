#include "door.hpp"

#include "sweepctl/base/log.hpp"

#include "reply_text.hpp"
#include "server_core.hpp"

#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sweepctl {
namespace {

constexpr int kAcceptedAtOnce = 64;  // Then the others, who are already inside, have their turn.
constexpr std::chrono::milliseconds kBackOff{100};
constexpr std::chrono::seconds kWarnEvery{10};

UniqueFd open_reserve() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

/// Nobody waits for this caller to read: best effort, in one write.
void turn_away_at_the_door(int socket, int status, std::string_view detail) {
    const auto response = problem_reply(status, detail);
    ReplyFraming framing;
    framing.length = response.body.size();
    framing.keep_alive = false;
    std::string text;
    append_reply_head(text, response, framing, http_date());
    text += response.body;
    if (::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
    ::shutdown(socket, SHUT_WR);
    char unread[4096];  // What is left unread when a socket is closed can destroy the answer.
    while (::recv(socket, unread, sizeof unread, MSG_DONTWAIT) > 0) {
    }
}

}  // namespace

Door::Door(HttpServerCore& core, UniqueFd socket, std::uint16_t port, std::string unix_path)
    : core_(&core),
      socket_(core.context.get_executor(), socket.get()),
      port_(port),
      unix_path_(std::move(unix_path)),
      reserve_(open_reserve()),
      better_times_(core.context) {
    static_cast<void>(socket.release());
    struct stat status {};
    if (!unix_path_.empty() && ::stat(unix_path_.c_str(), &status) == 0) {
        device_ = status.st_dev;
        inode_ = status.st_ino;
    }
}

Door::~Door() {
    close();
}

void Door::open() {
    await_callers();
}

void Door::close() {
    if (!std::exchange(core_, nullptr)) return;
    unlink_if_ours();
    better_times_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

void Door::unlink_if_ours() {
    struct stat status {};
    if (!unix_path_.empty() && ::lstat(unix_path_.c_str(), &status) == 0 &&
        status.st_dev == device_ && status.st_ino == inode_) {
        ::unlink(unix_path_.c_str());
    }
}

void Door::resume() {
    if (core_ && !better_times_.armed()) await_callers();
}

void Door::await_callers() {
    if (std::exchange(waiting_, true)) return;
    socket_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [self = shared_from_this()](const boost::system::error_code&) {
                           self->waiting_ = false;
                           if (self->core_) self->on_callers();
                       });
}

void Door::on_callers() {
    for (int i = 0; i < kAcceptedAtOnce; ++i) {
        if (core_->is_overfull()) return;  // resume() comes when somebody has left.
        if (!accept_one()) return;
    }
    await_callers();
}

bool Door::accept_one() {
    UniqueFd socket(
        ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.valid()) {
        greet(std::move(socket));
        return true;
    }
    switch (errno) {
        case EAGAIN: await_callers(); return false;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: on_exhausted(errno); return false;
        default: return true;  // That caller is gone again (ECONNABORTED and its like).
    }
}

void Door::greet(UniqueFd socket) {
    const bool local = !unix_path_.empty();
    ++core_->counts.connections_accepted;
    if (local) {
        ucred caller{};
        socklen_t length = sizeof caller;
        if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &caller, &length) != 0 ||
            (caller.uid != ::geteuid() && caller.uid != 0)) {
            log_warn("refused a connection of user ", caller.uid, " (process ", caller.pid,
                     ") on the unix socket");
            ++core_->counts.connections_rejected;
            turn_away_at_the_door(socket.get(), 403, "this socket belongs to another user");
            return;
        }
    } else {
        if (core_->has_enough_strangers()) {
            ++core_->counts.connections_rejected;
            turn_away_at_the_door(socket.get(), 503,
                                  "too many connections without the token: try again later");
            return;
        }
        const int on = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    try {
        core_->welcome(std::move(socket), local);
    } catch (const std::exception& error) {
        log_warn("dropped a connection that could not be served: ", error.what());
    }
}

void Door::on_exhausted(int code) {
    const auto now = Timer::Clock::now();
    if (now - warned_at_ > kWarnEvery) {
        warned_at_ = now;
        log_warn("cannot accept connections (", std::generic_category().message(code),
                 "): turning callers away until it gets better");
    }
    for (int i = 0; i < kAcceptedAtOnce; ++i) {
        reserve_.reset();
        UniqueFd socket(
            ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket.valid()) break;
        ++core_->counts.connections_accepted;
        ++core_->counts.connections_rejected;
        turn_away_at_the_door(socket.get(), 503, "the server has no file descriptor left");
        socket.reset();
        reserve_ = open_reserve();
    }
    if (!reserve_.valid()) reserve_ = open_reserve();
    better_times_.after(kBackOff, [this] { on_callers(); });
}

}  // namespace sweepctl

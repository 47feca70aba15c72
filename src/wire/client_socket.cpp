#include "client_socket.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/wire/http_text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace sweepctl {
namespace {

HttpError connect_failure(const ServerAddress& address, int code) {
    const auto where = address.describe();
    switch (code) {
        case ENOENT:
        case ENOTDIR:
            return {HttpError::Kind::no_server,
                    "no server listens on " + where + ": there is no such socket"};
        case ECONNREFUSED:
            return {HttpError::Kind::no_server, "no server listens on " + where + " (any more)"};
        case EHOSTUNREACH:
        case ENETUNREACH:
            return {HttpError::Kind::no_server, where + " cannot be reached from here"};
        case EACCES:
        case EPERM: return {HttpError::Kind::broken, "no permission to connect to " + where};
        default:
            return {HttpError::Kind::broken,
                    "cannot connect to " + where + ": " + std::generic_category().message(code)};
    }
}

Result<UniqueFd, HttpError> connect_one(const ServerAddress& address,
                                        const sockaddr* where,
                                        socklen_t length,
                                        const Patience& patience) {
    for (;;) {
        UniqueFd socket(::socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!socket.valid()) return Failure{connect_failure(address, errno)};
        if (where->sa_family != AF_UNIX) {
            const int on = 1;
            ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        if (::connect(socket.get(), where, length) == 0) return socket;
        if (errno == EAGAIN) {
            // A unix socket whose queue of callers is full; it cannot be waited for.
            const auto soon = ClientClock::now() + std::chrono::milliseconds(5);
            if (soon > patience.deadline) return Failure{gave_up(Readiness::timeout, address)};
            if (wait_for(-1, 0, {soon, patience.cancel_fd}) == Readiness::cancelled) {
                return Failure{gave_up(Readiness::cancelled, address)};
            }
            continue;
        }
        if (errno != EINPROGRESS && errno != EINTR) return Failure{connect_failure(address, errno)};
        if (const auto ready = wait_for(socket.get(), POLLOUT, patience);
            ready != Readiness::ready) {
            return Failure{gave_up(ready, address)};
        }
        int code = 0;
        socklen_t size = sizeof code;
        ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &size);
        if (code != 0) return Failure{connect_failure(address, code)};
        return socket;
    }
}

Result<UniqueFd, HttpError> connect_unix(const ServerAddress& address, const Patience& patience) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    if (address.unix_path.size() >= sizeof where.sun_path) {
        return Failure{HttpError{HttpError::Kind::no_server,
                                 "the socket path '" + address.unix_path + "' is too long"}};
    }
    std::memcpy(where.sun_path, address.unix_path.data(), address.unix_path.size());
    return connect_one(address, reinterpret_cast<const sockaddr*>(&where), sizeof where, patience);
}

Result<UniqueFd, HttpError> connect_tcp(const ServerAddress& address, const Patience& patience) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int code =
        ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
    if (code != 0) {
        return Failure{HttpError{HttpError::Kind::no_server,
                                 "unknown host '" + address.host + "': " + ::gai_strerror(code)}};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
    HttpError last{HttpError::Kind::no_server, "host '" + address.host + "' has no address"};
    for (const auto* entry = found; entry != nullptr; entry = entry->ai_next) {
        auto socket = connect_one(address, entry->ai_addr, entry->ai_addrlen, patience);
        if (socket || socket.error().kind == HttpError::Kind::cancelled) return socket;
        last = socket.error();
    }
    return Failure{std::move(last)};
}

}  // namespace

Readiness wait_for(int fd, short events, const Patience& patience) {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(patience.deadline - ClientClock::now());
        pollfd watched[2] = {{fd, events, 0}, {patience.cancel_fd, POLLIN, 0}};
        const auto limit = std::clamp<std::int64_t>(left.count(), 0, 1'000'000'000);
        const int count = ::poll(watched, 2, static_cast<int>(limit));
        if (count < 0) {
            SWEEPCTL_CHECK(errno == EINTR || errno == ENOMEM);
            continue;
        }
        if (watched[1].revents != 0) return Readiness::cancelled;
        if (watched[0].revents != 0) return Readiness::ready;
        if (ClientClock::now() >= patience.deadline) return Readiness::timeout;
    }
}

Result<UniqueFd, HttpError> connect_to(const ServerAddress& address, const Patience& patience) {
    return address.is_unix() ? connect_unix(address, patience) : connect_tcp(address, patience);
}

HttpError gave_up(Readiness why, const ServerAddress& address) {
    if (why == Readiness::cancelled) return {HttpError::Kind::cancelled, "interrupted"};
    return {HttpError::Kind::timeout, address.describe() + " did not answer in time"};
}

}  // namespace sweepctl

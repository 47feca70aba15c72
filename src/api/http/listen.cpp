#include "listen.hpp"

#include "sweepctl/wire/http_text.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace sweepctl {
namespace {

constexpr int kBacklog = 4096;

std::string error_text(int code) {
    return std::generic_category().message(code);
}

Failure<std::string> failed(const std::string& what, int code) {
    return Failure{what + ": " + error_text(code)};
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

/// Whoever may write into the directory may put his own socket in the place of ours.
Outcome<std::string> prepare_directory(const std::string& directory) {
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return failed("cannot make the directory '" + directory + "' for the socket", errno);
    }
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) {
        return failed("cannot look at the directory '" + directory + "'", errno);
    }
    if (!S_ISDIR(status.st_mode)) {
        return Failure{"'" + directory + "' is not a directory, so no socket can be made in it"};
    }
    if (status.st_uid != ::geteuid() && status.st_uid != 0) {
        return Failure{"the directory '" + directory +
                       "' belongs to another user: put the socket into one of your own"};
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0) {
        return Failure{"others may write into the directory '" + directory +
                       "': make it private (chmod 700) or put the socket elsewhere"};
    }
    return {};
}

enum class Occupant { nobody, dead_socket, live_server, something_else };

Occupant look_at(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return Occupant::nobody;
    if (!S_ISSOCK(status.st_mode)) return Occupant::something_else;
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return Occupant::live_server;
    }
    // EAGAIN means that its backlog is full.
    return errno == ECONNREFUSED ? Occupant::dead_socket : Occupant::live_server;
}

struct Endpoint {
    sockaddr_storage address{};
    socklen_t length = 0;
};

std::optional<Endpoint> loopback_endpoint(const std::string& name, std::uint16_t port) {
    const std::string number = name == "localhost" ? "127.0.0.1" : name;
    Endpoint endpoint;
    in_addr v4{};
    in6_addr v6{};
    if (::inet_pton(AF_INET, number.c_str(), &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127) {
        auto& address = reinterpret_cast<sockaddr_in&>(endpoint.address);
        address.sin_family = AF_INET;
        address.sin_addr = v4;
        address.sin_port = htons(port);
        endpoint.length = sizeof address;
        return endpoint;
    }
    if (::inet_pton(AF_INET6, number.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6)) {
        auto& address = reinterpret_cast<sockaddr_in6&>(endpoint.address);
        address.sin6_family = AF_INET6;
        address.sin6_addr = v6;
        address.sin6_port = htons(port);
        endpoint.length = sizeof address;
        return endpoint;
    }
    return std::nullopt;
}

/// The bound socket, or the errno.
Result<UniqueFd, int> bind_to(const Endpoint& endpoint) {
    UniqueFd socket(::socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                             IPPROTO_TCP));
    if (!socket.valid()) return Failure{errno};
    const int on = 1;
    // A restarted server takes its port back although old connections still linger on it.
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&endpoint.address),
               endpoint.length) != 0 ||
        ::listen(socket.get(), kBacklog) != 0) {
        return Failure{errno};
    }
    return socket;
}

std::uint16_t port_of(int socket) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
    if (address.ss_family == AF_INET6) {
        return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
    }
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace

Result<UniqueFd, std::string> listen_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return Failure{"the socket path '" + path + "' has " + std::to_string(path.size()) +
                       " bytes; at most " + std::to_string(sizeof address.sun_path - 1) +
                       " are possible"};
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    if (auto prepared = prepare_directory(parent_of(path)); !prepared) {
        return Failure{prepared.error()};
    }

    switch (look_at(path, address)) {
        case Occupant::nobody: break;
        case Occupant::dead_socket: ::unlink(path.c_str()); break;
        case Occupant::live_server:
            return Failure{"another server already listens on '" + path + "'"};
        case Occupant::something_else:
            return Failure{"'" + path +
                           "' exists and is not a socket: remove it or choose another"};
    }

    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return failed("cannot make a unix socket", errno);
    // Before bind: the file is born with this mode, whatever the umask allows.
    if (::fchmod(socket.get(), 0600) != 0 ||
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), kBacklog) != 0) {
        return failed("cannot listen on '" + path + "'", errno);
    }
    return socket;
}

Result<TcpListener, std::string> listen_tcp(const TcpDoor& door) {
    if (door.token.empty()) {
        return Failure{
            std::string("cannot listen on TCP without a token: any user and any web page "
                        "could start programs")};
    }
    const auto endpoint = loopback_endpoint(door.address, door.port);
    if (!endpoint) {
        return Failure{"cannot listen on " + quoted(door.address) +
                       ": without TLS only loopback is served; use 127.0.0.1, ::1 or localhost"};
    }
    auto bound = bind_to(*endpoint);
    if (!bound && bound.error() == EADDRINUSE && door.any_port_if_busy && door.port != 0) {
        bound = bind_to(*loopback_endpoint(door.address, 0));
    }
    if (!bound) {
        std::string message = "cannot listen on " + door.address + " port " +
                              std::to_string(door.port) + ": " + error_text(bound.error());
        if (bound.error() == EADDRINUSE) message += "; choose another port, or 0 for any";
        return Failure{std::move(message)};
    }
    TcpListener listener;
    listener.port = port_of(bound->get());
    listener.socket = std::move(*bound);
    return listener;
}

}  // namespace sweepctl

#pragma once

#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/aio/timer.hpp"
#include "sweepctl/api/http_server.hpp"
#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/wire/server_address.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace sweepctl::test {

constexpr std::chrono::seconds kPatience{5};  // Long enough to mean "never" in a test.
constexpr const char* kToken = "0123456789abcdefghijklmnopqrstuvwxyz0123";

/// A directory of its own that goes away with everything in it.
class TempDirectory {
public:
    TempDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "sweepctl-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = pattern;
    }
    ~TempDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDirectory(const TempDirectory&) = delete;
    TempDirectory& operator=(const TempDirectory&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// A server on a thread of its own, with both doors.
class ServerFixture {
public:
    explicit ServerFixture(HttpHandler handler, HttpServerOptions options = {}) {
        options.unix_path = directory_ / "socket";
        TcpDoor door;
        door.token = kToken;
        options.tcp = door;
        auto started = HttpServer::start(loop_.context(), std::move(options), std::move(handler));
        if (!started) throw std::runtime_error(started.error());
        server_ = std::move(*started);
        port_ = server_->port();
        thread_ = std::thread([this] {
            Timer forever(loop_.context());  // Without it the loop would end with the server.
            forever.after(std::chrono::hours(1), [] {});
            loop_.run();
            server_.reset();
        });
    }
    ~ServerFixture() {
        loop_.stop();
        thread_.join();
    }
    ServerFixture(const ServerFixture&) = delete;
    ServerFixture& operator=(const ServerFixture&) = delete;

    /// Runs `work` on the loop's thread and waits for its result.
    template <typename Work>
    auto on_loop(Work work) {
        std::promise<decltype(work())> promise;
        auto future = promise.get_future();
        loop_.post([&] {
            if constexpr (std::is_void_v<decltype(work())>) {
                work();
                promise.set_value();
            } else {
                promise.set_value(work());
            }
        });
        return future.get();
    }

    /// Asks on the loop's thread until `question` is answered with yes. False: not in time.
    template <typename Question>
    bool comes_true(Question question) {
        const auto deadline = std::chrono::steady_clock::now() + kPatience;
        while (!on_loop(question)) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::yield();
        }
        return true;
    }

    EventLoop& loop() { return loop_; }
    HttpServer& server() { return *server_; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string unix_path() const { return directory_ / "socket"; }
    [[nodiscard]] ServerAddress unix_address() const {
        ServerAddress address;
        address.unix_path = unix_path();
        return address;
    }
    [[nodiscard]] ServerAddress tcp_address() const {
        ServerAddress address;
        address.host = "127.0.0.1";
        address.port = port_;
        address.token = kToken;
        return address;
    }

private:
    TempDirectory directory_;
    EventLoop loop_;
    std::unique_ptr<HttpServer> server_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

/// A client that sends exactly the bytes it is told to.
class RawClient {
public:
    static RawClient over_unix(const std::string& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        RawClient client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        client.connect(reinterpret_cast<const sockaddr*>(&address), sizeof address);
        return client;
    }
    static RawClient over_tcp(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        RawClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        client.connect(reinterpret_cast<const sockaddr*>(&address), sizeof address);
        return client;
    }

    /// False when the server has closed.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void half_close() { ::shutdown(socket_.get(), SHUT_WR); }
    void close() { socket_.reset(); }
    [[nodiscard]] int fd() const { return socket_.get(); }

    /// One more piece; empty at the end of the connection. Throws when nothing comes.
    std::string receive() {
        pollfd watched{socket_.get(), POLLIN, 0};
        const int limit = static_cast<int>(std::chrono::milliseconds(kPatience).count());
        if (::poll(&watched, 1, limit) != 1) throw std::runtime_error("the server says nothing");
        std::string bytes(65536, '\0');
        const auto count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
    }
    std::string read_to_end() {
        std::string all = std::exchange(ahead_, {});
        for (auto piece = receive(); !piece.empty(); piece = receive())
            all += piece;
        return all;
    }
    std::string read_until(std::string_view mark) {
        for (;;) {
            const auto at = ahead_.find(mark);
            if (at != std::string::npos) {
                const auto end = at + mark.size();
                auto text = ahead_.substr(0, end);
                ahead_.erase(0, end);
                return text;
            }
            const auto piece = receive();
            if (piece.empty()) throw std::runtime_error("the connection ended after: " + ahead_);
            ahead_ += piece;
        }
    }
    std::string read_bytes(std::size_t count) {
        while (ahead_.size() < count) {
            const auto piece = receive();
            if (piece.empty()) throw std::runtime_error("the connection ended after: " + ahead_);
            ahead_ += piece;
        }
        auto text = ahead_.substr(0, count);
        ahead_.erase(0, count);
        return text;
    }
    /// Head and body of a reply that has a Content-Length.
    std::string read_reply() {
        auto head = read_until("\r\n\r\n");
        const auto at = head.find("Content-Length: ");
        if (at == std::string::npos) return head;
        return head + read_bytes(std::stoul(head.substr(at + 16)));
    }

private:
    explicit RawClient(int socket) : socket_(socket) {}
    void connect(const sockaddr* address, socklen_t length) {
        if (::connect(socket_.get(), address, length) != 0) {
            throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
        }
    }

    UniqueFd socket_;
    std::string ahead_;
};

inline int status_of(std::string_view reply) {
    return reply.size() < 12 ? 0 : std::stoi(std::string(reply.substr(9, 3)));
}

/// A GET with what TCP needs to be let in.
inline std::string get(const std::string& target, const std::string& more_headers = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + kToken +
           "\r\n" + more_headers + "\r\n";
}

/// Answers with what was asked: method, path and body, one a line.
inline void echo(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
    HttpResponse response;
    response.content_type = "text/plain";
    response.body = request.method + "\n" + request.path + "\n" + request.body;
    exchange->respond(std::move(response));
}

}  // namespace sweepctl::test

// What the HTTP layer costs: requests and round trips a second over the unix socket, beside a bare
// epoll loop that answers fixed bytes to whatever comes. Rounds are interleaved, medians are shown.
//
//   http_bench [rounds [part of a name]]

#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/wire/http_client.hpp"
#include "sweepctl/wire/websocket_client.hpp"

#include "support/http_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace {

using namespace sweepctl;
using namespace sweepctl::test;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRound{400};
constexpr const char* kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";

/// As little as a server can do.
class BareServer {
public:
    BareServer() {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::strcpy(name.sun_path, path().c_str());
        listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
            ::listen(listener_.get(), 1000) != 0) {
            std::abort();
        }
        watch(listener_.get());
        watch(stop_.get());
        thread_ = std::thread([this] { run(); });
    }
    ~BareServer() {
        ::eventfd_write(stop_.get(), 1);
        thread_.join();
    }
    BareServer(const BareServer&) = delete;
    BareServer& operator=(const BareServer&) = delete;
    [[nodiscard]] std::string path() const { return directory_ / "bare"; }

private:
    void watch(int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    }
    void run() {
        std::vector<UniqueFd> clients;
        const std::string_view answer = kAnswer;
        char bytes[4096];
        for (;;) {
            epoll_event events[64];
            const int count = ::epoll_wait(epoll_.get(), events, 64, -1);
            for (int i = 0; i < count; ++i) {
                const int fd = events[i].data.fd;
                if (fd == stop_.get()) return;
                if (fd == listener_.get()) {
                    clients.emplace_back(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
                    watch(clients.back().get());
                } else if (::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
                    if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
                } else {
                    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
                }
            }
        }
    }

    TempDirectory directory_;
    UniqueFd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
    UniqueFd stop_{::eventfd(0, EFD_CLOEXEC)};
    UniqueFd listener_;
    std::thread thread_;
};

double rate(std::uint64_t count, Clock::time_point since) {
    return static_cast<double>(count) / std::chrono::duration<double>(Clock::now() - since).count();
}

/// Requests a second over `connections`, each with one request under way, from one thread.
double requests(const std::string& path, std::size_t connections, const std::string& request) {
    std::vector<RawClient> clients;
    for (std::size_t i = 0; i < connections; ++i)
        clients.push_back(RawClient::over_unix(path));
    char answer[4096];
    std::uint64_t count = 0;
    const auto since = Clock::now();
    while (Clock::now() - since < kRound) {
        for (auto& client : clients)
            client.send(request);
        for (auto& client : clients) {
            if (::recv(client.fd(), answer, sizeof answer, 0) <= 0) std::abort();
            ++count;
        }
    }
    return rate(count, since);
}

double client_requests(const ServerAddress& address) {
    HttpClient client(address);
    HttpCall call;
    call.target = "/status";
    std::uint64_t count = 0;
    const auto since = Clock::now();
    while (Clock::now() - since < kRound) {
        if (!client.request(call)) std::abort();
        ++count;
    }
    return rate(count, since);
}

/// WebSocket round trips a second; the client has a loop and thread of its own.
double round_trips(const ServerAddress& address, std::size_t size) {
    EventLoop loop;
    std::uint64_t count = 0;
    Clock::time_point since;
    std::unique_ptr<WebSocketClient> client;
    const std::string message(size, 'x');
    WebSocketEvents events;
    events.connected = [&] {
        since = Clock::now();
        client->send(message);
    };
    events.message = [&](std::string text) {
        ++count;
        if (Clock::now() - since > kRound) {
            loop.stop();
        } else {
            client->send(std::move(text));
        }
    };
    client = std::make_unique<WebSocketClient>(loop.context(), address, "/ws", std::move(events));
    client->open();
    loop.run();
    return rate(count, since);
}

/// Deliveries a second of one event to 100 readers of a stream, with a turn of the loop each.
double deliveries(ServerFixture& fixture, std::vector<std::shared_ptr<EventStream>>& streams) {
    constexpr std::size_t kReaders = 100;
    const std::string event =
        "id: 1\ndata: {\"run\":\"abcdefgh\",\"from\":\"running\",\"to\":\"finished\"}\n\n";
    std::vector<RawClient> readers;
    for (std::size_t i = 0; i < kReaders; ++i) {
        readers.push_back(RawClient::over_unix(fixture.unix_path()));
        readers.back().send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
        static_cast<void>(readers.back().read_until("\r\n\r\n"));
    }
    std::atomic<bool> over{false};
    std::thread reading([&] {
        char bytes[65536];
        while (!over) {
            for (auto& reader : readers) {
                while (::recv(reader.fd(), bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
                }
            }
        }
    });
    std::uint64_t count = 0;
    const auto since = Clock::now();
    while (Clock::now() - since < kRound) {
        fixture.on_loop([&] {
            for (const auto& stream : streams)
                count += stream->push(event) ? 1 : 0;
        });
    }
    const auto result = rate(count, since);
    over = true;
    reading.join();
    fixture.on_loop([&] { streams.clear(); });
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
    const std::string wanted = argc > 2 ? argv[2] : "";
    BareServer bare;
    std::vector<std::shared_ptr<EventStream>> streams;
    std::vector<std::shared_ptr<WebSocket>> sockets;
    ServerFixture fixture([&](const HttpRequest& request,
                              const std::shared_ptr<Exchange>& exchange) {
        if (request.path == "/ws") {
            exchange->accept_websocket([&](std::shared_ptr<WebSocket> socket) {
                auto* const raw = socket.get();
                socket->on_message([raw](std::string message) { raw->send(std::move(message)); });
                sockets.push_back(std::move(socket));
            });
        } else if (request.path == "/events") {
            streams.push_back(exchange->open_stream("text/event-stream"));
        } else {
            HttpResponse response;
            response.body = "{\"status\":\"ok\"}";
            exchange->respond(std::move(response));
        }
    });

    const std::string get =
        "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\r\n";
    const std::string post =
        "POST /api/v1/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
        "application/json\r\nContent-Length: 1100\r\n\r\n" +
        std::string(1100, 'x');
    const auto path = fixture.unix_path();
    const auto address = fixture.unix_address();
    std::vector<std::pair<std::string, std::function<double()>>> variants = {
        {"bare epoll loop, 1 connection", [&] { return requests(bare.path(), 1, get); }},
        {"bare epoll loop, 64 connections", [&] { return requests(bare.path(), 64, get); }},
        {"GET, 1 connection", [&] { return requests(path, 1, get); }},
        {"GET, 64 connections", [&] { return requests(path, 64, get); }},
        {"POST 1.1 KB, 64 connections", [&] { return requests(path, 64, post); }},
        {"GET, HttpClient", [&] { return client_requests(address); }},
        {"WebSocket round trip 200 B", [&] { return round_trips(address, 200); }},
        {"WebSocket round trip 1100 B", [&] { return round_trips(address, 1100); }},
        {"event to 100 readers (deliveries)", [&] { return deliveries(fixture, streams); }},
    };
    std::erase_if(variants, [&](const auto& variant) {
        return variant.first.find(wanted) == std::string::npos;
    });
    std::vector<std::vector<double>> results(variants.size());
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < variants.size(); ++i)
            results[i].push_back(variants[i].second());
    }
    std::printf("| what | median a second | quartiles |\n|---|---:|---:|\n");
    for (std::size_t i = 0; i < variants.size(); ++i) {
        auto& values = results[i];
        std::sort(values.begin(), values.end());
        std::printf("| %s | %.0f | %.0f to %.0f |\n", variants[i].first.c_str(),
                    values[values.size() / 2], values[values.size() / 4],
                    values[values.size() * 3 / 4]);
    }
    fixture.on_loop([&] { sockets.clear(); });
    return 0;
}

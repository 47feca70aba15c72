#include "sweepctl/wire/websocket_client.hpp"

#include "support/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sweepctl;
using namespace sweepctl::test;
using namespace std::chrono_literals;

namespace {

/// Accepts WebSockets and sends back what they say. Touched on the loop only.
struct EchoSockets {
    std::vector<std::shared_ptr<WebSocket>> sockets;
    std::vector<std::string> closed;

    HttpHandler handler() {
        return [this](const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
            if (request.path != "/ws") {
                echo(request, exchange);
                return;
            }
            exchange->accept_websocket([this](std::shared_ptr<WebSocket> socket) {
                auto* const raw = socket.get();
                socket->on_message([raw](std::string message) { raw->send(std::move(message)); });
                socket->on_closed([this](const std::string& reason) { closed.push_back(reason); });
                sockets.push_back(std::move(socket));
            });
        };
    }
};

/// A client on the fixture's loop, with what happened to it.
struct Client {
    ServerFixture& fixture;
    std::promise<void> connected;
    std::promise<std::string> closed;
    std::vector<std::string> messages;
    std::function<void()> on_message = [] {};
    std::unique_ptr<WebSocketClient> socket;

    Client(ServerFixture& server,
           const ServerAddress& address,
           const std::string& target = "/ws",
           WebSocketOptions options = {})
        : fixture(server) {
        fixture.on_loop([&] {
            WebSocketEvents events;
            events.connected = [this] { connected.set_value(); };
            events.message = [this](std::string message) {
                messages.push_back(std::move(message));
                on_message();
            };
            events.closed = [this](const std::string& reason) { closed.set_value(reason); };
            socket = std::make_unique<WebSocketClient>(fixture.loop().context(), address, target,
                                                       std::move(events), options);
            socket->open();
        });
    }
    ~Client() {
        fixture.on_loop([this] { socket.reset(); });
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool comes_up() {
        return connected.get_future().wait_for(kPatience) == std::future_status::ready;
    }
    std::string closed_with() {
        auto future = closed.get_future();
        return future.wait_for(kPatience) == std::future_status::ready ? future.get()
                                                                       : "(still open)";
    }
    /// Waits until `count` messages have come.
    bool receives(std::size_t count) {
        std::promise<void> enough;
        fixture.on_loop([&] {
            on_message = [&, count] {
                if (messages.size() == count) enough.set_value();
            };
            if (messages.size() >= count) enough.set_value();
        });
        const bool came = enough.get_future().wait_for(kPatience) == std::future_status::ready;
        fixture.on_loop([&] { on_message = [] {}; });
        return came;
    }
    bool send(std::string message) {
        return fixture.on_loop([&] { return socket->send(std::move(message)); });
    }
};

const std::string kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

}  // namespace

TEST_CASE("websocket: messages of every size come back whole, over both doors",
          "[api][websocket]") {
    EchoSockets server;
    ServerFixture fixture(server.handler());
    const bool over_unix = GENERATE(true, false);
    Client client(fixture, over_unix ? fixture.unix_address() : fixture.tcp_address());
    REQUIRE(client.comes_up());
    const std::vector<std::size_t> sizes = {0, 1, 125, 126, 65535, 65536, 1 << 20, 20 << 20, 3};
    for (const auto size : sizes)
        CHECK(client.send(std::string(size, 'm')));
    REQUIRE(client.receives(sizes.size()));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        CHECK(client.messages[i] == std::string(sizes[i], 'm'));
    }
}

TEST_CASE("websocket: many small messages keep their order", "[api][websocket]") {
    EchoSockets server;
    ServerFixture fixture(server.handler());
    Client client(fixture, fixture.unix_address());
    // Without waiting for the connection: they are kept until it is there.
    fixture.on_loop([&] {
        for (int i = 0; i < 5000; ++i)
            client.socket->send(std::to_string(i));
    });
    REQUIRE(client.receives(5000));
    for (int i = 0; i < 5000; ++i)
        REQUIRE(client.messages[static_cast<std::size_t>(i)] == std::to_string(i));
}

TEST_CASE("websocket: either side closes, and the other is told why", "[api][websocket]") {
    EchoSockets server;
    ServerFixture fixture(server.handler());
    Client client(fixture, fixture.unix_address());
    REQUIRE(client.comes_up());
    SECTION("the client") {
        fixture.on_loop([&] {
            client.socket->send("last words");
            client.socket->close("drained");
        });
        CHECK(client.closed_with() == "closed here: drained");
        REQUIRE(fixture.comes_true([&] { return !server.closed.empty(); }));
        CHECK(server.closed.at(0) == "closed by the peer: drained");
    }
    SECTION("the server") {
        REQUIRE(fixture.comes_true([&] { return !server.sockets.empty(); }));
        fixture.on_loop([&] { server.sockets.at(0)->close(std::string(500, 'r')); });
        CHECK(client.closed_with() == "closed by the peer: " + std::string(123, 'r'));
    }
    SECTION("the server, by dropping it") {
        REQUIRE(fixture.comes_true([&] { return !server.sockets.empty(); }));
        fixture.on_loop([&] { server.sockets.clear(); });
        CHECK(client.closed_with() == "closed by the peer");
    }
    SECTION("the server, by stopping") {
        fixture.on_loop([&] { fixture.server().stop(10s, [] {}); });
        CHECK(client.closed_with() == "closed by the peer: the server is stopping");
    }
    SECTION("the client, by disappearing") {
        REQUIRE(fixture.comes_true([&] { return !server.sockets.empty(); }));
        fixture.on_loop([&] { client.socket.reset(); });
        REQUIRE(fixture.comes_true([&] { return !server.closed.empty(); }));
        CHECK_FALSE(fixture.on_loop([&] { return server.sockets.at(0)->send("x"); }));
    }
}

TEST_CASE("websocket: a failed opening says what the matter was", "[api][websocket]") {
    EchoSockets server;
    ServerFixture fixture(server.handler());
    auto address = fixture.tcp_address();
    SECTION("wrong token") {
        address.token = "wrong";
        Client client(fixture, address);
        const auto reason = client.closed_with();
        CHECK(reason.find("cannot connect to http://127.0.0.1:") == 0);
        CHECK(reason.find("the server answered 401") != std::string::npos);
        CHECK(reason.find("wrong token") != std::string::npos);
    }
    SECTION("no such path") {
        Client client(fixture, address, "/elsewhere");
        CHECK(client.closed_with().find("the server answered 200") != std::string::npos);
    }
    SECTION("nobody there") {
        address = fixture.unix_address();
        address.unix_path += ".not";
        Client client(fixture, address);
        CHECK(client.closed_with() ==
              "cannot connect to unix:" + address.unix_path + ": No such file or directory");
    }
    SECTION("somebody who never answers") {
        TempDirectory directory;
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::strcpy(name.sun_path, (directory / "mute").c_str());
        const UniqueFd mute(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::bind(mute.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
        REQUIRE(::listen(mute.get(), 5) == 0);
        address = {};
        address.unix_path = directory / "mute";
        WebSocketOptions options;
        options.open_timeout = 100ms;
        Client client(fixture, address, "/ws", options);
        CHECK(client.closed_with().find("silent for too long") != std::string::npos);
    }
}

TEST_CASE("websocket: pings keep a quiet connection, and find a dead one", "[api][websocket]") {
    EchoSockets server;
    HttpServerOptions options;
    options.websocket_idle_timeout = 200ms;
    ServerFixture fixture(server.handler(), options);
    Client quiet(fixture, fixture.unix_address());
    REQUIRE(quiet.comes_up());
    auto dead = RawClient::over_unix(fixture.unix_path());
    dead.send(kUpgrade + "\r\n");
    CHECK(status_of(dead.read_until("\r\n\r\n")) == 101);
    REQUIRE(fixture.comes_true([&] { return !server.closed.empty(); }));
    CHECK(server.closed == std::vector<std::string>{"the peer was silent for too long"});
    CHECK(quiet.send("still here"));
    CHECK(quiet.receives(1));
}

TEST_CASE("websocket: what is too much closes it", "[api][websocket]") {
    EchoSockets server;
    HttpServerOptions options;
    options.websocket_message_limit = 1000;
    options.websocket_queue_limit = 100'000;
    ServerFixture fixture(server.handler(), options);
    SECTION("a message that is too long") {
        Client client(fixture, fixture.unix_address());
        REQUIRE(client.comes_up());
        client.send(std::string(1001, 'x'));
        client.closed_with();
        REQUIRE(fixture.comes_true([&] { return !server.closed.empty(); }));
        CHECK(server.closed.at(0) == "a message was longer than 1000 bytes");
    }
    SECTION("a reader that is too slow") {
        auto slow = RawClient::over_unix(fixture.unix_path());
        slow.send(kUpgrade + "\r\n");
        CHECK(status_of(slow.read_until("\r\n\r\n")) == 101);
        REQUIRE(fixture.comes_true([&] { return !server.sockets.empty(); }));
        CHECK(fixture.comes_true(
            [&] { return !server.sockets.at(0)->send(std::string(10'000, 'x')); }));
        REQUIRE(fixture.comes_true([&] { return !server.closed.empty(); }));
        CHECK(server.closed.at(0).find("too slow") != std::string::npos);
    }
    SECTION("bytes that are no frames") {
        auto rude = RawClient::over_unix(fixture.unix_path());
        rude.send(kUpgrade + "\r\n");
        CHECK(status_of(rude.read_until("\r\n\r\n")) == 101);
        rude.send(std::string(100, '\xff'));
        rude.read_to_end();
        auto unmasked = RawClient::over_unix(fixture.unix_path());
        unmasked.send(kUpgrade + "\r\n");
        CHECK(status_of(unmasked.read_until("\r\n\r\n")) == 101);
        unmasked.send("\x81\x02hi");
        unmasked.read_to_end();
        auto not_utf8 = RawClient::over_unix(fixture.unix_path());
        not_utf8.send(kUpgrade + "\r\n");
        CHECK(status_of(not_utf8.read_until("\r\n\r\n")) == 101);
        not_utf8.send(std::string("\x81\x82\0\0\0\0\xff\xff", 8));
        not_utf8.read_to_end();
    }
}

TEST_CASE("websocket: upgrades are taken as asked, or not at all", "[api][websocket]") {
    EchoSockets server;
    ServerFixture fixture(server.handler());
    const auto ask = [&](const std::string& text) {
        auto client = RawClient::over_unix(fixture.unix_path());
        client.send(text);
        return client.read_reply();
    };
    // To another protocol: an ordinary request, as HTTP wants it.
    CHECK(status_of(ask("GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, "
                        "HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n")) == 200);
    // A plain request where only a WebSocket makes sense.
    const auto plain = ask("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(status_of(plain) == 426);
    CHECK(plain.find("Upgrade: websocket\r\n") != std::string::npos);
    // An upgrade where only a plain request makes sense.
    std::string elsewhere = kUpgrade + "\r\n";
    elsewhere.replace(4, 3, "/ab");
    CHECK(status_of(ask(elsewhere)) == 200);
    // Frames that do not wait for the answer.
    CHECK(status_of(ask(kUpgrade + "\r\n\x81\x80\1\2\3\4")) == 400);
    // Another version of the protocol.
    std::string version = kUpgrade + "\r\n";
    version.replace(version.find("13"), 2, "12");
    CHECK(status_of(ask(version)) / 100 == 4);
}

TEST_CASE("websocket: a client may go from inside its callbacks", "[api][websocket]") {
    EchoSockets server;
    ServerFixture fixture(server.handler());
    std::promise<void> gone;
    std::unique_ptr<WebSocketClient> client;
    const int where = GENERATE(0, 1, 2);
    fixture.on_loop([&] {
        WebSocketEvents events;
        const auto leave = [&, where](int here) {
            if (here != where) return;
            client.reset();
            gone.set_value();
        };
        events.connected = [&, leave] {
            leave(0);
            if (client) client->send("hello");
        };
        events.message = [&, leave](const std::string&) {
            leave(1);
            if (client) client->close("enough");
        };
        events.closed = [leave](const std::string&) { leave(2); };
        client = std::make_unique<WebSocketClient>(fixture.loop().context(), fixture.unix_address(),
                                                   "/ws", std::move(events));
        client->open();
    });
    CHECK(gone.get_future().wait_for(kPatience) == std::future_status::ready);
}

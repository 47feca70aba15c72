#include "support/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;
using namespace sweepctl::test;
using namespace std::chrono_literals;

namespace {

/// A server whose every request opens a stream, and what became of it. Touched on the loop only.
struct Streams {
    std::shared_ptr<EventStream> stream;
    std::promise<void> opened;
    std::promise<void> closed;

    HttpHandler handler(std::string content_type = "text/event-stream") {
        return [this, content_type](const HttpRequest& request,
                                    const std::shared_ptr<Exchange>& exchange) {
            if (request.path == "/plain") {
                echo(request, exchange);
                return;
            }
            stream = exchange->open_stream(content_type, {{"Cache-Control", "no-store"}});
            stream->on_closed([this] { closed.set_value(); });
            opened.set_value();
        };
    }
};

bool comes(std::promise<void>& promise) {
    return promise.get_future().wait_for(kPatience) == std::future_status::ready;
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

}  // namespace

TEST_CASE("http stream: pieces arrive as they are pushed, and the end is told", "[api][http]") {
    Streams streams;
    ServerFixture fixture(streams.handler());
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send(kGet);
    const auto head = client.read_until("\r\n\r\n");
    CHECK(head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(head.find("Cache-Control: no-store\r\n") != std::string::npos);
    CHECK(head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(fixture.on_loop(
        [&] { return streams.stream->push("data: 1\n\n") && streams.stream->push(""); }));
    CHECK(client.read_until("1\n\n\r\n") == "9\r\ndata: 1\n\n\r\n");
    fixture.on_loop([&] {
        streams.stream->push(std::string(300, 'x'));
        streams.stream->close();
    });
    CHECK(client.read_to_end() == "12c\r\n" + std::string(300, 'x') + "\r\n0\r\n\r\n");
    CHECK(comes(streams.closed));
    CHECK_FALSE(
        fixture.on_loop([&] { return streams.stream->is_open() || streams.stream->push("x"); }));
}

TEST_CASE("http stream: dropping it ends the answer", "[api][http]") {
    Streams streams;
    ServerFixture fixture(streams.handler());
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send(kGet);
    REQUIRE(comes(streams.opened));
    fixture.on_loop([&] { streams.stream.reset(); });
    CHECK(client.read_to_end().ends_with("0\r\n\r\n"));
    CHECK(comes(streams.closed));
}

TEST_CASE("http stream: for HTTP/1.0 it is plain bytes until the end", "[api][http]") {
    Streams streams;
    ServerFixture fixture(streams.handler("text/plain"));
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("GET / HTTP/1.0\r\n\r\n");
    REQUIRE(comes(streams.opened));
    fixture.on_loop([&] {
        streams.stream->push("line\n");
        streams.stream->close();
    });
    const auto all = client.read_to_end();
    CHECK(all.find("chunked") == std::string::npos);
    CHECK(all.ends_with("\r\n\r\nline\n"));
}

TEST_CASE("http stream: a peer that goes away closes it", "[api][http]") {
    Streams streams;
    ServerFixture fixture(streams.handler());
    {
        auto client = RawClient::over_unix(fixture.unix_path());
        client.send(kGet);
        REQUIRE(comes(streams.opened));
    }
    CHECK(comes(streams.closed));
    CHECK_FALSE(fixture.on_loop([&] { return streams.stream->push("x"); }));
}

TEST_CASE("http stream: a reader that is too slow is cut off and nobody else notices",
          "[api][http]") {
    Streams streams;
    HttpServerOptions options;
    options.stream_queue_limit = 1 << 20;
    ServerFixture fixture(streams.handler(), options);
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send(kGet);
    REQUIRE(comes(streams.opened));
    const std::string piece(100'000, 'x');
    int taken = 0;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (fixture.on_loop([&] { return streams.stream->push(piece); })) {
        ++taken;
        REQUIRE(std::chrono::steady_clock::now() < deadline);
    }
    CHECK(taken >= 10);
    CHECK(taken < 40);
    CHECK(comes(streams.closed));
    const auto all = client.read_to_end();
    CHECK_FALSE(all.ends_with("0\r\n\r\n"));  // The reader can see that this is not the end.
    auto other = RawClient::over_unix(fixture.unix_path());
    other.send("GET /plain HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(status_of(other.read_reply()) == 200);
}

TEST_CASE("http stream: a quiet one is kept alive by comments", "[api][http]") {
    Streams streams;
    HttpServerOptions options;
    options.stream_ping_interval = 50ms;
    ServerFixture fixture(streams.handler(), options);
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send(kGet);
    static_cast<void>(client.read_until("\r\n\r\n"));
    CHECK(client.read_until("\r\n:\n\n\r\n") == "3\r\n:\n\n\r\n");
    CHECK(client.read_until("\r\n:\n\n\r\n") == "3\r\n:\n\n\r\n");
}

TEST_CASE("http stream: what is left of a stream outlives the server", "[api][http]") {
    Streams streams;
    EventLoop loop;
    {
        TempDirectory directory;
        HttpServerOptions options;
        options.unix_path = directory / "socket";
        auto server = HttpServer::start(loop.context(), options, streams.handler());
        REQUIRE(server);
        auto client = RawClient::over_unix(options.unix_path);
        client.send(kGet);
        std::thread thread([&] { loop.run(); });
        REQUIRE(comes(streams.opened));
        loop.stop();
        thread.join();
    }
    CHECK_FALSE(streams.stream->is_open());
    CHECK_FALSE(streams.stream->push("x"));
    streams.stream->close();
    loop.run();
    CHECK(comes(streams.closed));
}

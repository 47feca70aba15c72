#include "support/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sweepctl;
using namespace sweepctl::test;
using namespace std::chrono_literals;

namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

struct Held {
    std::shared_ptr<Exchange> exchange;
    std::promise<void> asked;

    HttpHandler handler() {
        return [this](const HttpRequest&, const std::shared_ptr<Exchange>& held) {
            exchange = held;
            asked.set_value();
        };
    }
};

}  // namespace

TEST_CASE("http stop: what is in flight finishes, what is idle is closed, nobody comes in",
          "[api][http]") {
    Held held;
    ServerFixture fixture(held.handler());
    auto idle = RawClient::over_unix(fixture.unix_path());
    auto busy = RawClient::over_tcp(fixture.port());
    busy.send(get("/"));
    held.asked.get_future().get();

    std::promise<void> stopped;
    fixture.on_loop([&] { fixture.server().stop(10s, [&] { stopped.set_value(); }); });
    CHECK(idle.read_to_end().empty());
    CHECK_THROWS(RawClient::over_unix(fixture.unix_path()));
    CHECK_THROWS(RawClient::over_tcp(fixture.port()));
    auto future = stopped.get_future();
    CHECK(future.wait_for(0s) == std::future_status::timeout);

    fixture.on_loop([&] { held.exchange->respond({}); });
    const auto reply = busy.read_reply();
    CHECK(status_of(reply) == 200);
    CHECK(reply.find("Connection: close") != std::string::npos);
    busy.close();
    CHECK(future.wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("http stop: what does not finish in time is closed", "[api][http]") {
    Held held;
    ServerFixture fixture(held.handler());
    auto busy = RawClient::over_unix(fixture.unix_path());
    busy.send(kGet);
    held.asked.get_future().get();
    std::promise<void> stopped;
    fixture.on_loop([&] { fixture.server().stop(50ms, [&] { stopped.set_value(); }); });
    CHECK(busy.read_to_end().empty());
    CHECK(stopped.get_future().wait_for(kPatience) == std::future_status::ready);
    fixture.on_loop([&] { held.exchange->respond({}); });
}

TEST_CASE("http stop: streams end properly", "[api][http]") {
    std::shared_ptr<EventStream> stream;
    std::promise<void> asked;
    ServerFixture fixture([&](const HttpRequest&, const std::shared_ptr<Exchange>& exchange) {
        stream = exchange->open_stream("text/event-stream");
        stream->push("data: 1\n\n");
        asked.set_value();
    });
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send(kGet);
    asked.get_future().get();
    std::promise<void> stopped;
    fixture.on_loop([&] { fixture.server().stop(10s, [&] { stopped.set_value(); }); });
    CHECK(client.read_to_end().ends_with("data: 1\n\n\r\n0\r\n\r\n"));
    client.close();
    CHECK(stopped.get_future().wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("http stop: a server may be destroyed by its own handler", "[api][http]") {
    TempDirectory directory;
    EventLoop loop;
    std::unique_ptr<HttpServer> server;
    HttpServerOptions options;
    options.unix_path = directory / "socket";
    auto started =
        HttpServer::start(loop.context(), options,
                          [&](const HttpRequest&, const std::shared_ptr<Exchange>& exchange) {
                              server.reset();
                              exchange->respond({});
                              exchange->open_stream("text/plain")->push("x");
                          });
    REQUIRE(started);
    server = std::move(*started);
    auto client = RawClient::over_unix(options.unix_path);
    client.send(kGet + kGet);
    loop.run();  // Ends since nothing is left.
    CHECK(client.read_to_end().empty());
}

TEST_CASE("http stop: exchanges may be dropped after the server, and with the loop",
          "[api][http]") {
    TempDirectory directory;
    Held held;
    EventLoop loop;
    HttpServerOptions options;
    options.unix_path = directory / "socket";
    {
        auto server = HttpServer::start(loop.context(), options, held.handler());
        REQUIRE(server);
        auto client = RawClient::over_unix(options.unix_path);
        client.send(kGet);
        std::thread thread([&] { loop.run(); });
        held.asked.get_future().get();
        loop.stop();
        thread.join();
    }
    held.exchange.reset();
}

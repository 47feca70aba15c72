#include "support/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;
using namespace sweepctl::test;

TEST_CASE("http: a kept connection serves request after request", "[api][http]") {
    ServerFixture fixture(echo);
    auto client = RawClient::over_unix(fixture.unix_path());
    for (int i = 0; i < 100; ++i) {
        client.send("GET /run/" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        const auto reply = client.read_reply();
        REQUIRE(status_of(reply) == 200);
        REQUIRE(reply.find("GET\n/run/" + std::to_string(i) + "\n") != std::string::npos);
    }
    CHECK(fixture.on_loop([&] { return fixture.server().counts().connections_accepted; }) == 1);
}

TEST_CASE("http: requests sent at once are answered in their order", "[api][http]") {
    ServerFixture fixture(echo);
    auto client = RawClient::over_tcp(fixture.port());
    std::string all;
    for (int i = 0; i < 1000; ++i)
        all += get("/" + std::to_string(i));
    client.send(all);
    for (int i = 0; i < 1000; ++i) {
        const auto reply = client.read_reply();
        REQUIRE(status_of(reply) == 200);
        REQUIRE(reply.find("GET\n/" + std::to_string(i) + "\n") != std::string::npos);
    }
}

TEST_CASE("http: answers that come late keep their order", "[api][http]") {
    EventLoop* loop = nullptr;
    ServerFixture fixture(
        [&](const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
            loop->post([request, exchange] { echo(request, exchange); });
        });
    loop = &fixture.loop();
    auto client = RawClient::over_tcp(fixture.port());
    std::string all;
    for (int i = 0; i < 200; ++i)
        all += get("/" + std::to_string(i));
    client.send(all);
    for (int i = 0; i < 200; ++i) {
        REQUIRE(client.read_reply().find("GET\n/" + std::to_string(i) + "\n") != std::string::npos);
    }
}

TEST_CASE("http: a request is the same in one piece and byte by byte", "[api][http]") {
    ServerFixture fixture(echo);
    const std::string body =
        GENERATE("Content-Length: 11\r\n\r\nhello world",
                 "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
                 "Transfer-Encoding: chunked\r\n\r\n6;x=y\r\nhello \r\n5\r\nworld\r\n0\r\nTrailer: "
                 "1\r\n\r\n");
    const auto text = "POST /a%20b?x=1 HTTP/1.1\r\nHost: x\r\n" + body;
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, text.size()}) {
        auto client = RawClient::over_unix(fixture.unix_path());
        for (std::size_t at = 0; at < text.size(); at += step)
            client.send(text.substr(at, step));
        const auto reply = client.read_reply();
        CHECK(status_of(reply) == 200);
        CHECK(reply.ends_with("POST\n/a b\nhello world"));
    }
}

TEST_CASE("http: an empty chunked body may come in any pieces", "[api][http]") {
    ServerFixture fixture(echo);
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const char* piece : {"0\r\n", "\r", "\n"}) {
        client.send(piece);
        fixture.on_loop([] {});  // Lets the server read them apart.
        fixture.on_loop([] {});
    }
    CHECK(status_of(client.read_reply()) == 200);
}

TEST_CASE("http: the request is taken apart", "[api][http]") {
    HttpRequest seen;
    ServerFixture fixture([&](HttpRequest request, const std::shared_ptr<Exchange>& exchange) {
        seen = std::move(request);
        exchange->respond({});
    });
    auto client = RawClient::over_tcp(fixture.port());
    client.send(
        get("/api/v1/runs?state=failed%2Ccrashed&q=a+b&empty=&flag&&q=2", "X-Some: Thing\r\n"));
    CHECK(status_of(client.read_reply()) == 200);
    CHECK(seen.method == "GET");
    CHECK(seen.path == "/api/v1/runs");
    CHECK(seen.raw_target == "/api/v1/runs?state=failed%2Ccrashed&q=a+b&empty=&flag&&q=2");
    CHECK(seen.query ==
          HttpFields{
              {"state", "failed,crashed"}, {"q", "a b"}, {"empty", ""}, {"flag", ""}, {"q", "2"}});
    CHECK(*seen.query_value("q") == "a b");
    CHECK(seen.query_value("none") == nullptr);
    CHECK(*seen.header("x-some") == "Thing");
    CHECK_FALSE(seen.local);
}

TEST_CASE("http: HTTP/1.0, HEAD, 204 and Connection: close end as they should", "[api][http]") {
    ServerFixture fixture(
        [](const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
            HttpResponse response;
            response.body = "12345";
            if (request.path == "/none") response.status = 204;
            exchange->respond(std::move(response));
        });
    const auto path = fixture.unix_path();
    {
        auto client = RawClient::over_unix(path);
        client.send("GET / HTTP/1.0\r\n\r\n");
        const auto reply = client.read_to_end();
        CHECK(reply.starts_with("HTTP/1.0 200 OK\r\n"));
        CHECK(reply.ends_with("\r\n\r\n12345"));
    }
    {
        auto client = RawClient::over_unix(path);
        client.send(
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\nHost: "
            "x\r\nConnection: close\r\n\r\n");
        CHECK(client.read_reply().find("Connection: keep-alive") != std::string::npos);
        CHECK(client.read_to_end().find("Connection: close") != std::string::npos);
    }
    {
        auto client = RawClient::over_unix(path);
        client.send(
            "HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /none HTTP/1.1\r\nHost: x\r\nConnection: "
            "close\r\n\r\n");
        const auto all = client.read_to_end();
        CHECK(all.find("Content-Length: 5\r\n") != std::string::npos);
        CHECK(all.find("\r\n\r\nHTTP/1.1 204 No Content\r\n") != std::string::npos);
        CHECK(all.ends_with("\r\n\r\n"));
        CHECK(all.find("12345") == std::string::npos);
    }
}

TEST_CASE("http: a client that waits for 100 Continue gets it", "[api][http]") {
    ServerFixture fixture(echo);
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("PUT /f HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    CHECK(client.read_reply().ends_with("PUT\n/f\nok"));
}

TEST_CASE("http: a half-closed client still gets its answers", "[api][http]") {
    EventLoop* loop = nullptr;
    ServerFixture fixture(
        [&](const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
            loop->post([request, exchange] { echo(request, exchange); });
        });
    loop = &fixture.loop();
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    client.half_close();
    const auto all = client.read_to_end();
    CHECK(all.find("GET\n/1\n") != std::string::npos);
    CHECK(all.find("GET\n/2\n") != std::string::npos);
}

TEST_CASE("http: large bodies pass in both directions", "[api][http]") {
    ServerFixture fixture(echo);
    const std::string body(12 << 20, 'x');
    auto client = RawClient::over_unix(fixture.unix_path());
    std::thread sender([&] {
        client.send("POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
    });
    const auto reply = client.read_reply();
    sender.join();
    CHECK(status_of(reply) == 200);
    CHECK(reply.ends_with("POST\n/big\n" + body));
}

TEST_CASE("http: a handler that throws or forgets answers 500 and the server goes on",
          "[api][http]") {
    ServerFixture fixture(
        [](const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
            if (request.path == "/throw") throw std::runtime_error("as the test wants it");
            if (request.path == "/impossible") {
                HttpResponse response;
                response.status = 42;
                exchange->respond(std::move(response));
            }
        });
    auto client = RawClient::over_unix(fixture.unix_path());
    for (const char* path : {"/throw", "/forget", "/impossible", "/forget"}) {
        client.send(std::string("GET ") + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        const auto reply = client.read_reply();
        CHECK(status_of(reply) == 500);
        CHECK(reply.find("application/problem+json") != std::string::npos);
    }
}

TEST_CASE("http: line breaks in a header value cannot add a header", "[api][http]") {
    ServerFixture fixture([](const HttpRequest&, const std::shared_ptr<Exchange>& exchange) {
        HttpResponse response;
        response.headers.emplace_back("X-Name", "a\r\nX-Evil: 1");
        exchange->respond(std::move(response));
    });
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(client.read_reply().find("X-Name: a  X-Evil: 1\r\n") != std::string::npos);
}

TEST_CASE("http: an answer after the peer has gone harms nobody", "[api][http]") {
    std::shared_ptr<Exchange> held;
    std::promise<void> asked;
    ServerFixture fixture(
        [&](const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
            if (request.path == "/hold") {
                held = exchange;
                asked.set_value();
            } else {
                echo(request, exchange);
            }
        });
    {
        auto client = RawClient::over_unix(fixture.unix_path());
        client.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
        asked.get_future().get();
    }
    fixture.on_loop([&] {
        HttpResponse response;
        response.body.assign(1 << 20, 'x');
        held->respond(std::move(response));
        held->respond({});  // A second answer is none.
        held.reset();
    });
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(status_of(client.read_reply()) == 200);
}

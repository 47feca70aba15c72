#include "support/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

using namespace sweepctl;
using namespace sweepctl::test;
using namespace std::chrono_literals;

namespace {

std::string refused_with(ServerFixture& fixture, const std::string& bytes) {
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send(bytes);
    return client.read_to_end();
}

}  // namespace

TEST_CASE("http limits: what is no HTTP is refused and the connection closed", "[api][http]") {
    struct Row {
        std::string bytes;
        int status;
    };
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
    const auto row = GENERATE_COPY(values<Row>({
        {"hello\r\n\r\n", 400},
        {std::string("\0\1\2\3\r\n\r\n", 8), 400},
        {"\x16\x03\x01\x02\x00\x01", 400},
        {"GET / HTTP/2.0\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: a\n\n", 400},
        {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nbad\x01: 1\r\n\r\n", 400},
        {head + "Content-Length: -1\r\n\r\n", 400},
        {head + "Content-Length: 1x\r\n\r\n", 400},
        {head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {head + "Content-Length: 99999999999999999999\r\n\r\n", 400},
        {head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
        {head + "Transfer-Encoding: gzip\r\n\r\n", 501},
        {head + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {head + "Transfer-Encoding: xchunked\r\n\r\n", 501},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {head + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400},
        {head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 400},
        {head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400},
        {head + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(50000, 'x'), 400},
        {head + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + std::string(50000, 'x'), 400},
        {head + "Content-Length: 20000000\r\n\r\n", 413},
        {head + "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n" + std::string(20000000, 'x'), 413},
        {"GET /" + std::string(40000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
        {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(40000, 'x') + "\r\n\r\n", 431},
    }));
    CAPTURE(row.bytes.substr(0, 200));
    ServerFixture fixture(echo);
    auto client = RawClient::over_unix(fixture.unix_path());
    std::thread sender([&] { client.send(row.bytes); });
    const auto reply = client.read_to_end();
    client.close();
    sender.join();
    CHECK(status_of(reply) == row.status);
    CHECK(reply.find("application/problem+json") != std::string::npos);
    CHECK(reply.find("Connection: close") != std::string::npos);
}

TEST_CASE("http limits: ten thousand headers are too many", "[api][http]") {
    ServerFixture fixture(echo);
    std::string bytes = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int i = 0; i < 10'000; ++i)
        bytes += "a:b\r\n";
    CHECK(status_of(refused_with(fixture, bytes + "\r\n")) == 431);
    // Also when they come in pieces that are each small.
    auto client = RawClient::over_unix(fixture.unix_path());
    bool closed = false;
    for (std::size_t at = 0; at < bytes.size() && !closed; at += 500)
        closed = !client.send(bytes.substr(at, 500));
    CHECK(status_of(client.read_to_end()) == 431);
}

TEST_CASE("http limits: each route has its own limit of the body", "[api][http]") {
    HttpServerOptions options;
    options.body_limit = [](const HttpRequest& request) -> std::size_t {
        return request.path == "/files" ? 100 : 10;
    };
    ServerFixture fixture(echo, options);
    const auto post = [](const std::string& path, std::size_t size) {
        return "POST " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
               std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
    };
    CHECK(status_of(refused_with(fixture, post("/files", 100))) == 200);
    CHECK(status_of(refused_with(fixture, post("/files", 101))) == 413);
    CHECK(status_of(refused_with(fixture, post("/other", 10))) == 200);
    CHECK(status_of(refused_with(fixture, post("/other", 11))) == 413);
}

TEST_CASE("http limits: random bytes harm nobody", "[api][http]") {
    ServerFixture fixture(echo);
    const auto seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u);
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::string bytes =
        seed % 2 == 0 ? "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" : "";
    for (int i = 0; i < 20'000; ++i)
        bytes += static_cast<char>(random() & 0xff);
    auto client = RawClient::over_tcp(fixture.port());
    client.send(bytes);
    client.half_close();
    client.read_to_end();
    auto other = RawClient::over_tcp(fixture.port());
    other.send(get("/"));
    CHECK(status_of(other.read_reply()) == 200);
}

TEST_CASE("http limits: a client too slow with its headers or body gets 408", "[api][http]") {
    HttpServerOptions options;
    options.header_timeout = 100ms;
    options.transfer_timeout = 100ms;
    ServerFixture fixture(echo, options);
    const std::string bytes =
        GENERATE("GET / HTTP/1.1\r\nHost: x\r\nX-S",
                 "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345",
                 "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1");
    const auto started = std::chrono::steady_clock::now();
    const auto reply = refused_with(fixture, bytes);
    CHECK(status_of(reply) == 408);
    CHECK(std::chrono::steady_clock::now() - started >= 100ms);
}

TEST_CASE("http limits: a trickle does not buy time", "[api][http]") {
    HttpServerOptions options;
    options.header_timeout = 200ms;
    ServerFixture fixture(echo, options);
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n");
    const auto started = std::chrono::steady_clock::now();
    std::string reply;
    for (;;) {
        client.send("X");
        pollfd watched{client.fd(), POLLIN, 0};
        if (::poll(&watched, 1, 10) == 1) break;
        REQUIRE(std::chrono::steady_clock::now() - started < 5s);
    }
    CHECK(status_of(client.receive()) == 408);
}

TEST_CASE("http limits: an idle connection is closed without a word", "[api][http]") {
    HttpServerOptions options;
    options.idle_timeout = 100ms;
    options.header_timeout = 100ms;
    ServerFixture fixture(echo, options);
    auto silent = RawClient::over_unix(fixture.unix_path());
    CHECK(silent.read_to_end().empty());
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(status_of(client.read_reply()) == 200);
    CHECK(client.read_to_end().empty());
}

TEST_CASE("http limits: who does not read his answer is dropped", "[api][http]") {
    HttpServerOptions options;
    options.transfer_timeout = 100ms;
    ServerFixture fixture(
        [](const HttpRequest&, const std::shared_ptr<Exchange>& exchange) {
            HttpResponse response;
            response.body.assign(8 << 20, 'x');
            exchange->respond(std::move(response));
        },
        options);
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    static_cast<void>(client.read_until("\r\n"));  // It has begun.
    CHECK(fixture.comes_true([&] { return fixture.server().counts().connections_open == 0; }));
    CHECK(client.read_to_end().size() < 8u << 20);
}

TEST_CASE("http limits: a pipeline of large answers waits for its reader", "[api][http]") {
    std::size_t asked = 0;
    ServerFixture fixture([&](const HttpRequest&, const std::shared_ptr<Exchange>& exchange) {
        ++asked;
        HttpResponse response;
        response.body.assign(1 << 20, 'x');
        exchange->respond(std::move(response));
    });
    auto client = RawClient::over_unix(fixture.unix_path());
    std::string all;
    for (int i = 0; i < 50; ++i)
        all += "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    client.send(all);
    static_cast<void>(client.read_until("\r\n"));
    CHECK(fixture.on_loop([&] { return asked; }) < 10);
    for (int i = 0; i < 50; ++i) {
        const auto reply = client.read_reply();
        REQUIRE(reply.size() > 1u << 20);
    }
    CHECK(fixture.on_loop([&] { return asked; }) == 50);
}

TEST_CASE("http limits: one connection too many is answered 503, and served when there is room",
          "[api][http]") {
    HttpServerOptions options;
    options.max_connections = 3;
    ServerFixture fixture(echo, options);
    const auto ask = [&](RawClient& client) {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        return status_of(client.read_reply());
    };
    std::vector<RawClient> inside;
    for (int i = 0; i < 3; ++i) {
        inside.push_back(RawClient::over_unix(fixture.unix_path()));
        REQUIRE(ask(inside.back()) == 200);
    }
    // Far more than are even told so: the last ones wait at the door.
    std::vector<RawClient> outside;
    for (int i = 0; i < 200; ++i)
        outside.push_back(RawClient::over_unix(fixture.unix_path()));
    CHECK(ask(outside[0]) == 503);
    CHECK(ask(inside[0]) == 200);
    outside.clear();
    inside.pop_back();
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        auto client = RawClient::over_unix(fixture.unix_path());
        if (ask(client) == 200) break;
        REQUIRE(std::chrono::steady_clock::now() < deadline);
    }
}

TEST_CASE("http limits: callers without the token leave room for the owner", "[api][http]") {
    HttpServerOptions options;
    options.max_strangers = 4;
    ServerFixture fixture(echo, options);
    const std::string with_token = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " +
                                   std::string(kToken) + "\r\n\r\n";
    const auto ask = [](RawClient& client, const std::string& request) {
        client.send(request);
        return status_of(client.read_reply());
    };
    // Who has shown the token is no stranger any more.
    std::vector<RawClient> known;
    for (int i = 0; i < 6; ++i) {
        known.push_back(RawClient::over_tcp(fixture.port()));
        REQUIRE(ask(known.back(), with_token) == 200);
    }
    std::vector<RawClient> strangers;
    for (int i = 0; i < 4; ++i) {
        strangers.push_back(RawClient::over_tcp(fixture.port()));
        strangers.back().send("GET / HTTP/1.1\r\nHost: 127.");
    }
    const auto open = [&] { return fixture.server().counts().connections_open == 10; };
    REQUIRE(fixture.comes_true(open));
    for (int i = 0; i < 50; ++i) {
        auto outside = RawClient::over_tcp(fixture.port());
        REQUIRE(status_of(outside.read_to_end()) == 503);
    }
    auto owner = RawClient::over_unix(fixture.unix_path());
    CHECK(ask(owner, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") == 200);
    CHECK(ask(known.back(), with_token) == 200);
    // The owner's connection is the eleventh.
    strangers.pop_back();
    REQUIRE(fixture.comes_true([&] { return fixture.server().counts().connections_open == 10; }));
    auto client = RawClient::over_tcp(fixture.port());
    CHECK(ask(client, with_token) == 200);
}

// The sanitizers look at memory through pipes of their own and find faults where they get none.
#ifndef __SANITIZE_ADDRESS__
namespace {

/// Serves with very few descriptors, uses them up, and answers whether it came through.
int survive_without_descriptors() {
    ServerFixture fixture(echo);
    auto inside = RawClient::over_unix(fixture.unix_path());
    auto ask = [](RawClient& client) {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        return status_of(client.read_reply());
    };
    if (ask(inside) != 200) return 1;
    auto outside = RawClient::over_unix(fixture.unix_path());
    if (ask(outside) != 200) return 2;
    // These two are made before the descriptors end, and call when there is none left.
    const UniqueFd early(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const UniqueFd late(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    std::vector<UniqueFd> hoard;
    for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0; fd = ::open("/dev/null", O_RDONLY))
        hoard.emplace_back(fd);

    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, fixture.unix_path().c_str());
    char answer[512] = {};
    if (::connect(early.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return 3;
    if (::recv(early.get(), answer, sizeof answer - 1, 0) <= 0) return 4;
    if (status_of(answer) != 503) return 5;
    if (ask(inside) != 200) return 6;

    hoard.clear();
    if (::connect(late.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 7;
    const std::string request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    if (::send(late.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return 8;
    if (::recv(late.get(), answer, sizeof answer - 1, 0) <= 0) return 9;
    // It may still have been turned away if it called before the hoard was gone from the other
    // side.
    return status_of(answer) == 200 ? 0 : 10;
}

}  // namespace

TEST_CASE("http limits: without a file descriptor callers are turned away and those inside served",
          "[api][http]") {
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const rlimit few{64, 64};
        ::setrlimit(RLIMIT_NOFILE, &few);
        ::alarm(10);
        ::_exit(survive_without_descriptors());
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}
#endif

#include "api/http/access.hpp"
#include "api/http/target.hpp"
#include "support/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>

#include <sys/stat.h>

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

HttpServerOptions with_open_door() {
    HttpServerOptions options;
    options.needs_no_token = [](const HttpRequest& request) { return request.path == "/health"; };
    return options;
}

std::string ask(std::uint16_t port, const std::string& request) {
    auto client = RawClient::over_tcp(port);
    client.send(request);
    return client.read_reply();
}

}  // namespace

TEST_CASE("http access: TCP needs the token, as Bearer or as the password of Basic",
          "[api][http]") {
    struct Row {
        std::string authorization;
        int status;
    };
    const std::string token = kToken;
    // printf 'api:TOKEN' | base64
    const std::string basic = "YXBpOjAxMjM0NTY3ODlhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM=";
    const auto row = GENERATE_COPY(values<Row>({
        {"", 401},
        {"Authorization: Bearer " + token + "\r\n", 200},
        {"authorization: bearer  " + token + " \r\n", 200},
        {"Authorization: Basic " + basic + "\r\n", 200},
        {"Authorization: Bearer " + token + "x\r\n", 401},
        {"Authorization: Bearer " + token.substr(1) + "\r\n", 401},
        {"Authorization: Bearer " + token + token + "\r\n", 401},
        {"Authorization: Bearer \r\n", 401},
        {"Authorization: Bearer\r\n", 401},
        {"Authorization: Basic " + token + "\r\n", 401},
        {"Authorization: Basic " + basic.substr(8) + "\r\n", 401},
        {"Authorization: Digest " + token + "\r\n", 401},
    }));
    CAPTURE(row.authorization);
    ServerFixture fixture(echo, with_open_door());
    const auto reply =
        ask(fixture.port(), "GET /x HTTP/1.1\r\nHost: localhost\r\n" + row.authorization + "\r\n");
    CHECK(status_of(reply) == row.status);
    if (row.status == 401) {
        CHECK(reply.find("WWW-Authenticate: Bearer") != std::string::npos);
        CHECK(reply.find("\"status\":401") != std::string::npos);
    }
}

TEST_CASE("http access: a wrong key of a W&B client is told where the right one is", "[api][http]") {
    ServerFixture fixture(echo, with_open_door());
    // printf 'api:nope' | base64
    const auto reply = ask(fixture.port(),
                           "GET /x HTTP/1.1\r\nHost: localhost\r\n"
                           "Authorization: Basic YXBpOm5vcGU=\r\n\r\n");
    CHECK(status_of(reply) == 401);
    CHECK(reply.find("wrong API key: 'sweepctl wandb-env' prints that of this server") !=
          std::string::npos);
}

TEST_CASE("http access: what is open to all needs no token, the unix socket never", "[api][http]") {
    ServerFixture fixture(echo, with_open_door());
    CHECK(status_of(ask(fixture.port(), "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")) == 200);
    CHECK(status_of(ask(fixture.port(), "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n")) == 401);
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("GET /other HTTP/1.1\r\nHost: whatever\r\n\r\n");
    CHECK(status_of(client.read_reply()) == 200);
}

TEST_CASE("http access: only this machine's loopback names are its host", "[api][http]") {
    struct Row {
        std::string host;
        int status;
    };
    const auto row = GENERATE(values<Row>({
        {"127.0.0.1", 200},
        {"127.0.0.1:9127", 200},
        {"LocalHost", 200},
        {"localhost:80", 200},
        {"[::1]", 200},
        {"[::1]:9127", 200},
        {"evil.example", 403},
        {"evil.example:9127", 403},
        {"127.0.0.1.evil.example", 403},
        {"localhost.", 403},
        {"127.0.0.1:", 200},
        {"127.0.0.1:80x", 403},
        {"", 403},
        {"127.0.0.2", 403},
        {"[::1", 403},
        {"[::1]x", 403},
        {"localhost:80:80", 403},
        {"a@localhost", 403},
    }));
    CAPTURE(row.host);
    ServerFixture fixture(echo, with_open_door());
    CHECK(status_of(ask(fixture.port(),
                        "GET /health HTTP/1.1\r\nHost: " + row.host + "\r\n\r\n")) == row.status);
}

TEST_CASE("http access: a page of another origin is refused", "[api][http]") {
    struct Row {
        std::string headers;
        int status;
    };
    const auto row = GENERATE(values<Row>({
        {"Host: localhost:9127\r\nOrigin: http://localhost:9127\r\n", 200},
        {"Host: 127.0.0.1:9127\r\nOrigin: HTTP://127.0.0.1:9127\r\n", 200},
        {"Host: localhost:9127\r\nOrigin: http://localhost:8888\r\n", 403},
        {"Host: localhost:9127\r\nOrigin: http://127.0.0.1:9127\r\n", 403},
        {"Host: localhost:9127\r\nOrigin: https://localhost:9127\r\n", 403},
        {"Host: localhost:9127\r\nOrigin: http://evil.example\r\n", 403},
        {"Host: localhost:9127\r\nOrigin: null\r\n", 403},
        {"Host: localhost:9127\r\nOrigin: http://localhost:9127\r\nOrigin: http://evil.example\r\n",
         403},
    }));
    CAPTURE(row.headers);
    ServerFixture fixture(echo, with_open_door());
    const auto reply = ask(fixture.port(),
                           "POST /health HTTP/1.1\r\n" + row.headers + "Content-Length: 0\r\n\r\n");
    CHECK(status_of(reply) == row.status);
    CHECK(reply.find("Access-Control") == std::string::npos);
}

TEST_CASE("http access: an absolute target counts instead of the Host header", "[api][http]") {
    ServerFixture fixture(echo, with_open_door());
    CHECK(status_of(ask(fixture.port(),
                        "GET http://localhost/health HTTP/1.1\r\nHost: evil.example\r\n\r\n")) ==
          200);
    CHECK(status_of(ask(fixture.port(),
                        "GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n")) ==
          403);
}

TEST_CASE("http access: the socket and its directory are the user's own", "[api][http]") {
    TempDirectory directory;
    const auto path = directory / "run/socket";
    EventLoop loop;
    HttpServerOptions options;
    options.unix_path = path;
    {
        const auto server = HttpServer::start(loop.context(), options, echo);
        REQUIRE(server);
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
        REQUIRE(::stat((directory / "run").c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0700);

        const auto second = HttpServer::start(loop.context(), options, echo);
        REQUIRE_FALSE(second);
        CHECK(second.error() == "another server already listens on '" + path + "'");
    }
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(::chmod((directory / "run").c_str(), 0777) == 0);
    const auto open_to_all = HttpServer::start(loop.context(), options, echo);
    REQUIRE_FALSE(open_to_all);
    CHECK(open_to_all.error().find("others may write into the directory") != std::string::npos);
}

TEST_CASE("http access: a dead server's socket is replaced, anything else is left alone",
          "[api][http]") {
    TempDirectory directory;
    EventLoop loop;
    HttpServerOptions options;
    options.unix_path = directory / "socket";
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, options.unix_path.c_str());
        const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    CHECK(HttpServer::start(loop.context(), options, echo));

    options.unix_path = directory / "file";
    std::fclose(std::fopen(options.unix_path.c_str(), "w"));
    const auto over_file = HttpServer::start(loop.context(), options, echo);
    REQUIRE_FALSE(over_file);
    CHECK(over_file.error().find("is not a socket") != std::string::npos);
    CHECK(std::filesystem::exists(options.unix_path));

    options.unix_path = directory / std::string(120, 'x');
    const auto too_long = HttpServer::start(loop.context(), options, echo);
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().find("at most 107") != std::string::npos);
}

TEST_CASE("http access: TCP is loopback with a token, or nothing", "[api][http]") {
    EventLoop loop;
    HttpServerOptions options;
    options.tcp.emplace();
    options.tcp->token = kToken;
    for (const char* address : {"0.0.0.0", "::", "192.168.1.1", "example.org", ""}) {
        options.tcp->address = address;
        const auto server = HttpServer::start(loop.context(), options, echo);
        REQUIRE_FALSE(server);
        CHECK(server.error().find("only loopback is served") != std::string::npos);
    }
    options.tcp->address = "localhost";
    options.tcp->token.clear();
    CHECK_FALSE(HttpServer::start(loop.context(), options, echo));
    CHECK_FALSE(HttpServer::start(loop.context(), HttpServerOptions(), echo));
}

TEST_CASE("http access: a busy port is an error unless any will do", "[api][http]") {
    EventLoop loop;
    HttpServerOptions options;
    options.tcp.emplace();
    options.tcp->token = kToken;
    const auto first = HttpServer::start(loop.context(), options, echo);
    REQUIRE(first);
    options.tcp->port = (*first)->port();
    const auto second = HttpServer::start(loop.context(), options, echo);
    REQUIRE_FALSE(second);
    CHECK(second.error().find("choose another port") != std::string::npos);
    options.tcp->any_port_if_busy = true;
    const auto third = HttpServer::start(loop.context(), options, echo);
    REQUIRE(third);
    CHECK((*third)->port() != 0);
    CHECK((*third)->port() != options.tcp->port);
}

TEST_CASE("http access: targets are read strictly", "[api][http]") {
    CHECK(parse_target("/a/b?c")->path == "/a/b");
    CHECK(parse_target("/a+b")->path == "/a+b");
    CHECK(parse_target("/%e4%2F")->path == "/\xe4/");
    CHECK(parse_target("http://h:1?x=y")->authority == "h:1");
    for (const char* bad : {"", "*", "a", "/%", "/%2", "/%zz", "/%00", "/a%0ab", "/?a=%4",
                            "http://", "http:///x", "https://x/", "host:80", "//%"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_target(bad));
    }
}

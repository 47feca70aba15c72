#include "sweepctl/wire/http_client.hpp"

#include "sweepctl/wire/http_text.hpp"

#include "support/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <string>
#include <vector>

#include <sys/eventfd.h>

using namespace sweepctl;
using namespace sweepctl::test;
using namespace std::chrono_literals;

namespace {

HttpCall post(const std::string& target, const std::string& body) {
    HttpCall call;
    call.method = "POST";
    call.target = target;
    call.body = body;
    return call;
}

HttpCall get_call(const std::string& target) {
    HttpCall call;
    call.target = target;
    return call;
}

/// A server that plays a fixed part: for each connection it reads one request and says the next
/// line.
class Script {
public:
    explicit Script(std::vector<std::string> lines) : lines_(std::move(lines)) {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::strcpy(name.sun_path, path().c_str());
        listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
            ::listen(listener_.get(), 10) != 0) {
            throw std::runtime_error("cannot listen");
        }
        thread_ = std::thread([this] { play(); });
    }
    ~Script() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    [[nodiscard]] ServerAddress address() const {
        ServerAddress where;
        where.unix_path = path();
        return where;
    }
    std::vector<std::string> heard;  // Read it when the client is done.

private:
    [[nodiscard]] std::string path() const { return directory_ / "script"; }
    void play() {
        for (const auto& line : lines_) {
            const UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
            if (!client.valid()) return;
            std::string request;
            char bytes[4096];
            while (request.find("\r\n\r\n") == std::string::npos) {
                const auto count = ::recv(client.get(), bytes, sizeof bytes, 0);
                if (count <= 0) break;
                request.append(bytes, static_cast<std::size_t>(count));
            }
            heard.push_back(request);
            ::send(client.get(), line.data(), line.size(), MSG_NOSIGNAL);
        }
    }

    TempDirectory directory_;
    std::vector<std::string> lines_;
    UniqueFd listener_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("http client: calls go over one kept connection, on both doors", "[wire][http]") {
    ServerFixture fixture(echo);
    const bool over_unix = GENERATE(true, false);
    HttpClient client(over_unix ? fixture.unix_address() : fixture.tcp_address());
    for (int i = 0; i < 50; ++i) {
        const auto body = std::string(static_cast<std::size_t>(i) * 1000, 'b');
        const auto reply = client.request(post("/" + std::to_string(i), body));
        REQUIRE(reply);
        CHECK(reply->status == 200);
        CHECK(reply->body == "POST\n/" + std::to_string(i) + "\n" + body);
        CHECK(*reply->header("content-type") == "text/plain");
    }
    CHECK(fixture.on_loop([&] { return fixture.server().counts().connections_accepted; }) == 1);
    HttpCall head;
    head.method = "HEAD";
    head.target = "/h";
    const auto reply = client.request(head);
    REQUIRE(reply);
    CHECK(reply->body.empty());
    CHECK(client.request(get_call("/after"))->status == 200);
}

TEST_CASE("http client: large bodies pass in both directions", "[wire][http]") {
    ServerFixture fixture(echo);
    HttpClient client(fixture.tcp_address());
    const std::string body(15 << 20, 'x');
    const auto reply = client.request(post("/", body));
    REQUIRE(reply);
    CHECK(reply->body.size() == body.size() + 7);
}

TEST_CASE("http client: a refusal in the middle of a large body is read", "[wire][http]") {
    ServerFixture fixture(echo);
    HttpClient client(fixture.unix_address());
    const auto reply = client.request(post("/", std::string(50 << 20, 'x')));
    REQUIRE(reply);
    CHECK(reply->status == 413);
    CHECK(client.request(get_call("/again"))->status == 200);
}

TEST_CASE("http client: a wrong token is an ordinary reply", "[wire][http]") {
    ServerFixture fixture(echo);
    auto address = fixture.tcp_address();
    address.token = "wrong";
    HttpClient client(address);
    const auto reply = client.request(get_call("/"));
    REQUIRE(reply);
    CHECK(reply->status == 401);
}

TEST_CASE("http client: a connection that the server closed meanwhile is opened anew",
          "[wire][http]") {
    HttpServerOptions options;
    options.idle_timeout = 20ms;
    ServerFixture fixture(echo, options);
    HttpClient client(fixture.unix_address());
    REQUIRE(client.request(post("/1", "x")));
    REQUIRE(fixture.comes_true([&] { return fixture.server().counts().connections_open == 0; }));
    const auto reply = client.request(post("/2", "y"));
    REQUIRE(reply);
    CHECK(reply->body == "POST\n/2\ny");
}

TEST_CASE("http client: each failure says what it is", "[wire][http]") {
    TempDirectory directory;
    ServerAddress address;
    SECTION("no socket") {
        address.unix_path = directory / "none";
        const auto reply = HttpClient(address).request(get_call("/"));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().kind == HttpError::Kind::no_server);
        CHECK(reply.error().message ==
              "no server listens on unix:" + address.unix_path + ": there is no such socket");
    }
    SECTION("a dead socket") {
        address.unix_path = directory / "dead";
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::strcpy(name.sun_path, address.unix_path.c_str());
        const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
        const auto reply = HttpClient(address).request(get_call("/"));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().kind == HttpError::Kind::no_server);
    }
    SECTION("nobody at the port") {
        {
            ServerFixture fixture(echo);
            address = fixture.tcp_address();
        }
        const auto reply = HttpClient(address).request(get_call("/"));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().kind == HttpError::Kind::no_server);
        CHECK(reply.error().message.find(address.describe()) != std::string::npos);
    }
    SECTION("silence") {
        std::shared_ptr<Exchange> held;
        ServerFixture fixture([&](const HttpRequest&, const std::shared_ptr<Exchange>& exchange) {
            held = exchange;
        });
        HttpClient client(fixture.unix_address());
        auto call = get_call("/");
        call.timeout = 50ms;
        const auto reply = client.request(call);
        REQUIRE_FALSE(reply);
        CHECK(reply.error().kind == HttpError::Kind::timeout);
        fixture.on_loop([&] { held.reset(); });
    }
    SECTION("no HTTP") {
        Script script({"220 mail.example.org ESMTP\r\n\r\n"});
        const auto reply = HttpClient(script.address()).request(get_call("/"));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().kind == HttpError::Kind::bad_reply);
        CHECK(reply.error().message.find("'220 mail.example.org ESMTP'") != std::string::npos);
    }
    SECTION("too large") {
        HttpClientOptions options;
        options.reply_limit = 3;
        Script script({"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd"});
        const auto reply = HttpClient(script.address(), options).request(get_call("/"));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().kind == HttpError::Kind::bad_reply);
    }
    SECTION("an end in the middle") {
        Script script({"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nabcd"});
        const auto reply = HttpClient(script.address()).request(get_call("/"));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().kind == HttpError::Kind::broken);
    }
    SECTION("no answer at all: it is not asked twice") {
        Script script({"", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
        const auto reply = HttpClient(script.address()).request(post("/launch", "x"));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().kind == HttpError::Kind::broken);
        CHECK(script.heard.size() == 1);
    }
    SECTION("a target that is none") {
        ServerFixture fixture(echo);
        HttpClient client(fixture.unix_address());
        CHECK_FALSE(client.request(get_call("/a b")));
        CHECK_FALSE(client.request(get_call("/a\r\nX: y")));
        CHECK_FALSE(client.request(get_call("")));
        CHECK(client.request(get_call("/" + percent_encode("a b/\xc3\xa4"))).value().body ==
              "GET\n/a b/\xc3\xa4\n");
    }
}

TEST_CASE("http client: a readable cancel descriptor ends whatever waits", "[wire][http]") {
    const UniqueFd cancel(::eventfd(0, EFD_CLOEXEC));
    std::vector<std::shared_ptr<Exchange>> held;
    std::shared_ptr<EventStream> stream;
    ServerFixture fixture(
        [&](const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
            if (request.path == "/stream") stream = exchange->open_stream("text/event-stream");
            held.push_back(exchange);
            const std::uint64_t one = 1;
            if (::write(cancel.get(), &one, sizeof one) < 0) std::abort();
        });
    HttpClientOptions options;
    options.cancel_fd = cancel.get();
    HttpClient client(fixture.unix_address(), options);
    const auto reply = client.request(get_call("/"));
    REQUIRE_FALSE(reply);
    CHECK(reply.error().kind == HttpError::Kind::cancelled);
    std::uint64_t count = 0;
    REQUIRE(::read(cancel.get(), &count, sizeof count) > 0);
    StreamCall call;
    call.target = "/stream";
    call.reconnect_for = 10s;
    const auto end = client.events(call, [](const ServerEvent&) { return true; });
    REQUIRE_FALSE(end);
    CHECK(end.error().kind == HttpError::Kind::cancelled);
    fixture.on_loop([&] { held.clear(); });
}

TEST_CASE("http client: a stream is handed over as it comes, until either side has enough",
          "[wire][http]") {
    std::shared_ptr<EventStream> stream;
    ServerFixture fixture([&](const HttpRequest&, const std::shared_ptr<Exchange>& exchange) {
        stream = exchange->open_stream("text/plain");
        stream->push("first\n");
    });
    HttpClient client(fixture.unix_address());
    StreamCall call;
    call.target = "/log";
    std::string all;
    const bool stop = GENERATE(true, false);
    const auto end = client.stream(call, [&](std::string_view bytes) {
        all += bytes;
        if (all == "first\n") {
            fixture.on_loop([&] {
                stream->push("second\n");
                stream->close();
            });
        }
        return !(stop && all.size() > 6);
    });
    REQUIRE(end);
    CHECK(all == "first\nsecond\n");
    CHECK(end->why == (stop ? StreamEnd::Why::stopped : StreamEnd::Why::finished));
}

TEST_CASE("http client: a refused stream brings the reply", "[wire][http]") {
    ServerFixture fixture([&](const HttpRequest&, const std::shared_ptr<Exchange>& exchange) {
        HttpResponse response;
        response.status = 404;
        response.body = "no such sweep";
        exchange->respond(std::move(response));
    });
    HttpClient client(fixture.unix_address());
    StreamCall call;
    call.target = "/x";
    call.reconnect_for = 10s;
    const auto end = client.events(call, [](const ServerEvent&) { return true; });
    REQUIRE(end);
    CHECK(end->why == StreamEnd::Why::refused);
    CHECK(end->reply.status == 404);
    CHECK(end->reply.body == "no such sweep");
}

TEST_CASE("http client: a broken event stream goes on where it was", "[wire][http]") {
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    Script script({
        head + "11\r\nid: 7\ndata: one\n\n\r\n",  // Breaks.
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        head + "11\r\nid: 8\ndata: torn\n\r\n",            // Breaks within an event.
        head + "11\r\nid: 8\ndata: two\n\n\r\n0\r\n\r\n",  // Ends.
    });
    HttpClient client(script.address());
    StreamCall call;
    call.target = "/events";
    call.last_event_id = "6";
    call.reconnect_for = 10s;
    std::vector<std::string> seen;
    const auto end = client.events(call, [&](const ServerEvent& event) {
        seen.push_back(event.id + ":" + event.data);
        return true;
    });
    if (!end) FAIL(end.error().message);
    CHECK(end->why == StreamEnd::Why::finished);
    CHECK(end->last_event_id == "8");
    CHECK(seen == std::vector<std::string>{"7:one", "8:two"});
    REQUIRE(script.heard.size() == 4);
    CHECK(script.heard[0].find("Last-Event-ID: 6\r\n") != std::string::npos);
    for (std::size_t i = 1; i < 4; ++i)
        CHECK(script.heard[i].find("Last-Event-ID: 7\r\n") != std::string::npos);
}

TEST_CASE("http client: it comes back only to who was there, and not for ever", "[wire][http]") {
    StreamCall call;
    call.target = "/events";
    ServerAddress nobody;
    nobody.unix_path = "/nonexistent/socket";
    call.reconnect_for = 1h;
    const auto never = HttpClient(nobody).events(call, [](const ServerEvent&) { return true; });
    REQUIRE_FALSE(never);
    CHECK(never.error().kind == HttpError::Kind::no_server);

    // After its one line the script lets callers in and says nothing.
    Script script({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n"});
    HttpClientOptions options;
    options.timeout = 50ms;
    call.reconnect_for = 200ms;
    const auto lost =
        HttpClient(script.address(), options).events(call, [](const ServerEvent&) { return true; });
    REQUIRE_FALSE(lost);
    CHECK(lost.error().kind == HttpError::Kind::timeout);
}

TEST_CASE("http client: a stream that falls silent is broken", "[wire][http]") {
    std::shared_ptr<EventStream> stream;
    ServerFixture fixture([&](const HttpRequest&, const std::shared_ptr<Exchange>& exchange) {
        stream = exchange->open_stream("text/event-stream");
    });
    HttpClient client(fixture.unix_address());
    StreamCall call;
    call.target = "/events";
    call.silence_timeout = 50ms;
    const auto end = client.events(call, [](const ServerEvent&) { return true; });
    REQUIRE_FALSE(end);
    CHECK(end.error().kind == HttpError::Kind::timeout);
}

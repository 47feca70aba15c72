// Any bytes, in any pieces, through either door: the server must neither fall nor hang, and two
// readings of the same request must agree.
#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/base/check.hpp"
#include "sweepctl/base/log.hpp"

#include "api/http/request_parser.hpp"
#include "api/http/server_core.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/socket.h>

namespace {

using namespace sweepctl;
using Progress = RequestParser::Progress;

struct Reading {
    Progress end = Progress::need_more;
    std::string request;
    int status = 0;
};

Reading read(std::string_view bytes, std::size_t step) {
    RequestParser parser(1024, true);
    Reading reading;
    std::string waiting;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        waiting += bytes.substr(at, step);
        for (bool more = true; more;) {
            std::size_t used = 0;
            reading.end = parser.feed(waiting, used);
            SWEEPCTL_CHECK(used <= waiting.size());
            waiting.erase(0, used);
            more = reading.end == Progress::head;
            if (more && parser.limit_body(4096) == Progress::failed) {
                reading.end = Progress::failed;
                more = false;
            }
        }
        if (reading.end != Progress::need_more) break;
    }
    if (reading.end == Progress::failed) reading.status = parser.failure().status;
    const auto& request = parser.request();
    if (reading.end == Progress::done) {
        reading.request = request.method + request.raw_target + request.path + request.body;
        for (const auto& [name, value] : request.headers)
            reading.request += name + ":" + value + ";";
        for (const auto& [name, value] : request.query)
            reading.request += name + "=" + value + "&";
    }
    return reading;
}

/// Answers in each of the ways there are.
class Handler {
public:
    explicit Handler(EventLoop& loop) : loop_(loop) {}

    void operator()(const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
        HttpResponse response;
        response.body = request.body;
        response.headers.emplace_back("X-Path", request.path);
        if (request.path == "/late") {
            loop_.post([exchange, response] { exchange->respond(response); });
        } else if (request.path == "/stream") {
            streams_.push_back(exchange->open_stream("text/event-stream"));
            streams_.back()->push(request.body);
            if (request.query.empty()) streams_.back()->close();
        } else if (request.path == "/ws") {
            exchange->accept_websocket([this](std::shared_ptr<WebSocket> socket) {
                auto* const raw = socket.get();
                socket->on_message([raw](std::string message) { raw->send(std::move(message)); });
                sockets_.push_back(std::move(socket));
            });
        } else if (request.path != "/forget") {
            exchange->respond(std::move(response));
        }
    }
    void clear() {
        streams_.clear();
        sockets_.clear();
    }

private:
    EventLoop& loop_;
    std::vector<std::shared_ptr<EventStream>> streams_;
    std::vector<std::shared_ptr<WebSocket>> sockets_;
};

void serve(std::string_view bytes, std::size_t step, bool local) {
    EventLoop loop;
    Handler handler(loop);
    HttpServerOptions options;
    options.tcp.emplace();
    options.tcp->token = "t";
    options.default_body_limit = 4096;
    options.header_limit = 1024;
    options.websocket_message_limit = 4096;
    options.needs_no_token = [](const HttpRequest& request) { return request.path == "/health"; };
    const auto core = std::make_shared<HttpServerCore>(
        loop.context(), options,
        [&handler](const HttpRequest& request, const std::shared_ptr<Exchange>& exchange) {
            handler(request, exchange);
        });
    int ends[2];
    SWEEPCTL_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    const UniqueFd client(ends[0]);
    core->welcome(UniqueFd(ends[1]), local);
    const auto turn = [&] {
        loop.context().poll();
        char answer[4096];
        while (::recv(client.get(), answer, sizeof answer, MSG_DONTWAIT) > 0) {
        }
    };
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        const auto piece = bytes.substr(at, step);
        if (::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        turn();
    }
    ::shutdown(client.get(), SHUT_WR);
    for (int i = 0; i < 4; ++i)
        turn();
    handler.clear();
    turn();
    core->abandon();
    loop.context().poll();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool quiet = init_log(LogLevel::off).ok();
    SWEEPCTL_CHECK(quiet);
    if (size < 2 || size > 8192) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t step = data[0] % 64 == 0 ? bytes.size() : data[0] % 64;
    const bool local = data[0] < 128;

    const auto whole = read(bytes, bytes.size());
    const auto pieces = read(bytes, step);
    SWEEPCTL_CHECK((whole.end == Progress::done) == (pieces.end == Progress::done));
    SWEEPCTL_CHECK(whole.request == pieces.request);

    serve(bytes, step, local);
    return 0;
}

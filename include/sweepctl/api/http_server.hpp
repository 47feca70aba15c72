#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// HTTP/1.1 and WebSocket, with two doors: a unix socket for the user's own processes and TCP on
// loopback behind a token. The server knows nothing of routes. It hands each request, whole and
// checked, to one handler together with an Exchange, and the handler answers now or later. All
// calls, in both directions, happen on the thread that runs the io_context.

namespace boost::asio {
class io_context;
}

namespace sweepctl {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

/// Takes a request's body piece by piece, where that is too large for memory.
class BodySink {
public:
    virtual ~BodySink() = default;
    /// False: it cannot take that; the request is refused with `refusal()`.
    virtual bool take(std::string_view bytes) = 0;
    struct Refusal {
        int status = 500;
        std::string detail;
    };
    [[nodiscard]] virtual Refusal refusal() const = 0;
};

struct HttpRequest {
    std::string method;  ///< As sent, for example "GET".
    std::string path;    ///< Percent-decoded, without the query; begins with '/', may hold "..".
    std::string raw_target;  ///< As sent: path and query, still encoded.
    HttpFields query;        ///< Decoded, in order; '+' is a space.
    HttpFields headers;      ///< In order, names as sent.
    std::string body;        ///< Without its transfer coding; a Content-Encoding is left as it is.
    std::shared_ptr<BodySink> sink;  ///< Has the body, if HttpServerOptions::body_sink gave one.
    bool local = false;  ///< Came over the unix socket: from the user who runs the server.

    /// The first header of that name, in any case of letters; null when there is none.
    [[nodiscard]] const std::string* header(std::string_view name) const;
    /// The first query parameter of exactly that name; null when there is none.
    [[nodiscard]] const std::string* query_value(std::string_view name) const;
};

/// A part of a file, to be sent as it is then.
struct FilePart {
    std::shared_ptr<const UniqueFd> file;  ///< Null: nothing.
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

struct HttpResponse {
    int status = 200;
    std::string content_type = "application/json";  ///< Empty: none is sent.
    std::string body;
    FilePart file;       ///< Comes behind `body`.
    HttpFields headers;  ///< Beside Content-Type, Content-Length, Date and Connection.
};

/// An answer that never quite ends (server-sent events, a log that is followed). What the reader
/// does not take in time is queued up to HttpServerOptions::stream_queue_limit.
class EventStream {
public:
    virtual ~EventStream() = default;
    /// Queues `bytes` as they are (for server-sent events the caller writes `id:`, `data:` and the
    /// empty line). Several calls in one turn of the loop travel together. False: the stream is
    /// closed, or was closed just now since its reader is too slow; the bytes are lost.
    virtual bool push(std::string_view bytes) = 0;
    /// Ends the answer after what is queued.
    virtual void close() = 0;
    /// Called once, later and never from inside push(), when the stream is over for any reason.
    virtual void on_closed(std::function<void()> callback) = 0;
    [[nodiscard]] virtual bool is_open() const = 0;
    /// Bytes that wait for the reader.
    [[nodiscard]] virtual std::size_t queued() const = 0;
};

/// One accepted WebSocket. Dropping the last reference closes it.
class WebSocket {
public:
    virtual ~WebSocket() = default;
    /// Queues one text message. False: it is closed, or was closed just now since more than
    /// HttpServerOptions::websocket_queue_limit bytes were waiting.
    virtual bool send(std::string message) = 0;
    /// Closes after what is queued. The peer sees `reason` (cut to 123 bytes).
    virtual void close(std::string_view reason) = 0;
    virtual void on_message(std::function<void(std::string message)> callback) = 0;
    /// Called once, later and never from inside send(); `reason` is for the log.
    virtual void on_closed(std::function<void(std::string reason)> callback) = 0;
    [[nodiscard]] virtual bool is_open() const = 0;
};

/// One request's answer: exactly one of respond, open_stream, accept_websocket, at any time. A peer
/// that has gone meanwhile is no error. Dropped without an answer it answers 500.
class Exchange {
public:
    virtual ~Exchange() = default;
    virtual void respond(HttpResponse response) = 0;
    /// Answers 200 with this content type and keeps the answer open; the stream is born closed when
    /// the peer has gone. "text/event-stream" is kept alive with comment lines while nothing is
    /// sent.
    virtual std::shared_ptr<EventStream> open_stream(std::string_view content_type,
                                                     HttpFields headers = {}) = 0;
    /// Set when the request asks to become a WebSocket; respond() refuses it like any other.
    [[nodiscard]] virtual bool wants_websocket() const = 0;
    /// `opened` is called once the handshake is out, with callbacks to be set there; never when the
    /// peer has gone before. Only where wants_websocket().
    virtual void accept_websocket(std::function<void(std::shared_ptr<WebSocket>)> opened) = 0;
};

using HttpHandler = std::function<void(HttpRequest request, std::shared_ptr<Exchange> exchange)>;

struct TcpDoor {
    std::string address = "127.0.0.1";  ///< Loopback only: 127.x.x.x, ::1 or localhost.
    std::uint16_t port = 0;             ///< 0: any free one.
    bool any_port_if_busy = false;
    std::string token;  ///< Must not be empty. "Bearer TOKEN", or Basic with it as the password.
};

struct HttpServerOptions {
    std::string unix_path;  ///< Empty: no unix door. A dead server's socket there is replaced.
    std::optional<TcpDoor> tcp;

    /// Asked on TCP, with the body not yet read: may this request come without the token (health,
    /// static assets, signed upload URLs)? Unset: none may.
    std::function<bool(const HttpRequest&)> needs_no_token;
    /// Bytes allowed in this request's body, asked before it is read. Unset: default_body_limit.
    std::function<std::size_t(const HttpRequest&)> body_limit;
    /// Where this request's body goes, asked before it is read. Null or unset: HttpRequest::body.
    std::function<std::shared_ptr<BodySink>(const HttpRequest&)> body_sink;

    std::size_t default_body_limit = std::size_t{16} << 20;
    std::size_t header_limit = std::size_t{32} << 10;  ///< Request line and headers; else 431.
    std::size_t max_connections = 0;  ///< Beyond it: 503. 0: 3/4 of the descriptor limit.
    /// Connections over TCP that have not shown the token, and at most half of all: whoever has no
    /// right to anything can neither keep the owner out nor fill the memory. Beyond it: 503.
    std::size_t max_strangers = 1024;
    std::size_t stream_queue_limit = std::size_t{4} << 20;
    std::size_t websocket_message_limit = std::size_t{64} << 20;
    std::size_t websocket_queue_limit = std::size_t{64} << 20;

    std::chrono::milliseconds idle_timeout{75'000};    ///< Between two requests.
    std::chrono::milliseconds header_timeout{10'000};  ///< From first to last byte of the headers.
    /// Body and answer: this long, plus one second for each 16 KiB already moved.
    std::chrono::milliseconds transfer_timeout{30'000};
    std::chrono::milliseconds stream_ping_interval{15'000};
    std::chrono::milliseconds websocket_idle_timeout{60'000};  ///< A ping goes out at half of it.
};

struct HttpServerCounts {
    std::uint64_t connections_open = 0;
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_rejected = 0;  ///< Too many, or no descriptor left.
    std::uint64_t requests = 0;              ///< Handed to the handler.
    std::uint64_t refused = 0;               ///< Answered by the server itself with 4xx.
};

class HttpServerCore;

/// Serves from start() to its destruction, which closes everything at once. Outlived by the
/// io_context. Exchanges, streams and WebSockets may outlive it: they are closed then.
class HttpServer {
public:
    /// Opens the doors. Fails with a message that names the address and says what would be right.
    static Result<std::unique_ptr<HttpServer>, std::string> start(boost::asio::io_context& context,
                                                                  HttpServerOptions options,
                                                                  HttpHandler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// The TCP port that was bound; 0 without a TCP door.
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] HttpServerCounts counts() const;

    /// Closes the doors, idle connections, streams and WebSockets, lets exchanges in flight finish
    /// for at most `grace`, then closes them too and calls `stopped` once.
    void stop(std::chrono::milliseconds grace, std::function<void()> stopped);

private:
    explicit HttpServer(std::shared_ptr<HttpServerCore> core);
    std::shared_ptr<HttpServerCore> core_;  // Shared with the accept that may still be queued.
};

}  // namespace sweepctl

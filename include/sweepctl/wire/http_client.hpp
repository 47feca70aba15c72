#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/wire/server_address.hpp"

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

// The command line's way to the controller: blocking, one connection that is kept alive, plain
// POSIX sockets and no library, so that a verb starts fast.

namespace sweepctl {

struct HttpError {
    enum class Kind : std::uint8_t {
        no_server,  ///< Nothing listens there: no such socket, refused, unknown or unreachable
                    ///< host.
        timeout,
        broken,     ///< The connection ended before the answer did.
        bad_reply,  ///< Not HTTP, or too large.
        cancelled,  ///< By the cancel descriptor.
    };
    Kind kind = Kind::broken;
    std::string message;  ///< Says what was tried, where, and what went wrong.
};

struct HttpReply {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    /// The first header of that name, in any case of letters; null when there is none.
    [[nodiscard]] const std::string* header(std::string_view name) const;
    [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

struct HttpCall {
    std::string method = "GET";
    std::string target;  ///< Path and query, percent-encoded already; see percent_encode() in
                         ///< http_text.hpp.
    std::string body;
    std::string content_type = "application/json";  ///< Sent only with a body.
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::chrono::milliseconds> timeout;  ///< From connect to the last byte.
};

/// One server-sent event.
struct ServerEvent {
    std::string id;    ///< The last id that the server gave, which may be an earlier event's.
    std::string name;  ///< "message" unless the server named it.
    std::string data;  ///< Lines joined by newlines.
};

struct StreamCall {
    std::string target;
    std::string last_event_id;  ///< Where to go on; empty: from where the server likes.
    /// How long to try to come back when the connection breaks. Zero: not at all.
    std::chrono::milliseconds reconnect_for{0};
    /// An answer that is silent for longer (pings count as sound) is broken.
    std::chrono::milliseconds silence_timeout{60'000};
};

/// How a stream ended when it did not fail.
struct StreamEnd {
    enum class Why : std::uint8_t {
        finished,  ///< The server closed it.
        stopped,   ///< The callback said so.
        refused,   ///< The server answered with something else than 200: see reply.
    };
    Why why = Why::finished;
    HttpReply reply;            ///< Set when refused.
    std::string last_event_id;  ///< Where a later stream would go on.
};

struct HttpClientOptions {
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds timeout{60'000};  ///< For calls that have none of their own.
    std::size_t reply_limit = std::size_t{1} << 30;
    /// A descriptor (eventfd, signalfd, pipe) that ends whatever is under way with Kind::cancelled
    /// as soon as it is readable. It is never read from. -1: none.
    int cancel_fd = -1;
};

/// Not for use by two threads at once. SIGPIPE is never raised.
class HttpClient {
public:
    explicit HttpClient(ServerAddress address, HttpClientOptions options = {});
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;

    [[nodiscard]] const ServerAddress& address() const;

    /// Any status is a reply, also 4xx and 5xx. A kept connection that the server had closed in the
    /// meantime is opened anew, once, unless an answer had begun.
    Result<HttpReply, HttpError> request(const HttpCall& call);

    /// Hands over the pieces of a 200 answer as they come, until it ends or `on_bytes` returns
    /// false.
    Result<StreamEnd, HttpError> stream(const StreamCall& call,
                                        const std::function<bool(std::string_view)>& on_bytes);

    /// The same for server-sent events. When the connection breaks it comes back with
    /// Last-Event-ID.
    Result<StreamEnd, HttpError> events(const StreamCall& call,
                                        const std::function<bool(const ServerEvent&)>& on_event);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sweepctl

#pragma once

#include "sweepctl/base/unique_fd.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace sweepctl {

struct WebSocketLimits {
    std::size_t message = std::size_t{64} << 20;
    std::size_t queue = std::size_t{64} << 20;    ///< Bytes waiting to be sent.
    std::chrono::milliseconds handshake{10'000};  ///< For the opening, and for the closing.
    std::chrono::milliseconds idle{60'000};       ///< A ping goes out at half of it.
};

/// None comes from inside a call. They are let go of after `closed`, which comes exactly once.
struct WebSocketLinkEvents {
    std::function<void()> opened;
    std::function<void(std::string message)> message;
    std::function<void(std::string reason)> closed;
};

enum class WebSocketCloseCode : std::uint16_t { normal = 1000, going_away = 1001, too_much = 1008 };

/// A WebSocket of text messages over a connected stream socket, as either side sees it. It lives
/// until it is closed, whoever holds it.
class WebSocketLink {
public:
    /// The server's side. `key` and `version` are what the client's upgrade request said.
    static std::shared_ptr<WebSocketLink> accept(boost::asio::io_context& context,
                                                 UniqueFd socket,
                                                 std::string_view key,
                                                 std::string_view version,
                                                 WebSocketLimits limits,
                                                 WebSocketLinkEvents events);

    struct Handshake {
        std::string host;
        std::string target;
        std::string token;  ///< Empty: none is sent.
    };
    /// The client's side.
    static std::shared_ptr<WebSocketLink> connect(boost::asio::io_context& context,
                                                  UniqueFd socket,
                                                  const Handshake& handshake,
                                                  WebSocketLimits limits,
                                                  WebSocketLinkEvents events);

    virtual ~WebSocketLink() = default;
    /// Queues a message, also while it is being opened. False: closed, or closed just now since
    /// more than WebSocketLimits::queue was waiting.
    virtual bool send(std::string message) = 0;
    /// Closes after what is queued; the peer sees `reason` (cut to 123 bytes).
    virtual void close(WebSocketCloseCode code, std::string_view reason) = 0;
    /// Closes the socket at once.
    virtual void abort(std::string reason) = 0;
    [[nodiscard]] virtual bool is_open() const = 0;
};

}  // namespace sweepctl

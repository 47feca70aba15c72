#pragma once

#include "sweepctl/wire/server_address.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace sweepctl {

struct WebSocketOptions {
    std::chrono::milliseconds open_timeout{
        10'000};  ///< Name look-up, connect and handshake together.
    std::chrono::milliseconds idle_timeout{60'000};  ///< A ping goes out at half of it.
    std::size_t message_limit = std::size_t{64} << 20;
    std::size_t queue_limit = std::size_t{64} << 20;  ///< Bytes waiting to be sent.
};

struct WebSocketEvents {
    std::function<void()> connected;
    std::function<void(std::string message)> message;
    /// Called exactly once after open(), also when it never connected; `reason` is for people. The
    /// client may be destroyed from here.
    std::function<void(std::string reason)> closed;
};

/// One WebSocket connection of text messages, from birth to its end: who wants another makes
/// another. Everything happens on the thread that runs the io_context, and no callback comes from
/// inside a call or after the destruction.
class WebSocketClient {
public:
    WebSocketClient(boost::asio::io_context& context,
                    ServerAddress address,
                    std::string target,
                    WebSocketEvents events,
                    WebSocketOptions options = {});
    ~WebSocketClient();
    WebSocketClient(const WebSocketClient&) = delete;
    WebSocketClient& operator=(const WebSocketClient&) = delete;

    void open();
    /// Queues one message; before `connected` too. False: it is closed, or was closed just now
    /// since too much was waiting.
    bool send(std::string message);
    /// Closes after what is queued.
    void close(std::string_view reason);
    [[nodiscard]] bool connected() const;

private:
    class Session;
    std::shared_ptr<Session> session_;  // Shared with the operations under way.
};

}  // namespace sweepctl

#pragma once

#include "sweepctl/api/http_server.hpp"
#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/wire/websocket_link.hpp"

#include "peer.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sweepctl {

class HttpServerCore;

/// What an upgrade request said that the handshake needs.
struct WebSocketOffer {
    std::string key;
    std::string version;
};

/// A WebSocket among the server's peers.
class WebSocketPeer final : public Peer {
public:
    /// Calls `opened` when the handshake is done, never if it fails.
    static void accept(HttpServerCore& core,
                       UniqueFd socket,
                       const WebSocketOffer& offer,
                       std::function<void(std::shared_ptr<WebSocket>)> opened);

    explicit WebSocketPeer(HttpServerCore& core);
    ~WebSocketPeer() override;

    void close_now() override;
    void begin_stop() override;
    void on_tick(PeerClock::time_point) override {}
    [[nodiscard]] PeerClock::time_point deadline() const override {
        return PeerClock::time_point::max();  // The link has its own.
    }

    bool send(std::string message);
    void close(std::string_view reason);
    void on_message(std::function<void(std::string)> callback);
    void on_closed(std::function<void(std::string)> callback);
    [[nodiscard]] bool is_open() const { return link_ && link_->is_open(); }

private:
    void on_link_message(std::string message);
    void on_link_closed(const std::string& reason);

    boost::asio::io_context& context_;
    HttpServerCore* core_;  // Null once closed.
    PeerList::iterator entry_;
    std::shared_ptr<WebSocketLink> link_;  // Null once closed.
    std::function<void(std::string)> on_message_;
    std::function<void(std::string)> on_closed_;
    std::string close_reason_;
};

}  // namespace sweepctl

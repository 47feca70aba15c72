#include "websocket_peer.hpp"

#include "sweepctl/aio/event_loop.hpp"

#include "server_core.hpp"

#include <utility>

namespace sweepctl {
namespace {

/// The handler's end: closes when nobody holds it any more.
class WebSocketHandle final : public WebSocket {
public:
    explicit WebSocketHandle(std::shared_ptr<WebSocketPeer> peer) : peer_(std::move(peer)) {}
    ~WebSocketHandle() override { peer_->close(""); }
    WebSocketHandle(const WebSocketHandle&) = delete;
    WebSocketHandle& operator=(const WebSocketHandle&) = delete;

    bool send(std::string message) override { return peer_->send(std::move(message)); }
    void close(std::string_view reason) override { peer_->close(reason); }
    void on_message(std::function<void(std::string)> callback) override {
        peer_->on_message(std::move(callback));
    }
    void on_closed(std::function<void(std::string)> callback) override {
        peer_->on_closed(std::move(callback));
    }
    [[nodiscard]] bool is_open() const override { return peer_->is_open(); }

private:
    std::shared_ptr<WebSocketPeer> peer_;
};

}  // namespace

void WebSocketPeer::accept(HttpServerCore& core,
                           UniqueFd socket,
                           const WebSocketOffer& offer,
                           std::function<void(std::shared_ptr<WebSocket>)> opened) {
    const auto peer = std::make_shared<WebSocketPeer>(core);
    WebSocketLimits limits;
    limits.message = core.options.websocket_message_limit;
    limits.queue = core.options.websocket_queue_limit;
    limits.idle = core.options.websocket_idle_timeout;
    WebSocketLinkEvents events;
    events.opened = [peer, callback = std::move(opened)] {
        callback(std::make_shared<WebSocketHandle>(peer));
    };
    events.message = [peer](std::string message) { peer->on_link_message(std::move(message)); };
    events.closed = [peer](const std::string& reason) { peer->on_link_closed(reason); };
    peer->link_ = WebSocketLink::accept(core.context, std::move(socket), offer.key, offer.version,
                                        limits, std::move(events));
}

WebSocketPeer::WebSocketPeer(HttpServerCore& core)
    : context_(core.context), core_(&core), entry_(core.enlist(this)) {}

WebSocketPeer::~WebSocketPeer() {
    if (core_) core_->strike(entry_);
}

void WebSocketPeer::close_now() {
    if (!core_) return;
    const auto keep_alive = shared_from_this();
    std::exchange(core_, nullptr)->strike(entry_);
    // Handles may outlive the loop; the link may not.
    if (const auto link = std::exchange(link_, nullptr)) link->abort("the server has stopped");
}

void WebSocketPeer::begin_stop() {
    if (link_) link_->close(WebSocketCloseCode::going_away, "the server is stopping");
}

bool WebSocketPeer::send(std::string message) {
    return link_ && link_->send(std::move(message));
}

void WebSocketPeer::close(std::string_view reason) {
    if (link_) link_->close(WebSocketCloseCode::normal, reason);
}

void WebSocketPeer::on_message(std::function<void(std::string)> callback) {
    if (link_) on_message_ = std::move(callback);
}

void WebSocketPeer::on_closed(std::function<void(std::string)> callback) {
    if (link_) {
        on_closed_ = std::move(callback);
    } else if (callback) {
        post(context_, [callback = std::move(callback)] { callback("it was closed already"); });
    }
}

void WebSocketPeer::on_link_message(std::string message) {
    // Taken out while it runs, since it may put another in its place.
    auto callback = std::exchange(on_message_, nullptr);
    if (callback) callback(std::move(message));
    if (!on_message_) on_message_ = std::move(callback);
}

void WebSocketPeer::on_link_closed(const std::string& reason) {
    link_.reset();
    if (core_) std::exchange(core_, nullptr)->strike(entry_);
    on_message_ = nullptr;
    if (const auto callback = std::exchange(on_closed_, nullptr)) callback(reason);
}

}  // namespace sweepctl

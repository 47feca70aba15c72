#pragma once

#include <chrono>
#include <list>
#include <memory>

namespace sweepctl {

using PeerClock = std::chrono::steady_clock;

/// Somebody who is connected, by HTTP or by WebSocket, as the server's core sees them.
class Peer : public std::enable_shared_from_this<Peer> {
public:
    virtual ~Peer() = default;
    /// Closes the socket and forgets the core; says so to the owner of a stream or WebSocket.
    virtual void close_now() = 0;
    /// The server stops: ends as soon as what is under way is done.
    virtual void begin_stop() = 0;
    /// Time has passed; `now` may or may not be after this peer's own deadline.
    virtual void on_tick(PeerClock::time_point now) = 0;
    /// When on_tick must come at the latest.
    [[nodiscard]] virtual PeerClock::time_point deadline() const = 0;
};

using PeerList = std::list<Peer*>;

}  // namespace sweepctl

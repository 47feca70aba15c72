#pragma once

#include "sweepctl/aio/timer.hpp"
#include "sweepctl/api/http_server.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include "peer.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sweepctl {

class Door;

/// What the connections of one server share: its options and handler, the list of everybody who is
/// connected, and the one timer for all their deadlines.
class HttpServerCore : public std::enable_shared_from_this<HttpServerCore> {
public:
    HttpServerCore(boost::asio::io_context& io, HttpServerOptions chosen, HttpHandler handle);
    ~HttpServerCore();

    /// Opens the doors that the options ask for, then accepts.
    Outcome<std::string> open();
    void stop(std::chrono::milliseconds grace, std::function<void()> stopped);
    /// Closes everything at once.
    void shut();
    /// The same, and tells nobody.
    void abandon();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] bool stopping() const { return stopping_; }

    /// Takes over a connection that a door accepted.
    void welcome(UniqueFd socket, bool local);
    [[nodiscard]] bool is_full() const { return peers_.size() >= max_connections_; }
    /// Even those who are only told that it is full are too many: the doors wait.
    [[nodiscard]] bool is_overfull() const {
        return peers_.size() >= max_connections_ + kTurnedAway;
    }

    /// Who has not shown the token comes and is known, or goes.
    void stranger_came() { ++strangers_; }
    void stranger_left() { --strangers_; }
    [[nodiscard]] bool has_enough_strangers() const {
        return strangers_ >= std::min(options.max_strangers, max_connections_ / 2);
    }

    /// A peer is listed from its first moment to close_now().
    PeerList::iterator enlist(Peer* peer);
    void strike(PeerList::iterator entry);
    /// Makes sure that Peer::on_deadline comes about in time; it may come earlier, to everybody.
    void watch(PeerClock::time_point deadline);

    boost::asio::io_context& context;
    const HttpServerOptions options;
    const HttpHandler handler;
    HttpServerCounts counts;
    /// All reads land here first; what is left of them is copied before anything else is read.
    std::array<char, std::size_t{64} << 10> scratch{};

private:
    static constexpr std::size_t kTurnedAway = 64;

    void on_tick();
    void finish_stop();

    PeerList peers_;
    std::size_t max_connections_;
    std::size_t strangers_ = 0;
    std::vector<std::shared_ptr<Door>> doors_;  // Shared with the accept that may still be queued.
    Timer tick_;
    PeerClock::time_point tick_at_ = PeerClock::time_point::max();
    Timer grace_;
    bool stopping_ = false;
    std::function<void()> stopped_;
};

}  // namespace sweepctl

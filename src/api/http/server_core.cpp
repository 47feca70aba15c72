#include "server_core.hpp"

#include "sweepctl/aio/event_loop.hpp"

#include "connection.hpp"
#include "door.hpp"
#include "listen.hpp"

#include <algorithm>
#include <utility>

#include <sys/resource.h>

namespace sweepctl {
namespace {

constexpr std::chrono::milliseconds kLookEvery{20};

std::size_t connections_allowed(std::size_t asked) {
    if (asked > 0) return asked;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto descriptors = std::min<std::size_t>(limit.rlim_cur, std::size_t{1} << 20);
    return std::max<std::size_t>(descriptors / 4 * 3, 16);
}

}  // namespace

HttpServerCore::HttpServerCore(boost::asio::io_context& io,
                               HttpServerOptions chosen,
                               HttpHandler handle)
    : context(io),
      options(std::move(chosen)),
      handler(std::move(handle)),
      max_connections_(connections_allowed(options.max_connections)),
      tick_(io),
      grace_(io) {}

HttpServerCore::~HttpServerCore() {
    abandon();
}

void HttpServerCore::abandon() {
    stopped_ = nullptr;
    shut();
}

Outcome<std::string> HttpServerCore::open() {
    if (options.unix_path.empty() && !options.tcp) {
        return Failure{
            std::string("nothing to listen on: neither a unix socket nor a TCP address")};
    }
    // TCP first: a port that is busy is the likelier failure and leaves nothing behind.
    if (options.tcp) {
        auto listener = listen_tcp(*options.tcp);
        if (!listener) return Failure{listener.error()};
        doors_.push_back(
            std::make_shared<Door>(*this, std::move(listener->socket), listener->port, ""));
    }
    if (!options.unix_path.empty()) {
        auto socket = listen_unix(options.unix_path);
        if (!socket) return Failure{socket.error()};
        doors_.push_back(
            std::make_shared<Door>(*this, std::move(*socket), std::uint16_t{0}, options.unix_path));
    }
    for (const auto& door : doors_)
        door->open();
    return {};
}

std::uint16_t HttpServerCore::port() const {
    for (const auto& door : doors_) {
        if (door->port() != 0) return door->port();
    }
    return 0;
}

void HttpServerCore::welcome(UniqueFd socket, bool local) {
    const bool full = is_full();
    const auto connection = std::make_shared<Connection>(*this, std::move(socket), local);
    if (full) {
        ++counts.connections_rejected;
        connection->turn_away();
    } else {
        connection->start();
    }
}

PeerList::iterator HttpServerCore::enlist(Peer* peer) {
    peers_.push_back(peer);
    counts.connections_open = peers_.size();
    return std::prev(peers_.end());
}

void HttpServerCore::strike(PeerList::iterator entry) {
    const bool was_overfull = is_overfull();
    peers_.erase(entry);
    counts.connections_open = peers_.size();
    if (was_overfull && !stopping_) {
        for (const auto& door : doors_)
            door->resume();
    }
    if (stopping_ && peers_.empty()) finish_stop();
}

void HttpServerCore::watch(PeerClock::time_point deadline) {
    if (deadline >= tick_at_) return;
    tick_at_ = deadline;
    tick_.at(deadline, [this] { on_tick(); });
}

void HttpServerCore::on_tick() {
    tick_at_ = PeerClock::time_point::max();
    const auto self = shared_from_this();
    const auto now = PeerClock::now();
    std::vector<std::shared_ptr<Peer>> due;
    auto next = PeerClock::time_point::max();
    for (auto* peer : peers_) {
        const auto deadline = peer->deadline();
        if (deadline <= now) {
            due.push_back(peer->shared_from_this());
        } else {
            next = std::min(next, deadline);
        }
    }
    for (const auto& peer : due) {
        peer->on_tick(now);
        next = std::min(next, peer->deadline());
    }
    // Everybody is looked at each time, so many deadlines close together share a look.
    if (next != PeerClock::time_point::max()) watch(std::max(next, now + kLookEvery));
}

void HttpServerCore::stop(std::chrono::milliseconds grace, std::function<void()> stopped) {
    if (stopping_) return;
    const auto self = shared_from_this();
    stopping_ = true;
    stopped_ = std::move(stopped);
    for (const auto& door : doors_)
        door->close();
    std::vector<std::shared_ptr<Peer>> present;
    for (auto* peer : peers_)
        present.push_back(peer->shared_from_this());
    for (const auto& peer : present)
        peer->begin_stop();
    if (peers_.empty()) {
        finish_stop();
    } else {
        grace_.after(grace, [this] { shut(); });
    }
}

void HttpServerCore::shut() {
    for (const auto& door : doors_)
        door->close();
    tick_.cancel();
    while (!peers_.empty())
        peers_.front()->close_now();
}

void HttpServerCore::finish_stop() {
    grace_.cancel();
    tick_.cancel();
    // Later, since the caller may be a peer in the middle of its own end.
    if (stopped_) post(context, std::exchange(stopped_, nullptr));
}

}  // namespace sweepctl

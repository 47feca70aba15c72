#pragma once

#include "sweepctl/core/agent_messages.hpp"

#include "sim/agenda.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The network between agents and the controller. One connection keeps its order, as TCP does; two
// do not keep any between them. A connection breaks at any moment: what was under way is delivered
// up to some point, and each end learns of it in its own time. What the protocol allows to be said
// twice is said twice now and then.

namespace sweepctl::sim {

/// One end of a connection. Its callbacks are called while it is open.
struct End {
    bool open = true;
    std::function<void()> on_broken;
};

/// What connections are like in one history.
struct Habits {
    bool as_text = false;  ///< everything goes through the protocol's JSON
    double repeats = 0;    ///< percent of what may be repeated that is
};

class Connection {
public:
    Connection(Agenda& agenda, std::string host, Habits habits);

    void send_up(const AgentMessage& message);
    void send_down(const std::vector<AgentOrder>& orders);
    /// What is under way is delivered up to some point; each open end learns of it after a while
    /// of at most `notice`.
    void break_off(Duration notice);
    /// The same as soon as something is under way.
    void doom(Duration notice) { doom_ = notice; }

    End agent;
    End controller;
    std::function<void(AgentMessage)> to_controller;
    std::function<void(std::vector<AgentOrder>)> to_agent;
    [[nodiscard]] const std::string& host() const { return host_; }
    [[nodiscard]] bool broken() const { return broken_; }

private:
    template <typename Task>
    void deliver_later(std::deque<Task>& queue, Task task);

    Agenda& agenda_;
    std::string host_;
    Habits habits_;
    bool broken_ = false;
    std::optional<Duration> doom_;
    Life life_ = std::make_shared<int>();
    std::deque<Agenda::Task> up_;
    std::deque<Agenda::Task> down_;
};
using ConnectionRef = std::shared_ptr<Connection>;  // Owned by its two ends together.

class Network {
public:
    explicit Network(Agenda& agenda) : agenda_(agenda) {}

    /// nullptr: the controller cannot be reached from there.
    ConnectionRef connect(const std::string& host);
    /// Called with each new connection while a controller listens.
    std::function<void(const ConnectionRef&)> on_accept;

    void break_one();
    void break_all(Duration notice);
    void cut_off(const std::string& host);
    void reconnect(const std::string& host) { cut_off_.erase(host); }
    void reconnect_all() { cut_off_.clear(); }

    Habits habits;

private:
    Agenda& agenda_;
    std::vector<ConnectionRef> connections_;
    std::set<std::string> cut_off_;
};

}  // namespace sweepctl::sim

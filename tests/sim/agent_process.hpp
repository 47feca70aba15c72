#pragma once

#include "sweepctl/agent/agent.hpp"

#include "sim/host_launcher.hpp"
#include "sim/network.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

// One host's agent, through all its deaths: the real agent's logic with this world's ports, and
// what the shell around it does (connect again, tick, leave when idle).

namespace sweepctl::sim {

class AgentProcess : private AgentLink, private AgentClock {
public:
    AgentProcess(Host& host, Agenda& agenda, Network& network, AgentSettings settings);

    void start();
    void kill();
    /// SIGSTOP, and SIGCONT after that time. What comes meanwhile waits.
    void stop_for(Duration time);
    /// SIGTERM: it waits for its live runs and leaves.
    void terminate();
    [[nodiscard]] bool running() const { return life_ != nullptr; }
    [[nodiscard]] const AgentId& id() const { return settings_.record.id; }
    [[nodiscard]] Host& host() { return host_; }
    /// Called when the process has left by itself.
    std::function<void()> on_left;

private:
    bool send(const AgentMessage& message) override;
    [[nodiscard]] AgentClockReading now() const override;

    void enter(const Agenda::Task& task);
    void after_call();
    void connect();
    void link_lost();

    Host& host_;
    Agenda& agenda_;
    Network& network_;
    AgentSettings settings_;

    Life life_;
    bool stopped_ = false;
    std::deque<Agenda::Task> backlog_;
    std::unique_ptr<HostLauncher> launcher_;
    std::unique_ptr<HostFiles> files_;
    std::unique_ptr<Agent> agent_;
    ConnectionRef connection_;
    std::optional<SteadyTime> armed_;
};

}  // namespace sweepctl::sim

#include "agent_peer.hpp"

#include "sweepctl/wire/agent_protocol.hpp"

#include <chrono>

namespace sweepctl::test {

AgentPeer::AgentPeer(const ServerAddress& address) {
    WebSocketEvents events;
    events.connected = [this] {
        const std::lock_guard lock(mutex_);
        connected_ = true;
        changed_.notify_all();
    };
    events.message = [this](const std::string& text) {
        auto orders = decode_orders(text);
        const std::lock_guard lock(mutex_);
        for (AgentOrder& order : orders.value())
            orders_.push_back(std::move(order));
        changed_.notify_all();
    };
    events.closed = [this](const std::string& reason) {
        const std::lock_guard lock(mutex_);
        closed_ = reason;
        changed_.notify_all();
    };
    socket_ = std::make_unique<WebSocketClient>(loop_.context(), address, "/api/v1/agents/connect",
                                                std::move(events));
    socket_->open();
    thread_ = std::thread([this] {
        loop_.run();
        socket_.reset();
    });
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return connected_ || closed_; }))
        throw std::runtime_error("the agent's link does not open");
}

AgentPeer::~AgentPeer() {
    loop_.stop();
    thread_.join();
}

void AgentPeer::say_text(const std::string& text) {
    loop_.post([this, text] { socket_->send(text); });
}

void AgentPeer::say(const AgentMessage& message) {
    say_text(encode(message));
}

void AgentPeer::close() {
    loop_.post([this] { socket_->close("done"); });
}

void AgentPeer::hello(const std::string& id, std::uint32_t slots, std::uint32_t gpus) {
    id_ = AgentId{id};
    AgentHello hello;
    hello.agent.id = id_;
    hello.agent.host = "testhost";
    hello.agent.boot_id = "boot-1";
    hello.agent.pid = 77;
    hello.agent.slots = slots;
    hello.agent.gpus = gpus;
    hello.report.agent = id_;
    hello.report.sequence = sequence_;
    say(hello);
}

void AgentPeer::report(AgentReport report) {
    report.agent = id_;
    report.sequence = ++sequence_;
    say(report);
}

void AgentPeer::started(const ExecutionRef& execution) {
    AgentReport report;
    report.started.push_back(
        {execution, std::chrono::floor<Duration>(std::chrono::system_clock::now()), 4242});
    this->report(std::move(report));
}

void AgentPeer::exited(const ExecutionRef& execution, int code) {
    AgentReport report;
    RunEnded ended;
    ended.execution = execution;
    ended.code = code;
    ended.at = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    report.ended.push_back(std::move(ended));
    this->report(std::move(report));
}

AgentOrder AgentPeer::next_order() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return !orders_.empty() || closed_; }))
        throw std::runtime_error("no order comes");
    if (orders_.empty()) throw std::runtime_error("the link was closed: " + *closed_);
    AgentOrder order = std::move(orders_.front());
    orders_.pop_front();
    return order;
}

std::vector<AgentOrder> AgentPeer::pending() {
    const std::lock_guard lock(mutex_);
    return {orders_.begin(), orders_.end()};
}

std::string AgentPeer::closed_with() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return closed_.has_value(); }))
        return "(still open)";
    return *closed_;
}

}  // namespace sweepctl::test

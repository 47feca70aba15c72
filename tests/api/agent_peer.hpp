#pragma once

#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/core/agent_messages.hpp"
#include "sweepctl/wire/websocket_client.hpp"

#include "support/http_fixture.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace sweepctl::test {

/// An agent as the controller sees one: a link that says what a test makes it say.
class AgentPeer {
public:
    explicit AgentPeer(const ServerAddress& address);
    ~AgentPeer();
    AgentPeer(const AgentPeer&) = delete;
    AgentPeer& operator=(const AgentPeer&) = delete;

    void say(const AgentMessage& message);
    void say_text(const std::string& text);
    void hello(const std::string& id, std::uint32_t slots = 1, std::uint32_t gpus = 0);
    void started(const ExecutionRef& execution);
    void exited(const ExecutionRef& execution, int code = 0);
    void close();

    /// The next order of this kind; others before it are skipped. Throws when none comes.
    template <typename Order>
    Order next() {
        for (;;) {
            AgentOrder order = next_order();
            if (auto* wanted = std::get_if<Order>(&order)) return std::move(*wanted);
        }
    }
    /// The orders that came so far and were not taken.
    [[nodiscard]] std::vector<AgentOrder> pending();
    /// Why the link ended; waits for that.
    std::string closed_with();

private:
    AgentOrder next_order();
    void report(AgentReport report);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<AgentOrder> orders_;
    std::optional<std::string> closed_;
    bool connected_ = false;
    AgentId id_;
    std::uint64_t sequence_ = 0;
    EventLoop loop_;
    std::unique_ptr<WebSocketClient> socket_;  // Of the loop's thread.
    std::thread thread_;
};

}  // namespace sweepctl::test

#pragma once

#include "sweepctl/api/http_server.hpp"
#include "sweepctl/base/result.hpp"
#include "sweepctl/controller/controller.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

// The controller's links to its agents: one WebSocket each, told apart by the agent's id. What an
// agent says is checked here, so that a broken or hostile one harms nobody but its own runs.

namespace boost::asio {
class io_context;
}

namespace sweepctl {

struct AgentSessionsOptions {
    std::function<Now()> now;
    /// From the handshake to the hello, which must be the first message.
    std::chrono::milliseconds hello_timeout{10'000};
};

class AgentSession;

class AgentSessions final : public AgentLinks {
public:
    AgentSessions(boost::asio::io_context& context, AgentSessionsOptions options);
    ~AgentSessions() override;
    AgentSessions(const AgentSessions&) = delete;
    AgentSessions& operator=(const AgentSessions&) = delete;

    /// Whom the agents speak to; before the first accept(). It is made with these links, hence
    /// later.
    void attach(Controller& controller) { controller_ = &controller; }

    /// Turns the request into a link. `local`: it came over the unix socket.
    void accept(const std::shared_ptr<Exchange>& exchange, bool local);

    /// Orders for an agent. Dropped while it is not linked, and on a link whose hello the
    /// controller has not taken in yet: what was decided before knows nothing of what the agent
    /// holds now, and its hello brings up again what matters.
    void send(const AgentId& agent, std::vector<AgentOrder> orders) override;
    [[nodiscard]] bool trusted(const AgentId& agent) const override;
    [[nodiscard]] bool linked(const AgentId& agent) const;

    /// Asks an agent for a piece of a run's output; the order's agent and id are set here. `done`
    /// is called once, later: with the piece, or with why there is none.
    using Tailed = std::function<void(Result<LogChunk, std::string>)>;
    void tail(const AgentId& agent,
              TailOrder order,
              std::chrono::milliseconds timeout,
              Tailed done);

private:
    struct Tail;

    void opened(std::shared_ptr<WebSocket> socket, bool local);
    void said(AgentSession& session, const std::string& text);
    void hello(AgentSession& session, AgentHello hello);
    void closed(AgentSession& session, const std::string& reason);
    void refuse(AgentSession& session, const std::string& reason);
    void answer_tail(const AgentId& agent, LogChunk chunk);
    void finish_tail(std::uint64_t id, Result<LogChunk, std::string> result);

    boost::asio::io_context& context_;
    AgentSessionsOptions options_;
    Controller* controller_ = nullptr;
    std::map<std::uint64_t, std::shared_ptr<AgentSession>> sessions_;  ///< every open one
    std::map<AgentId, std::uint64_t> linked_;  ///< the session that speaks for each agent
    std::map<std::uint64_t, Tail> tails_;
    std::uint64_t next_session_ = 1;
    std::uint64_t next_tail_ = 1;
    std::string last_refusal_;
    // Callbacks that are still queued must not find sessions that are gone.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sweepctl

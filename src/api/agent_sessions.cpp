#include "sweepctl/api/agent_sessions.hpp"

#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/aio/timer.hpp"
#include "sweepctl/base/check.hpp"
#include "sweepctl/base/counted.hpp"
#include "sweepctl/base/log.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/wire/agent_protocol.hpp"

#include "api/agent_screen.hpp"

#include <algorithm>
#include <utility>

namespace sweepctl {

/// One link, from its handshake to its end.
class AgentSession {
public:
    AgentSession(boost::asio::io_context& context,
                 std::uint64_t its_number,
                 std::shared_ptr<WebSocket> its_socket,
                 bool over_unix)
        : number(its_number),
          socket(std::move(its_socket)),
          local(over_unix),
          hello_timer(context) {}

    const std::uint64_t number;
    const std::shared_ptr<WebSocket> socket;
    const bool local;
    Timer hello_timer;
    std::optional<AgentRecord> agent;  ///< as its hello said; empty until then
};

struct AgentSessions::Tail {
    AgentId agent;
    std::size_t limit = 0;
    Tailed done;
    std::unique_ptr<Timer> timer;
};

AgentSessions::AgentSessions(boost::asio::io_context& context, AgentSessionsOptions options)
    : context_(context), options_(std::move(options)) {
    SWEEPCTL_CHECK(options_.now != nullptr);
}

AgentSessions::~AgentSessions() {
    *alive_ = false;
}

void AgentSessions::accept(const std::shared_ptr<Exchange>& exchange, bool local) {
    SWEEPCTL_CHECK(controller_ != nullptr);
    exchange->accept_websocket([this, alive = alive_, local](std::shared_ptr<WebSocket> socket) {
        if (*alive) opened(std::move(socket), local);
    });
}

void AgentSessions::opened(std::shared_ptr<WebSocket> socket, bool local) {
    const std::uint64_t number = next_session_++;
    const auto session = std::make_shared<AgentSession>(context_, number, std::move(socket), local);
    sessions_.emplace(number, session);
    const auto find_session = [this, alive = alive_, number]() -> std::shared_ptr<AgentSession> {
        if (!*alive) return nullptr;
        const auto found = sessions_.find(number);
        return found == sessions_.end() ? nullptr : found->second;
    };
    session->socket->on_message([this, find_session](const std::string& text) {
        if (const auto found = find_session()) said(*found, text);
    });
    session->socket->on_closed([this, find_session](const std::string& reason) {
        if (const auto found = find_session()) closed(*found, reason);
    });
    session->hello_timer.after(options_.hello_timeout, [this, find_session] {
        if (const auto found = find_session()) refuse(*found, "no hello came in time");
    });
}

void AgentSessions::said(AgentSession& session, const std::string& text) {
    Result<AgentMessage, std::string> decoded = decode_message(text);
    if (!decoded) return refuse(session, shown(decoded.error(), 200));
    AgentMessage& message = *decoded;
    if (!session.agent) {
        auto* hello = std::get_if<AgentHello>(&message);
        if (hello == nullptr) return refuse(session, "the first message must be a hello");
        if (const auto fault = api::screen_hello(*hello, session.local, options_.now().wall))
            return refuse(session, "hello: " + *fault);
        return this->hello(session, std::move(*hello));
    }
    if (const auto fault = api::screen(message, *session.agent, options_.now().wall))
        return refuse(session, *fault);
    const AgentId& id = session.agent->id;
    if (auto* chunk = std::get_if<LogChunk>(&message)) return answer_tail(id, std::move(*chunk));
    if (const auto* metrics = std::get_if<MetricsLogged>(&message)) {
        const Run* run = controller_->world().find_run(metrics->execution.run);
        if (run != nullptr && run->claim && run->claim->fence == metrics->execution.fence &&
            run->claim->agent != id) {
            return refuse(session, "metrics of run " + run->id.text + ", which another agent has");
        }
    }
    if (const auto* leaving = std::get_if<AgentLeaving>(&message)) {
        log_info("agent ", id.text, " leaves",
                 leaving->reason.empty() ? std::string() : ": " + leaving->reason);
    }
    controller_->agent_says(std::move(message));
}

void AgentSessions::hello(AgentSession& session, AgentHello hello) {
    const AgentId id = hello.agent.id;
    if (const auto former = linked_.find(id); former != linked_.end()) {
        const std::shared_ptr<AgentSession> old = sessions_.at(former->second);
        if (old->local && !session.local) {
            // Who merely knows the token must not take the place of an agent that is trusted.
            return refuse(session, "agent " + id.text + " is linked over the unix socket");
        }
        log_info("agent ", id.text, ": a new link takes the place of the old one");
        sessions_.erase(former->second);
        linked_.erase(former);
        old->socket->close("another link of this agent has come");
    }
    session.hello_timer.cancel();
    session.agent = hello.agent;
    linked_.emplace(id, session.number);
    log_info("agent ", id.text, " on ", hello.agent.host, " is linked over ",
             session.local ? "the unix socket" : "TCP", ", ", counted(hello.agent.slots, "slot"));
    controller_->agent_linked(id);
    controller_->agent_says(std::move(hello));
}

void AgentSessions::closed(AgentSession& session, const std::string& reason) {
    const std::optional<AgentRecord> agent = session.agent;
    sessions_.erase(session.number);  // The session is gone from here on.
    if (!agent) {
        log_debug("a link ended before its hello: ", reason);
        return;
    }
    linked_.erase(agent->id);
    log_info("agent ", agent->id.text, ": its link ended: ", shown(reason));
    controller_->post(AgentDisconnected{agent->id});
    std::vector<std::uint64_t> unanswered;
    for (const auto& [number, tail] : tails_) {
        if (tail.agent == agent->id) unanswered.push_back(number);
    }
    for (const std::uint64_t number : unanswered)
        finish_tail(number, Failure{"agent " + agent->id.text + " lost its connection"});
}

void AgentSessions::refuse(AgentSession& session, const std::string& reason) {
    const std::string what =
        (session.agent ? "agent " + session.agent->id.text : std::string("a would-be agent")) +
        ": " + reason + "; closing its link";
    // It comes again.
    if (std::exchange(last_refusal_, what) == what) {
        log_debug(what);
    } else {
        log_warn(what);
    }
    session.socket->close(reason);
    closed(session, reason);
}

void AgentSessions::send(const AgentId& agent, std::vector<AgentOrder> orders) {
    const auto linked = linked_.find(agent);
    if (linked == linked_.end()) return;
    sessions_.at(linked->second)->socket->send(encode(orders));
}

bool AgentSessions::trusted(const AgentId& agent) const {
    const auto linked = linked_.find(agent);
    return linked != linked_.end() && sessions_.at(linked->second)->local;
}

bool AgentSessions::linked(const AgentId& agent) const {
    return linked_.contains(agent);
}

void AgentSessions::tail(const AgentId& agent,
                         TailOrder order,
                         std::chrono::milliseconds timeout,
                         Tailed done) {
    const std::uint64_t number = next_tail_++;
    order.agent = agent;
    order.id = number;
    Tail tail{agent, order.limit, std::move(done), std::make_unique<Timer>(context_)};
    tail.timer->after(timeout, [this, number, agent] {
        finish_tail(number, Failure{"agent " + agent.text + " did not answer in time"});
    });
    tails_.emplace(number, std::move(tail));
    const auto linked = linked_.find(agent);
    if (linked != linked_.end() &&
        sessions_.at(linked->second)->socket->send(encode({AgentOrder(std::move(order))}))) {
        return;
    }
    post(context_, [this, alive = alive_, number, agent] {
        if (*alive) finish_tail(number, Failure{"agent " + agent.text + " is not connected"});
    });
}

void AgentSessions::answer_tail(const AgentId& agent, LogChunk chunk) {
    const auto found = tails_.find(chunk.id);
    if (found == tails_.end() || found->second.agent != agent) return;  // Too late, or not its own.
    if (chunk.bytes.size() > found->second.limit) chunk.bytes.resize(found->second.limit);
    finish_tail(chunk.id, std::move(chunk));
}

void AgentSessions::finish_tail(std::uint64_t id, Result<LogChunk, std::string> result) {
    const auto found = tails_.find(id);
    if (found == tails_.end()) return;
    const Tailed done = std::move(found->second.done);
    tails_.erase(found);
    done(std::move(result));
}

}  // namespace sweepctl

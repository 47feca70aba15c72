#pragma once

#include "sweepctl/core/agent_messages.hpp"
#include "sweepctl/core/world.hpp"
#include "sweepctl/store/store.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

// The controller's loop: a batch of events in, one transaction, then the effects. Single threaded;
// it is pumped by its owner and never waits. What happens while a commit is under way goes into the
// next batch.
//
// A crash between commit and effects leaves the World right and orders lost: the agents' next hello
// derives them again.

namespace sweepctl {

/// The controller's side of the links to agents.
class AgentLinks {
public:
    virtual ~AgentLinks() = default;
    /// Orders for an agent; dropped when it is not connected (its next hello repeats what matters).
    virtual void send(const AgentId& agent, std::vector<AgentOrder> orders) = 0;
    /// Whether the agent runs on this host as this user, so that it may have launch environments.
    [[nodiscard]] virtual bool trusted(const AgentId& agent) const = 0;
};

/// What is made of a sweep's spec: how to search, and how to start its runs.
struct SweepPlan {
    SweepSetup setup;
    SweepBrief brief;
};
using PlanOf = std::function<std::optional<SweepPlan>(const NewSweep&)>;

/// Why nothing can be made durable, and since when.
struct StoreTrouble {
    std::string message;
    WallTime since;
};

class Controller {
public:
    using Answered = std::function<void(const Answer&)>;
    using Published = std::function<void(const std::vector<AuditEvent>&)>;

    /// Loads what is stored. Throws what Store::load throws.
    Controller(
        Store& store, AgentLinks& links, PlanOf plan_of, Now now, const WorldOptions& options = {});

    /// Takes a fact in; it is applied at the next pump().
    void post(Event event);

    /// Takes a request in and calls `answered` once its outcome is durable. The event's own ticket
    /// is overwritten.
    template <typename Request>
    void request(Request event, Answered answered) {
        event.request.ticket = next_ticket_++;
        answers_.emplace(event.request.ticket, std::move(answered));
        post(std::move(event));
    }

    /// Takes in what an agent said, after the hello of its link.
    void agent_says(AgentMessage message);
    /// A new link, before its hello. Orders decided before that hello was applied are not for it:
    /// they are based on what the agent had before, and the hello derives again what matters.
    void agent_linked(const AgentId& agent);

    /// Applies what has come in, unless a commit is under way.
    void pump(Now now);

    /// When pump() should be called at the latest; nullopt while only news can change anything.
    [[nodiscard]] std::optional<SteadyTime> next_deadline() const;

    /// Calls `published` with each batch of the audit log once it is durable. The number takes it
    /// back.
    std::uint64_t subscribe(Published published);
    void unsubscribe(std::uint64_t subscription) { subscribers_.erase(subscription); }

    /// Nothing is waiting to be applied or to become durable.
    [[nodiscard]] bool settled() const { return inbox_.empty() && !committing_ && !failed_; }
    /// nullopt: there is none at present.
    [[nodiscard]] const std::optional<StoreTrouble>& store_trouble() const { return trouble_; }

    /// Transactions made durable so far.
    [[nodiscard]] std::uint64_t commits() const { return commits_; }

    [[nodiscard]] const World& world() const { return *world_; }
    [[nodiscard]] const SweepBrief* brief(const SweepId& sweep) const;

    /// Called when something was posted after a pump(): somebody should pump soon.
    std::function<void()> on_news;
    /// Answers to TailOrder.
    std::function<void(const LogChunk&)> on_log_chunk;

private:
    void remember(const SweepId& sweep, SweepSetup& setup);
    [[nodiscard]] bool rest();
    void resolve(Event& event);
    void resolve(ClientRunName& named);
    void restore_history(const SweepId& sweep);
    void commit(Changes changes);
    void committed(std::optional<StoreError> error);
    void perform();

    Store& store_;
    AgentLinks& links_;
    PlanOf plan_of_;
    std::unique_ptr<World> world_;
    std::unordered_map<SweepId, SweepBrief> briefs_;
    struct Link {
        std::uint64_t number = 0;   ///< of the newest
        std::uint64_t greeted = 0;  ///< whose hello was applied
        std::set<SweepId> briefed;  ///< sweeps that were explained on it
    };
    std::map<AgentId, Link> agent_links_;

    std::vector<Event> inbox_;
    std::vector<Effect> effects_;
    std::vector<AuditEvent> to_publish_;
    bool committing_ = false;
    bool resting_ = false;  ///< the next idle pump() lets searches prepare
    std::uint64_t commits_ = 0;
    std::optional<Changes> failed_;  ///< refused by the store; handed in again at retry_at_
    std::optional<SteadyTime> retry_at_;
    std::optional<StoreTrouble> trouble_;
    Now now_{};

    Ticket next_ticket_ = 1;
    std::unordered_map<Ticket, Answered> answers_;
    std::map<std::uint64_t, Published> subscribers_;
    std::uint64_t next_subscriber_ = 1;
};

}  // namespace sweepctl

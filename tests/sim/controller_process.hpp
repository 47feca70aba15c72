#pragma once

#include "sweepctl/controller/controller.hpp"
#include "sweepctl/store/memory_store.hpp"

#include "sim/agenda.hpp"
#include "sim/network.hpp"
#include "support/referee.hpp"
#include "support/world_fixture.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

// The controller through all its deaths: the real one with this world's ports, and what the shell
// around it does (pump, poll the store, keep one link an agent). Only the disk outlives it.

namespace sweepctl::sim {

/// The memory store, with a referee who sees each commit that became durable, in order.
class JudgedStore final : public Store {
public:
    JudgedStore(std::shared_ptr<MemoryDisk> disk,
                testing::Referee& referee,
                std::function<void()> wake);

    [[nodiscard]] Snapshot load() override { return store_.load(); }
    void commit(Changes changes, std::function<void(std::optional<StoreError>)> done) override;
    void poll() override { store_.poll(); }
    [[nodiscard]] std::optional<Run> find_run(const RunId& id) override {
        return store_.find_run(id);
    }
    [[nodiscard]] std::optional<Run> find_run_named(const std::string& entity,
                                                    const std::string& project,
                                                    const std::string& name) override {
        return store_.find_run_named(entity, project, name);
    }
    void each_settled(const SweepId& sweep, const std::function<void(const Run&)>& take) override {
        store_.each_settled(sweep, take);
    }
    [[nodiscard]] std::optional<BestRun> best_without(const SweepId& sweep,
                                                      const RunId& without) override {
        return store_.best_without(sweep, without);
    }
    [[nodiscard]] std::vector<MetricSeries> metric_history(const SweepId& sweep,
                                                           const std::string& metric) override {
        return store_.metric_history(sweep, metric);
    }
    /// The machine writes the oldest waiting commits before the controller dies.
    void write_before_death(std::size_t count);

private:
    MemoryStore store_;
    std::shared_ptr<MemoryDisk> disk_;  // Shared with the simulation and with later stores.
    testing::Referee& referee_;
    std::deque<Changes> waiting_;
};

class ControllerProcess : private AgentLinks {
public:
    ControllerProcess(Agenda& agenda,
                      Network& network,
                      std::shared_ptr<MemoryDisk> disk,
                      PlanOf plan_of);

    void start();
    void kill();
    /// SIGSTOP, and SIGCONT after that time.
    void stop_for(Duration time);
    [[nodiscard]] bool running() const { return life_ != nullptr; }
    [[nodiscard]] bool stopped() const { return stopped_; }
    [[nodiscard]] const Controller& controller() const { return *controller_; }
    /// Nothing waits, in memory or for the disk.
    [[nodiscard]] bool quiet() const { return running() && !stopped_ && controller_->settled(); }
    /// Since when the agent can be reached without a break, neither of its link nor in what comes
    /// over it; nullopt: it cannot.
    [[nodiscard]] std::optional<Duration> reached_since(const AgentId& agent) const;

    template <typename Request>
    void request(Request request, Controller::Answered answered) {
        controller_->request(std::move(request), std::move(answered));
    }
    /// The death of an agent that this controller spawned.
    void see_death(const AgentId& agent);

private:
    struct Link {
        ConnectionRef connection;
        Duration since{0};  ///< and not silent for a lease from then on
        Duration heard{0};
    };
    void send(const AgentId& agent, std::vector<AgentOrder> orders) override;
    [[nodiscard]] bool trusted(const AgentId&) const override { return true; }

    [[nodiscard]] bool silent(const Link& link) const;
    void accept(const ConnectionRef& connection);
    void take(const ConnectionRef& connection, AgentMessage message);
    void lose(const ConnectionRef& connection);
    void enter(const Agenda::Task& task);
    void pump();
    void arm();
    void trace(const std::vector<AuditEvent>& events) const;

    Agenda& agenda_;
    Network& network_;
    std::shared_ptr<MemoryDisk> disk_;  // Outlives every controller.
    PlanOf plan_of_;
    testing::Referee referee_;

    Life life_;
    bool stopped_ = false;
    std::deque<Agenda::Task> backlog_;
    std::unique_ptr<JudgedStore> store_;
    std::unique_ptr<Controller> controller_;
    std::map<AgentId, Link> links_;
    std::optional<SteadyTime> armed_;
    bool pump_due_ = false;
};

}  // namespace sweepctl::sim

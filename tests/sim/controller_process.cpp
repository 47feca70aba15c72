#include "sim/controller_process.hpp"

namespace sweepctl::sim {

// --- The store
// ------------------------------------------------------------------------------------------

JudgedStore::JudgedStore(std::shared_ptr<MemoryDisk> disk,
                         testing::Referee& referee,
                         std::function<void()> wake)
    : store_(disk, std::move(wake)), disk_(std::move(disk)), referee_(referee) {}

void JudgedStore::commit(Changes changes, std::function<void(std::optional<StoreError>)> done) {
    waiting_.push_back(changes);
    store_.commit(std::move(changes),
                  [this, done = std::move(done)](std::optional<StoreError> error) {
                      const Changes durable = std::move(waiting_.front());
                      waiting_.pop_front();
                      if (!error) {
                          referee_.take(durable);
                      } else if (!error->full && !disk_->full) {
                          throw Foul("the store refused a commit: " + error->message);
                      }
                      done(std::move(error));
                  });
}

void JudgedStore::write_before_death(std::size_t count) {
    const std::uint64_t before = disk_->commits;
    store_.write(count);
    for (std::uint64_t written = disk_->commits - before; written > 0; --written) {
        referee_.take(waiting_.front());
        waiting_.pop_front();
    }
}

// --- The process
// ----------------------------------------------------------------------------------------

ControllerProcess::ControllerProcess(Agenda& agenda,
                                     Network& network,
                                     std::shared_ptr<MemoryDisk> disk,
                                     PlanOf plan_of)
    : agenda_(agenda), network_(network), disk_(std::move(disk)), plan_of_(std::move(plan_of)) {}

void ControllerProcess::start() {
    if (running()) return;
    agenda_.trace("controller: starts");
    life_ = std::make_shared<int>();
    store_ = std::make_unique<JudgedStore>(disk_, referee_, [this] {
        const Duration fsync = agenda_.random.chance(2)
                                   ? agenda_.random.between(Duration{50}, Duration{900})
                                   : agenda_.random.between(Duration{0}, Duration{5});
        agenda_.after(fsync, life_, [this] {
            enter([this] {
                store_->poll();
                pump();
            });
        });
    });
    controller_ = std::make_unique<Controller>(*store_, static_cast<AgentLinks&>(*this), plan_of_,
                                               agenda_.now());
    controller_->on_news = [this] {
        if (std::exchange(pump_due_, true)) return;
        agenda_.after(agenda_.random.between(Duration{0}, Duration{1}), life_, [this] {
            enter([this] {
                pump_due_ = false;
                pump();
            });
        });
    };
    network_.on_accept = [this](const ConnectionRef& connection) { accept(connection); };
    if (agenda_.traced()) controller_->subscribe([this](const auto& events) { trace(events); });
    arm();
}

void ControllerProcess::kill() {
    if (!running()) return;
    agenda_.trace("controller: dies");
    store_->write_before_death(agenda_.random.pick(2));
    life_.reset();
    controller_.reset();
    store_.reset();
    links_.clear();
    backlog_.clear();
    stopped_ = false;
    pump_due_ = false;
    armed_.reset();
    network_.on_accept = nullptr;
    network_.break_all(agenda_.random.chance(10) ? Duration{20'000} : Duration{50});
}

void ControllerProcess::stop_for(Duration time) {
    if (!running() || stopped_) return;
    agenda_.trace("controller: is stopped for ", std::to_string(time.count()), " ms");
    stopped_ = true;
    agenda_.after(time, life_, [this] {
        agenda_.trace("controller: goes on");
        stopped_ = false;
        std::deque<Agenda::Task> backlog = std::exchange(backlog_, {});
        for (const Agenda::Task& task : backlog)
            task();
    });
}

void ControllerProcess::enter(const Agenda::Task& task) {
    if (!running()) return;
    if (stopped_) {
        backlog_.push_back(task);
    } else {
        task();
    }
}

void ControllerProcess::pump() {
    controller_->pump(agenda_.now());
    const std::string broken = controller_->world().broken_invariant();
    if (!broken.empty()) throw Foul("invariant: " + broken);
    arm();
}

void ControllerProcess::trace(const std::vector<AuditEvent>& events) const {
    for (const AuditEvent& event : events) {
        agenda_.trace("controller: ", event.kind, " ", event.sweep.text, " ", event.run.text, " ",
                      event.from, event.from.empty() && event.to.empty() ? "" : " -> ", event.to,
                      event.reason.empty() ? "" : " (" + event.reason + ")", " ", event.detail,
                      " by ", event.actor);
    }
}

void ControllerProcess::arm() {
    const std::optional<SteadyTime> deadline = controller_->next_deadline();
    if (!deadline || (armed_ && *armed_ <= *deadline)) return;
    armed_ = deadline;
    const Duration delay = std::max(*deadline - agenda_.now().steady, Duration{0});
    agenda_.after(delay, life_, [this, at = *deadline] {
        enter([this, at] {
            if (armed_ == at) armed_.reset();
            pump();
        });
    });
}

// --- Links
// ------------------------------------------------------------------------------------------

void ControllerProcess::accept(const ConnectionRef& connection) {
    // Neither end owns the other: a connection is kept by the network until both are closed.
    const std::weak_ptr<Connection> weak = connection;
    connection->to_controller = [this, weak, life = LifeRef(life_)](AgentMessage message) {
        if (life.expired()) return;
        enter([this, weak, message = std::move(message)] {
            if (const ConnectionRef still_there = weak.lock()) take(still_there, message);
        });
    };
    connection->controller.on_broken = [this, weak, life = LifeRef(life_)] {
        if (life.expired()) return;
        enter([this, weak] {
            if (const ConnectionRef still_there = weak.lock()) lose(still_there);
        });
    };
}

void ControllerProcess::take(const ConnectionRef& connection, AgentMessage message) {
    if (const auto* hello = std::get_if<AgentHello>(&message)) {
        const AgentId id = hello->agent.id;
        Link& link = links_[id];
        if (link.connection && link.connection != connection) {
            // The newer one counts; nothing more is heard from the other.
            link.connection->controller.open = false;
            link.connection->break_off(Duration{50});
        }
        link = {connection, agenda_.elapsed(), agenda_.elapsed()};
        agenda_.trace("controller: hello of ", id.text, ", ", std::to_string(hello->live.size()),
                      " live, ", std::to_string(hello->held.size()), " held");
        controller_->agent_linked(id);
        controller_->agent_says(std::move(message));
        return;
    }
    for (auto& [id, link] : links_) {
        if (link.connection != connection) continue;
        if (silent(link)) link.since = agenda_.elapsed();
        link.heard = agenda_.elapsed();
        controller_->agent_says(std::move(message));
        return;
    }
}

void ControllerProcess::lose(const ConnectionRef& connection) {
    for (const auto& [id, link] : links_) {
        if (link.connection != connection) continue;
        agenda_.trace("controller: lost the link of ", id.text);
        controller_->post(AgentDisconnected{id});
        links_.erase(id);
        return;
    }
}

void ControllerProcess::send(const AgentId& agent, std::vector<AgentOrder> orders) {
    const auto link = links_.find(agent);
    if (link == links_.end()) return;
    link->second.connection->send_down(orders);
}

void ControllerProcess::see_death(const AgentId& agent) {
    enter([this, agent] { controller_->post(AgentDied{agent}); });
}

/// For so long that its leases are over: what it holds is settled without it.
bool ControllerProcess::silent(const Link& link) const {
    return agenda_.elapsed() - link.heard >= kClaimLease + kLeaseMargin;
}

std::optional<Duration> ControllerProcess::reached_since(const AgentId& agent) const {
    const auto found = links_.find(agent);
    if (found == links_.end()) return std::nullopt;
    const Link& link = found->second;
    if (link.connection->broken() || silent(link)) return std::nullopt;
    return link.since;
}

}  // namespace sweepctl::sim

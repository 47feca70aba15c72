#include "sim/agent_process.hpp"

namespace sweepctl::sim {

AgentProcess::AgentProcess(Host& host, Agenda& agenda, Network& network, AgentSettings settings)
    : host_(host), agenda_(agenda), network_(network), settings_(std::move(settings)) {}

void AgentProcess::start() {
    if (running()) return;
    agenda_.trace(host_.name(), ": agent starts");
    life_ = std::make_shared<int>();
    settings_.record.pid = host_.next_pid();
    settings_.record.boot_id = host_.boot_id();
    const Enter enter = [this](const Agenda::Task& task) { this->enter(task); };
    launcher_ = std::make_unique<HostLauncher>(host_, agenda_, life_, enter);
    files_ = std::make_unique<HostFiles>(host_, agenda_, life_, enter);
    agent_ = std::make_unique<Agent>(settings_, *launcher_, *files_, static_cast<AgentLink&>(*this),
                                     static_cast<const AgentClock&>(*this));
    launcher_->tell(*agent_);
    files_->tell(*agent_);
    agent_->recover();
    connect();
    after_call();
}

void AgentProcess::kill() {
    if (!running()) return;
    agenda_.trace(host_.name(), ": agent dies");
    life_.reset();
    agent_.reset();
    files_.reset();
    launcher_.reset();
    backlog_.clear();
    stopped_ = false;
    armed_.reset();
    if (connection_) {
        connection_->agent.open = false;
        connection_->break_off(agenda_.random.chance(10) ? Duration{40'000} : Duration{50});
        connection_.reset();
    }
}

void AgentProcess::stop_for(Duration time) {
    if (!running() || stopped_) return;
    agenda_.trace(host_.name(), ": agent is stopped for ", std::to_string(time.count()), " ms");
    stopped_ = true;
    agenda_.after(time, life_, [this] {
        agenda_.trace(host_.name(), ": agent goes on");
        stopped_ = false;
        while (!backlog_.empty() && running() && !stopped_) {
            const Agenda::Task task = std::move(backlog_.front());
            backlog_.pop_front();
            task();
            after_call();
        }
    });
}

void AgentProcess::terminate() {
    if (!running()) return;
    agenda_.trace(host_.name(), ": agent gets SIGTERM");
    enter([this] { agent_->drain(); });
}

void AgentProcess::enter(const Agenda::Task& task) {
    if (!running()) return;
    if (stopped_) {
        backlog_.push_back(task);
        return;
    }
    task();
    after_call();
}

/// The shell: ticks in time, and leaves when nothing is left to do.
void AgentProcess::after_call() {
    if (!running()) return;
    if (agent_->idle()) {
        agenda_.trace(host_.name(), ": agent leaves");
        kill();
        if (on_left) on_left();
        return;
    }
    const std::optional<SteadyTime> deadline = agent_->next_deadline();
    if (!deadline || (armed_ && *armed_ <= *deadline)) return;
    armed_ = deadline;
    const Duration delay = std::max(*deadline - agenda_.now().steady, Duration{0});
    agenda_.after(delay, life_, [this, at = *deadline] {
        if (armed_ == at) armed_.reset();
        enter([this] { agent_->tick(); });
    });
}

void AgentProcess::connect() {
    const Duration delay = agenda_.random.between(Duration{1}, Duration{500});
    agenda_.after(delay, life_, [this] {
        enter([this] {
            if (connection_) return;
            connection_ = network_.connect(host_.name());
            if (!connection_) {
                connect();
                return;
            }
            // Tasks of a connection may come after the process that opened it.
            connection_->to_agent = [this,
                                     life = LifeRef(life_)](const std::vector<AgentOrder>& orders) {
                if (life.expired()) return;
                enter([this, orders] {
                    for (const AgentOrder& order : orders)
                        agent_->order(order);
                });
            };
            connection_->agent.on_broken = [this, life = LifeRef(life_)] {
                if (life.expired()) return;
                enter([this] { link_lost(); });
            };
            agent_->connected();
        });
    });
}

void AgentProcess::link_lost() {
    if (!connection_) return;
    connection_.reset();
    agent_->disconnected();
    connect();
}

bool AgentProcess::send(const AgentMessage& message) {
    if (!connection_) return false;
    connection_->send_up(message);
    return true;
}

AgentClockReading AgentProcess::now() const {
    const Now now = agenda_.now();
    return {now.wall, now.steady, agenda_.boottime_ms()};
}

}  // namespace sweepctl::sim

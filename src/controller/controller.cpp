#include "sweepctl/controller/controller.hpp"

#include "sweepctl/base/check.hpp"

#include <utility>

namespace sweepctl {

namespace {
constexpr Duration kStoreRetry = std::chrono::seconds{1};
}

Controller::Controller(
    Store& store, AgentLinks& links, PlanOf plan_of, Now now, const WorldOptions& options)
    : store_(store), links_(links), plan_of_(std::move(plan_of)), now_(now) {
    const SetupOf setup_of = [this](const NewSweep& sweep) -> std::optional<SweepSetup> {
        std::optional<SweepPlan> plan = plan_of_(sweep);
        if (!plan) return std::nullopt;
        briefs_.insert_or_assign(sweep.record.id, std::move(plan->brief));
        remember(sweep.record.id, plan->setup);
        return std::move(plan->setup);
    };
    world_ = std::make_unique<World>(store_.load(), setup_of, now, options);
    for (const SweepId& sweep : world_->wanted_histories())
        restore_history(sweep);
}

void Controller::restore_history(const SweepId& sweep) {
    if (const std::optional<std::string> metric = world_->missing_history(sweep))
        world_->restore_history(sweep, store_.metric_history(sweep, *metric));
}

/// An adaptive search starts with what it had learned.
void Controller::remember(const SweepId& sweep, SweepSetup& setup) {
    setup.memory = setup.strategy->memory();
    if (setup.memory == nullptr) return;
    store_.each_settled(sweep, [&setup](const Run& run) {
        if (const auto seen = observation_of(run, setup.policy.metric))
            setup.memory->observe(*seen);
    });
}

void Controller::post(Event event) {
    inbox_.push_back(std::move(event));
    if (inbox_.size() == 1 && on_news) on_news();
}

void Controller::agent_says(AgentMessage message) {
    struct Taker {
        Controller& controller;
        void operator()(AgentHello& hello) const {
            hello.link = controller.agent_links_[hello.agent.id].number;
            controller.post(std::move(hello));
        }
        void operator()(AgentReport& report) const { controller.post(std::move(report)); }
        void operator()(AgentHeartbeat& heartbeat) const { controller.post(std::move(heartbeat)); }
        void operator()(MetricsLogged& metrics) const { controller.post(std::move(metrics)); }
        void operator()(LogChunk& chunk) const {
            if (controller.on_log_chunk) controller.on_log_chunk(chunk);
        }
        void operator()(AgentLeaving&) const {}  // Its link's end says the rest.
    };
    std::visit(Taker{*this}, message);
}

void Controller::agent_linked(const AgentId& agent) {
    Link& link = agent_links_[agent];
    ++link.number;
    link.briefed.clear();
}

const SweepBrief* Controller::brief(const SweepId& sweep) const {
    const auto found = briefs_.find(sweep);
    return found == briefs_.end() ? nullptr : &found->second;
}

std::uint64_t Controller::subscribe(Published published) {
    subscribers_.emplace(next_subscriber_, std::move(published));
    return next_subscriber_++;
}

std::optional<SteadyTime> Controller::next_deadline() const {
    if (committing_) return std::nullopt;
    if (failed_) return retry_at_;
    return world_->next_deadline();
}

/// A request about a run that has left memory brings the run along. Nothing is being committed now,
/// so what is stored is what is true.
void Controller::resolve(Event& event) {
    const auto load = [this](auto& request) {
        if (world_->find_run(request.run) == nullptr) request.ended = store_.find_run(request.run);
    };
    if (auto* upsert = std::get_if<UpsertRun>(&event)) {
        world_->correct_project(*upsert);
        resolve(upsert->named);
        if (upsert->sweep) restore_history(*upsert->sweep);
    }
    if (auto* stream = std::get_if<ClientStream>(&event)) resolve(stream->named);
    if (auto* change = std::get_if<SetRunState>(&event)) resolve(change->named);
    if (auto* file = std::get_if<RegisterFile>(&event)) resolve(file->named);
    if (auto* files = std::get_if<DeleteFiles>(&event)) resolve(files->named);
    if (auto* beat = std::get_if<ForeignHeartbeat>(&event)) {
        for (const RunId& run : beat->live) {
            if (world_->find_run(run) != nullptr) continue;
            if (std::optional<Run> ended = store_.find_run(run))
                beat->ended.push_back(std::move(*ended));
        }
    }
    if (auto* stop = std::get_if<StopRun>(&event)) load(*stop);
    if (auto* retry = std::get_if<RetryRun>(&event)) {
        load(*retry);
        const Run* run = retry->ended ? &*retry->ended : world_->find_run(retry->run);
        if (run != nullptr) restore_history(run->sweep);
    }
    if (const auto* enqueue = std::get_if<EnqueueRun>(&event)) restore_history(enqueue->sweep);
    if (const auto* command = std::get_if<CommandSweep>(&event);
        command != nullptr && command->command == SweepCommand::resume) {
        restore_history(command->sweep);
    }
    if (auto* removal = std::get_if<DeleteRun>(&event)) {
        load(*removal);
        const Run* run = removal->ended ? &*removal->ended : world_->find_run(removal->run);
        const SweepRecord* sweep = run == nullptr ? nullptr : world_->find_sweep(run->sweep);
        if (sweep != nullptr && sweep->best && sweep->best->run == removal->run) {
            removal->next_best = store_.best_without(run->sweep, removal->run);
        }
    }
}

/// W&B's clients name runs by project and name.
void Controller::resolve(ClientRunName& named) {
    if (world_->find_run(named) != nullptr) return;
    if (named.run) {
        named.ended = store_.find_run(*named.run);
        if (named.ended) restore_history(named.ended->sweep);
        return;
    }
    named.ended = store_.find_run_named(named.entity, named.project, named.name);
    named.taken = !named.ended && store_.find_run(RunId{named.name}).has_value();
    // It may go on, and then it is judged.
    if (named.ended) restore_history(named.ended->sweep);
}

void Controller::pump(Now now) {
    now_ = now;
    if (committing_) return;
    if (failed_) {
        if (now.steady >= *retry_at_) commit(std::move(*std::exchange(failed_, std::nullopt)));
        return;
    }
    const std::optional<SteadyTime> deadline = world_->next_deadline();
    const bool due = deadline && *deadline <= now.steady;
    if (inbox_.empty() && !due) {
        if (!rest()) return;
    } else {
        resting_ = false;
    }

    std::vector<Event> batch = std::exchange(inbox_, {});
    for (Event& event : batch) {
        resolve(event);
        world_->apply(std::move(event), now, effects_);
    }
    if (due) world_->apply(TimePassed{}, now, effects_);
    // However busy it is: somebody waits.
    if (world_->search_awaited()) static_cast<void>(world_->prepare());
    world_->apply(AssignWork{}, now, effects_);
    if (world_->search_awaited() && on_news) on_news();

    Changes changes = world_->take_changes();
    if (changes.empty()) {
        perform();
        return;
    }
    const auto brief = [this](const NewSweep& sweep) {
        if (sweep.record.loose) return;
        if (std::optional<SweepPlan> plan = plan_of_(sweep))
            briefs_.insert_or_assign(sweep.record.id, std::move(plan->brief));
    };
    for (const NewSweep& sweep : changes.new_sweeps)
        brief(sweep);
    for (const EditedOrigin& edited : changes.edited_origins) {
        if (const SweepRecord* record = world_->find_sweep(edited.sweep))
            brief({*record, edited.origin});
    }
    if (!subscribers_.empty()) to_publish_ = changes.events;
    commit(std::move(changes));
}

/// Nothing has come in. Searches may prepare once what was sent is on its way, which it is when
/// another pump() finds nothing either: a piece at a time, so that news never waits long. True: there
/// is work to give out that there was not before.
bool Controller::rest() {
    if (!world_->unprepared()) return false;
    if (!on_news) {
        while (world_->unprepared()) {
            if (world_->prepare()) return true;
        }
        return false;
    }
    const bool given = resting_ && world_->prepare();
    resting_ = world_->unprepared();
    if (resting_) on_news();
    return given;
}

void Controller::commit(Changes changes) {
    committing_ = true;
    store_.commit(std::move(changes),
                  [this](std::optional<StoreError> error) { committed(std::move(error)); });
}

void Controller::committed(std::optional<StoreError> error) {
    committing_ = false;
    if (error) {
        // The World is ahead of the store now, so nobody may hear of it before this is durable.
        trouble_ = StoreTrouble{error->message, trouble_ ? trouble_->since : now_.wall};
        failed_ = std::move(error->changes);
        retry_at_ = now_.steady + kStoreRetry;
        return;
    }
    ++commits_;
    trouble_.reset();
    retry_at_.reset();
    perform();
}

void Controller::perform() {
    std::map<AgentId, std::vector<AgentOrder>> orders;
    std::vector<Answer> answers;
    struct Sorter {
        Controller& controller;
        std::map<AgentId, std::vector<AgentOrder>>& orders;
        std::vector<Answer>& answers;

        void operator()(Answer& answer) const { answers.push_back(std::move(answer)); }
        void operator()(StartOrder& order) const {
            Link& link = controller.agent_links_[order.agent];
            if (link.greeted != link.number) return;
            explain(order.agent, link, order.sweep);
            orders[order.agent].emplace_back(std::move(order));
        }
        void operator()(RevokeOrder& order) const { add(order.agent, order); }
        void operator()(SignalOrder& order) const { add(order.agent, order); }
        void operator()(AckOrder& order) const { add(order.agent, order); }
        void operator()(DrainOrder& order) const { add(order.agent, order); }
        void operator()(WelcomeOrder& order) const {
            Link& link = controller.agent_links_[order.agent];
            link.greeted = order.link;
            // Before the welcome: what it has in its hands already is read as the sweep says.
            if (link.greeted == link.number) {
                for (const SweepId& sweep : order.sweeps) {
                    const SweepBrief* known = controller.brief(sweep);
                    if (known != nullptr && known->stdout_metrics != StdoutMetrics::none)
                        explain(order.agent, link, sweep);
                }
            }
            add(order.agent, order);
        }
        void operator()(MetricsAck& order) const { add(order.agent, order); }
        void explain(const AgentId& agent, Link& link, const SweepId& sweep) const {
            if (!link.briefed.insert(sweep).second) return;
            const SweepBrief* known = controller.brief(sweep);
            if (known == nullptr) return;
            SweepBrief brief = *known;
            if (!controller.links_.trusted(agent)) brief.launch_env.clear();
            orders[agent].emplace_back(std::move(brief));
        }
        void add(const AgentId& agent, AgentOrder order) const {
            const Link& link = controller.agent_links_[agent];
            if (link.greeted != link.number) return;
            orders[agent].push_back(std::move(order));
        }
    };
    std::vector<Effect> effects = std::exchange(effects_, {});
    for (Effect& effect : effects)
        std::visit(Sorter{*this, orders, answers}, effect);
    for (auto& [agent, list] : orders)
        links_.send(agent, std::move(list));
    for (const Answer& answer : answers) {
        const auto found = answers_.find(answer.ticket);
        if (found == answers_.end()) continue;
        const Answered answered = std::move(found->second);
        answers_.erase(found);
        answered(answer);
    }
    if (to_publish_.empty()) return;
    const std::vector<AuditEvent> published = std::exchange(to_publish_, {});
    const std::map<std::uint64_t, Published> subscribers = subscribers_;
    for (const auto& [number, subscriber] : subscribers)
        subscriber(published);
}

}  // namespace sweepctl

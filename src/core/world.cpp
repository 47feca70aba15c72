#include "sweepctl/core/world.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/client_rules.hpp"

#include <algorithm>

namespace sweepctl {

World::World(Snapshot snapshot, const SetupOf& setup_of, Now now, const WorldOptions& options)
    : now_(now),
      serials_(snapshot.serials),
      id_key_(snapshot.id_key),
      skipped_(snapshot.skipped_serials.begin(), snapshot.skipped_serials.end()),
      options_(options) {
    actor_ = "controller";
    for (AgentRecord& record : snapshot.agents) {
        Agent agent;
        // Nobody is heard yet, and nobody is late before the timeouts have passed once from here.
        if (record.state != AgentState::draining && !record.foreign)
            record.state = AgentState::lost;
        agent.record = std::move(record);
        agent.last_contact = now.steady;
        agent.trusted_from = now.steady + kClientBackoff;
        agents_.emplace(agent.record.id, std::move(agent));
    }
    for (NewSweep& stored : snapshot.sweeps) {
        const SweepId id = stored.record.id;
        if (stored.record.loose) {
            Sweep& drawer = make_drawer({stored.record.entity, stored.record.project}, id);
            drawer.record = std::move(stored.record);
            continue;
        }
        std::optional<SweepSetup> setup = setup_of(stored);
        Sweep& sweep = sweeps_[id];
        sweep.coverage = Coverage(stored.record.coverage);
        sweep.record = std::move(stored.record);
        if (setup) {
            sweep.policy = std::move(setup->policy);
            sweep.strategy = std::move(setup->strategy);
            begin_early_stop(sweep);
            sweep.history_missing = sweep.early_stop.has_value();
            sweep.memory = std::move(setup->memory);
            sweep.prior = std::move(stored.origin.prior);
            learn_prior(sweep);
            if (sweep.memory != nullptr) unprepared_.insert(id);
        } else if (creates_runs(sweep.record.status) ||
                   sweep.record.status == SweepStatus::paused) {
            set_status(sweep, SweepStatus::failed, "its stored spec cannot be read any more");
        }
        if (creates_runs(sweep.record.status)) active_.insert(id);
    }
    for (Run& stored : snapshot.runs) {
        Run& run = keep(std::move(stored));
        Sweep* sweep = sweep_of(run.sweep);
        SWEEPCTL_CHECK(sweep != nullptr);
        learn(*sweep, run);
        if (run.claim) {
            Agent* agent = agent_of(run.claim->agent);
            SWEEPCTL_CHECK(agent != nullptr);
            agent->runs.insert(run.id);
            agent->tokens += sweep->policy.resources.cpus;
            agent->gpus += sweep->policy.resources.gpus;
            if (!crashed_by_silence(run)) count_claim(*sweep, run.claim->agent, +1);
            sweep->last_claim = std::max(sweep->last_claim, run.claim->fence);
            if (run.claim->phase == ClaimPhase::held && !creates_runs(sweep->record.status) &&
                !run.claim->revoking && !agent->record.foreign) {
                run.claim->revoking = true;
                touch(run);
            }
            watch_timeout(run);
        } else if (run.state == RunState::pending) {
            enqueue(*sweep, run);
        }
        if (is_watched(run)) watch(run);
    }
    for (auto& [id, sweep] : sweeps_)
        settle(sweep);
    silence_check_ = next_silence();
}

void World::apply(Event event, Now now, std::vector<Effect>& effects) {
    now_ = now;
    effects_ = &effects;
    actor_ = "controller";
    std::visit([this](auto& fact) { on(fact); }, event);
    effects_ = nullptr;
}

Changes World::take_changes() {
    for (const RunId& id : dirty_runs_) {
        const auto found = runs_.find(id);
        if (found == runs_.end()) continue;  // Deleted.
        const bool fresh = fresh_runs_.contains(id);
        const bool edited = edited_runs_.contains(id);
        if (found->second.settled()) {
            if (Sweep* sweep = sweep_of(found->second.sweep)) sweep->runs.erase(id);
            forget(found->second);
            changes_.runs.push_back({std::move(found->second), fresh, edited});
            runs_.erase(found);
        } else {
            changes_.runs.push_back({found->second, fresh, edited});
        }
    }
    for (const SweepId& id : dirty_sweeps_) {
        Sweep* sweep = sweep_of(id);
        if (sweep == nullptr) continue;
        sweep->record.coverage = sweep->coverage.state();
        changes_.sweeps.push_back(sweep->record);
    }
    for (const AgentId& id : dirty_agents_) {
        if (const Agent* agent = agent_of(id)) changes_.agents.push_back(agent->record);
    }
    dirty_runs_.clear();
    fresh_runs_.clear();
    edited_runs_.clear();
    dirty_sweeps_.clear();
    dirty_agents_.clear();
    changes_.serials = serials_;
    return std::exchange(changes_, {});
}

// --- Time
// -------------------------------------------------------------------------------------------

std::optional<SteadyTime> World::next_deadline() const {
    std::optional<SteadyTime> next;
    const auto at = [&next](SteadyTime time) {
        if (!next || time < *next) next = time;
    };
    if (!timers_.empty()) at(timers_.begin()->first);
    for (const Waiting& waiting : waiting_)
        at(waiting.give_up);
    if (silence_check_) at(*silence_check_);
    if (!silences_.empty()) at(silences_.begin()->first);
    return next;
}

void World::on(TimePassed&) {
    while (!timers_.empty() && timers_.begin()->first <= now_.steady) {
        const Timer timer = timers_.begin()->second;
        timers_.erase(timers_.begin());
        std::visit(
            [this](const auto& due) {
                Run* run = run_of(due.run);
                if (run == nullptr || !run->claim || run->claim->fence != due.fence) return;
                if constexpr (std::is_same_v<std::decay_t<decltype(due)>, RunTimeout>) {
                    if (run->state == RunState::running && !run->stopping) {
                        order_end(*run, EndReason::timeout, SignalKind::stop, std::nullopt);
                    }
                } else {
                    send_signal(*run, SignalKind::kill);
                }
            },
            timer);
    }
    lose_silent_clients();
    if (silence_check_ && *silence_check_ <= now_.steady) {
        lose_silent_agents();
        lose_silent_foreign_agents();
        silence_check_ = next_silence();
    }
    for (std::size_t i = 0; i < waiting_.size();) {
        if (waiting_[i].give_up > now_.steady) {
            ++i;
            continue;
        }
        if (waiting_[i].until == Until::erased) {
            erase_sweep(sweeps_.at(waiting_[i].answer.sweep));  // Which answers, others as well.
            i = 0;
            continue;
        }
        Answer late = std::move(waiting_[i].answer);
        late.message += unconfirmed(waiting_[i].claims.size() + waiting_[i].unconfirmed);
        waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
        effects_->emplace_back(std::move(late));
    }
}

// --- The one door for a run's state and for a sweep's status
// ---------------------------------------------

void World::set_state(Run& run, RunState to, std::optional<EndReason> reason, std::string detail) {
    SWEEPCTL_CHECK(legal_transition(run.state, to));
    Sweep& sweep = sweeps_.at(run.sweep);
    const RunState from = run.state;
    if (from == RunState::pending && !run.claim) dequeue(sweep, run);
    const bool was_silent = crashed_by_silence(run);
    --sweep.record.counts[from];
    ++sweep.record.counts[to];
    run.state = to;
    run.end_reason = is_ended(to) ? reason : std::nullopt;
    if (is_ended(to)) {
        if (!run.ended_at) run.ended_at = now_.wall;
        if (!crashed_by_silence(run)) run.preempting = false;
    }
    if (run.claim && was_silent != crashed_by_silence(run))
        count_claim(sweep, run.claim->agent, was_silent ? +1 : -1);
    audit("run_state", run, std::string(to_string(from)), std::string(to_string(to)),
          reason ? std::string(to_string(*reason)) : std::string{}, std::move(detail));
    learn(sweep, run);
    touch(run);
    touch(sweep);
}

void World::set_status(Sweep& sweep, SweepStatus to, std::string reason) {
    const SweepStatus from = sweep.record.status;
    sweep.record.status = to;
    sweep.record.reason = reason;
    if (to == SweepStatus::running && !sweep.record.started_at) sweep.record.started_at = now_.wall;
    const bool over = to == SweepStatus::finished || to == SweepStatus::stopped ||
                      to == SweepStatus::cancelled || to == SweepStatus::failed ||
                      to == SweepStatus::crashed;
    sweep.record.ended_at = over ? std::optional(now_.wall) : std::nullopt;
    if (creates_runs(to)) {
        active_.insert(sweep.record.id);
    } else {
        active_.erase(sweep.record.id);
    }
    audit("sweep_status", sweep, std::string(to_string(from)), std::string(to_string(to)),
          std::move(reason), {});
    touch(sweep);
}

// A timer of a claim that is over does nothing; such ones are dropped when they are many.
void World::add_timer(SteadyTime at, Timer timer) {
    if (timers_.size() > 2 * runs_.size() + 64) {
        std::erase_if(timers_, [this](const auto& entry) {
            return std::visit(
                [this](const auto& due) {
                    const Run* run = find_run(due.run);
                    return run == nullptr || !run->claim || run->claim->fence != due.fence;
                },
                entry.second);
        });
    }
    timers_.emplace(at, std::move(timer));
}

// --- The queue
// --------------------------------------------------------------------------------------------

World::QueueKey World::queue_key(const Run& run) {
    const int rank = run.requeued                        ? 0
                     : run.attempt > 1                   ? 1
                     : run.origin == RunOrigin::enqueued ? 2
                                                         : 3;
    return {rank, run.priority, run.number, run.id};
}

void World::enqueue(Sweep& sweep, const Run& run) {
    sweep.queue.insert(queue_key(run));
}
void World::dequeue(Sweep& sweep, const Run& run) {
    sweep.queue.erase(queue_key(run));
}

// --- What adaptive searches learn
// ------------------------------------------------------------------------

void World::learn(Sweep& sweep, const Run& run) {
    if (sweep.memory == nullptr) return;
    if (const std::optional<Observation> seen = observation_of(run, sweep.policy.metric)) {
        sweep.memory->observe(*seen);
    } else {
        sweep.memory->forget(observation_order(run));
    }
    unprepared_.insert(sweep.record.id);
}

/// To be done before it learns of any run of its own sweep, or after: the answers are the same.
void World::learn_prior(Sweep& sweep) {
    if (sweep.memory == nullptr || sweep.prior == nullptr) return;
    for (std::size_t i = 0; i < sweep.prior->runs.size(); ++i) {
        if (const auto seen = observation_of(*sweep.prior, i, sweep.policy.metric))
            sweep.memory->observe(*seen);
    }
}

/// Of a sweep without runs. What was tried before is not tried again: of a cell's repeats each prior
/// run is one.
void World::cover_prior(Sweep& sweep) {
    SweepRecord& record = sweep.record;
    sweep.coverage = {};
    record.prior_cells = 0;
    if (sweep.prior == nullptr || sweep.strategy->adaptive()) return;
    for (const PriorRun& run : sweep.prior->runs) {
        const std::optional<std::uint64_t> first = sweep.strategy->number_of(run.config);
        if (!first) continue;
        const auto number = sweep.coverage.free_of(*first, sweep.policy.repeats);
        if (number && sweep.coverage.cover(*number)) ++record.prior_cells;
    }
}

bool World::prepare() {
    // What goes wrong shows when the suggestion itself is asked for.
    const auto attempt = [](Sweep& sweep, auto&& piece) {
        try {
            return piece(*sweep.memory);
        } catch (const std::exception&) {
            sweep.cannot_prepare = true;
            return false;
        }
    };
    if (!awaited_.empty()) {
        Sweep* const sweep = sweep_of(*awaited_.begin());
        if (sweep != nullptr && creates_runs(sweep->record.status) && thinks(*sweep)) {
            const std::uint64_t number = *sweep->coverage.next(sweep->strategy->size());
            attempt(*sweep, [number](SearchMemory& memory) {
                memory.prepare(number);
                return true;
            });
            if (thinks(*sweep)) return false;
        }
        awaited_.clear();  // Whoever waits on is found again.
        return true;
    }
    while (!unprepared_.empty()) {
        Sweep* const sweep = sweep_of(*unprepared_.begin());
        if (sweep != nullptr && creates_runs(sweep->record.status) && !sweep->cannot_prepare &&
            attempt(*sweep, [](SearchMemory& memory) { return memory.prepare_ahead(); })) {
            return false;
        }
        unprepared_.erase(unprepared_.begin());
    }
    return false;
}

Run& World::keep(Run run) {
    const RunId id = run.id;
    Sweep& sweep = sweeps_.at(run.sweep);
    sweep.runs.insert(id);
    if (run.client && !run.client->wire_name.empty()) {
        wire_names_.insert_or_assign(
            {{sweep.record.entity, sweep.record.project}, run.client->wire_name}, id);
    }
    return runs_.insert_or_assign(id, std::move(run)).first->second;
}

void World::forget(const Run& run) {
    unwatch(run.id);
    if (!run.client || run.client->wire_name.empty()) return;
    const SweepRecord& sweep = sweeps_.at(run.sweep).record;
    wire_names_.erase({{sweep.entity, sweep.project}, run.client->wire_name});
}

// --- Answers
// ----------------------------------------------------------------------------------------------

void World::answer(const Request& request,
                   AnswerCode code,
                   std::string message,
                   const SweepId& sweep,
                   const RunId& run) {
    if (request.ticket == 0) return;
    answer(Answer{request.ticket, code, std::move(message), sweep, run});
}

void World::answer(Answer answer) {
    if (answer.ticket != 0) effects_->emplace_back(std::move(answer));
}

void World::answer_when_settled(const Request& request,
                                std::string message,
                                const SweepId& sweep,
                                const RunId& run,
                                std::unordered_set<Fence> claims,
                                Until until) {
    if (until != Until::erased && (claims.empty() || request.ticket == 0)) {
        answer(request, AnswerCode::ok, std::move(message), sweep, run);
        return;
    }
    // Longer than any lease: claims of unreachable agents settle by running out.
    const SteadyTime give_up = now_.steady + 2 * (kClaimLease + kLeaseMargin);
    waiting_.push_back({Answer{request.ticket, AnswerCode::ok, std::move(message), sweep, run},
                        std::move(claims), until, give_up});
}

std::string World::unconfirmed(std::size_t runs) {
    return "; " + std::to_string(runs) + " of its runs could not be confirmed yet";
}

void World::settle_wait(Fence fence, Settled how) {
    for (std::size_t i = 0; i < waiting_.size();) {
        Waiting& waiting = waiting_[i];
        if (how != Settled::started || waiting.until == Until::settled) {
            const bool waited_for = waiting.claims.erase(fence) != 0;
            // It cannot start any more, but what it started in time nobody has killed.
            if (waited_for && how == Settled::silent && waiting.until != Until::settled)
                ++waiting.unconfirmed;
        }
        if (!waiting.claims.empty() || waiting.until == Until::erased) {
            ++i;
            continue;
        }
        if (waiting.unconfirmed > 0) waiting.answer.message += unconfirmed(waiting.unconfirmed);
        effects_->emplace_back(std::move(waiting.answer));
        waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

// --- The audit log
// ----------------------------------------------------------------------------------------

void World::audit(std::string kind,
                  const Run& run,
                  std::string from,
                  std::string to,
                  std::string reason,
                  std::string detail) {
    changes_.events.push_back({serials_.next_event++, now_.wall, actor_, run.sweep, run.id,
                               run.attempt, std::move(kind), std::move(from), std::move(to),
                               std::move(reason), std::move(detail)});
}

void World::audit(std::string kind,
                  const Sweep& sweep,
                  std::string from,
                  std::string to,
                  std::string reason,
                  std::string detail) {
    changes_.events.push_back({serials_.next_event++,
                               now_.wall,
                               actor_,
                               sweep.record.id,
                               {},
                               0,
                               std::move(kind),
                               std::move(from),
                               std::move(to),
                               std::move(reason),
                               std::move(detail)});
}

// --- Looking up
// -------------------------------------------------------------------------------------------

World::Sweep* World::sweep_of(const SweepId& id) {
    const auto found = sweeps_.find(id);
    return found == sweeps_.end() ? nullptr : &found->second;
}

World::Sweep* World::real_sweep(const SweepId& id) {
    Sweep* sweep = sweep_of(id);
    return sweep == nullptr || sweep->record.loose ? nullptr : sweep;
}

World::Sweep* World::asked_sweep(const Request& request, const SweepId& id, Asker asker) {
    Sweep* sweep = real_sweep(id);
    const bool gone = sweep == nullptr || (asker == Asker::client && sweep->deleter);
    if (!gone) return sweep;
    answer(request, AnswerCode::not_found, "no sweep '" + id.text + "'");
    return nullptr;
}

Run* World::run_of(const RunId& id) {
    const auto found = runs_.find(id);
    return found == runs_.end() ? nullptr : &found->second;
}

Run* World::run_of(const ExecutionRef& execution) {
    Run* run = run_of(execution.run);
    const bool current = run != nullptr && run->claim && run->claim->fence == execution.fence;
    return current ? run : nullptr;
}

World::Agent* World::agent_of(const AgentId& id) {
    const auto found = agents_.find(id);
    return found == agents_.end() ? nullptr : &found->second;
}

const Run* World::find_run(const RunId& id) const {
    const auto found = runs_.find(id);
    return found == runs_.end() ? nullptr : &found->second;
}

const SweepRecord* World::find_sweep(const SweepId& id) const {
    const auto found = sweeps_.find(id);
    return found == sweeps_.end() ? nullptr : &found->second.record;
}

std::vector<SweepId> World::sweep_ids() const {
    std::vector<SweepId> ids;
    ids.reserve(sweeps_.size());
    for (const auto& [id, sweep] : sweeps_) {
        if (!sweep.record.loose) ids.push_back(id);
    }
    return ids;
}

bool World::local_agent_wanted() const {
    const auto local_with_runs = [](const auto& entry) {
        return entry.second.record.local && !entry.second.runs.empty();
    };
    return drained_locals_.empty() || std::any_of(agents_.begin(), agents_.end(), local_with_runs);
}

std::vector<World::AgentView> World::agents() const {
    std::vector<AgentView> views;
    views.reserve(agents_.size());
    for (const auto& [id, agent] : agents_) {
        if (agent.record.foreign && agent.record.state == AgentState::lost && agent.runs.empty())
            continue;  // It is gone; nobody says goodbye.
        std::uint32_t busy = 0;
        for (const RunId& run_id : agent.runs) {
            const Run& run = runs_.at(run_id);
            if (run.claim->phase != ClaimPhase::held)
                busy += sweeps_.at(run.sweep).policy.resources.cpus;
        }
        views.push_back({agent.record, busy, {}});
        if (agent.connected) views.back().shortage = agent.shortage;
    }
    return views;
}

std::uint64_t World::live_runs() const {
    std::uint64_t live = 0;
    for (const auto& [id, sweep] : sweeps_)
        live += sweep.record.counts[RunState::running];
    return live;
}

std::uint64_t World::unended_runs() const {
    const auto count = std::count_if(runs_.begin(), runs_.end(), [this](const auto& entry) {
        const Run& run = entry.second;
        return !sweeps_.at(run.sweep).record.loose && !crashed_by_silence(run) &&
               (run.claim || run.state == RunState::running);
    });
    return static_cast<std::uint64_t>(count);
}

}  // namespace sweepctl

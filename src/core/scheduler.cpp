// Which run goes to which agent, and when a sweep is over.

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/world.hpp"

#include <algorithm>
#include <limits>

namespace sweepctl {

void World::on(AssignWork&) {
    actor_ = "controller";
    dismiss_agents();
    awaited_.clear();
    if (active_.empty()) return;
    const auto takes = [](const Agent& agent) {
        return agent.connected && agent.record.state == AgentState::online;
    };
    // All free slots first: nobody may hold beyond its slots what another could start now.
    for (auto& [id, agent] : agents_) {
        if (!takes(agent)) continue;
        while (assign_one(agent, /*ahead=*/false)) {
        }
    }
    for (auto& [id, agent] : agents_) {
        if (!takes(agent) || agent.window == 0 || room_is_wanted(agent)) continue;
        while (assign_one(agent, /*ahead=*/true)) {
        }
    }
    rebalance();
    give_way();
}

/// Agents that serve one sweep only leave when that sweep creates no runs any more.
void World::dismiss_agents() {
    for (auto& [id, agent] : agents_) {
        if (!agent.record.only_sweep || !agent.connected ||
            agent.record.state == AgentState::draining)
            continue;
        const Sweep* sweep = sweep_of(*agent.record.only_sweep);
        const bool over = sweep == nullptr || (!creates_runs(sweep->record.status) &&
                                               sweep->record.status != SweepStatus::paused);
        if (!over) continue;
        agent.record.state = AgentState::draining;
        touch(agent);
        effects_->emplace_back(DrainOrder{id});
    }
}

/// Whether `agent` could ever execute a run of `sweep`.
bool World::fits(const Agent& agent, const Sweep& sweep) {
    const Resources& need = sweep.policy.resources;
    if (agent.record.only_sweep && *agent.record.only_sweep != sweep.record.id) return false;
    if (sweep.record.needs_own_agent && !agent.record.only_sweep) return false;
    return need.cpus <= agent.record.slots && need.gpus <= agent.record.gpus;
}

/// Whether the agent would have no more claims, whatever its slots.
bool World::has_enough(const Agent& agent) {
    return agent.claims_max && agent.runs.size() >= *agent.claims_max;
}

/// Whether its runs may be held beyond the slots. A search that learns proposes better the later it
/// is asked; a run that needs a GPU is not a short one.
bool World::may_wait(const Sweep& sweep) {
    return !sweep.strategy->adaptive() && sweep.policy.resources.gpus == 0;
}

bool World::has_work(const Sweep& sweep) {
    return !sweep.queue.empty() || !sweep.record.exhausted;
}

/// Whether `agent` has room for one more run of `sweep`: in a free slot, or `ahead`, held beyond
/// the slots.
bool World::may_take(const Agent& agent, const Sweep& sweep, bool ahead) const {
    if (!fits(agent, sweep) || has_enough(agent) || (ahead && !may_wait(sweep))) return false;
    const Resources& need = sweep.policy.resources;
    const std::uint32_t places = agent.record.slots + (ahead ? agent.window : 0);
    if (agent.tokens + need.cpus > places || agent.gpus + need.gpus > agent.record.gpus)
        return false;

    if (!sweep.record.parallel) return true;
    // The limit holds over all agents. While one agent has all of the sweep's runs it keeps the
    // limit by itself and may hold more; as soon as two share them, held ones count as well. What is
    // only held takes no place that a W&B agent could fill when it asks next.
    const std::uint32_t total = claims_of(sweep);
    const std::uint32_t awaited = ahead ? idle_foreign_agents(sweep) : 0;
    if (total + awaited < *sweep.record.parallel) return true;
    const auto mine = sweep.claims.find(agent.record.id);
    const std::uint32_t here = mine == sweep.claims.end() ? 0 : mine->second;
    return here == total && ahead && awaited == 0 &&
           total < *sweep.record.parallel + agent.window;
}

/// W&B agents that will soon ask for a run of the sweep.
std::uint32_t World::idle_foreign_agents(const Sweep& sweep) const {
    return static_cast<std::uint32_t>(
        std::count_if(agents_.begin(), agents_.end(), [&](const auto& entry) {
            const Agent& agent = entry.second;
            return agent.record.foreign && agent.record.only_sweep == sweep.record.id &&
                   agent.record.state == AgentState::online && agent.runs.empty();
        }));
}

/// Runs of the sweep that agents have.
std::uint32_t World::claims_of(const Sweep& sweep) {
    std::uint32_t total = 0;
    for (const auto& [agent, count] : sweep.claims)
        total += count;
    return total;
}

/// A run that may not be held beyond the slots waits for one of this agent's: were the others held
/// ahead, its slot would never be seen free.
bool World::room_is_wanted(const Agent& agent) const {
    return std::any_of(active_.begin(), active_.end(), [&](const SweepId& id) {
        const Sweep& sweep = sweeps_.at(id);
        if (may_wait(sweep) || !has_work(sweep) || !fits(agent, sweep)) return false;
        Agent emptied = agent;
        emptied.tokens = emptied.gpus = 0;
        return may_take(emptied, sweep, /*ahead=*/false);
    });
}

/// Gives `agent` a run of the sweep that has the fewest there; among equals of the one that waits
/// longest.
bool World::assign_one(Agent& agent, bool ahead) {
    Sweep* chosen = nullptr;
    std::pair<std::uint32_t, Fence> least;
    for (const SweepId& id : active_) {
        Sweep& sweep = sweeps_.at(id);
        if (!has_work(sweep) || !may_take(agent, sweep, ahead)) continue;
        if (thinks(sweep)) {
            awaited_.insert(id);
            continue;
        }
        const auto mine = sweep.claims.find(agent.record.id);
        const std::pair<std::uint32_t, Fence> rank{mine == sweep.claims.end() ? 0 : mine->second,
                                                   sweep.last_claim};
        if (chosen == nullptr || rank < least) {
            chosen = &sweep;
            least = rank;
        }
    }
    if (chosen == nullptr) return false;
    Run* run = next_run(*chosen);
    if (run == nullptr) return true;  // The search had nothing more; it is known now.
    claim(agent, *chosen, *run);
    return true;
}

/// Whether its next run has to be suggested first, which would take longer than everybody else may
/// wait for.
bool World::thinks(const Sweep& sweep) {
    if (sweep.memory == nullptr || sweep.cannot_prepare || !sweep.queue.empty()) return false;
    const std::optional<std::uint64_t> number = sweep.coverage.next(sweep.strategy->size());
    return number && !sweep.memory->ready(*number);
}

Run* World::next_run(Sweep& sweep) {
    if (!sweep.queue.empty()) {
        Run& run = runs_.at(sweep.queue.begin()->run);
        sweep.queue.erase(sweep.queue.begin());
        return &run;
    }
    const std::optional<std::uint64_t> number = sweep.coverage.next(sweep.strategy->size());
    std::optional<Config> config;
    try {
        if (number) {
            config = sweep.memory != nullptr ? sweep.memory->suggest(*number)
                                             : sweep.strategy->suggest(*number, {});
        }
    } catch (const std::exception& error) {  // S8: it will not go away by asking again.
        set_status(sweep, SweepStatus::failed, std::string("the search failed: ") + error.what());
        std::unordered_set<Fence> held;
        call_back_held(sweep, held);
        return nullptr;
    }
    if (!config) {
        sweep.record.exhausted = true;
        refresh_expected(sweep);
        touch(sweep);
        settle(sweep);
        return nullptr;
    }
    return &create_run(sweep, std::move(*config), RunOrigin::search, number);
}

Run& World::create_run(Sweep& sweep,
                       Config config,
                       RunOrigin origin,
                       std::optional<std::uint64_t> suggestion,
                       std::optional<RunId> id) {
    Run run;
    run.id = id ? std::move(*id) : next_run_id();
    run.sweep = sweep.record.id;
    run.number = sweep.record.next_number++;
    run.name = sweep.record.name + "-" + std::to_string(run.number);
    run.origin = origin;
    run.suggestion = suggestion;
    run.config = std::move(config);
    run.created_at = now_.wall;
    if (suggestion) SWEEPCTL_CHECK(sweep.coverage.cover(*suggestion));
    ++sweep.record.counts[RunState::pending];
    Run& kept = keep(std::move(run));
    fresh_runs_.insert(kept.id);
    learn(sweep, kept);
    touch(kept);
    audit("run_state", kept, {}, "pending", {}, {});
    if (sweep.record.status == SweepStatus::pending) set_status(sweep, SweepStatus::running, {});
    refresh_exhausted(sweep);
    refresh_expected(sweep);
    touch(sweep);
    return kept;
}

/// One that no client took before.
RunId World::next_run_id() {
    while (skipped_.erase(serials_.next_run) > 0)
        ++serials_.next_run;
    return RunId{id_text(serials_.next_run++, id_key_)};
}

/// It is in the agent's hands from now on.
void World::hand_over(Agent& agent, Sweep& sweep, Run& run) {
    run.claim = Claim{agent.record.id, serials_.next_fence++, ClaimPhase::held, false};
    run.agent = agent.record.id;
    agent.runs.insert(run.id);
    agent.tokens += sweep.policy.resources.cpus;
    agent.gpus += sweep.policy.resources.gpus;
    count_claim(sweep, agent.record.id, +1);
    sweep.last_claim = run.claim->fence;
    touch(run);
}

void World::claim(Agent& agent, Sweep& sweep, Run& run) {
    hand_over(agent, sweep, run);
    effects_->emplace_back(StartOrder{agent.record.id,
                                      {run.id, run.attempt, run.claim->fence},
                                      sweep.record.id,
                                      run.name,
                                      run.config,
                                      sweep.policy.resources,
                                      sweep.record.parallel,
                                      repeat_of(sweep.policy, run)});
}

/// Where an agent has a free slot and nothing is left to give, what others only hold beyond their
/// slots is called back: one run for each free slot, those on their way back counted.
void World::rebalance() {
    std::vector<Agent*> holders;
    std::uint32_t coming = 0;
    for (auto& [id, agent] : agents_) {
        if (!agent.connected || agent.tokens <= agent.record.slots) continue;
        holders.push_back(&agent);
        for (const RunId& run_id : agent.runs) {
            const Run& run = runs_.at(run_id);
            if (run.claim->revoking && !run.stopping) ++coming;
        }
    }
    if (holders.empty()) return;
    for (const auto& [id, idle] : agents_) {
        if (!idle.connected || idle.record.state != AgentState::online || has_enough(idle) ||
            idle.tokens >= idle.record.slots) {
            continue;
        }
        std::uint32_t wanted = idle.record.slots - idle.tokens;
        const std::uint32_t awaited = std::min(wanted, coming);
        wanted -= awaited;
        coming -= awaited;
        for (Agent* holder : holders) {
            if (wanted == 0) break;
            std::uint32_t beyond = holder->tokens - holder->record.slots;
            for (const RunId& run_id : holder->runs) {
                if (wanted == 0 || beyond == 0) break;
                Run& run = runs_.at(run_id);
                if (run.claim->phase != ClaimPhase::held || run.state != RunState::pending)
                    continue;
                const Sweep& sweep = sweeps_.at(run.sweep);
                beyond -= std::min(beyond, sweep.policy.resources.cpus);
                if (run.claim->revoking || sweep.record.parallel ||
                    !creates_runs(sweep.record.status) || !may_take(idle, sweep, /*ahead=*/false)) {
                    continue;
                }
                run.claim->revoking = true;
                touch(run);
                effects_->emplace_back(
                    RevokeOrder{holder->record.id, {{run.id, run.attempt, run.claim->fence}}});
                --wanted;
            }
        }
    }
}

/// A sweep's `parallel` may be used up by runs that our agents hold and cannot start yet. Where W&B
/// agents wait for a run, they are called back.
void World::give_way() {
    for (const SweepId& id : active_) {
        Sweep& sweep = sweeps_.at(id);
        const std::optional<std::uint32_t>& parallel = sweep.record.parallel;
        if (!parallel || sweep.claims.empty()) continue;
        const std::uint32_t total = claims_of(sweep);
        const std::uint32_t idle = idle_foreign_agents(sweep);
        if (idle == 0 || total + idle <= *parallel) continue;
        std::uint32_t wanted = total + idle - *parallel;
        std::uint32_t over = total > *parallel ? total - *parallel : 0;
        for (const auto& [agent_id, count] : sweep.claims) {
            const Agent& agent = agents_.at(agent_id);
            if (agent.record.foreign || !agent.connected) continue;
            const std::uint32_t slots = agent.record.slots;
            std::uint32_t beyond = agent.tokens > slots ? agent.tokens - slots : 0;
            // The last ones that it was given are those that it starts last.
            std::map<Fence, Run*> held;
            for (const RunId& run_id : agent.runs) {
                Run& run = runs_.at(run_id);
                if (run.sweep == id && run.state == RunState::pending)
                    held.emplace(run.claim->fence, &run);
            }
            for (auto last = held.rbegin(); last != held.rend() && wanted > 0; ++last) {
                if (beyond == 0 && over == 0) break;
                Run& run = *last->second;
                --wanted;
                over -= std::min<std::uint32_t>(over, 1);
                beyond -= std::min(beyond, sweep.policy.resources.cpus);
                if (run.claim->revoking) continue;  // It is on its way back.
                run.claim->revoking = true;
                touch(run);
                effects_->emplace_back(
                    RevokeOrder{agent_id, {{run.id, run.attempt, run.claim->fence}}});
            }
        }
    }
}

/// Whether anything new may come, without asking the search for it.
void World::refresh_exhausted(Sweep& sweep) {
    if (sweep.strategy == nullptr) return;
    SweepRecord& record = sweep.record;
    const bool nothing_left = !sweep.coverage.next(sweep.strategy->size()).has_value();
    const bool capped = record.run_cap && record.counts.total() >= *record.run_cap;
    const bool exhausted = nothing_left || capped || record.target_reached;
    if (exhausted != record.exhausted) {
        record.exhausted = exhausted;
        touch(sweep);
    }
}

/// Whether the sweep cannot be over because of this ended run. What fell silent does not keep it
/// open: nobody knows whether it ever speaks again.
bool World::keeps_open(const Sweep& sweep, const Run& run) const {
    if (!run.claim || crashed_by_silence(run)) return false;
    const Duration silent = now_.steady - agents_.at(run.claim->agent).last_contact;
    return silent < silence_allowed(sweep);
}

/// How many runs there will be when nothing more comes: one for each cell, and those that are none.
/// Of a search that learns, those may be what it would have proposed.
void World::refresh_expected(Sweep& sweep) {
    if (sweep.strategy == nullptr) return;
    SweepRecord& record = sweep.record;
    std::optional<std::uint64_t> expected = sweep.strategy->size();
    if (expected && sweep.strategy->adaptive()) {
        // Only the search knows what of its space was tried elsewhere.
        const bool all_tried = record.exhausted && !record.target_reached;
        expected = all_tried ? record.counts.total() : std::max(*expected, record.counts.total());
    } else if (expected) {
        const std::uint64_t beyond =
            record.counts.total() + record.prior_cells - sweep.coverage.count();
        const std::uint64_t cells = *expected - record.prior_cells;
        expected = cells + std::min(beyond, std::numeric_limits<std::uint64_t>::max() - cells);
    }
    if (record.run_cap) expected = std::min(expected.value_or(*record.run_cap), *record.run_cap);
    record.expected_runs = expected;
}

/// Finished means drained (S7): nothing more comes, nothing waits, nothing lives.
void World::settle(Sweep& sweep) {
    const SweepRecord& record = sweep.record;
    if (!creates_runs(record.status) || !record.exhausted) return;
    if (record.counts[RunState::pending] + record.counts[RunState::running] > 0) return;
    for (const RunId& id : sweep.runs) {
        if (keeps_open(sweep, runs_.at(id))) return;
    }
    set_status(sweep, SweepStatus::finished, record.target_reached ? "the target was reached" : "");
}

/// A finished sweep has a run to execute again.
void World::reopen(Sweep& sweep, std::string reason) {
    if (sweep.record.status != SweepStatus::finished) return;
    set_status(sweep, SweepStatus::running, std::move(reason));
    if (sweep.strategy == nullptr)
        set_status(sweep, SweepStatus::failed, "its stored spec cannot be read any more");
}

}  // namespace sweepctl

// Which run goes to which agent, and when a sweep is over.

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/world.hpp"

#include <algorithm>

namespace sweepctl {

void World::on(AssignWork&) {
    actor_ = "controller";
    if (active_.empty()) return;
    for (auto& [id, agent] : agents_) {
        if (!agent.connected || agent.record.state != AgentState::online) continue;
        while (assign_one(agent)) {
        }
        if (agent.tokens < agent.record.slots) rebalance(agent);
    }
}

/// Whether `agent` has room for one more run of `sweep`: in a free slot, or held beyond the slots.
bool World::may_take(const Agent& agent, const Sweep& sweep) const {
    const Resources& need = sweep.policy.resources;
    if (agent.record.only_sweep && *agent.record.only_sweep != sweep.record.id) return false;
    if (need.cpus > agent.record.slots || need.gpus > agent.record.gpus) return false;
    const bool free_now = agent.tokens + need.cpus <= agent.record.slots &&
                          agent.gpus + need.gpus <= agent.record.gpus;
    // A search that learns proposes better the later it is asked; a run that needs a GPU is not a
    // short one.
    const bool ahead = !sweep.strategy->adaptive() && need.gpus == 0;
    const bool held_ahead = ahead && agent.tokens + need.cpus <= agent.record.slots + agent.window;
    if (!free_now && !held_ahead) return false;

    if (!sweep.record.parallel) return true;
    // The limit holds over all agents. While one agent has all of the sweep's runs it keeps the
    // limit by itself and may hold more; as soon as two share them, held ones count as well.
    std::uint32_t total = 0;
    for (const auto& [other, count] : sweep.claims)
        total += count;
    const auto mine = sweep.claims.find(agent.record.id);
    const std::uint32_t here = mine == sweep.claims.end() ? 0 : mine->second;
    if (total < *sweep.record.parallel) return true;
    return here == total && ahead && total < *sweep.record.parallel + agent.window;
}

std::optional<std::uint32_t> World::limit_on(const Agent&, const Sweep& sweep) const {
    return sweep.record.parallel;
}

bool World::assign_one(Agent& agent) {
    Sweep* chosen = nullptr;
    std::uint32_t fewest = 0;
    for (const SweepId& id : active_) {
        Sweep& sweep = sweeps_.at(id);
        if (sweep.queue.empty() && sweep.record.exhausted) continue;
        if (!may_take(agent, sweep)) continue;
        const auto mine = sweep.claims.find(agent.record.id);
        const std::uint32_t count = mine == sweep.claims.end() ? 0 : mine->second;
        if (chosen == nullptr || count < fewest) {
            chosen = &sweep;
            fewest = count;
        }
    }
    if (chosen == nullptr) return false;
    Run* run = next_run(*chosen);
    if (run == nullptr) return true;  // The search had nothing more; it is known now.
    claim(agent, *chosen, *run);
    return true;
}

Run* World::next_run(Sweep& sweep) {
    if (!sweep.queue.empty()) {
        Run& run = runs_.at(sweep.queue.begin()->run);
        sweep.queue.erase(sweep.queue.begin());
        return &run;
    }
    const std::optional<std::uint64_t> number = sweep.coverage.next(sweep.strategy->size());
    std::optional<Config> config;
    if (number) config = sweep.strategy->suggest(*number, {});
    if (!config) {
        sweep.record.exhausted = true;
        touch(sweep);
        settle(sweep);
        return nullptr;
    }
    return &create_run(sweep, std::move(*config), RunOrigin::search, number);
}

Run& World::create_run(Sweep& sweep,
                       Config config,
                       RunOrigin origin,
                       std::optional<std::uint64_t> suggestion) {
    Run run;
    run.id = RunId{id_text(serials_.next_run++, id_key_)};
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
    touch(kept);
    audit("run_state", kept, {}, "pending", {}, {});
    if (sweep.record.status == SweepStatus::pending) set_status(sweep, SweepStatus::running, {});
    refresh_exhausted(sweep);
    touch(sweep);
    return kept;
}

void World::claim(Agent& agent, Sweep& sweep, Run& run) {
    run.claim = Claim{agent.record.id, serials_.next_fence++, ClaimPhase::held, false};
    run.agent = agent.record.id;
    agent.runs.insert(run.id);
    agent.tokens += sweep.policy.resources.cpus;
    agent.gpus += sweep.policy.resources.gpus;
    ++sweep.claims[agent.record.id];
    touch(run);
    effects_->emplace_back(StartOrder{agent.record.id,
                                      {run.id, run.attempt, run.claim->fence},
                                      sweep.record.id,
                                      run.name,
                                      run.config,
                                      sweep.policy.resources,
                                      limit_on(agent, sweep)});
}

/// An agent has a free slot and nothing is left to give: call back a run that another only holds.
void World::rebalance(const Agent& idle) {
    for (auto& [id, other] : agents_) {
        if (id == idle.record.id || other.tokens <= other.record.slots) continue;
        for (const RunId& run_id : other.runs) {
            Run& run = runs_.at(run_id);
            const Sweep& sweep = sweeps_.at(run.sweep);
            if (run.claim->phase != ClaimPhase::held || run.claim->revoking ||
                sweep.record.parallel || !creates_runs(sweep.record.status) ||
                !may_take(idle, sweep)) {
                continue;
            }
            run.claim->revoking = true;
            touch(run);
            effects_->emplace_back(RevokeOrder{id, {{run.id, run.attempt, run.claim->fence}}});
            return;
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

/// Finished means drained (S7): nothing more comes, nothing waits, nothing lives.
void World::settle(Sweep& sweep) {
    const SweepRecord& record = sweep.record;
    if (!creates_runs(record.status) || !record.exhausted) return;
    if (record.counts[RunState::pending] + record.counts[RunState::running] > 0) return;
    for (const RunId& id : sweep.runs) {
        const Run& run = runs_.at(id);
        // Those that fell silent do not keep a sweep open: nobody knows whether they ever speak
        // again.
        if (run.claim && !crashed_by_silence(run)) return;
        if (run.retry_wanted && !crashed_by_silence(run)) return;
    }
    set_status(sweep, SweepStatus::finished, record.target_reached ? "the target was reached" : "");
}

}  // namespace sweepctl

// W&B agents: they ask what to do by heartbeats, and are told one thing at a time.

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/client_rules.hpp"
#include "sweepctl/core/world.hpp"

#include <algorithm>

namespace sweepctl {

namespace {

bool lists(const std::vector<RunId>& live, const RunId& run) {
    return std::find(live.begin(), live.end(), run) != live.end();
}

ForeignCommand start(const Run& run) {
    return {run.requeued ? ForeignCommand::Kind::resume : ForeignCommand::Kind::run, run.id,
            run.config};
}

}  // namespace

void World::on(RegisterForeignAgent& event) {
    actor_ = event.request.actor;
    const Sweep* sweep = asked_sweep(event.request, event.sweep, Asker::client);
    if (sweep == nullptr) return;
    const SweepStatus status = sweep->record.status;
    if (!creates_runs(status) && status != SweepStatus::paused) {
        answer(event.request, AnswerCode::wrong_state,
               "Sweep " + event.sweep.text + " is not running", event.sweep);
        return;
    }
    // Drawn with a key of its own, as the ids of sweeps are.
    const AgentId id{id_text(serials_.next_fence++, id_key_ ^ 0x6167656eU)};
    Agent& agent = agents_[id];
    agent.record.id = id;
    agent.record.host = event.host;
    agent.record.foreign = true;
    agent.record.only_sweep = event.sweep;
    agent.record.created_at = now_.wall;
    agent.answered = agent.trusted_from = now_.steady;
    hear(agent);
    touch(agent);
    changes_.events.push_back({serials_.next_event++,
                               now_.wall,
                               actor_,
                               event.sweep,
                               {},
                               0,
                               "agent_registered",
                               {},
                               {},
                               {},
                               "W&B agent " + id.text + " on host " + event.host});
    Answer done{event.request.ticket, AnswerCode::ok, "registered agent " + id.text, event.sweep};
    done.agent = id;
    answer(std::move(done));
}

void World::hear(Agent& agent) {
    // Stored now and then only, unless something else is.
    constexpr Duration kStoreEvery = std::chrono::seconds{30};
    AgentRecord& record = agent.record;
    agent.last_contact = now_.steady;
    watch_silence(kForeignAgentSilence);
    const bool back = record.state == AgentState::lost;
    if (back) record.state = AgentState::online;
    if (!back && record.heartbeat_at && now_.wall - *record.heartbeat_at < kStoreEvery) return;
    record.heartbeat_at = now_.wall;
    touch(agent);
}

void World::on(ForeignHeartbeat& event) {
    actor_ = "agent " + event.agent.text;
    Agent* agent = agent_of(event.agent);
    if (agent == nullptr || !agent->record.foreign) {
        answer(event.request, AnswerCode::not_found, "no agent '" + event.agent.text + "'");
        return;
    }
    const bool repeated =
        event.answer_lost || !agent->answered || now_.steady - *agent->answered < kForeignBeat;
    agent->answered = now_.steady;
    Answer reply{event.request.ticket, AnswerCode::ok, {}, *agent->record.only_sweep};
    reply.agent = event.agent;
    hear(*agent);
    take_live(*agent, event);
    judge_missing(*agent, event.live, repeated);
    agent = agent_of(event.agent);
    if (agent == nullptr) {  // Its sweep waited for one of these runs to be deleted.
        reply.commands.push_back({ForeignCommand::Kind::exit, {}, {}});
    } else if (std::optional<ForeignCommand> command = command_for(*agent, event, repeated)) {
        reply.commands.push_back(std::move(*command));
    }
    answer(std::move(reply));
}

/// The runs that it has alive.
void World::take_live(Agent& agent, ForeignHeartbeat& event) {
    for (const RunId& id : event.live) {
        Run* run = run_of(id);
        if (run == nullptr) {
            const auto stored = std::find_if(event.ended.begin(), event.ended.end(),
                                             [&](const Run& ended) { return ended.id == id; });
            // Other ended ones are on their way out.
            if (stored == event.ended.end() || !crashed_by_silence(*stored) || just_deleted(id))
                continue;
            if (sweep_of(stored->sweep) == nullptr) continue;
            run = &keep(std::move(*stored));
        }
        if (run->sweep != *agent.record.only_sweep) continue;
        Sweep& sweep = sweeps_.at(run->sweep);
        if (!run->claim && crashed_by_silence(*run)) revive(*run);
        if (!run->claim && run->state == RunState::running) {
            hand_over(agent, sweep, *run);
            run->claim->phase = ClaimPhase::started;
        }
        if (!run->claim || run->claim->agent != agent.record.id) continue;
        if (run->claim->phase == ClaimPhase::held)
            on_started({{run->id, run->attempt, run->claim->fence}, now_.wall, std::nullopt});
        hear(*run);
    }
}

/// The runs that it had and has no longer. Its sweep may be gone afterwards, and it with it.
void World::judge_missing(Agent& agent, const std::vector<RunId>& live, bool repeated) {
    if (repeated) return;
    const bool trusted = now_.steady >= agent.trusted_from;
    const std::vector<RunId> claimed(agent.runs.begin(), agent.runs.end());
    for (const RunId& run_id : claimed) {
        Run* run = run_of(run_id);
        if (run == nullptr || !run->claim || lists(live, run_id)) continue;
        if (run->claim->phase == ClaimPhase::held) {
            // It got the order, and a whole beat has passed.
            end_by_client(*run, judge_vanished(*run), "its agent never started it");
            continue;
        }
        Watched& watched = watched_.at(run_id);
        if (!trusted || ++watched.missed < kMissedBeats) continue;
        if (!run->client) run->client.emplace();
        run->client->gone = true;
        end_by_client(*run, judge_vanished(*run),
                      run->client->speaks
                          ? "its agent has it no longer, and it never said how it ended"
                          : "its agent has it no longer, and its program never called wandb.init");
    }
}

/// Whether a run that an agent has alive is there no longer, neither in memory nor stored.
bool World::was_deleted(const RunId& id, const ForeignHeartbeat& event) const {
    if (find_run(id) != nullptr) return false;
    const bool stored = std::any_of(event.ended.begin(), event.ended.end(),
                                    [&](const Run& ended) { return ended.id == id; });
    return !stored || just_deleted(id);
}

/// What it is to do now; nullopt: go on.
std::optional<ForeignCommand> World::command_for(Agent& agent,
                                                 const ForeignHeartbeat& event,
                                                 bool repeated) {
    const std::vector<RunId>& live = event.live;
    const ForeignCommand exit{ForeignCommand::Kind::exit, {}, {}};
    Sweep& sweep = sweeps_.at(*agent.record.only_sweep);
    const SweepStatus status = sweep.record.status;
    if (status == SweepStatus::cancelled) {
        dismiss_foreign(agent);
        return exit;
    }
    for (const RunId& id : live) {
        if (was_deleted(id, event)) return ForeignCommand{ForeignCommand::Kind::stop, id, {}};
        Run* run = run_of(id);
        if (run == nullptr || run->sweep != sweep.record.id || !run->stopping) continue;
        if (!run->claim || run->claim->agent != agent.record.id) continue;
        if (!run->client) run->client.emplace();
        run->client->told_to_stop = true;
        touch(*run);
        return ForeignCommand{ForeignCommand::Kind::stop, id, {}};
    }
    for (const RunId& id : agent.runs) {
        const Run& run = runs_.at(id);
        if (run.claim->phase != ClaimPhase::held) continue;
        // The order may not have reached it. Given again it is the same order.
        if (repeated && !run.stopping) return start(run);
        return std::nullopt;
    }
    if (!live.empty()) return std::nullopt;
    const bool over = !creates_runs(status) && status != SweepStatus::paused;
    if (over || agent.record.state == AgentState::draining) {
        // Not before it is known how its last one ended: nobody else would see it.
        return agent.runs.empty() ? std::optional(exit) : std::nullopt;
    }
    return creates_runs(status) ? work_for(agent, sweep) : std::nullopt;
}

/// A run for an agent that has none.
std::optional<ForeignCommand> World::work_for(Agent& agent, Sweep& sweep) {
    const auto over = [&] { return sweep.record.status == SweepStatus::finished; };
    while (creates_runs(sweep.record.status) && has_work(sweep)) {
        if (sweep.record.parallel && claims_of(sweep) >= *sweep.record.parallel) break;
        Run* run = next_run(sweep);
        if (run == nullptr) continue;  // The search had nothing more; it is known now.
        hand_over(agent, sweep, *run);
        watch(*run);
        return start(*run);
    }
    if (over()) return ForeignCommand{ForeignCommand::Kind::exit, {}, {}};
    return std::nullopt;
}

/// It is told to leave, and kills what it has. The sweep may be gone afterwards.
void World::dismiss_foreign(Agent& agent) {
    const std::vector<RunId> claimed(agent.runs.begin(), agent.runs.end());
    for (const RunId& id : claimed) {
        Run* run = run_of(id);
        if (run == nullptr || !run->claim) continue;
        if (run->client) run->client->told_to_stop = true;
        end_by_client(*run, judge_vanished(*run), "its agent was told to leave");
    }
}

void World::lose_silent_foreign_agents() {
    std::vector<AgentId> ids;
    for (const auto& [id, agent] : agents_) {
        if (agent.record.foreign) ids.push_back(id);
    }
    for (const AgentId& id : ids) {
        Agent* agent = agent_of(id);
        if (agent == nullptr || now_.steady - agent->last_contact < kForeignAgentSilence) continue;
        if (agent->record.state != AgentState::lost) {
            agent->record.state = AgentState::lost;
            touch(*agent);
        }
        // What it had is judged by its own silence, but for what was to die with it.
        const std::vector<RunId> claimed(agent->runs.begin(), agent->runs.end());
        for (const RunId& run_id : claimed) {
            Run* run = run_of(run_id);
            if (run == nullptr || !run->claim || run->stop_reason != EndReason::cancel ||
                !run->stopping)
                continue;
            end_by_client(*run, judge_vanished(*run), "its agent has gone");
        }
    }
}

/// They live as long as their sweep.
void World::forget_foreign_agents(const SweepId& sweep) {
    std::erase_if(agents_, [&](const auto& entry) {
        const Agent& agent = entry.second;
        if (!agent.record.foreign || agent.record.only_sweep != sweep) return false;
        changes_.deleted_agents.push_back(entry.first);
        dirty_agents_.erase(entry.first);
        return true;
    });
}

}  // namespace sweepctl

// What the World says about itself: explanations for people, broken invariants for tests.

#include "sweepctl/core/time_text.hpp"
#include "sweepctl/core/world.hpp"

#include <algorithm>

namespace sweepctl {

namespace {

std::string count_of(std::uint64_t n, const std::string& noun) {
    return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace

std::vector<std::string> World::explain(const SweepId& id, Now) const {
    std::vector<std::string> lines;
    const auto found = sweeps_.find(id);
    if (found == sweeps_.end()) return lines;
    const Sweep& sweep = found->second;
    const SweepRecord& record = sweep.record;
    std::string first = "sweep " + id.text + " is " + std::string(to_string(record.status));
    if (!record.reason.empty()) first += ": " + record.reason;
    lines.push_back(std::move(first));

    std::uint64_t held = 0;
    std::uint64_t draining = 0;
    std::uint64_t silent = 0;
    for (const RunId& run_id : sweep.runs) {
        const Run& run = runs_.at(run_id);
        if (!run.claim) continue;
        if (run.claim->phase == ClaimPhase::held) ++held;
        if (run.claim->phase == ClaimPhase::ended) ++draining;
        if (crashed_by_silence(run)) ++silent;
    }
    const RunCounts& counts = record.counts;
    lines.push_back(count_of(counts[RunState::running], "live run") + ", " +
                    std::to_string(counts[RunState::pending]) + " pending (" +
                    std::to_string(held) + " of them handed to an agent)");
    if (draining > 0) {
        lines.push_back(count_of(draining, "run") +
                        " ended, but something it started is still alive");
    }
    if (silent > 0) {
        lines.push_back(count_of(silent, "run") +
                        " crashed by silence; its agent may still bring news of it");
    }
    if (const std::optional<std::string> warning = missing_metric(record))
        lines.push_back(*warning);
    if (sweep.prior != nullptr) {
        lines.push_back("its search knows " + count_of(sweep.prior->runs.size(), "prior run") +
                        " from " + sweep.prior->source);
    }
    if (sweep.early_stop)
        lines.push_back("hopeless runs are stopped by " + to_text(sweep.early_stop->rule()));
    if (record.exhausted) {
        if (record.target_reached) {
            lines.emplace_back("no new runs: metric.target was reached");
        } else if (record.run_cap && counts.total() >= *record.run_cap) {
            lines.push_back("no new runs: run_cap of " + std::to_string(*record.run_cap) +
                            " is reached");
        } else {
            lines.emplace_back("no new runs: the search has nothing more to propose");
        }
    }
    if (!creates_runs(record.status)) {
        if (counts[RunState::pending] > 0)
            lines.emplace_back("pending runs wait until the sweep is resumed");
        return lines;
    }
    if (record.exhausted && sweep.queue.empty()) return lines;
    const bool nobody = std::all_of(agents_.begin(), agents_.end(), [&](const auto& entry) {
        const AgentRecord& other = entry.second.record;
        return other.foreign && (other.only_sweep != id || other.state == AgentState::lost);
    });
    if (nobody) lines.emplace_back("no agent is connected");
    if (local_agent_drained()) {
        lines.emplace_back(
            "the controller's own agent was drained: there is none until the controller is "
            "restarted");
    }
    for (const auto& [agent_id, agent] : agents_) {
        const std::string who = "agent " + agent_id.text + " on " + agent.record.host + ": ";
        const Resources& need = sweep.policy.resources;
        if (agent.record.foreign) {
            if (agent.record.only_sweep != id || agent.record.state == AgentState::lost) continue;
            lines.push_back(who + (agent.runs.empty() ? "a W&B agent, takes a run when it asks next"
                                                      : "a W&B agent, has a run"));
        } else if (!agent.connected) {
            lines.push_back(who + "not connected");
        } else if (agent.record.state == AgentState::draining) {
            lines.push_back(who + "draining, takes nothing new");
        } else if (agent.record.state == AgentState::lost) {
            lines.push_back(who + "silent");
        } else if (agent.record.only_sweep && *agent.record.only_sweep != id) {
            lines.push_back(who + "serves sweep " + agent.record.only_sweep->text + " only");
        } else if (record.needs_own_agent && !agent.record.only_sweep) {
            lines.push_back(who +
                            "the sweep has no launch directory, so it is worked on by "
                            "`wandb agent` and `sweepctl agent --sweep` only");
        } else if (need.cpus > agent.record.slots || need.gpus > agent.record.gpus) {
            lines.push_back(who + "too small: a run needs " + count_of(need.cpus, "slot") +
                            " and " + count_of(need.gpus, "GPU") + ", it has " +
                            std::to_string(agent.record.slots) + " and " +
                            std::to_string(agent.record.gpus));
        } else if (agent.shortage) {
            lines.push_back(who + "could not start a run since " +
                            to_rfc3339(agent.shortage->since) + ", and tries again: " +
                            agent.shortage->message);
        } else if (has_enough(agent)) {
            lines.push_back(who + "needs no more runs than it has");
        } else if (agent.tokens + need.cpus > agent.record.slots ||
                   agent.gpus + need.gpus > agent.record.gpus) {
            lines.push_back(who + "all " + count_of(agent.record.slots, "slot") + " taken");
        } else if (!may_take(agent, sweep, /*ahead=*/false)) {
            lines.push_back(who + "free, but the sweep's limit of " +
                            std::to_string(record.parallel.value_or(0)) +
                            " parallel runs is reached");
        } else {
            lines.push_back(who + "has room, a run comes at once");
        }
    }
    return lines;
}

std::vector<std::string> World::explain(const RunId& id, Now now) const {
    std::vector<std::string> lines;
    const Run* run = find_run(id);
    if (run == nullptr) return lines;
    lines.push_back("run " + id.text + " is " + std::string(to_string(run->state)) +
                    (run->end_reason ? " (" + std::string(to_string(*run->end_reason)) + ")" : "") +
                    ", attempt " + std::to_string(run->attempt));
    if (run->stopping) {
        lines.push_back("its end was ordered: " +
                        std::string(to_string(run->stop_reason.value_or(EndReason::stop_run))));
    }
    if (run->preempting) lines.emplace_back("it said that it is about to be preempted");
    if (run->claim) {
        const Agent& agent = agents_.at(run->claim->agent);
        const std::string who = "agent " + run->claim->agent.text + " on " + agent.record.host;
        switch (run->claim->phase) {
            case ClaimPhase::held:
                lines.push_back(agent.record.foreign
                                    ? "it was given to W&B " + who + ", which has not confirmed it"
                                : run->claim->revoking
                                    ? who + " was asked to give it back"
                                    : who + " starts it as soon as a slot is free");
                break;
            case ClaimPhase::started: lines.push_back(who + " executes it"); break;
            case ClaimPhase::ended:
                lines.push_back("it ended, but something it started is alive on " + who);
                break;
        }
        const auto silent =
            std::chrono::duration_cast<std::chrono::seconds>(now.steady - agent.last_contact);
        lines.push_back("its agent was last heard " + std::to_string(silent.count()) + " s ago" +
                        (agent.connected || agent.record.foreign ? "" : " and is not connected"));
    } else if (run->state == RunState::pending && sweeps_.at(run->sweep).record.loose) {
        lines.emplace_back("it belongs to no sweep; it runs when its program calls wandb.init");
    } else if (run->state == RunState::pending) {
        const Sweep& sweep = sweeps_.at(run->sweep);
        const auto place = std::distance(sweep.queue.begin(), sweep.queue.find(queue_key(*run)));
        lines.push_back("it waits at place " + std::to_string(place + 1) + " of its sweep's queue");
        const std::vector<std::string> about = explain(run->sweep, now);
        lines.insert(lines.end(), about.begin(), about.end());
    }
    if (const auto watched = watched_.find(id); watched != watched_.end()) {
        const auto silent =
            std::chrono::duration_cast<std::chrono::seconds>(now.steady - watched->second.heard);
        lines.push_back((run->client && run->client->speaks
                             ? "its W&B client or agent was last heard "
                             : "its W&B agent last listed it, and its program has not called "
                               "wandb.init; last heard ") +
                        std::to_string(silent.count()) + " s ago");
        if (run->stopping) {
            lines.emplace_back(run->client && run->client->told_to_stop
                                   ? "its client or its agent was told to end it"
                                   : "its client or its agent is told to end it when it asks next");
        }
    } else if (run->state == RunState::running && !run->claim) {
        lines.emplace_back("it was made through the API, and nobody has spoken for it yet");
    }
    const std::vector<std::string> judged = explain_early_stop(run->sweep, run->number);
    lines.insert(lines.end(), judged.begin(), judged.end());
    if (run->retry_wanted)
        lines.emplace_back("it goes again as soon as nothing of this attempt can be alive");
    return lines;
}

std::string World::broken_invariant() const {
    std::map<AgentId, std::uint32_t> tokens;
    std::map<AgentId, std::uint32_t> gpus;
    std::set<Fence> fences;
    std::map<SweepId, RunCounts> live_counts;
    std::map<SweepId, std::map<AgentId, std::uint32_t>> claims;
    std::map<SweepId, std::set<std::uint64_t>> suggestions;
    for (const auto& [id, run] : runs_) {
        const std::string who = "run " + id.text + ": ";
        const auto owner = sweeps_.find(run.sweep);
        if (owner == sweeps_.end()) return who + "its sweep is not there";
        const Sweep& sweep = owner->second;
        if (!sweep.runs.contains(id)) return who + "its sweep does not list it";
        if (is_ended(run.state) != (run.end_reason.has_value() && run.ended_at.has_value()) &&
            run.end_reason != EndReason::preempted) {
            return who + "an end without state or a state without end";
        }
        const bool queued = sweep.queue.contains(queue_key(run));
        if (queued != (run.state == RunState::pending && !run.claim))
            return who + "queued exactly while it waits";
        if (run.state == RunState::running && !run.claim && !run.client)
            return who + "running without a claim";
        if (is_watched(run) != watched_.contains(id))
            return who + "watched exactly while no process of ours is it";
        if (run.client && !run.client->wire_name.empty()) {
            const auto named = wire_names_.find(
                {{sweep.record.entity, sweep.record.project}, run.client->wire_name});
            if (named == wire_names_.end() || named->second != id)
                return who + "its clients' name leads elsewhere";
        }
        if (run.suggestion) {
            if (!sweep.coverage.covered(*run.suggestion)) return who + "its cell is not covered";
            if (!suggestions[run.sweep].insert(*run.suggestion).second)
                return who + "shares its cell";
        }
        if (sweep.record.status == SweepStatus::finished &&
            (run.state == RunState::pending || run.state == RunState::running)) {
            return who + "live in a finished sweep";
        }
        ++live_counts[run.sweep][run.state];
        if (!run.claim) continue;
        if (!fences.insert(run.claim->fence).second) return who + "shares its fence";
        if (run.claim->fence >= serials_.next_fence) return who + "a fence from the future";
        const bool held = run.claim->phase == ClaimPhase::held;
        if (held != (run.state == RunState::pending) && !(held && crashed_by_silence(run)))
            return who + "held exactly while pending, or lost then";
        const auto holder = agents_.find(run.claim->agent);
        if (holder == agents_.end() || !holder->second.runs.contains(id))
            return who + "its agent does not list it";
        if (!crashed_by_silence(run)) ++claims[run.sweep][run.claim->agent];
        tokens[run.claim->agent] += sweep.policy.resources.cpus;
        gpus[run.claim->agent] += sweep.policy.resources.gpus;
    }
    for (const auto& [id, agent] : agents_) {
        if (agent.tokens != tokens[id] || agent.gpus != gpus[id])
            return "agent " + id.text + ": miscounted slots";
        if (agent.record.foreign && (agent.connected || !agent.record.only_sweep ||
                                     !sweeps_.contains(*agent.record.only_sweep)))
            return "agent " + id.text + ": foreign, with a link or without a sweep";
    }
    for (const auto& [id, sweep] : sweeps_) {
        for (const QueueKey& key : sweep.queue) {
            const auto run = runs_.find(key.run);
            if (run == runs_.end() || run->second.sweep != id || queue_key(run->second) != key)
                return "sweep " + id.text + ": run " + key.run.text + " waits in a wrong place";
        }
    }
    if (watched_.size() != silences_.size()) return "a watched run without its moment";
    for (const auto& [id, watched] : watched_) {
        if (!runs_.contains(id)) return "run " + id.text + ": watched, but gone";
        if (!silences_.contains({watched.due, id}) || watched.due < watched.heard)
            return "run " + id.text + ": its silence is not looked at";
    }
    for (const auto& [name, id] : wire_names_) {
        if (!runs_.contains(id)) return "run " + id.text + ": named, but gone";
    }
    for (const auto& [id, sweep] : sweeps_) {
        const std::string who = "sweep " + id.text + ": ";
        for (const RunState state : {RunState::pending, RunState::running}) {
            const auto counted = live_counts.find(id);
            const std::uint64_t live = counted == live_counts.end() ? 0 : counted->second[state];
            if (live != sweep.record.counts[state])
                return who + "miscounted " + std::string(to_string(state));
        }
        if (sweep.claims != claims[id]) return who + "miscounted claims";
        if (sweep.record.loose) {
            const auto drawer = drawers_.find({sweep.record.entity, sweep.record.project});
            if (drawer == drawers_.end() || drawer->second != id || !sweep.claims.empty() ||
                sweep.record.status != SweepStatus::running || active_.contains(id))
                return who + "a drawer that is none";
            continue;
        }
        if (active_.contains(id) != creates_runs(sweep.record.status))
            return who + "active exactly while it may create";
        if (sweep.record.run_cap && sweep.record.counts.total() > *sweep.record.run_cap)
            return who + "above run_cap";
    }
    return {};
}

}  // namespace sweepctl

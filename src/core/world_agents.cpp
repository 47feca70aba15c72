// What agents tell the World, and what their silence does.

#include "sweepctl/base/check.hpp"
#include "sweepctl/base/counted.hpp"
#include "sweepctl/core/client_rules.hpp"
#include "sweepctl/core/metric_summary.hpp"
#include "sweepctl/core/world.hpp"

#include <algorithm>

namespace sweepctl {

namespace {

bool names(const std::vector<ExecutionRef>& list, const Run& run) {
    return std::any_of(list.begin(), list.end(),
                       [&](const ExecutionRef& ref) { return ref.fence == run.claim->fence; });
}

}  // namespace

void World::heard_from(Agent& agent) {
    agent.last_contact = now_.steady;
    agent.died = false;
    agent.record.heartbeat_at = now_.wall;
    watch_silence(kClaimLease);
    if (agent.record.state == AgentState::lost) {
        agent.record.state = AgentState::online;
        touch(agent);
    }
}

/// Something may change that soon by silence; later news only puts it off.
void World::watch_silence(Duration from_now) {
    const SteadyTime at = now_.steady + from_now;
    if (!silence_check_ || at < *silence_check_) silence_check_ = at;
}

/// Whether the agent may start a run that it holds: by its lease it may not when it was not heard
/// for that long. It may have done so just before, though, and only its return can tell.
bool World::may_still_start(const Run& run) const {
    if (!run.claim || run.claim->phase != ClaimPhase::held || in_foreign_hands(run)) return false;
    const Duration silent = now_.steady - agents_.at(run.claim->agent).last_contact;
    return silent < kClaimLease + kLeaseMargin;
}

/// How long an agent of ours may be silent before the sweep's runs that it has are given up.
Duration World::silence_allowed(const Sweep& sweep) {
    return std::max(sweep.policy.heartbeat_timeout, kAgentSilenceMin);
}

/// An execution whose claim is over lives on: nothing of it may.
void World::kill_stale(const AgentId& agent, const ExecutionRef& execution) {
    effects_->emplace_back(SignalOrder{agent, execution, SignalKind::kill, std::nullopt});
    changes_.events.push_back({serials_.next_event++,
                               now_.wall,
                               "controller",
                               {},
                               execution.run,
                               execution.attempt,
                               "stale_execution",
                               {},
                               {},
                               "its claim is no longer valid",
                               "ordered killed"});
}

void World::on(AgentHello& event) {
    const AgentId id = event.agent.id;
    actor_ = "agent " + id.text;
    const bool known = agents_.contains(id);
    if (known && agents_.at(id).record.foreign) return;  // Nobody of ours has such an id.
    Agent& agent = agents_[id];
    const bool rebooted =
        known && !agent.record.boot_id.empty() && agent.record.boot_id != event.agent.boot_id;
    // A drain lasts as long as the process that was told to leave; on our own host it is meant for
    // those that take its place as well.
    const bool drains = event.report.draining || drained_locals_.contains(id) ||
                        (agent.record.state == AgentState::draining && !rebooted &&
                         agent.record.pid == event.agent.pid);
    std::erase(changes_.deleted_agents, id);
    agent.record = event.agent;
    agent.record.state = drains ? AgentState::draining : AgentState::online;
    agent.connected = true;
    take_room(agent, event.report);
    agent.acked = event.report.sequence;
    heard_from(agent);
    touch(agent);

    // First, since what was ordered before it was meant for another link.
    WelcomeOrder welcome{id, event.report.sequence, event.link, {}};
    for (const RunId& run : agent.runs)
        welcome.sweeps.push_back(runs_.at(run).sweep);
    effects_->emplace_back(std::move(welcome));
    take_report(agent, event.report);

    RevokeOrder revoke{id, {}};
    const std::vector<RunId> claimed(agent.runs.begin(), agent.runs.end());
    for (const RunId& run_id : claimed) {
        Run* claimed_run = run_of(run_id);
        if (claimed_run == nullptr || !claimed_run->claim) continue;  // Deleted on the way.
        Run& run = *claimed_run;
        const bool live = names(event.live, run);
        switch (run.claim->phase) {
            case ClaimPhase::held:
                if (live) {
                    on_started({{run.id, run.attempt, run.claim->fence}, now_.wall, std::nullopt});
                } else if (!names(event.held, run)) {
                    on_returned(
                        run);  // The order to start it never arrived, or died with the agent.
                } else if (run.claim->revoking || drains || crashed_by_silence(run)) {
                    run.claim->revoking = true;
                    touch(run);
                    revoke.claims.push_back({run.id, run.attempt, run.claim->fence});
                }
                break;
            case ClaimPhase::started:
                if (live) {
                    heard_again(run);
                    if (run.stopping) repeat_signal(run);
                } else {
                    RunEnded lost;
                    lost.execution = {run.id, run.attempt, run.claim->fence};
                    lost.kind = rebooted ? EndKind::machine_restart : EndKind::runner_lost;
                    lost.at = now_.wall;
                    on_ended(lost);
                }
                break;
            case ClaimPhase::ended:
                if (!live) {
                    on_drained({run.id, run.attempt, run.claim->fence});
                } else if (run.stopping) {
                    repeat_signal(run);
                }
                break;
        }
    }
    // What the agent has and we know nothing of (any more): nothing of it may go on.
    for (const ExecutionRef& ref : event.live) {
        if (run_of(ref) == nullptr) kill_stale(id, ref);
    }
    for (const ExecutionRef& ref : event.held) {
        if (run_of(ref) == nullptr) revoke.claims.push_back(ref);
    }
    if (!revoke.claims.empty()) effects_->emplace_back(std::move(revoke));
    if (drains) effects_->emplace_back(DrainOrder{id});
    changes_.events.push_back(
        {serials_.next_event++,
         now_.wall,
         actor_,
         {},
         {},
         0,
         "agent_connected",
         {},
         {},
         {},
         "host " + agent.record.host + ", " + counted(agent.record.slots, "slot")});
}

void World::on(AgentReport& event) {
    Agent* agent = agent_of(event.agent);
    if (agent == nullptr) return;
    actor_ = "agent " + event.agent.text;
    heard_from(*agent);
    take_room(*agent, event);
    if (event.draining && agent->record.state != AgentState::draining) {
        agent->record.state = AgentState::draining;
        touch(*agent);
    }
    if (event.sequence > agent->acked) {
        agent->acked = event.sequence;
        take_report(*agent, event);
    }
    effects_->emplace_back(AckOrder{event.agent, event.sequence});
}

/// How much it would have. That it cannot start runs is told to the sweeps whose runs it has; again
/// only after it could.
void World::take_room(Agent& agent, const AgentReport& report) {
    agent.window = report.window;
    agent.claims_max = report.claims_max;
    const bool told = std::exchange(agent.shortage, report.shortage).has_value();
    if (told == agent.shortage.has_value()) return;
    std::set<SweepId> sweeps;
    for (const RunId& run : agent.runs)
        sweeps.insert(runs_.at(run).sweep);
    for (const SweepId& sweep : sweeps) {
        audit(told ? "agent_shortage_over" : "agent_shortage", sweeps_.at(sweep), {}, {},
              told ? std::string("it has started a run in each of its slots again")
                   : agent.shortage->message,
              "agent " + agent.record.id.text + " on host " + agent.record.host);
    }
}

void World::take_report(Agent& agent, const AgentReport& report) {
    const auto ours = [&](const Run* run) {
        return run != nullptr && run->claim->agent == agent.record.id;
    };
    for (const RunStarted& started : report.started) {
        if (ours(run_of(started.execution))) on_started(started);
    }
    for (const RunEnded& ended : report.ended) {
        if (ours(run_of(ended.execution))) on_ended(ended);
    }
    for (const ExecutionRef& drained : report.drained) {
        if (ours(run_of(drained))) on_drained(drained);
    }
    for (const ExecutionRef& returned : report.returned) {
        Run* run = run_of(returned);
        if (!ours(run)) continue;
        if (run->claim->phase == ClaimPhase::held) {
            on_returned(*run);
        } else if (run->claim->phase == ClaimPhase::started) {
            on_unstarted(*run);
        }
    }
}

void World::on(AgentHeartbeat& event) {
    Agent* agent = agent_of(event.agent);
    if (agent == nullptr) return;
    actor_ = "agent " + event.agent.text;
    heard_from(*agent);
    touch(*agent);
    // Stored now and then only: the agent's own heartbeat is stored each time.
    constexpr Duration kStoreEvery = std::chrono::seconds{30};
    for (const auto& [execution, pid] : event.live) {
        Run* run = run_of(execution);
        if (run == nullptr) {
            // It was given up while its agent was silent, on a link that never broke.
            kill_stale(event.agent, execution);
            continue;
        }
        if (run->claim->agent != event.agent) continue;
        if (run->claim->phase == ClaimPhase::held) on_started({execution, now_.wall, pid});
        heard_again(*run);
        if ((pid && run->pid != pid) || !run->heartbeat_at ||
            now_.wall - *run->heartbeat_at >= kStoreEvery) {
            run->heartbeat_at = now_.wall;
            if (pid) run->pid = pid;
            touch(*run);
        }
    }
    effects_->emplace_back(AckOrder{event.agent, agent->acked});
}

void World::on(AgentDisconnected& event) {
    Agent* agent = agent_of(event.agent);
    if (agent == nullptr) return;
    agent->connected = false;
    if (agent->record.state != AgentState::draining) agent->record.state = AgentState::lost;
    touch(*agent);
    forget_if_left(event.agent);
}

/// It was asked to leave, and left.
void World::forget_if_left(const AgentId& id) {
    const Agent* agent = agent_of(id);
    if (agent == nullptr || agent->connected || agent->record.foreign || !agent->runs.empty() ||
        agent->record.state != AgentState::draining) {
        return;
    }
    changes_.deleted_agents.push_back(id);
    dirty_agents_.erase(id);
    agents_.erase(id);
}

void World::on(AgentDied& event) {
    if (Agent* agent = agent_of(event.agent)) agent->died = true;
}

void World::lose_silent_agents() {
    for (auto& [id, agent] : agents_) {
        if (agent.record.foreign) continue;
        const Duration silent = now_.steady - agent.last_contact;
        if (silent >= kClaimLease && agent.connected && agent.record.state == AgentState::online) {
            agent.record.state = AgentState::lost;
            touch(agent);
        }
        actor_ = "controller";
        const std::vector<RunId> claimed(agent.runs.begin(), agent.runs.end());
        for (const RunId& run_id : claimed) {
            Run* run = run_of(run_id);
            if (run == nullptr || !run->claim) continue;  // Deleted on the way.
            Sweep& sweep = sweeps_.at(run->sweep);
            if (run->claim->phase == ClaimPhase::held && !may_still_start(*run))
                settle_wait(run->claim->fence,
                            agent.connected ? Settled::silent : Settled::released);
            if (silent < silence_allowed(sweep)) continue;
            if (run->state == RunState::running || run->state == RunState::pending) {
                lose(*run, agent.died ? EndReason::agent_lost : EndReason::heartbeat_lost);
            } else {
                settle(sweep);  // What may be left of an ended run does not keep it open for ever.
            }
        }
    }
    std::vector<AgentId> agents;
    for (const auto& [id, agent] : agents_)
        agents.push_back(id);
    for (const AgentId& id : agents)
        forget_if_left(id);
    for (const SweepId& id : sweep_ids())
        erase_unless_open(sweeps_.at(id));
}

/// When an agent that stays silent from now on changes something, at the earliest. Contact only
/// puts it off, so this need not be asked again before.
std::optional<SteadyTime> World::next_silence() const {
    std::optional<SteadyTime> next;
    const auto at = [&next](SteadyTime time) {
        if (!next || time < *next) next = time;
    };
    for (const auto& [id, agent] : agents_) {
        if (agent.record.foreign) {
            if (agent.record.state != AgentState::lost)
                at(agent.last_contact + kForeignAgentSilence);
            continue;
        }
        if (agent.connected && agent.record.state == AgentState::online)
            at(agent.last_contact + kClaimLease);
        for (const RunId& run_id : agent.runs) {
            const Run& run = runs_.at(run_id);
            const SteadyTime lost = agent.last_contact + silence_allowed(sweeps_.at(run.sweep));
            if (may_still_start(run)) at(agent.last_contact + kClaimLease + kLeaseMargin);
            if (lost > now_.steady) at(lost);
        }
    }
    return next;
}

void World::on(MetricsLogged& event) {
    if (Agent* agent = agent_of(event.agent)) heard_from(*agent);
    Run* run = run_of(event.execution);
    // Lines before that offset were taken in already; agents cut at line ends, so a message is either
    // all new or begins with what is known.
    const bool news = run != nullptr && event.offset == run->offset_in(event.source) &&
                      (event.offset_end > event.offset || event.truncated);
    if (news) {
        actor_ = "agent " + event.agent.text;
        Sweep& sweep = sweeps_.at(run->sweep);
        if (event.truncated && !run->cut_metrics_reported) {
            run->cut_metrics_reported = true;
            audit("metrics_truncated", *run, {}, {},
                  std::string(event.source == MetricsSource::file ? "its metrics file"
                                                                  : "its output") +
                      " became shorter; it is read from its beginning again",
                  {});
        }
        if (take_in(run->summary, event.points, sweep.record.metric_name)) {
            audit("metrics_many", *run, {}, {},
                  "it has " + std::to_string(kMetricNamesMax) +
                      " metrics; further names are kept in the history only",
                  {});
        }
        if (!event.lines.empty()) {
            changes_.metrics.push_back(
                {run->id, run->attempt, run->metrics_lines, std::move(event.lines)});
        }
        run->metrics_lines += event.points.size();
        run->offset_in(event.source) = event.offset_end;
        if (event.invalid && !run->bad_metrics_reported) {
            run->bad_metrics_reported = true;
            audit("metrics_invalid", *run, {}, {},
                  "a line is not a JSON object and was skipped", *event.invalid);
        }
        // Even when the news of its start is still on the way.
        const bool over = is_ended(run->state) && !crashed_by_silence(*run);
        if (event.preempting && !over && !run->preempting) {
            run->preempting = true;
            audit("run_preempting", *run, {}, {}, {}, {});
        }
        judge_values(sweep, *run, event.points);
        judge_best(sweep, *run);
        touch(*run);
    }
    const std::uint64_t taken = run != nullptr ? run->offset_in(event.source) : event.offset_end;
    effects_->emplace_back(MetricsAck{event.agent, event.execution, event.source, taken});
}

/// A run has logged: is it the best now, and is it good enough?
void World::judge_best(Sweep& sweep, Run& run) {
    if (!sweep.policy.metric) return;
    const std::optional<double> value = best_value(run, *sweep.policy.metric);
    std::optional<BestRun>& best = sweep.record.best;
    if (value && (!best || sweep.policy.metric->better(*value, best->value))) {
        best = BestRun{run.id, *value};
        touch(sweep);
    }
    if (value && sweep.policy.metric->reached(*value)) target_reached(sweep, run);
    learn(sweep, run);
}

}  // namespace sweepctl

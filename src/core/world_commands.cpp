// What people ask of the World.

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/client_rules.hpp"
#include "sweepctl/core/world.hpp"

#include <algorithm>

namespace sweepctl {

namespace {

std::string quoted(const std::string& text) {
    return "'" + text + "'";
}

std::string past_tense(SweepCommand command) {
    switch (command) {
        case SweepCommand::pause: return "paused";
        case SweepCommand::resume: return "resumed";
        case SweepCommand::stop: return "stopped";
        case SweepCommand::cancel: return "cancelled";
    }
    std::abort();
}

/// The wording of W&B's client, which scripts look for.
std::string refusal(SweepStatus status, SweepCommand command) {
    const std::string word(to_string(status));
    return command == SweepCommand::pause ? "Cannot pause " + word + " sweep."
                                          : "Sweep already " + word + ".";
}

std::string being_deleted(const SweepId& id) {
    return "sweep " + id.text + " is being deleted";
}

}  // namespace

void World::on(CreateSweep& event) {
    actor_ = event.request.actor;
    // Sweep ids are drawn with another key than run ids, so that the two differ at a glance in
    // logs.
    const SweepId id{id_text(serials_.next_sweep++, id_key_ ^ 0x73776565U)};
    Sweep& sweep = sweeps_[id];
    SweepRecord& record = sweep.record;
    record.id = id;
    record.name = event.name.empty() ? id.text : event.name;
    record.project = event.project;
    record.entity = event.entity;
    record.description = event.description;
    record.prior_filters = event.prior_filters;
    record.needs_own_agent = event.needs_own_agent;
    record.status = SweepStatus::pending;
    record.created_at = now_.wall;
    sweep.prior = event.origin.prior;
    set_plan(sweep, event.policy, event.strategy);
    active_.insert(id);
    audit("sweep_status", sweep, {}, "pending", {}, {});
    if (event.paused) set_status(sweep, SweepStatus::paused, "created paused");
    refresh_exhausted(sweep);
    settle(sweep);
    changes_.new_sweeps.push_back({record, std::move(event.origin)});
    touch(sweep);
    answer(event.request, AnswerCode::ok, "created sweep " + id.text, id);
}

void World::on(CommandSweep& event) {
    actor_ = event.request.actor;
    Sweep* sweep = asked_sweep(event.request, event.sweep);
    if (sweep == nullptr) return;
    const SweepId id = sweep->record.id;
    if (sweep->deleter) {
        answer(event.request, AnswerCode::wrong_state, being_deleted(id), id);
        return;
    }
    const SweepStatus status = sweep->record.status;
    CommandRule rule = command_rule(status, event.command);
    if (rule.verdict == CommandVerdict::change_if_live) {
        const bool live = std::any_of(sweep->runs.begin(), sweep->runs.end(),
                                      [&](const RunId& run) { return !runs_.at(run).settled(); });
        rule.verdict = live ? CommandVerdict::change : CommandVerdict::refused;
    }
    switch (rule.verdict) {
        case CommandVerdict::refused:
            answer(event.request, AnswerCode::wrong_state, refusal(status, event.command), id);
            return;
        case CommandVerdict::change_if_live:
        case CommandVerdict::nothing: {
            const std::string word =
                status == SweepStatus::pending ? "pending" : past_tense(event.command);
            // The pause before may still wait for what agents hold; so does this one.
            std::unordered_set<Fence> held;
            if (event.command == SweepCommand::pause) call_back_held(*sweep, held);
            answer_when_settled(event.request,
                                "sweep " + id.text + " is already " +
                                    (status == SweepStatus::running ? "running" : word),
                                id, {}, std::move(held), Until::settled);
            return;
        }
        case CommandVerdict::change: break;
    }

    std::unordered_set<Fence> open;
    std::string message = past_tense(event.command) + " sweep " + id.text;
    switch (event.command) {
        case SweepCommand::pause:
        case SweepCommand::stop: {
            set_status(*sweep, rule.to, {});
            call_back_held(*sweep, open);
            const std::uint64_t live = sweep->record.counts[RunState::running];
            if (live > 0) {
                message += "; " + std::to_string(live) +
                           (live == 1 ? " live run goes on" : " live runs go on");
            }
            answer_when_settled(event.request, std::move(message), id, {}, std::move(open),
                                Until::settled);
            return;
        }
        case SweepCommand::resume:
            if (sweep->strategy == nullptr) {
                answer(event.request, AnswerCode::wrong_state,
                       "its stored spec cannot be read any more", id);
                return;
            }
            sweep->fail_streak = 0;
            set_status(*sweep, rule.to, {});
            // Whoever resumes a finished sweep wants more than its target.
            if (status == SweepStatus::finished) sweep->record.target_reached = false;
            refresh_exhausted(*sweep);
            settle(*sweep);
            if (sweep->record.status == SweepStatus::finished)
                message += ": nothing is left to do, it is finished";
            answer(event.request, AnswerCode::ok, std::move(message), id);
            return;
        case SweepCommand::cancel:
            cancel(*sweep, event.grace, open);
            answer_when_settled(event.request, std::move(message), id, {}, std::move(open),
                                Until::released);
            return;
    }
}

void World::call_back_held(Sweep& sweep, std::unordered_set<Fence>& open) {
    std::map<AgentId, RevokeOrder> orders;
    for (const RunId& run_id : sweep.runs) {
        Run& run = runs_.at(run_id);
        if (!run.claim || run.claim->phase != ClaimPhase::held) continue;
        if (in_foreign_hands(run)) continue;  // Nothing can be given back: it starts.
        if (may_still_start(run)) open.insert(run.claim->fence);
        if (!run.claim->revoking) {
            run.claim->revoking = true;
            touch(run);
        }
        RevokeOrder& order = orders[run.claim->agent];
        order.agent = run.claim->agent;
        order.claims.push_back({run.id, run.attempt, run.claim->fence});
    }
    for (auto& [agent, order] : orders)
        effects_->emplace_back(std::move(order));
}

void World::cancel(Sweep& sweep, std::optional<Duration> grace, std::unordered_set<Fence>& open) {
    set_status(sweep, SweepStatus::cancelled, {});
    const std::vector<RunId> ids(sweep.runs.begin(), sweep.runs.end());
    for (const RunId& run_id : ids) {
        Run& run = runs_.at(run_id);
        if (run.state == RunState::pending && !run.claim) {
            set_state(run, RunState::killed, EndReason::cancelled_before_start);
            continue;
        }
        run.retry_wanted = false;
        if (run.state == RunState::running && !run.claim)
            order_end(run, EndReason::cancel, SignalKind::kill, std::nullopt);
        if (!run.claim) continue;
        const Agent* agent = agent_of(run.claim->agent);
        if (agent != nullptr && agent->record.foreign && agent->record.state == AgentState::lost) {
            order_end(run, EndReason::cancel, SignalKind::kill, std::nullopt);
            end_by_client(run, judge_vanished(run), "its agent has gone");
            continue;
        }
        const bool reachable = agent != nullptr && agent->connected;
        const bool held = run.claim->phase == ClaimPhase::held;
        if (held ? may_still_start(run) : reachable) open.insert(run.claim->fence);
        order_end(run, EndReason::cancel, grace ? SignalKind::stop : SignalKind::kill,
                  std::nullopt);
        if (grace) add_timer(now_.steady + *grace, KillDue{run.id, run.claim->fence});
    }
    std::unordered_set<Fence> held;
    call_back_held(sweep, held);
}

void World::on(StopRun& event) {
    actor_ = event.request.actor;
    Run* run = run_of(event.run);
    if (run == nullptr && (!event.ended || just_deleted(event.run))) {
        answer(event.request, AnswerCode::not_found, "no run " + quoted(event.run.text));
        return;
    }
    const Run& seen = run != nullptr ? *run : *event.ended;
    const std::string name = "run " + seen.id.text;
    if (run == nullptr || run->settled() || (is_ended(run->state) && !crashed_by_silence(*run))) {
        answer(event.request, AnswerCode::ok,
               name + " is already " + std::string(to_string(seen.state)), seen.sweep, seen.id);
        return;
    }
    if (run->state == RunState::pending && !run->claim) {
        set_state(*run, RunState::killed, EndReason::stopped_before_start);
        answer(event.request, AnswerCode::ok, name + " will not be started", run->sweep, run->id);
        settle(sweeps_.at(run->sweep));
        return;
    }
    const bool again = run->stopping;
    if (!run->claim || in_foreign_hands(*run)) {
        if (!again) order_end(*run, event.reason, SignalKind::stop, event.signal);
        answer(event.request, AnswerCode::ok,
               again ? name + " is being stopped already; its client is told to end"
               : is_ended(run->state) ? name + " is killed"
                                      : "stopping " + name + " when its client or agent asks next",
               run->sweep, run->id);
        return;
    }
    if (!again || event.force) {
        order_end(*run, event.reason, event.force ? SignalKind::kill : SignalKind::stop,
                  event.signal);
    }
    if (may_still_start(*run)) {
        answer_when_settled(event.request, name + " is stopped", run->sweep, run->id,
                            {run->claim->fence}, Until::settled);
        return;
    }
    const Agent* agent = agent_of(run->claim->agent);
    std::string message = again && !event.force
                              ? name + " is being stopped already; --force kills it now"
                          : event.force ? "killing " + name
                                        : "stopping " + name;
    if (agent == nullptr || !agent->connected)
        message += "; its agent is not reachable, the order waits for it";
    answer(event.request, AnswerCode::ok, std::move(message), run->sweep, run->id);
}

void World::on(RetryRun& event) {
    actor_ = event.request.actor;
    Run* run = run_of(event.run);
    if (run == nullptr && (!event.ended || just_deleted(event.run))) {
        answer(event.request, AnswerCode::not_found, "no run " + quoted(event.run.text));
        return;
    }
    const Run& seen = run != nullptr ? *run : *event.ended;
    const std::string name = "run " + seen.id.text;
    Sweep* sweep = sweep_of(seen.sweep);
    if (sweep == nullptr) {
        answer(event.request, AnswerCode::not_found, "the sweep of " + name + " is gone");
        return;
    }
    if (sweep->deleter) {
        answer(event.request, AnswerCode::wrong_state, being_deleted(seen.sweep), seen.sweep,
               seen.id);
        return;
    }
    if (sweep->record.loose) {
        answer(event.request, AnswerCode::wrong_state,
               name + " belongs to no sweep; start its program again", {}, seen.id);
        return;
    }
    if (crashed_by_silence(seen) && !seen.claim && !event.force && seen.client &&
        !seen.client->gone) {
        answer(event.request, AnswerCode::wrong_state,
               name + " fell silent and may still be alive; --force starts it again nevertheless",
               seen.sweep, seen.id);
        return;
    }
    if (seen.state == RunState::pending && seen.stopping) {
        answer(event.request, AnswerCode::wrong_state,
               name + " is being stopped; retry it when it has ended", seen.sweep, seen.id);
        return;
    }
    if (seen.state == RunState::pending || (seen.retry_wanted && !event.force)) {
        answer(event.request, AnswerCode::ok, name + " is already waiting to go again", seen.sweep,
               seen.id);
        return;
    }
    if (seen.state == RunState::running || seen.state == RunState::finished) {
        answer(event.request, AnswerCode::wrong_state,
               name + " is " + std::string(to_string(seen.state)) +
                   "; failed, crashed and killed runs can be retried",
               seen.sweep, seen.id);
        return;
    }
    Run& kept = run != nullptr ? *run : keep(std::move(*event.ended));
    std::string message = name + " goes again as attempt " + std::to_string(kept.attempt + 1);
    // What a reachable agent still executes is waited for, however hard one insists.
    const Agent* holder = kept.claim ? agent_of(kept.claim->agent) : nullptr;
    const bool unreachable =
        kept.claim && (holder == nullptr || !holder->connected || crashed_by_silence(kept));
    if (unreachable && event.force) release_claim(kept);
    if (kept.claim) {
        kept.retry_wanted = true;
        touch(kept);
        message += unreachable ? " once its agent is back or its host has restarted; "
                                 "--force does not wait for that"
                               : " once the rest of its last attempt is gone";
    } else if (kept.state != RunState::pending) {
        go_again(kept, false);
    }
    reopen(*sweep, "a run was retried");
    if (!creates_runs(sweep->record.status)) {
        message +=
            "; it waits, because its sweep is " + std::string(to_string(sweep->record.status));
    }
    answer(event.request, AnswerCode::ok, std::move(message), sweep->record.id, event.run);
}

void World::on(EnqueueRun& event) {
    actor_ = event.request.actor;
    Sweep* sweep = asked_sweep(event.request, event.sweep);
    if (sweep == nullptr) return;
    SweepRecord& record = sweep->record;
    if (sweep->deleter) {
        answer(event.request, AnswerCode::wrong_state, being_deleted(record.id), record.id);
        return;
    }
    if (sweep->strategy == nullptr) {
        answer(event.request, AnswerCode::wrong_state, "its stored spec cannot be read any more",
               record.id);
        return;
    }
    if (record.run_cap && record.counts.total() >= *record.run_cap) {
        answer(event.request, AnswerCode::wrong_state,
               "the sweep has reached its run_cap of " + std::to_string(*record.run_cap),
               record.id);
        return;
    }
    const std::optional<std::uint64_t> first = sweep->strategy->number_of(event.config);
    const std::uint32_t repeats = sweep->policy.repeats;
    const auto number = first ? sweep->coverage.free_of(*first, repeats) : std::nullopt;
    if (first && !number) {
        answer(event.request, AnswerCode::wrong_state,
               (repeats > 1
                    ? std::to_string(repeats) + " runs of the sweep have this configuration "
                                                "already, as many as it repeats; retry one of them"
                    : "a run of the sweep has this configuration already; retry that run") +
                   std::string(" to execute it again"),
               record.id);
        return;
    }
    Run& run = create_run(*sweep, std::move(event.config), RunOrigin::enqueued, number);
    if (event.front) {
        std::int32_t lowest = 0;
        for (const QueueKey& key : sweep->queue)
            lowest = std::min(lowest, key.priority);
        run.priority = lowest - 1;
    }
    enqueue(*sweep, run);
    std::string message = "enqueued run " + run.id.text;
    reopen(*sweep, "a run was enqueued");
    if (!creates_runs(record.status)) {
        message += "; it waits, because the sweep is " + std::string(to_string(record.status));
    }
    answer(event.request, AnswerCode::ok, std::move(message), record.id, run.id);
}

void World::on(DrainAgent& event) {
    actor_ = event.request.actor;
    Agent* agent = agent_of(event.agent);
    if (agent == nullptr) {
        answer(event.request, AnswerCode::not_found, "no agent " + quoted(event.agent.text));
        return;
    }
    if (agent->record.foreign) {
        agent->record.state = AgentState::draining;
        touch(*agent);
        answer(event.request, AnswerCode::ok,
               "agent " + event.agent.text + " is told to leave when it has no run");
        return;
    }
    if (!agent->connected) {
        answer(event.request, AnswerCode::wrong_state,
               "agent " + event.agent.text + " is not connected");
        return;
    }
    std::unordered_set<Fence> open;
    RevokeOrder revoke{agent->record.id, {}};
    for (const RunId& run_id : agent->runs) {
        Run& run = runs_.at(run_id);
        if (run.claim->phase != ClaimPhase::held) continue;
        run.claim->revoking = true;
        touch(run);
        if (may_still_start(run)) open.insert(run.claim->fence);
        revoke.claims.push_back({run.id, run.attempt, run.claim->fence});
    }
    agent->record.state = AgentState::draining;
    touch(*agent);
    if (!revoke.claims.empty()) effects_->emplace_back(std::move(revoke));
    effects_->emplace_back(DrainOrder{agent->record.id});
    std::string message = "agent " + event.agent.text + " leaves when its live runs have ended";
    if (agent->record.local) {
        drained_locals_.insert(agent->record.id);
        message += "; the controller starts no other until it is restarted";
    }
    answer_when_settled(event.request, std::move(message), {}, {}, open, Until::settled);
}

}  // namespace sweepctl

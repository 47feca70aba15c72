// What happens to one run: start, end, loss, return, and going again.

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/world.hpp"

#include <algorithm>
#include <csignal>

namespace sweepctl {

void World::on_started(const RunStarted& started) {
    Run& run = *run_of(started.execution);
    if (run.claim->phase != ClaimPhase::held) {
        if (started.pid && run.pid != started.pid) {
            run.pid = started.pid;
            touch(run);
        }
        return;
    }
    Sweep& sweep = sweeps_.at(run.sweep);
    const Agent& agent = agents_.at(run.claim->agent);
    const bool was_silent = crashed_by_silence(run);
    if (was_silent) {
        run.ended_at.reset();
        run.retry_wanted = false;
    }
    run.claim->phase = ClaimPhase::started;
    run.claim->revoking = false;
    run.started_at = started.at;
    run.heartbeat_at = now_.wall;
    run.pid = started.pid;
    run.agent = agent.record.id;
    run.host = agent.record.host;
    if (!agent.record.foreign) run.boot_id = agent.record.boot_id;
    run.requeued = false;
    set_state(run, RunState::running, std::nullopt);
    if (was_silent) reopen(sweep, "a run that was thought lost is alive");
    settle_wait(run.claim->fence, Settled::started);
    if (run.stopping && run.stop_reason == EndReason::target_reached) {
        // It had been started before it could be given back; what lives goes on (A29).
        run.stopping = false;
        run.stop_reason.reset();
    }
    if (run.stopping) repeat_signal(run);  // It was to be given back, but had been started.
    watch_timeout(run);
    watch_silence(silence_allowed(sweep));
}

/// Arms the timeout of a live execution. The wall clock may have jumped since its start.
void World::watch_timeout(const Run& run) {
    const std::optional<Duration>& timeout = sweeps_.at(run.sweep).policy.timeout;
    if (!timeout || run.state != RunState::running || !run.started_at) return;
    const Duration left = *timeout - (now_.wall - *run.started_at);
    add_timer(now_.steady + std::clamp(left, Duration{0}, *timeout),
              RunTimeout{run.id, run.claim->fence});
}

void World::on_ended(const RunEnded& ended) {
    Run& run = *run_of(ended.execution);
    if (run.claim->phase == ClaimPhase::ended) {
        if (ended.drained) on_drained(ended.execution);
        return;
    }
    if (run.claim->phase == ClaimPhase::held) {
        if (ended.kind == EndKind::spawn_error) {
            const Agent& agent = agents_.at(run.claim->agent);
            run.agent = agent.record.id;
            run.host = agent.record.host;
        } else {
            on_started({ended.execution, ended.started_at.value_or(ended.at), std::nullopt});
        }
    }
    run.claim->phase = ClaimPhase::ended;
    run.claim->revoking = false;
    run.cpu_us = ended.cpu_us;
    run.max_rss_kib = ended.max_rss_kib;
    finish_execution(run, ended, judge_end(run, ended));
    if (ended.drained) on_drained(ended.execution);
}

void World::finish_execution(Run& run, const RunEnded& ended, const EndVerdict& verdict) {
    run.exit_code = verdict.exit_code;
    run.term_signal = verdict.term_signal;
    // Why early stopping ordered its end is kept with it, if that is what ended it.
    std::string detail =
        verdict.reason == EndReason::early_terminate ? std::move(run.end_detail) : std::string{};
    if (!ended.detail.empty()) detail += (detail.empty() ? "" : "; ") + ended.detail;
    run.end_detail = detail;
    touch(run);
    if (is_ended(run.state) && !crashed_by_silence(run)) {
        // It reported finish() before: the exit is recorded, the state stays.
        audit("run_exit", run, {}, {}, std::string(to_string(verdict.reason)), ended.detail);
        return;
    }
    Sweep& sweep = sweeps_.at(run.sweep);
    const bool was_silent = crashed_by_silence(run);
    run.ended_at = ended.at;
    if (verdict.requeue) {
        // It stays running until nothing of it can be alive (on_drained), then it is pending again.
        if (was_silent) {
            set_state(run, RunState::running, std::nullopt, "heard again");
            reopen(sweep, "a run that was thought lost was preempted");
        }
        run.retry_wanted = false;
        run.end_reason = EndReason::preempted;
        return;
    }
    if (verdict.exit_code && *verdict.exit_code != 0) {
        detail +=
            (detail.empty() ? "" : "; ") + ("exit code " + std::to_string(*verdict.exit_code));
    } else if (verdict.term_signal) {
        detail += (detail.empty() ? "" : "; ") + ("signal " + std::to_string(*verdict.term_signal));
    }
    set_state(run, verdict.state, verdict.reason, std::move(detail));
    if (run.state == RunState::finished)
        run.retry_wanted = false;  // Asked for while it was silent.
    if (!run.retry_wanted && retries(sweep.policy.retry, run)) {
        ++run.retries;
        run.retry_wanted = true;
    }
    judge_streak(sweep, run);
    judge_silence(sweep, run);
}

void World::on_drained(const ExecutionRef& execution) {
    Run& run = *run_of(execution);
    if (run.claim->phase != ClaimPhase::ended) return;
    release_claim(run);
}

void World::on_returned(Run& run) {
    SWEEPCTL_CHECK(run.claim && run.claim->phase == ClaimPhase::held);
    if (run.stopping) {
        const EndReason reason = reason_before_start(run.stop_reason.value_or(EndReason::stop_run));
        set_state(run, RunState::killed, reason);
    }
    release_claim(run);
}

/// Its runner had recorded the start, and then found that the lease had run out, or that its host
/// had no room for one more process. The run was seen running, so it goes again as the next attempt.
void World::on_unstarted(Run& run) {
    run.claim->phase = ClaimPhase::ended;
    run.ended_at = now_.wall;
    run.end_detail = "no program was started: its lease had run out, or its host lacked something";
    if (run.state == RunState::running) run.end_reason = EndReason::preempted;
    release_claim(run);
}

/// A held run's agent may have started it before it fell silent, so it counts as if it had: nobody
/// else may have it before that is known.
void World::lose(Run& run, EndReason reason) {
    if (run.state == RunState::pending) {
        set_state(run, RunState::running, std::nullopt,
                  "its agent may have started it before it fell silent");
    }
    set_state(run, RunState::crashed, reason,
              "last heard " +
                  std::to_string((now_.steady - agents_.at(run.claim->agent).last_contact).count() /
                                 1000) +
                  " s ago");
    // Whether it goes again is decided when it is known how it ended: by its agent's return.
    settle(sweeps_.at(run.sweep));
}

void World::heard_again(Run& run) {
    if (!crashed_by_silence(run) || run.claim->phase != ClaimPhase::started) return;
    Sweep& sweep = sweeps_.at(run.sweep);
    run.ended_at.reset();
    run.retry_wanted = false;
    set_state(run, RunState::running, std::nullopt, "heard again");
    watch_timeout(run);
    reopen(sweep, "a run that was thought lost is alive");
}

void World::count_claim(Sweep& sweep, const AgentId& agent, int change) {
    std::uint32_t& count = sweep.claims[agent];
    SWEEPCTL_CHECK(change > 0 || count > 0);
    count = change > 0 ? count + 1 : count - 1;
    if (count == 0) sweep.claims.erase(agent);
}

/// Out of its agent's hands, as the books say.
Claim World::take_claim(Run& run) {
    Sweep& sweep = sweeps_.at(run.sweep);
    Claim claim = std::move(*run.claim);
    run.claim.reset();
    if (Agent* agent = agent_of(claim.agent)) {
        agent->runs.erase(run.id);
        agent->tokens -= sweep.policy.resources.cpus;
        agent->gpus -= sweep.policy.resources.gpus;
    }
    if (!crashed_by_silence(run)) count_claim(sweep, claim.agent, -1);
    return claim;
}

/// The agent has nothing more of it: its slot is free, and it goes again if it is to.
void World::release_claim(Run& run) {
    Sweep& sweep = sweeps_.at(run.sweep);
    const Claim released = take_claim(run);
    touch(run);

    // A preempted run has no state of its own between its end and the end of what it started:
    // running, or crashed when its agent fell silent then. One that was lost while it was held was
    // not started, as it turns out.
    const bool preempted = run.state == RunState::running ||
                           (crashed_by_silence(run) && released.phase != ClaimPhase::started);
    if (run.state == RunState::pending) {
        enqueue(sweep, run);
    } else if (preempted && run.stopping) {  // Cancelled while its tree was draining.
        set_state(run, RunState::killed, run.stop_reason);
    } else if (preempted) {
        go_again(run, true);
    } else if (run.retry_wanted) {
        go_again(run, false);
    }
    if (is_ended(run.state)) run.stopping = false;  // It is over.
    settle_wait(released.fence, Settled::released);
    if (sweep.deleter) {
        erase_unless_open(sweep);
        return;
    }
    settle(sweep);
}

/// A requeued run goes on where it was; a retried one begins anew.
void World::go_again(Run& run, bool requeued) {
    go_again(run, requeued, /*goes_on=*/requeued);
}

void World::go_again(Run& run, bool requeued, bool goes_on) {
    Attempt past;
    past.run = run.id;
    past.attempt = run.attempt;
    past.state = requeued ? RunState::pending : run.state;
    past.end_reason = run.end_reason;
    past.exit_code = run.exit_code;
    past.term_signal = run.term_signal;
    past.end_detail = run.end_detail;
    past.agent = run.agent;
    past.host = run.host;
    past.pid = run.pid;
    past.started_at = run.started_at;
    past.ended_at = run.ended_at;
    changes_.attempts.push_back(std::move(past));

    ++run.attempt;
    if (run.client) run.client->speaks = run.client->told_to_stop = run.client->gone = false;
    run.requeued = requeued;
    run.retry_wanted = false;
    run.stopping = false;
    run.preempting = false;
    run.stop_reason.reset();
    run.stop_signal.reset();
    run.exit_code.reset();
    run.term_signal.reset();
    run.end_detail.clear();
    run.started_at.reset();
    run.ended_at.reset();
    run.pid.reset();
    run.metrics_offset = 0;
    run.output_offset = 0;
    run.metrics_lines = 0;
    run.bad_metrics_reported = false;
    run.cut_metrics_reported = false;
    Sweep& sweep = sweeps_.at(run.sweep);
    if (!goes_on) {
        run.summary.clear();
        forget_values(sweep, run);
        if (run.client) run.client->history_base = run.client->history_lines;
    }
    set_state(run, RunState::pending,
              requeued ? std::optional(EndReason::preempted) : std::nullopt);
    enqueue(sweep, run);
    reopen(sweep, "a run goes again");
}

/// Marks a run to be ended, and orders it: given back when it is held, a signal when it lives. A
/// W&B client or agent is told when it asks next.
void World::order_end(
    Run& run, EndReason reason, SignalKind kind, std::optional<int> signal, std::string detail) {
    if (run.state == RunState::running && !run.claim && !is_watched(run)) {
        // Made by somebody who only said that it runs: nobody will ever ask.
        run.ended_at = now_.wall;
        set_state(run, RunState::killed, reason, std::move(detail));
        settle(sweeps_.at(run.sweep));
        return;
    }
    run.stopping = true;
    if (run.stop_reason != EndReason::cancel) run.stop_reason = reason;
    run.stop_signal = kind == SignalKind::kill ? SIGKILL : signal;
    run.retry_wanted = false;
    touch(run);
    audit(reason == EndReason::cancel ? "cancel" : "stop_run", run, {}, {},
          std::string(to_string(reason)), std::move(detail));
    if (!run.claim || in_foreign_hands(run)) return;
    if (run.claim->phase == ClaimPhase::held) {
        run.claim->revoking = true;
        effects_->emplace_back(
            RevokeOrder{run.claim->agent, {{run.id, run.attempt, run.claim->fence}}});
    } else {
        send_signal(run, kind);
    }
}

void World::send_signal(Run& run, SignalKind kind) {
    if (in_foreign_hands(run)) return;
    effects_->emplace_back(SignalOrder{run.claim->agent,
                                       {run.id, run.attempt, run.claim->fence},
                                       kind,
                                       kind == SignalKind::stop ? run.stop_signal : std::nullopt});
}

/// Its agent may never have got the order to end it.
void World::repeat_signal(Run& run) {
    const bool kill = run.stop_reason == EndReason::cancel || run.stop_signal == SIGKILL;
    send_signal(run, kill ? SignalKind::kill : SignalKind::stop);
}

/// metric.target: nothing new is started, not even after a pause; what lives goes on.
void World::target_reached(Sweep& sweep, const Run& by) {
    if (sweep.record.target_reached) return;
    sweep.record.target_reached = true;
    audit("target_reached", by, {}, {}, {}, {});
    const std::vector<RunId> ids(sweep.runs.begin(), sweep.runs.end());
    for (const RunId& id : ids) {
        Run& run = runs_.at(id);
        if (run.state != RunState::pending || run.stopping || in_foreign_hands(run)) continue;
        if (run.claim) {
            order_end(run, EndReason::target_reached, SignalKind::stop, std::nullopt);
        } else {
            set_state(run, RunState::killed, EndReason::target_reached);
        }
    }
    refresh_exhausted(sweep);
    settle(sweep);
}

/// The breaker: when run after run fails at once, something is wrong with all of them.
void World::judge_streak(Sweep& sweep, const Run& run) {
    const bool failed = run.state == RunState::failed || run.state == RunState::crashed;
    if (run.state == RunState::killed || !sweep.policy.fail_fast) return;
    const FailFast& rule = *sweep.policy.fail_fast;
    const bool quick =
        !run.started_at || !run.ended_at || *run.ended_at - *run.started_at <= rule.within;
    sweep.fail_streak = failed && quick ? sweep.fail_streak + 1 : 0;
    if (sweep.fail_streak < rule.runs || !creates_runs(sweep.record.status)) return;
    sweep.fail_streak = 0;
    set_status(sweep, SweepStatus::paused, "fail_fast");
    audit("fail_fast", sweep, {}, {},
          (rule.runs == 1 ? std::string("the last run")
                          : "the last " + std::to_string(rule.runs) + " runs all") +
              " failed within " + std::to_string(rule.within.count() / 1000) + " s",
          "the last of them is run " + run.id.text);
    std::unordered_set<Fence> held;
    call_back_held(sweep, held);
}

}  // namespace sweepctl

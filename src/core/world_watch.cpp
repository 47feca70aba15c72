// Runs that no process of ours watches: they live by what their W&B clients and agents say.

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/client_rules.hpp"
#include "sweepctl/core/world.hpp"

namespace sweepctl {

bool World::in_foreign_hands(const Run& run) const {
    return run.claim && agents_.at(run.claim->agent).record.foreign;
}

bool World::is_watched(const Run& run) const {
    if (run.claim) return in_foreign_hands(run);
    return run.state == RunState::running && run.client && run.client->speaks;
}

void World::watch(const Run& run) {
    const auto [at, fresh] = watched_.try_emplace(run.id);
    at->second.heard = now_.steady;
    at->second.missed = 0;
    if (!fresh) return;
    at->second.due = now_.steady + sweeps_.at(run.sweep).policy.heartbeat_timeout;
    silences_.emplace(at->second.due, run.id);
}

void World::unwatch(const RunId& run) {
    const auto found = watched_.find(run);
    if (found == watched_.end()) return;
    silences_.erase({found->second.due, run});
    watched_.erase(found);
}

/// Its client or its agent gave a sign of life.
void World::hear(Run& run) {
    // Stored now and then only, unless something else is.
    constexpr Duration kStoreEvery = std::chrono::seconds{30};
    watch(run);
    if (run.heartbeat_at && now_.wall - *run.heartbeat_at < kStoreEvery) return;
    run.heartbeat_at = now_.wall;
    touch(run);
}

/// A client says that the run lives, and no agent has it.
void World::start_by_client(Run& run) {
    SWEEPCTL_CHECK(run.state == RunState::pending && !run.claim);
    run.started_at = now_.wall;
    run.heartbeat_at = now_.wall;
    set_state(run, RunState::running, std::nullopt);
    run.requeued = false;  // Its place in the queue was by that.
    if (is_watched(run)) watch(run);
}

/// Nobody will say more of this execution. Its sweep may be gone afterwards.
void World::end_by_client(Run& run, const EndVerdict& verdict, std::string detail) {
    SWEEPCTL_CHECK(!run.claim || in_foreign_hands(run));
    unwatch(run.id);
    Sweep& sweep = sweeps_.at(run.sweep);
    run.ended_at = now_.wall;
    run.exit_code = verdict.exit_code;
    run.end_detail = detail;
    touch(run);
    if (verdict.requeue) {
        if (crashed_by_silence(run)) set_state(run, RunState::running, std::nullopt, "heard again");
        run.end_reason = EndReason::preempted;
    } else {
        if (run.state == RunState::pending && verdict.state == RunState::crashed) {
            set_state(run, RunState::running, std::nullopt,
                      "its agent may have started it before it fell silent");
        }
        if (verdict.exit_code && *verdict.exit_code != 0) {
            detail +=
                (detail.empty() ? "" : "; ") + ("exit code " + std::to_string(*verdict.exit_code));
        }
        const bool before_start =
            run.state == RunState::pending && verdict.state == RunState::killed;
        set_state(run, verdict.state,
                  before_start ? reason_before_start(verdict.reason) : verdict.reason,
                  std::move(detail));
        // One that only fell silent may live on somewhere.
        const bool surely = !crashed_by_silence(run) || (run.client && run.client->gone);
        run.retry_wanted = !sweep.record.loose && surely && retries(sweep.policy.retry, run);
        if (run.retry_wanted) ++run.retries;
        judge_streak(sweep, run);
    }
    if (run.claim) {
        // What fell silent was executed, as far as anybody knows.
        run.claim->phase = crashed_by_silence(run) ? ClaimPhase::started : ClaimPhase::ended;
        run.claim->revoking = false;
        release_claim(run);
        return;
    }
    if (verdict.requeue && run.stopping) {
        set_state(run, RunState::killed, run.stop_reason);
    } else if (verdict.requeue || run.retry_wanted) {
        go_again(run, verdict.requeue);
    }
    if (is_ended(run.state)) run.stopping = false;
    settle(sweep);
}

/// A run that was thought lost is heard (R8).
void World::revive(Run& run) {
    SWEEPCTL_CHECK(crashed_by_silence(run));
    Sweep& sweep = sweeps_.at(run.sweep);
    run.ended_at.reset();
    run.end_detail.clear();
    run.retry_wanted = false;
    if (run.client) run.client->gone = false;
    set_state(run, RunState::running, std::nullopt, "heard again");
    if (is_watched(run)) watch(run);
    reopen(sweep, "a run that was thought lost is alive");
    if (sweep.record.status == SweepStatus::cancelled) order_client_end(run, EndReason::cancel);
}

/// Its client and its agent are told when they ask next.
void World::order_client_end(Run& run, EndReason reason) {
    if (run.state == RunState::running && !is_watched(run)) {
        // Made by somebody who only said that it runs: nobody will ever ask.
        run.ended_at = now_.wall;
        set_state(run, RunState::killed, reason);
        settle(sweeps_.at(run.sweep));
        return;
    }
    run.stopping = true;
    if (run.stop_reason != EndReason::cancel) run.stop_reason = reason;
    run.retry_wanted = false;
    touch(run);
    audit(reason == EndReason::cancel ? "cancel" : "stop_run", run, {}, {},
          std::string(to_string(reason)), {});
}

void World::lose_silent_clients() {
    while (!silences_.empty() && silences_.begin()->first <= now_.steady) {
        const RunId id = silences_.begin()->second;
        silences_.erase(silences_.begin());
        Watched& watched = watched_.at(id);
        Run& run = runs_.at(id);
        watched.due = watched.heard + sweeps_.at(run.sweep).policy.heartbeat_timeout;
        silences_.emplace(watched.due, id);
        if (watched.due > now_.steady) continue;
        const Duration silent = now_.steady - watched.heard;
        end_by_client(run, judge_silence(run),
                      "last heard " + std::to_string(silent.count() / 1000) + " s ago");
    }
}

}  // namespace sweepctl

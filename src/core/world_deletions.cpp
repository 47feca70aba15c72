// Runs and sweeps that are to be forgotten.

#include "sweepctl/core/world.hpp"

#include <algorithm>
#include <utility>

namespace sweepctl {

namespace {

std::string quoted(const std::string& text) {
    return "'" + text + "'";
}

}  // namespace

/// Whether a run can go before it is over: no process of ours is it, and the client or agent that
/// speaks for it is told that it is gone. What a W&B agent was given but has not begun cannot: it
/// would begin, and bring the run back.
bool World::may_go(const Run& run) const {
    if (run.settled()) return true;
    if (run.claim) return in_foreign_hands(run) && run.claim->phase == ClaimPhase::started;
    return run.state == RunState::running || sweeps_.at(run.sweep).record.loose;
}

void World::on(DeleteRun& event) {
    actor_ = event.request.actor;
    Run* run = run_of(event.run);
    const bool stored = event.ended && !just_deleted(event.run);
    Sweep* sweep = run != nullptr ? sweep_of(run->sweep)
                   : stored       ? sweep_of(event.ended->sweep)
                                  : nullptr;
    if (sweep == nullptr) {  // Or it went with its sweep.
        answer(event.request, AnswerCode::not_found, "no run " + quoted(event.run.text));
        return;
    }
    const Run& seen = run != nullptr ? *run : *event.ended;
    const SweepId sweep_id = seen.sweep;
    const RunId id = seen.id;
    if (!may_go(seen)) {
        const std::string what =
            seen.claim && is_ended(seen.state) ? " has not been confirmed dead"
            : seen.claim && in_foreign_hands(seen)
                ? " is being started by its agent; delete it when it runs"
                : " is " + std::string(to_string(seen.state)) + "; stop it first";
        answer(event.request, AnswerCode::wrong_state, "run " + id.text + what, sweep_id, id);
        return;
    }
    if (run != nullptr && !run->settled()) {
        if (run->claim) {
            settle_wait(take_claim(*run).fence, Settled::released);
        } else if (run->state == RunState::pending) {
            dequeue(*sweep, *run);
        }
    }
    audit("run_deleted", seen, std::string(to_string(seen.state)), {}, {}, {});
    --sweep->record.counts[seen.state];
    if (seen.suggestion) sweep->coverage.free(*seen.suggestion);
    forget_values(*sweep, seen);
    if (sweep->memory != nullptr) sweep->memory->forget(observation_order(seen));
    if (sweep->record.best && sweep->record.best->run == id) sweep->record.best = event.next_best;
    sweep->runs.erase(id);
    refresh_exhausted(*sweep);
    refresh_expected(*sweep);
    touch(*sweep);
    if (run != nullptr) forget(*run);
    runs_.erase(id);
    forget_unstored(id);
    if (!fresh_runs_.contains(id)) changes_.deleted_runs.push_back(id);
    answer(event.request, AnswerCode::ok, "deleted run " + id.text, sweep_id, id);
    settle(*sweep);  // It may have been the last that the sweep waited for.
}

void World::on(DeleteSweep& event) {
    actor_ = event.request.actor;
    Sweep* sweep = asked_sweep(event.request, event.sweep);
    if (sweep == nullptr) return;
    const SweepId id = sweep->record.id;
    const auto claimed =
        std::count_if(sweep->runs.begin(), sweep->runs.end(), [&](const RunId& run_id) {
            const Run& run = runs_.at(run_id);
            return run.claim.has_value() || run.state == RunState::running;
        });
    if (claimed > 0 && !event.force) {
        answer(event.request, AnswerCode::wrong_state,
               "sweep " + id.text + " has " + std::to_string(claimed) +
                   " live or held runs; --force cancels first",
               id);
        return;
    }
    std::unordered_set<Fence> open;
    if (claimed > 0) cancel(*sweep, std::nullopt, open);
    if (!sweep->deleter) sweep->deleter = actor_;
    answer_when_settled(event.request, "deleted sweep " + id.text, id, {}, {}, Until::erased);
    erase_unless_open(*sweep);
}

void World::erase_unless_open(Sweep& sweep) {
    if (sweep.deleter && !anything_open(sweep)) erase_sweep(sweep);
}

/// Whether a sweep that is being deleted has runs whose end can be waited for. What an unreachable
/// agent executes is killed as stale when it comes back.
bool World::anything_open(const Sweep& sweep) const {
    return std::any_of(sweep.runs.begin(), sweep.runs.end(), [&](const RunId& id) {
        const Run& run = runs_.at(id);
        if (!run.claim) return false;
        return run.claim->phase == ClaimPhase::held ? may_still_start(run)
                                                    : agents_.at(run.claim->agent).connected;
    });
}

/// Answers all who asked for it, and only then: what was said to be deleted is not there any more.
void World::erase_sweep(Sweep& sweep) {
    const SweepId id = sweep.record.id;
    // Whatever it waited for, and whoever brought that, it was not their doing.
    const std::string messenger = std::exchange(actor_, *sweep.deleter);
    audit("sweep_deleted", sweep, std::string(to_string(sweep.record.status)), {}, {}, {});
    actor_ = messenger;
    std::size_t claimed = 0;  // What of these lives on is killed as stale when its agent is back.
    for (const RunId& run_id : sweep.runs) {
        Run& run = runs_.at(run_id);
        if (run.claim) {
            ++claimed;
            settle_wait(take_claim(run).fence, Settled::released);
        }
        forget(run);
        runs_.erase(run_id);
        forget_unstored(run_id);
    }
    active_.erase(id);
    const auto unstored = std::erase_if(changes_.new_sweeps,
                                        [&](const NewSweep& made) { return made.record.id == id; });
    if (unstored == 0) changes_.deleted_sweeps.push_back(id);
    std::erase_if(changes_.edited_origins,
                  [&](const EditedOrigin& edited) { return edited.sweep == id; });
    forget_foreign_agents(id);
    sweeps_.erase(id);
    std::erase_if(waiting_, [&](Waiting& waiting) {
        if (waiting.until != Until::erased || waiting.answer.sweep != id) return false;
        if (claimed > 0) waiting.answer.message += unconfirmed(claimed);
        if (waiting.answer.ticket != 0) effects_->emplace_back(std::move(waiting.answer));
        return true;
    });
}

/// It is still stored, and whoever asks may bring it along.
bool World::just_deleted(const RunId& run) const {
    return std::find(changes_.deleted_runs.begin(), changes_.deleted_runs.end(), run) !=
           changes_.deleted_runs.end();
}

/// What is collected about a run that is deleted, perhaps before it was ever stored.
void World::forget_unstored(const RunId& run) {
    std::erase_if(changes_.attempts, [&](const Attempt& past) { return past.run == run; });
    const auto of_run = [&](const auto& row) { return row.run == run; };
    std::erase_if(changes_.metrics, of_run);
    std::erase_if(changes_.details, of_run);
    std::erase_if(changes_.streams, of_run);
    std::erase_if(changes_.files, of_run);
    std::erase_if(changes_.deleted_files, of_run);
}

}  // namespace sweepctl

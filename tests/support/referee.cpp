#include "support/referee.hpp"

#include <set>
#include <stdexcept>

namespace sweepctl::testing {

namespace {

[[noreturn]] void foul(const std::string& what) {
    throw std::logic_error("referee: " + what);
}

void require(bool fair, const std::string& what) {
    if (!fair) foul(what);
}

bool by_silence(const std::string& reason) {
    return reason == "heartbeat_lost" || reason == "agent_lost";
}

/// R1 to R23, by the words that are stored.
bool allowed(const std::string& from,
             const std::string& from_reason,
             const std::string& to,
             const std::string& to_reason) {
    if (from.empty()) return to == "pending";  // R1
    if (from == "pending") {
        if (to == "running") return true;                                   // R2
        if (to == "failed") return to_reason == "spawn_error";              // R3
        return to == "killed" && (to_reason == "stopped_before_start" ||    // R16
                                  to_reason == "cancelled_before_start" ||  // R17
                                  to_reason == "target_reached");
    }
    if (from == "running") {
        if (to == "pending") return to_reason == "preempted";  // R14
        return to == "finished" || to == "failed" || to == "crashed" || to == "killed";
    }
    if (from == "finished") return to == "pending";  // R24, by a W&B client only
    if (from == "crashed" && by_silence(from_reason)) {
        return to != "crashed" || !by_silence(to_reason);  // R8, R9, R18
    }
    return to == "pending";  // R18
}

/// S1 to S18. A deletion cancels first, whatever the status was.
bool allowed_status(const std::string& from, const std::string& to) {
    static const std::set<std::pair<std::string, std::string>> table{
        {"", "pending"},           {"pending", "running"},    {"pending", "paused"},
        {"pending", "stopped"},    {"pending", "cancelled"},  {"pending", "finished"},
        {"pending", "failed"},     {"running", "paused"},     {"running", "stopped"},
        {"running", "cancelled"},  {"running", "finished"},   {"running", "failed"},
        {"paused", "running"},     {"paused", "stopped"},     {"paused", "cancelled"},
        {"paused", "failed"},      {"stopped", "running"},    {"stopped", "cancelled"},
        {"cancelled", "running"},  {"finished", "running"},   {"failed", "running"},
        {"failed", "cancelled"},   {"crashed", "running"},    {"crashed", "cancelled"},
        {"finished", "cancelled"}, {"cancelled", "cancelled"}};
    return table.contains({from, to});
}

}  // namespace

void Referee::run_moved(const AuditEvent& event) {
    SeenRun& seen = runs_[event.run];
    const std::string what = "run " + event.run.text + ": " + seen.state + " (" + seen.reason +
                             ") -> " + event.to + " (" + event.reason + ")";
    require(event.from == seen.state, what + ", but the event says it was " + event.from);
    require(allowed(seen.state, seen.reason, event.to, event.reason), what + " is not allowed");
    const bool again = event.to == "pending" && !event.from.empty();
    require(event.attempt == seen.attempt + (again ? 1 : 0),
            what + " with attempt " + std::to_string(event.attempt) + " after " +
                std::to_string(seen.attempt));
    seen.sweep = event.sweep;
    seen.state = event.to;
    seen.reason = event.reason;
    seen.attempt = event.attempt;
}

void Referee::sweep_moved(const AuditEvent& event) {
    std::string& status = sweeps_[event.sweep];
    const std::string what = "sweep " + event.sweep.text + ": " + status + " -> " + event.to;
    require(event.from == status, what + ", but the event says it was " + event.from);
    require(allowed_status(status, event.to), what + " is not allowed");
    status = event.to;
}

void Referee::row_stored(const RunRow& row, bool moved) {
    const Run& run = row.run;
    SeenRun& seen = runs_[run.id];
    const std::string what = "run " + run.id.text;
    require(to_string(run.state) == seen.state, what + " is stored as " +
                                                    std::string(to_string(run.state)) +
                                                    ", its last event says " + seen.state);
    require(run.attempt == seen.attempt, what + ": attempt without an event");
    require(row.fresh != seen.row.has_value(), what + ": fresh exactly when it is new");
    if (seen.row) {
        const Run& before = *seen.row;
        require(run.number == before.number && run.suggestion == before.suggestion &&
                    run.sweep == before.sweep,
                what + " changed what never changes");
        require(row.edited || (run.config == before.config && run.name == before.name),
                what + ": its config or name changed without saying so");
        if (run.claim && before.claim)
            require(run.claim->fence >= before.claim->fence, what + ": the fence went back");
        if (is_ended(run.state) && !moved && before.state == run.state) {
            require(run.end_reason == before.end_reason, what + ": its end reason changed");
            // A program may exit with anything after finish(): recorded, no more (R10).
            const bool after_finish =
                before.process_alive() && before.end_reason == EndReason::finish;
            require(after_finish || (run.exit_code == before.exit_code &&
                                     run.term_signal == before.term_signal),
                    what + ": its exit status changed");
        }
    } else if (run.suggestion) {
        const auto [cell, free] = cells_.try_emplace({run.sweep, *run.suggestion}, run.id);
        require(free, what + " shares its cell with run " + cell->second.text);
    }
    seen.suggestion = run.suggestion;
    seen.row = run;
}

void Referee::take(const Changes& changes) {
    std::set<RunId> moved;
    for (const AuditEvent& event : changes.events) {
        require(event.id == next_event_, "event " + std::to_string(event.id) + " follows " +
                                             std::to_string(next_event_ - 1));
        ++next_event_;
        if (event.kind == "run_state") {
            run_moved(event);
            moved.insert(event.run);
        }
        if (event.kind == "sweep_status") sweep_moved(event);
        if (event.kind == "run_deleted") {
            const SeenRun& seen = runs_.at(event.run);
            if (seen.suggestion) cells_.erase({seen.sweep, *seen.suggestion});
            runs_.erase(event.run);  // A client may bring its name again.
        }
        if (event.kind == "sweep_deleted") {
            std::erase_if(runs_, [&](const auto& run) { return run.second.sweep == event.sweep; });
        }
    }
    for (const NewSweep& sweep : changes.new_sweeps) {
        if (sweep.record.loose) expect(sweep.record.id, SweepStatus::running);
    }
    for (const RunRow& row : changes.runs)
        row_stored(row, moved.contains(row.run.id));
    for (const SweepRecord& sweep : changes.sweeps) {
        require(to_string(sweep.status) == sweeps_[sweep.id],
                "sweep " + sweep.id.text + ": its status and its last event differ");
        if (sweep.status != SweepStatus::finished) continue;
        require(sweep.counts[RunState::pending] + sweep.counts[RunState::running] == 0,
                "sweep " + sweep.id.text + " is finished with live runs");
    }
    require(changes.serials.next_event == next_event_, "the next event's number is wrong");
}

}  // namespace sweepctl::testing

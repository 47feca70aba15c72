#include "sweepctl/core/run_rules.hpp"
#include "sweepctl/core/sweep_status.hpp"

#include "store/fsck_check.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepctl {

namespace {

constexpr std::string_view kEvents =
    "SELECT id, sweep, run, sweep_key, run_key, attempt, kind, \"from\", \"to\", reason FROM events"
    " ORDER BY id";

/// A change of a sweep's status that a command or the controller makes (semantics 2.3 and 3.1).
bool legal_status_change(SweepStatus from, SweepStatus to) {
    for (const SweepCommand command : kAllSweepCommands) {
        const CommandRule rule = command_rule(from, command);
        const bool changes = rule.verdict == CommandVerdict::change ||
                             rule.verdict == CommandVerdict::change_if_live;
        if (changes && rule.to == to) return true;
    }
    switch (to) {
        case SweepStatus::running:  // its first run; reopened; recovered
            return from == SweepStatus::pending || from == SweepStatus::finished ||
                   from == SweepStatus::crashed;
        case SweepStatus::finished: return creates_runs(from);
        case SweepStatus::failed:
        case SweepStatus::crashed: return creates_runs(from) || from == SweepStatus::paused;
        case SweepStatus::pending:
        case SweepStatus::paused: return from == SweepStatus::crashed;
        case SweepStatus::stopped:
        case SweepStatus::cancelled: return false;
    }
    return false;
}

bool is_silence(std::string_view reason) {
    return reason == to_string(EndReason::heartbeat_lost) ||
           reason == to_string(EndReason::agent_lost);
}

/// Where the log has brought a run so far.
struct RunTrace {
    RunState state = RunState::pending;
    std::uint32_t attempt = 0;
    bool begun = false;
    bool silent = false;  ///< crashed only because nothing was heard of it
    bool deleted = false;
};

struct EventRow {
    std::uint64_t id = 0;
    std::string_view from;
    std::string_view to;
    std::string_view reason;
    std::uint32_t attempt = 0;
};

class EventsCheck {
public:
    EventsCheck(sqlite::Database& database, const FsckFacts& facts, FsckReport& findings)
        : database_(database), facts_(facts), findings_(findings) {}

    void run() {
        sqlite::Statement events = database_.prepare(kEvents);
        std::uint64_t expected = 1;
        for (sqlite::Rows row = events.query(); row.next();) {
            const EventRow event{row.get<std::uint64_t>(0), row.text(7), row.text(8), row.text(9),
                                 row.get<std::uint32_t>(5)};
            if (event.id != expected) {
                findings_.add("event_gap", std::to_string(event.id),
                              "event " + std::to_string(expected) + " should come before it");
            }
            expected = event.id + 1;
            const std::string_view kind = row.text(6);
            if (!row.is_null(4) && (kind == "run_state" || kind == "run_deleted")) {
                run_event(event, kind, row.integer(4), row.string(2));
            } else if (!row.is_null(3) && kind == "sweep_status") {
                sweep_event(event, row.integer(3), row.string(1));
            }
        }
        compare_ends();
    }

private:
    void broken(const char* what,
                const std::string& id,
                const EventRow& event,
                std::string detail) {
        findings_.add(what, id, "event " + std::to_string(event.id) + ": " + std::move(detail));
    }
    static std::string change(const EventRow& event) {
        return (event.from.empty() ? "nothing" : std::string(event.from)) + " -> " +
               std::string(event.to);
    }

    void run_event(const EventRow& event,
                   std::string_view kind,
                   std::int64_t key,
                   const std::string& id) {
        RunTrace& trace = runs_[key];
        const bool first = !trace.begun;
        const std::string_view known = first ? "" : to_string(trace.state);
        if (trace.deleted) broken("transition", id, event, "it was deleted before");
        if (event.from != known) {
            broken("transition", id, event,
                   change(event) + ", but it was " + (first ? "not there" : std::string(known)));
        }
        if (kind == "run_deleted") {
            trace.deleted = true;
            return;
        }
        const auto to = run_state_from(event.to);
        const auto from = run_state_from(event.from);
        if (!to || (!event.from.empty() && !from)) {
            broken("transition", id, event, change(event) + " is no change of a run's state");
            return;
        }
        bool legal = from ? legal_transition(*from, *to) : *to == RunState::pending;
        // Only silence is taken back; whoever died otherwise goes again as another attempt.
        if (from == RunState::crashed && *to != RunState::pending && !trace.silent) legal = false;
        if (!legal) broken("transition", id, event, change(event) + " is not allowed");
        const bool again = from && *to == RunState::pending;
        const std::uint32_t attempt = first ? 1 : trace.attempt + (again ? 1 : 0);
        if (event.attempt != attempt) {
            broken("transition", id, event,
                   change(event) + " as attempt " + std::to_string(event.attempt) + ", not " +
                       std::to_string(attempt));
        }
        trace.begun = true;
        trace.state = *to;
        trace.attempt = event.attempt;
        trace.silent = *to == RunState::crashed && is_silence(event.reason);
    }

    void sweep_event(const EventRow& event, std::int64_t key, const std::string& id) {
        const auto found = sweeps_.find(key);
        const std::string known =
            found == sweeps_.end() ? "" : std::string(to_string(found->second));
        if (event.from != known) {
            broken("sweep_transition", id, event,
                   change(event) + ", but it was " + (known.empty() ? "not there" : known));
        }
        const auto to = sweep_status_from(event.to);
        const auto from = sweep_status_from(event.from);
        if (!to || (!event.from.empty() && !from)) {
            broken("sweep_transition", id, event, change(event) + " is no change of a status");
            return;
        }
        const bool legal = from ? legal_status_change(*from, *to) : *to == SweepStatus::pending;
        if (!legal) broken("sweep_transition", id, event, change(event) + " is not allowed");
        sweeps_[key] = *to;
    }

    /// The last event of each says how it is.
    void compare_ends() {
        for (const auto& [key, run] : facts_.runs) {
            const auto found = runs_.find(key);
            if (found == runs_.end() || !found->second.begun) {
                findings_.add("event_state", run.id, "no event tells how it came to be");
                continue;
            }
            const RunTrace& trace = found->second;
            if (trace.state == run.state && trace.attempt == run.attempt && !trace.deleted)
                continue;
            findings_.add("event_state", run.id,
                          "is " + std::string(to_string(run.state)) + " at attempt " +
                              std::to_string(run.attempt) + ", but its events end with " +
                              (trace.deleted ? "its deletion"
                                             : std::string(to_string(trace.state)) +
                                                   " at attempt " + std::to_string(trace.attempt)));
        }
        for (const auto& [key, sweep] : facts_.sweeps) {
            if (sweep.loose) continue;  // Nothing ever happens to it.
            const auto found = sweeps_.find(key);
            if (found != sweeps_.end() && found->second == sweep.status) continue;
            findings_.add("event_status", sweep.id,
                          "is " + std::string(to_string(sweep.status)) + ", but " +
                              (found == sweeps_.end() ? "no event tells how it came to be"
                                                      : "its events end with " +
                                                            std::string(to_string(found->second))));
        }
    }

    sqlite::Database& database_;
    const FsckFacts& facts_;
    FsckReport& findings_;
    std::unordered_map<std::int64_t, RunTrace> runs_;
    std::unordered_map<std::int64_t, SweepStatus> sweeps_;
};

}  // namespace

void check_events(sqlite::Database& database, const FsckFacts& facts, FsckReport& findings) {
    EventsCheck(database, facts, findings).run();
}

}  // namespace sweepctl

#include "sweepctl/core/coverage.hpp"
#include "sweepctl/core/run_rules.hpp"

#include "store/fsck_check.hpp"
#include "store/rows.hpp"

#include <exception>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kSweepKeys =
    "SELECT sweeps.key, sweeps.id FROM sweeps WHERE sweeps.deleted = 0 ORDER BY sweeps.key";
constexpr std::string_view kOneSweep = " FROM sweeps WHERE sweeps.key = ?1";
constexpr std::string_view kOrigin = "SELECT 1 FROM sweep_origins WHERE sweep = ?1";
// The keys come after the columns of a run.
constexpr std::string_view kRunsOfSweep =
    ", runs.key, (SELECT count(*) FROM attempts WHERE attempts.run = runs.key),"
    " (SELECT coalesce(max(attempt), 0) FROM attempts WHERE attempts.run = runs.key)"
    " FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
    " LEFT JOIN run_clients ON run_clients.run = runs.key"
    " WHERE runs.sweep = ?1 ORDER BY runs.number";
constexpr int kKeyColumn = kRunColumnCount;
constexpr std::string_view kAgents = "SELECT id FROM agents";
constexpr std::string_view kMetricCounts =
    "SELECT runs.id, runs.attempt, runs.metrics_lines,"
    " (SELECT count(*) FROM metrics WHERE metrics.run = runs.key"
    "  AND metrics.attempt = runs.attempt),"
    " (SELECT coalesce(max(line) + 1, 0) FROM metrics WHERE metrics.run = runs.key"
    "  AND metrics.attempt = runs.attempt)"
    " FROM runs JOIN sweeps ON sweeps.key = runs.sweep WHERE sweeps.deleted = 0";

std::string select(std::string_view columns, std::string_view rest) {
    std::string sql = "SELECT ";
    sql += columns;
    sql += rest;
    return sql;
}

std::string word(bool truth, const char* yes, const char* no) {
    return truth ? yes : no;
}

/// One run by itself.
void check_run(const Run& run, const std::set<std::string>& agents, FsckReport& findings) {
    const std::string state(to_string(run.state));
    const auto broken = [&](const char* what, std::string detail) {
        findings.add(what, run.id.text, std::move(detail));
    };
    // A preempted one is running, with an end, until all that it started is gone.
    const bool preempted = run.end_reason == EndReason::preempted;
    if (is_ended(run.state)) {
        if (!run.end_reason) broken("end", state + " without an end reason");
        if (!run.ended_at) broken("end", state + " without the time of its end");
    } else if (run.end_reason && !(run.state == RunState::running && preempted)) {
        broken("end", state + " with the end reason " + std::string(to_string(*run.end_reason)));
    } else if (run.ended_at && !preempted) {
        broken("end", state + " with the time of an end");
    }
    if (run.state == RunState::running && !run.started_at) {
        broken("state", "running without the time of its start");
    }
    if (run.state == RunState::finished && run.exit_code.value_or(0) != 0 &&
        run.end_reason == EndReason::exit) {
        broken("state", "finished with exit code " + std::to_string(*run.exit_code));
    }
    if (run.attempt == 0) broken("attempts", "attempt 0; the first is 1");
    if (!run.claim) {
        if (run.state == RunState::running && !run.client)
            broken("claim", "running in nobody's hands");
        return;
    }
    if ((run.claim->phase == ClaimPhase::held) != (run.state == RunState::pending)) {
        broken("claim", state + " although its claim is " +
                            word(run.claim->phase == ClaimPhase::held, "held", "not held"));
    }
    if (run.claim->phase == ClaimPhase::ended && run.state == RunState::running && !preempted) {
        broken("claim", "running although its program ended");
    }
    if (run.claim->revoking && run.claim->phase != ClaimPhase::held) {
        broken("claim", "called back although it was started");
    }
    if (!agents.contains(run.claim->agent.text)) {
        broken("claim",
               "in the hands of agent '" + run.claim->agent.text + "', which is not there");
    }
}

/// A sweep and what its runs add up to.
class SweepCheck {
public:
    SweepCheck(const SweepRecord& sweep, FsckReport& findings)
        : sweep_(sweep), findings_(findings), coverage_(sweep.coverage) {}

    void add(const Run& run) {
        ++counts_[run.state];
        if (run.number >= sweep_.next_number) {
            broken("number", "run " + run.id.text + " has number " + std::to_string(run.number) +
                                 ", but the next one is " + std::to_string(sweep_.next_number));
        }
        if (!numbers_.insert(run.number).second) {
            broken("number", "two runs have number " + std::to_string(run.number));
        }
        if (sweep_.best && sweep_.best->run == run.id) best_seen_ = true;
        if (!run.suggestion) return;
        if (!suggestions_.insert(*run.suggestion).second) {
            broken("suggestion", "two runs have suggestion " + std::to_string(*run.suggestion));
        } else if (!coverage_.covered(*run.suggestion)) {
            broken("coverage", "suggestion " + std::to_string(*run.suggestion) +
                                   " counts as free, but run " + run.id.text + " has it");
        } else {
            ++covered_;
        }
    }

    void finish() {
        for (const RunState state : kAllRunStates) {
            if (counts_[state] == sweep_.counts[state]) continue;
            broken("counts", "counts " + std::to_string(sweep_.counts[state]) + " " +
                                 std::string(to_string(state)) + " runs, but has " +
                                 std::to_string(counts_[state]));
        }
        check_coverage();
        const std::uint64_t live = counts_[RunState::pending] + counts_[RunState::running];
        if (sweep_.status == SweepStatus::finished && live > 0) {
            broken("drained", "finished with " + std::to_string(live) + " pending or running runs");
        }
        if (sweep_.run_cap && counts_.total() > *sweep_.run_cap) {
            broken("run_cap", std::to_string(counts_.total()) + " runs, more than its run_cap of " +
                                  std::to_string(*sweep_.run_cap));
        }
        if (sweep_.best && !best_seen_) {
            broken("best", "its best run '" + sweep_.best->run.text + "' is not there");
        }
        const bool over =
            sweep_.status == SweepStatus::finished || sweep_.status == SweepStatus::stopped ||
            sweep_.status == SweepStatus::cancelled || sweep_.status == SweepStatus::failed ||
            sweep_.status == SweepStatus::crashed;
        if (over != sweep_.ended_at.has_value()) {
            broken("status", std::string(to_string(sweep_.status)) +
                                 word(over, " without the time of its end", " with an end"));
        }
    }

private:
    void broken(const char* what, std::string detail) {
        findings_.add(what, sweep_.id.text, std::move(detail));
    }

    void check_coverage() {
        const CoverageState& state = sweep_.coverage;
        for (const std::uint64_t number : state.freed) {
            if (number >= state.cursor) {
                broken("coverage", "freed " + std::to_string(number) + " is not below the cursor " +
                                       std::to_string(state.cursor));
            }
        }
        for (const std::uint64_t number : state.taken) {
            if (number < state.cursor) {
                broken("coverage", "taken " + std::to_string(number) + " is below the cursor " +
                                       std::to_string(state.cursor));
            }
        }
        const std::uint64_t expected = state.cursor - state.freed.size() + state.taken.size();
        if (expected != covered_ + sweep_.prior_cells) {
            broken("coverage", std::to_string(expected) + " suggestions count as covered, but " +
                                   std::to_string(covered_) + " runs have one, and " +
                                   std::to_string(sweep_.prior_cells) + " are of prior runs");
        }
    }

    const SweepRecord& sweep_;
    FsckReport& findings_;
    Coverage coverage_;
    RunCounts counts_;
    std::set<std::uint64_t> numbers_;
    std::set<std::uint64_t> suggestions_;
    std::uint64_t covered_ = 0;
    bool best_seen_ = false;
};

class RunsCheck {
public:
    RunsCheck(sqlite::Database& database, FsckReport& findings)
        : database_(database),
          findings_(findings),
          one_sweep_(database.prepare(select(kSweepColumns, kOneSweep))),
          origin_(database.prepare(kOrigin)),
          runs_(database.prepare(select(kRunColumns, kRunsOfSweep))) {
        sqlite::Statement agents = database.prepare(kAgents);
        for (sqlite::Rows row = agents.query(); row.next();)
            agents_.insert(row.string(0));
    }

    FsckFacts run() {
        sqlite::Statement keys = database_.prepare(kSweepKeys);
        for (sqlite::Rows row = keys.query(); row.next();) {
            const std::string id = row.string(1);
            try {
                check_sweep(row.integer(0));
            } catch (const sqlite::Error&) {
                throw;
            } catch (const std::exception& error) {
                findings_.add("unreadable", id, error.what());
            }
        }
        check_metrics();
        return std::move(facts_);
    }

private:
    void check_sweep(std::int64_t key) {
        std::optional<SweepRecord> sweep;
        {
            sqlite::Rows row = one_sweep_.query(key);
            if (!row.next()) return;
            sweep = read_sweep(row);
        }
        if (!origin_.query(key).next()) {
            findings_.add("origin", sweep->id.text, "its spec is not there");
        }
        facts_.sweeps[key] = FsckFacts::Sweep{sweep->id.text, sweep->status, sweep->loose};
        SweepCheck check(*sweep, findings_);
        bool complete = true;
        for (sqlite::Rows row = runs_.query(key); row.next();) {
            try {
                const Run run = read_run(row);
                check_run(run, agents_, findings_);
                check_attempts(run, row);
                check_fence(run);
                check.add(run);
                facts_.runs[row.integer(kKeyColumn)] =
                    FsckFacts::Run{run.id.text, run.state, run.attempt};
            } catch (const sqlite::Error&) {
                throw;
            } catch (const std::exception& error) {
                findings_.add("unreadable", row.string(0), error.what());
                complete = false;
            }
        }
        if (complete) check.finish();
    }

    void check_attempts(const Run& run, const sqlite::Rows& row) {
        const auto count = row.get<std::uint64_t>(kKeyColumn + 1);
        const auto highest = row.get<std::uint64_t>(kKeyColumn + 2);
        if (count + 1 == run.attempt && highest == count) return;
        findings_.add("attempts", run.id.text,
                      "is at attempt " + std::to_string(run.attempt) + ", but " +
                          std::to_string(count) + " earlier ones are there, the last of them " +
                          std::to_string(highest));
    }

    void check_fence(const Run& run) {
        if (!run.claim || fences_.insert(run.claim->fence).second) return;
        findings_.add("claim", run.id.text,
                      "shares its fence " + std::to_string(run.claim->fence) + " with another run");
    }

    void check_metrics() {
        sqlite::Statement counts = database_.prepare(kMetricCounts);
        for (sqlite::Rows row = counts.query(); row.next();) {
            const auto expected = row.get<std::uint64_t>(2);
            const auto lines = row.get<std::uint64_t>(3);
            if (lines == expected && row.get<std::uint64_t>(4) == expected) continue;
            findings_.add("metrics", row.string(0),
                          std::to_string(expected) + " lines of attempt " +
                              std::to_string(row.integer(1)) + " were taken in, but " +
                              std::to_string(lines) + " are there");
        }
    }

    sqlite::Database& database_;
    FsckReport& findings_;
    sqlite::Statement one_sweep_;
    sqlite::Statement origin_;
    sqlite::Statement runs_;
    std::set<std::string> agents_;
    std::set<Fence> fences_;
    FsckFacts facts_;
};

}  // namespace

FsckFacts check_sweeps_and_runs(sqlite::Database& database, FsckReport& findings) {
    return RunsCheck(database, findings).run();
}

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/sweep.hpp"
#include "sweepctl/store/fsck.hpp"

#include "store/sqlite.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

// The parts of fsck. Each looks at one kind of rule and adds what is broken.

namespace sweepctl {

/// Collects findings, up to a number of each kind.
class FsckReport {
public:
    explicit FsckReport(std::size_t max) : max_(max) {}
    void add(const std::string& what, const std::string& id, std::string detail);
    /// All, and one more for each kind that had too many.
    [[nodiscard]] std::vector<FsckFinding> take();

private:
    std::size_t max_;
    std::vector<FsckFinding> findings_;
    std::map<std::string, std::size_t> counts_;
};

/// What the checks of runs say to those of events and files. By key of the rows.
struct FsckFacts {
    struct Sweep {
        std::string id;
        SweepStatus status = SweepStatus::pending;
        bool loose = false;
    };
    struct Run {
        std::string id;
        RunState state = RunState::pending;
        std::uint32_t attempt = 1;
    };
    std::unordered_map<std::int64_t, Sweep> sweeps;  ///< without deleted ones; the same for runs
    std::unordered_map<std::int64_t, Run> runs;
};

/// SQLite's own structure, foreign keys, and numbers that must never be given twice.
void check_structure(sqlite::Database& database, FsckReport& findings);
/// Each sweep with its runs, attempts and metrics.
[[nodiscard]] FsckFacts check_sweeps_and_runs(sqlite::Database& database, FsckReport& findings);
/// What W&B's clients and agents brought: lines against their counts, names, projects, drawers.
void check_clients(sqlite::Database& database, FsckReport& findings);
/// The audit log: without gaps, legal throughout, and agreeing with the states.
void check_events(sqlite::Database& database, const FsckFacts& facts, FsckReport& findings);

/// Names of the directories and files below `home`/sweeps.
struct RunFiles {
    std::map<std::string, std::vector<std::string>> by_sweep;
};
/// To be called before the database is looked at: whatever is there then has its run there.
[[nodiscard]] RunFiles list_run_files(const std::string& home);
void check_files(sqlite::Database& database,
                 const RunFiles& files,
                 const std::string& home,
                 FsckReport& findings);
/// Files that W&B's clients stored, against what is known of them. Outside of any transaction,
/// since it looks twice.
void check_uploads(sqlite::Database& database, const std::string& home, FsckReport& findings);

}  // namespace sweepctl

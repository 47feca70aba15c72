#pragma once

#include "sweepctl/core/changes.hpp"

#include "store/client_writer.hpp"
#include "store/sqlite.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

// Turns Changes into statements. Knows nothing of threads or transactions: the caller opens one
// around write(), and calls forget() when it was undone.

namespace sweepctl {

class ChangeWriter {
public:
    explicit ChangeWriter(sqlite::Database& database);

    /// Throws sqlite::Error, or std::runtime_error when the changes cannot be true (an update of a
    /// run that does not exist).
    void write(const Changes& changes);

    /// What was written since the last commit is not there.
    void forget();

    /// Removes up to a few hundred rows of deleted sweeps, in the caller's transaction. False:
    /// nothing is left to remove.
    bool purge();

private:
    using Key = std::int64_t;
    /// What the table holds of a run that is not settled, so that an update touches no index whose
    /// columns stay as they are, and needs no look-up by id.
    struct KnownRun {
        Key key = 0;
        Key project = 0;
        RunState state = RunState::pending;
        std::optional<Fence> fence;
    };
    struct KnownSweep {
        Key key = 0;
        Key project = 0;
    };
    struct KeyCounters {
        Key next_sweep = 0;
        Key next_run = 0;
        bool operator==(const KeyCounters&) const = default;
    };

    void read_serials();
    const KnownSweep& sweep_of(const SweepId& id);
    const KnownSweep* known_sweep(const SweepId& id);
    KnownRun& known_run(const RunId& id);
    KnownRun* find_known_run(const RunId& id);

    void insert_sweep(const NewSweep& sweep);
    void update_sweep(const SweepRecord& sweep);
    void edit_origin(const EditedOrigin& edited);
    void insert_run(const Run& run);
    void update_run(const Run& run, bool edited);
    void write_clients(const Changes& changes);
    void write_attempt(const Attempt& attempt);
    void write_metrics(const MetricLines& lines);
    void insert_event(const AuditEvent& event);
    void write_agent(const AgentRecord& agent);
    void delete_run(const RunId& id);
    void delete_sweep(const SweepId& id);
    void write_serials(const Serials& serials);

    sqlite::Database& database_;
    bool serials_read_ = false;
    Serials serials_;  // As stored, or about to be.
    KeyCounters stored_keys_;
    KeyCounters keys_;
    std::unordered_map<std::string, KnownSweep> sweeps_;
    std::unordered_map<std::string, KnownRun> runs_;
    std::vector<std::string> settled_;  // To be dropped from `runs_` at the end of write().

    ClientWriter clients_;
    sqlite::Statement insert_sweep_;
    sqlite::Statement insert_origin_;
    sqlite::Statement insert_prior_;
    sqlite::Statement insert_variable_;
    sqlite::Statement update_sweep_;
    sqlite::Statement edit_origin_;
    sqlite::Statement find_sweep_;
    sqlite::Statement insert_run_;
    sqlite::Statement update_run_;
    sqlite::Statement update_run_in_state_;
    sqlite::Statement edit_run_;
    sqlite::Statement find_run_;
    sqlite::Statement write_attempt_;
    sqlite::Statement write_metric_;
    sqlite::Statement insert_event_;
    sqlite::Statement write_agent_;
    sqlite::Statement delete_agent_;
    sqlite::Statement delete_run_;
    sqlite::Statement delete_sweep_;
    sqlite::Statement delete_environment_;
    sqlite::Statement write_serials_;
};

}  // namespace sweepctl

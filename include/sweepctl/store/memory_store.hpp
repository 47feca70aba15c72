#pragma once

#include "sweepctl/store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// The store of the simulator: the same port, one thread, no I/O, and a disk that survives its
// controller.

namespace sweepctl {

/// What a crash leaves: everything committed. Shared by the stores that come one after another, and
/// read by the tests.
struct MemoryDisk {
    explicit MemoryDisk(std::uint64_t key) : id_key(key) {}

    std::uint64_t id_key;
    Serials serials;
    std::map<SweepId, NewSweep> sweeps;
    std::map<RunId, Run> runs;
    std::map<std::pair<RunId, std::uint32_t>, Attempt> attempts;
    /// By run, attempt and line number.
    std::map<std::pair<RunId, std::uint32_t>, std::map<std::uint64_t, std::string>> metrics;
    std::map<RunId, RunDetails> details;
    std::map<std::pair<RunId, RunStream>, std::map<std::uint64_t, std::string>> streams;
    std::map<std::pair<RunId, std::string>, FileRow> files;
    std::map<std::pair<std::string, std::string>, ProjectRow> projects;  ///< by entity and name
    std::set<std::uint64_t> skipped_serials;
    std::vector<AuditEvent> events;
    std::map<AgentId, AgentRecord> agents;

    /// Of the runs, by sweep: no two have the same. Kept by the store.
    std::set<std::pair<SweepId, std::uint64_t>> numbers;
    std::set<std::pair<SweepId, std::uint64_t>> suggestions;

    bool full = false;          ///< commits fail, as on a full disk
    std::uint64_t commits = 0;  ///< that succeeded
};

/// A commit waits in memory until poll() makes it durable and calls its `done`; a store that is
/// destroyed before loses it, as a crash would.
class MemoryStore final : public Store {
public:
    MemoryStore(std::shared_ptr<MemoryDisk> disk, std::function<void()> wake);

    [[nodiscard]] Snapshot load() override;
    void commit(Changes changes, std::function<void(std::optional<StoreError>)> done) override;
    void poll() override;
    [[nodiscard]] std::optional<Run> find_run(const RunId& id) override;
    [[nodiscard]] std::optional<Run> find_run_named(const std::string& entity,
                                                    const std::string& project,
                                                    const std::string& name) override;
    [[nodiscard]] std::optional<BestRun> best_without(const SweepId& sweep,
                                                      const RunId& without) override;

    /// Commits that wait.
    [[nodiscard]] std::size_t waiting() const;
    /// Makes the oldest `count` of them durable without telling anybody: a crash between the write
    /// and its acknowledgement.
    void write(std::size_t count);

private:
    struct Commit {
        Changes changes;
        std::function<void(std::optional<StoreError>)> done;
        std::uint64_t epoch = 0;
        bool written = false;
        std::optional<StoreError> error;
    };
    struct Failed {
        std::uint64_t epoch = 0;
        bool full = false;
        std::string message;
    };
    void write(Commit& commit);

    std::shared_ptr<MemoryDisk> disk_;  // Shared with the test, and with the store after this one.
    std::function<void()> wake_;
    std::vector<Commit> queue_;
    std::uint64_t epoch_ = 0;  // Counts the failures that the caller knows of.
    std::optional<Failed> failed_;
};

}  // namespace sweepctl

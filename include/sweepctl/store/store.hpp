#pragma once

#include "sweepctl/core/changes.hpp"

#include <functional>
#include <optional>
#include <string>

// The port through which the controller makes its decisions durable.

namespace sweepctl {

/// Why a commit did not happen: nothing of it did.
struct StoreError {
    bool full = false;  ///< the disk is full or fails: worth trying again when there is room
    std::string message;
    Changes changes{};  ///< what was not committed, given back so that nothing is lost
};

class Store {
public:
    virtual ~Store() = default;

    /// What a controller begins with. Throws std::runtime_error when the database cannot be read.
    [[nodiscard]] virtual Snapshot load() = 0;

    /// Makes `changes` durable, all or nothing, in the order of the calls. `done` is called from
    /// poll() on the caller's thread, with nothing when they are. What is durable is always a
    /// prefix of the calls: when one fails, so do all that were made before its `done` was called.
    /// They are given back in order and may be handed in again in that order.
    virtual void commit(Changes changes, std::function<void(std::optional<StoreError>)> done) = 0;

    /// Calls the `done`s that are due. The store says through its wake-up callback when there are
    /// any.
    virtual void poll() = 0;

    /// The run as stored, ended ones included; nullopt if there is none. Sees every commit that was
    /// handed in before (waits for those in flight). Short; may block on the disk.
    [[nodiscard]] virtual std::optional<Run> find_run(const RunId& id) = 0;

    /// The run that W&B clients call `name` in a project, as stored: by the name one of them
    /// brought, else by its id. As find_run().
    [[nodiscard]] virtual std::optional<Run> find_run_named(const std::string& entity,
                                                            const std::string& project,
                                                            const std::string& name) = 0;

    /// The best run of `sweep` by its metric when `without` is left out: by the best value each run
    /// ever logged. Looks at every run of the sweep (about a second for a million).
    [[nodiscard]] virtual std::optional<BestRun> best_without(const SweepId& sweep,
                                                              const RunId& without) = 0;
};

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/changes.hpp"
#include "sweepctl/store/store.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

// What the store's tests write, and how they compare what comes back.

namespace sweepctl {

[[nodiscard]] WallTime at(std::int64_t milliseconds);
[[nodiscard]] NewSweep make_sweep(const std::string& id);
/// Pending, number `number` of the sweep, named after its id.
[[nodiscard]] Run make_run(const std::string& id, const std::string& sweep, std::uint64_t number);
/// `run` in another state: running ones are claimed and started, ended ones have an end.
[[nodiscard]] Run in_state(Run run, RunState state);
[[nodiscard]] MetricSummary make_metric(const std::string& name, double value);
/// The event that says that `run` came to its state from `from`.
[[nodiscard]] AuditEvent state_event(std::uint64_t id, const Run& run, const std::string& from);

/// Every field, in words: two are the same exactly when their texts are.
[[nodiscard]] std::string text_of(const Run& run);
[[nodiscard]] std::string text_of(const NewSweep& sweep);
[[nodiscard]] std::string text_of(const SweepRecord& sweep);
[[nodiscard]] std::string text_of(const AgentRecord& agent);
[[nodiscard]] std::string text_of(const Attempt& attempt);
[[nodiscard]] std::string text_of(const AuditEvent& event);

/// Waits on the caller's thread for what another thread announces.
class WakeUp {
public:
    WakeUp();
    ~WakeUp();
    WakeUp(const WakeUp&) = delete;
    WakeUp& operator=(const WakeUp&) = delete;

    /// To be handed to what wakes.
    [[nodiscard]] std::function<void()> callback();
    /// Calls `poll` after each announcement until `done` says yes. False: it did not within 20 s.
    [[nodiscard]] bool poll_until(const std::function<void()>& poll,
                                  const std::function<bool()>& done);

private:
    int fd_;
};

/// Hands `changes` in and waits; the error, if there was one.
std::optional<StoreError> commit_now(Store& store, WakeUp& wake, Changes changes);

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/changes.hpp"
#include "sweepctl/store/reader.hpp"
#include "sweepctl/store/store.hpp"

#include "temporary_directory.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
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
[[nodiscard]] std::string text_of(const RunId& run, const RunDetails& details);
[[nodiscard]] std::string text_of(const FileRow& file);
[[nodiscard]] std::string text_of(const ProjectRow& project);
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

/// A database with a store on it.
class StoredDatabase {
public:
    StoredDatabase();
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] Store& store() { return *store_; }
    /// Throws when it fails.
    void commit(Changes changes);
    /// The result of a query on it.
    template <typename Query>
    auto read(const Query& query) {
        std::optional<std::invoke_result_t<Query, ReadSession&>> result;
        read_database(path_, [&](ReadSession& session) { result.emplace(query(session)); });
        return std::move(*result);
    }

private:
    TemporaryDirectory directory_;
    std::string path_;
    WakeUp wake_;
    std::unique_ptr<Store> store_;
};

/// Hands `changes` in and waits; the error, if there was one.
std::optional<StoreError> commit_now(Store& store, WakeUp& wake, Changes changes);

}  // namespace sweepctl

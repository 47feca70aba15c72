#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/changes.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Reads beside the writing store, on threads of their own. A query runs there with a ReadSession,
// which shows one moment of the database; its result is handed to a callback on the caller's
// thread.
//
//     reader.read(Pace::quick,
//                 [id](ReadSession& session) { return sweep_json(session, id); },
//                 [=](Result<std::optional<std::string>, ReadError> json) { ... });
//     ... and when `wake` was called:
//     reader.poll();
//
// What a commit's `done` acknowledged is seen by every query that is handed in after it.

namespace sweepctl {

class ReadSession;

/// Why a query gave no result: the database cannot be read. Not for what was not found.
struct ReadError {
    std::string message;
};

/// Slow queries (filters, sorting by a value, exports) have a thread apart, so that the quick ones
/// never wait for them.
enum class Pace : std::uint8_t { quick, slow };

class Reader {
public:
    virtual ~Reader() = default;

    /// Runs `query(session)` on a thread of the reader's and later, from poll(), `done` with its
    /// result: done(Result<T, ReadError>). `query` must bring along what it needs, by value.
    /// Queries of one pace run in order.
    template <typename Query, typename Done>
    void read(Pace pace, Query query, Done done) {
        using T = std::invoke_result_t<Query&, ReadSession&>;
        auto result = std::make_shared<std::optional<T>>();  // Written there, read here.
        submit(
            pace,
            [result, query = std::move(query)](ReadSession& session) mutable {
                result->emplace(query(session));
            },
            [result, done = std::move(done)](const ReadError* error) mutable {
                if (error != nullptr) {
                    done(Result<T, ReadError>(Failure{*error}));
                } else {
                    done(Result<T, ReadError>(std::move(**result)));
                }
            });
    }

    /// Calls the `done`s that are due.
    virtual void poll() = 0;

protected:
    /// `done` is called with nullptr when the query gave its result.
    virtual void submit(Pace pace,
                        std::function<void(ReadSession&)> query,
                        std::function<void(const ReadError*)> done) = 0;
};

/// Opens a database that a store has opened before. `wake` is called from the reader's threads. On
/// destruction running queries are interrupted and their `done`s forgotten.
/// Throws std::runtime_error when it cannot be opened.
[[nodiscard]] std::unique_ptr<Reader> open_reader(const std::string& path,
                                                  std::function<void()> wake);

/// The same without threads, for tests and programs that only look: runs `query` here and now.
/// Throws std::runtime_error.
void read_database(const std::string& path, const std::function<void(ReadSession&)>& query);

// --- Queries. JSON texts are complete objects with the field names of the API; absent values are
// null, times RFC 3339, and numbers that JSON cannot say are the strings "NaN", "Infinity" and
// "-Infinity".

/// What a person asked for cannot be answered as asked.
struct QueryError {
    enum class Kind : std::uint8_t { bad_filter, bad_sort, bad_cursor } kind = Kind::bad_filter;
    std::size_t offset = 0;  ///< where in the filter or the sort keys
    std::string message;
};

struct SweepsQuery {
    std::vector<SweepStatus> statuses;  ///< empty: any
    std::string project;                ///< empty: any; the same below
    std::string entity;
    std::size_t limit = 100;
    std::string cursor;  ///< `next_cursor` of the page before; empty: the first page
};
/// {"items": [Sweep without spec], "next_cursor"}, newest first.
[[nodiscard]] Result<std::string, QueryError> sweeps_page(ReadSession& session,
                                                          const SweepsQuery& query);
/// A Sweep with its spec; nullopt: there is none.
[[nodiscard]] std::optional<std::string> sweep_json(ReadSession& session, const SweepId& id);
/// Its spec alone, as given.
[[nodiscard]] std::optional<std::string> sweep_spec(ReadSession& session, const SweepId& id);

/// {"source", "metric", "runs": [...]}: the runs from before a sweep that its search knows, in the
/// form that told_run_from() reads. nullopt: there is no such sweep.
[[nodiscard]] std::optional<std::string> prior_json(ReadSession& session, const SweepId& sweep);
/// What the ended runs of a sweep would tell another, by number, with their values of `metric`.
[[nodiscard]] std::vector<PriorRun> ended_runs(ReadSession& session,
                                               const SweepId& sweep,
                                               const std::string& metric);

struct RunsQuery {
    SweepId sweep;
    std::vector<RunState> states;  ///< empty: any
    std::string filter;            ///< see run_filter.hpp; empty: all
    std::string sort;              ///< "key,-key"; empty: by number. Runs without the key come last
    std::size_t limit = 100;
    std::string cursor;
    /// Each with "suggestion" and "history", as told_run_from() reads them.
    bool histories = false;
};
/// Quick exactly when neither a filter, nor a sort by value, nor histories are asked for.
[[nodiscard]] Pace pace_of(const RunsQuery& query);
/// {"items": [Run], "next_cursor"}. Ties are broken by number. Reading page after page by number
/// is also how a sweep is exported: every run that exists throughout is there exactly once.
/// Histories may be long: a page of them ends when it has a few megabytes.
[[nodiscard]] Result<std::string, QueryError> runs_page(ReadSession& session,
                                                        const RunsQuery& query);
/// A Run with everything that is known of it: its attempts (the current one last), each metric's
/// first, last, best (of the sweep's metric), min, max and count. `home` is the state directory,
/// for `log_path`. nullopt: there is none.
[[nodiscard]] std::optional<std::string> run_json(ReadSession& session,
                                                  const RunId& id,
                                                  const std::string& home);

struct MetricsQuery {
    RunId run;
    std::optional<std::uint32_t> attempt;  ///< none: the newest
    std::optional<std::uint64_t> after;    ///< lines after this one; none: from the first
    std::size_t limit = 1000;
};
/// {"items": [{"line", "data"}], "next_cursor"}; empty items for an unknown run.
[[nodiscard]] std::string metrics_page(ReadSession& session, const MetricsQuery& query);

struct EventsQuery {
    SweepId sweep;  ///< empty: of all; the same for `run`
    RunId run;
    std::uint64_t after = 0;  ///< those with a higher id
    std::size_t limit = 1000;
};
/// One event for a stream.
struct EventText {
    std::uint64_t id = 0;
    std::string json;
};
[[nodiscard]] std::vector<EventText> events_after(ReadSession& session, const EventsQuery& query);
/// {"items": [Event], "next_cursor"}, oldest first.
[[nodiscard]] std::string events_page(ReadSession& session, const EventsQuery& query);
/// The highest id so far; 0: none.
[[nodiscard]] std::uint64_t last_event_id(ReadSession& session);
/// An Event as the API shows it.
[[nodiscard]] std::string event_json(const AuditEvent& event);

/// What a text that a person typed for an id means.
struct IdMatch {
    enum class Kind : std::uint8_t { none, found, ambiguous } kind = Kind::none;
    std::string id;                       ///< when found: exact, or the only one with that prefix
    std::vector<std::string> candidates;  ///< when ambiguous: the first ten
};
struct IdQuery {
    std::string prefix;   ///< an id or the beginning of one; empty matches nothing
    std::string project;  ///< empty: any
    std::string entity;
};
[[nodiscard]] IdMatch match_sweep_id(ReadSession& session, const IdQuery& query);
[[nodiscard]] IdMatch match_run_id(ReadSession& session, const IdQuery& query);

/// Counts for `status` and the Prometheus text.
struct StoreCounts {
    std::uint64_t sweeps = 0;
    RunCounts runs;
};
[[nodiscard]] StoreCounts store_counts(ReadSession& session);

}  // namespace sweepctl

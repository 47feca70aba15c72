#pragma once

#include "sweepctl/core/ids.hpp"
#include "sweepctl/core/run_state.hpp"
#include "sweepctl/core/time.hpp"
#include "sweepctl/store/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What W&B clients read: projects and everything in them, in their words. One moment of the
// database each, as for the queries of reader.hpp. What has a `cursor` is one item of a list: the
// next page begins after the cursor of any item, however the rows have changed since.

namespace sweepctl {

// --- Projects

struct WireProject {
    std::int64_t key = 0;  ///< never reused: `internalId`
    std::string entity;
    std::string name;
    std::string description;
    WallTime created_at;
    std::string cursor;
};
struct WireProjectPage {
    std::vector<WireProject> projects;
    bool has_next = false;
};
/// Of an entity (empty: of all), newest first.
[[nodiscard]] Result<WireProjectPage, QueryError> wire_projects(ReadSession& session,
                                                                const std::string& entity,
                                                                std::size_t limit,
                                                                const std::string& cursor);
/// nullopt: there is none.
[[nodiscard]] std::optional<WireProject> wire_project(ReadSession& session,
                                                      const std::string& entity,
                                                      const std::string& name);
/// By its key, for clients that name projects by number.
[[nodiscard]] std::optional<WireProject> wire_project(ReadSession& session, std::int64_t key);

// --- Runs

/// The big columns, which cost time to read.
struct RunColumns {
    bool config = true;
    bool summary = true;
    bool system_metrics = true;
    bool history_keys = true;
};

struct WireRun {
    RunId id;
    std::string wire_name;     ///< W&B's "run id": unique within the project
    std::string display_name;  ///< W&B's "run name"
    std::int64_t project_key = 0;
    std::string project;
    std::string entity;
    std::optional<std::string> sweep;  ///< id; nullopt: belongs to none
    std::uint64_t number = 0;          ///< 1, 2, ... within its sweep
    RunState state = RunState::pending;
    std::uint32_t attempt = 1;
    bool preempting = false;  ///< running, and said that it is about to be preempted
    bool requeued = false;    ///< pending again after preemption
    bool stopping = false;    ///< its end was ordered
    std::vector<std::string> tags;
    std::optional<std::string> notes;
    std::optional<std::string> group;
    std::optional<std::string> job_type;
    std::optional<std::string> commit;
    std::optional<std::string> username;
    std::optional<std::string> host;
    std::optional<std::string> program;
    std::optional<std::string> repo;
    std::optional<std::string> agent;  ///< the last that had it
    WallTime created_at;
    std::optional<WallTime> started_at;
    std::optional<WallTime> ended_at;
    std::optional<WallTime> heartbeat_at;
    std::optional<int> exit_code;
    /// Lines of the file stream, as the offsets of its clients count them: what a client that
    /// goes on is told. A run that also logged without a client has more rows: `metric_lines`.
    std::uint64_t history_lines = 0;
    std::uint64_t event_lines = 0;
    std::uint64_t output_lines = 0;
    std::uint64_t metric_lines = 0;  ///< of history, logged without a client
    // JSON objects as far as wanted. Numbers that JSON cannot say are the bare words NaN, Infinity
    // and -Infinity in the first two, as W&B clients write and read them.
    std::optional<std::string> config_json;   ///< {"lr": {"value": 0.1}, "_wandb": ...}
    std::optional<std::string> summary_json;  ///< {"loss": 0.5}
    std::optional<std::string> system_metrics_json;
    std::optional<std::string> history_keys_json;  ///< {"lastStep", "keys", "sets"}, strict JSON
    std::string cursor;                            ///< only in lists
};

struct ProjectRunsQuery {
    std::string entity;
    std::string project;
    std::string sweep;  ///< of this one only; empty: of all. The same for `agent`
    std::string agent;
    std::string filter;  ///< Mongo JSON; empty or {}: all. See run_filter.hpp, FilterWords::wandb
    std::string order;   ///< "+created_at,-config.lr"; empty: newest first. Runs without the key
                         ///< come last, whichever the direction
    std::size_t limit = 50;
    std::string cursor;      ///< empty: from the beginning (of the end, when `backwards`)
    bool backwards = false;  ///< the last `limit` runs before `cursor`, still in order
    std::string user;        ///< who owns the runs that name nobody, for filters by `username`
    RunColumns wanted;
};
struct WireRunPage {
    std::vector<WireRun> runs;
    bool has_next = false;  ///< when `backwards`: there are more before
};
/// Quick exactly when no run has to be looked at beyond those of the page. Also of the count.
[[nodiscard]] Pace pace_of(const ProjectRunsQuery& query);
/// Empty for a project that there is not.
[[nodiscard]] Result<WireRunPage, QueryError> project_runs(ReadSession& session,
                                                           const ProjectRunsQuery& query);
/// How many there are in all its pages; `order`, `limit`, `cursor` are of no matter.
[[nodiscard]] Result<std::uint64_t, QueryError> project_run_count(ReadSession& session,
                                                                  const ProjectRunsQuery& query);

/// By its wire name. nullopt: there is none.
[[nodiscard]] std::optional<WireRun> wire_run(ReadSession& session,
                                              const std::string& entity,
                                              const std::string& project,
                                              const std::string& name,
                                              const RunColumns& wanted = {});
[[nodiscard]] std::optional<WireRun> wire_run(ReadSession& session,
                                              const RunId& id,
                                              const RunColumns& wanted = {});

// --- A run's history: what it logged without a client, attempt after attempt, then the lines of
// its file stream. A line without `_step` is given one: the number of the lines before it.

struct HistoryQuery {
    std::size_t samples = 500;  ///< at most so many rows, spread over the range
    std::optional<std::int64_t> min_step;
    std::optional<std::int64_t> max_step;
    bool max_included = false;      ///< whether a row at `max_step` belongs to it
    std::vector<std::string> keys;  ///< only rows that have all of them; empty: any row
};
/// Whole rows, JSON objects as they were logged, bare NaN included. Empty for an unknown run.
[[nodiscard]] std::vector<std::string> history_rows(ReadSession& session,
                                                    const RunId& run,
                                                    const HistoryQuery& query);
/// The same rows cut to `keys` (none: whole), in strict JSON with "NaN", "Infinity", "-Infinity".
[[nodiscard]] std::vector<std::string> history_objects(ReadSession& session,
                                                       const RunId& run,
                                                       const HistoryQuery& query);
/// System metrics, as history_rows().
[[nodiscard]] std::vector<std::string> event_rows(ReadSession& session,
                                                  const RunId& run,
                                                  std::size_t samples);
/// The last lines of the file stream, oldest first, as they were sent.
[[nodiscard]] std::vector<std::string> history_tail(ReadSession& session,
                                                    const RunId& run,
                                                    std::size_t count);
[[nodiscard]] std::vector<std::string> events_tail(ReadSession& session,
                                                   const RunId& run,
                                                   std::size_t count);

/// One line of a run's console.
struct ConsoleLine {
    std::uint64_t number = 0;
    std::string line;       ///< without what stood before the text
    std::string level;      ///< "info" or "error"
    std::string label;      ///< empty: none
    std::string timestamp;  ///< as the client wrote it; empty: none
    std::string cursor;
};
struct ConsolePage {
    std::vector<ConsoleLine> lines;  ///< ascending
    bool has_next = false;
};
[[nodiscard]] Result<ConsolePage, QueryError> console_lines(ReadSession& session,
                                                            const RunId& run,
                                                            std::size_t limit,
                                                            const std::string& cursor);
[[nodiscard]] ConsolePage last_console_lines(ReadSession& session,
                                             const RunId& run,
                                             std::size_t count);

// --- A run's files

struct WireFile {
    std::string name;
    std::uint64_t size = 0;
    std::string md5;       ///< base64; empty: not known
    std::string mimetype;  ///< empty: not known
    WallTime updated_at;
    std::string cursor;
};
struct RunFilesQuery {
    RunId run;
    std::vector<std::string> names;  ///< only these; empty: any
    std::string pattern;             ///< SQL LIKE; empty: any
    std::size_t limit = 50;
    std::string cursor;
};
struct WireFilePage {
    std::vector<WireFile> files;  ///< by name
    bool has_next = false;
};
[[nodiscard]] Result<WireFilePage, QueryError> run_files(ReadSession& session,
                                                         const RunFilesQuery& query);
[[nodiscard]] std::uint64_t run_file_count(ReadSession& session, const RunId& run);
/// The sweep whose directory has the run's files: its own, or for a run of none the drawer that it
/// is kept in. nullopt: there is no such run.
[[nodiscard]] std::optional<SweepId> sweep_with_files(ReadSession& session, const RunId& run);

// --- Sweeps

struct WireSweep {
    SweepId id;
    std::int64_t project_key = 0;
    std::string project;
    std::string entity;
    std::string display_name;
    std::string method;
    std::string state;     ///< W&B's: PENDING RUNNING PAUSED FINISHED CANCELED FAILED CRASHED
    bool stopped = false;  ///< FINISHED because a person stopped it
    std::string description;
    std::string spec;                          ///< the YAML text as given
    std::optional<std::string> prior_filters;  ///< Mongo JSON of the runs to learn from
    WallTime created_at;
    WallTime updated_at;
    std::optional<WallTime> heartbeat_at;  ///< of the newest of its agents
    std::uint64_t run_count = 0;
    std::optional<std::uint64_t> expected_runs;
    std::optional<std::string> best_run;  ///< RunId
    std::optional<double> best_loss;      ///< that run's value of the sweep's metric
    std::string cursor;
};
struct WireSweepPage {
    std::vector<WireSweep> sweeps;
    bool has_next = false;
};
/// Newest first.
[[nodiscard]] Result<WireSweepPage, QueryError> project_sweeps(ReadSession& session,
                                                               const std::string& entity,
                                                               const std::string& project,
                                                               std::size_t limit,
                                                               const std::string& cursor);
[[nodiscard]] std::uint64_t project_sweep_count(ReadSession& session,
                                                const std::string& entity,
                                                const std::string& project);
[[nodiscard]] std::optional<WireSweep> wire_sweep(ReadSession& session,
                                                  const std::string& entity,
                                                  const std::string& project,
                                                  const std::string& id);
[[nodiscard]] std::optional<WireSweep> wire_sweep(ReadSession& session, const SweepId& id);

/// An agent that serves a sweep or has had runs of it.
struct WireAgent {
    AgentId id;
    std::string host;
    std::string state;  ///< RUNNING, or FINISHED when it is gone
    std::uint64_t total_runs = 0;
    WallTime created_at;  ///< where that is not known: when its first run began
    std::optional<WallTime> heartbeat_at;
};
/// Oldest first. Looks at all runs of the sweep.
[[nodiscard]] std::vector<WireAgent> sweep_agents(ReadSession& session, const SweepId& sweep);

}  // namespace sweepctl

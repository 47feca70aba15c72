#pragma once

#include "sweepctl/core/agent.hpp"
#include "sweepctl/core/run.hpp"
#include "sweepctl/core/run_details.hpp"
#include "sweepctl/core/sweep.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What one batch of events changed, to be made durable in one transaction; and what a restart
// begins with.

namespace sweepctl {

/// One line of the audit log: who did what to what, when, why. Append-only.
struct AuditEvent {
    std::uint64_t id = 0;  ///< 1, 2, ... without gaps in order of time
    WallTime time;
    std::string actor;  ///< "controller", "agent a7...", "user root"
    SweepId sweep;      ///< empty: of none
    RunId run;          ///< empty: of none
    std::uint32_t attempt = 0;
    std::string
        kind;  ///< "run_state", "sweep_status", "stop_run", "metrics_invalid", "agent_lost", ...
    std::string from;
    std::string to;
    std::string reason;
    std::string detail;
};

/// Lines of a run's metrics file, taken in together with the offset after them.
struct MetricLines {
    RunId run;
    std::uint32_t attempt = 1;
    std::uint64_t first_line = 0;    ///< number of the first of `lines` within the attempt
    std::vector<std::string> lines;  ///< JSON objects, one line of history each
};

struct RunRow {
    Run run;
    bool fresh = false;   ///< insert; otherwise update
    bool edited = false;  ///< its name or its config changed, which is rare
};

/// Lines of a run that its W&B client sent. Written anew where they are there already.
enum class RunStream : std::uint8_t { history, events, output };
struct StreamLines {
    RunId run;
    RunStream stream = RunStream::history;
    std::uint64_t first_line = 0;
    std::vector<std::string> lines;
};

struct DetailsPatch {
    RunId run;
    RunDetails details;
};

/// A project that is to exist.
struct ProjectRow {
    std::string entity;
    std::string name;
    WallTime created_at;
    std::optional<std::string> description;  ///< replaces the one it has
};

/// A file of a run, as it lies in its directory.
struct FileRow {
    RunId run;
    std::string name;
    std::uint64_t size = 0;
    std::string md5_base64;
    std::string mimetype;
    WallTime updated_at;
};
struct DeletedFile {
    RunId run;
    std::string name;
};

/// Numbers that must never be given twice.
struct Serials {
    std::uint64_t next_sweep = 1;
    std::uint64_t next_run = 1;
    std::uint64_t next_fence = 1;
    std::uint64_t next_event = 1;

    bool operator==(const Serials&) const = default;
};

struct NewSweep {
    SweepRecord record;
    SweepOrigin origin;
};
struct EditedOrigin {
    SweepId sweep;
    SweepOrigin origin;
};

struct Changes {
    std::vector<NewSweep> new_sweeps;
    std::vector<SweepRecord> sweeps;
    std::vector<RunRow> runs;
    std::vector<Attempt> attempts;
    std::vector<MetricLines> metrics;
    std::vector<AuditEvent> events;
    std::vector<AgentRecord> agents;
    std::vector<AgentId> deleted_agents;
    std::vector<RunId> deleted_runs;      ///< with their attempts and metrics; their events stay
    std::vector<SweepId> deleted_sweeps;  ///< with all their runs
    std::vector<EditedOrigin> edited_origins;
    std::vector<ProjectRow> projects;
    std::vector<DetailsPatch> details;
    std::vector<StreamLines> streams;
    std::vector<FileRow> files;
    std::vector<DeletedFile> deleted_files;
    /// Serials whose ids were taken by clients before their turn came.
    std::vector<std::uint64_t> skipped_serials;
    Serials serials;

    [[nodiscard]] bool empty() const;
};

/// Everything that lives: what a controller needs in memory to go on where the last one died.
struct Snapshot {
    std::vector<NewSweep> sweeps;  ///< all of them; there are few
    std::vector<Run> runs;         ///< pending, running, or with a claim
    std::vector<AgentRecord> agents;
    std::vector<std::uint64_t> skipped_serials;  ///< of runs, from next_run on
    Serials serials;
    std::uint64_t id_key = 0;  ///< secret of this state directory, see id_text()
};

}  // namespace sweepctl

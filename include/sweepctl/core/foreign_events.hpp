#pragma once

#include "sweepctl/core/request.hpp"
#include "sweepctl/core/run.hpp"
#include "sweepctl/core/run_details.hpp"
#include "sweepctl/core/search_strategy.hpp"
#include "sweepctl/core/sweep.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// What W&B's own client and agent tell and ask. Any of it may be repeated: they send a request
// again when the answer was lost.

namespace sweepctl {

// --- W&B agents
// -------------------------------------------------------------------------------------

/// A W&B agent registers for a sweep. Answer.agent is its id. wrong_state: the sweep is over.
struct RegisterForeignAgent {
    Request request;
    SweepId sweep;
    std::string host;
};

/// A W&B agent's heartbeat. Answer.commands says what it is to do; not_found: nobody knows the
/// agent, or its sweep was deleted.
struct ForeignHeartbeat {
    Request request;
    AgentId agent;
    std::vector<RunId> live;   ///< the runs that it has alive
    bool answer_lost = false;  ///< the answer before this one could not be sent whole
    std::vector<Run> ended;    ///< those of `live` that are not in memory, as stored
};

/// What a W&B agent is to do. At most one is given a heartbeat. The program is told by the sweep's
/// brief.
struct ForeignCommand {
    enum class Kind : std::uint8_t { run, resume, stop, exit };
    Kind kind = Kind::exit;
    RunId run;      ///< of all but `exit`
    Config config;  ///< of `run` and `resume`
};

// --- W&B clients
// -------------------------------------------------------------------------------------

/// Names a run as clients do. Either `run`, its id as we gave it out, or the rest.
struct ClientRunName {
    std::optional<RunId> run;
    std::string entity;
    std::string project;
    std::string name;
    /// The run as stored, when it is no longer in memory. Filled in by the Controller.
    std::optional<Run> ended;
    /// A run of another project has `name` as its id. Filled in by the Controller.
    bool taken = false;
};

/// UpsertBucket: makes a run, or says something about one. Answer.run is the run, Answer.created
/// whether it is new.
struct UpsertRun {
    Request request;
    ClientRunName named;           ///< when nobody has it: made under this name, or one of our own
    std::optional<SweepId> sweep;  ///< WANDB_SWEEP_ID; invalid: there is no such sweep
    /// A process speaks for itself (a name, and no state): the run lives. Several of one process
    /// may come.
    bool live = false;
    std::optional<RunState> state;  ///< of a new run that nobody executes yet: running or pending
    std::optional<std::string> display_name;
    std::optional<std::string> host;
    /// Plain values ({"lr": 0.1}), sorted. Replaces the config of a run that is not of a search.
    std::optional<Config> config;
    RunDetails details;
    std::vector<MetricPoint> summary_points;  ///< of details.summary_json, flattened
};

/// A POST to a run's file stream, parsed and checked. Answer.stop: its client is to end. not_found:
/// the run was deleted.
struct ClientStream {
    Request request;
    ClientRunName named;
    struct Lines {
        std::uint64_t offset = 0;  ///< as the client counts
        std::vector<std::string> lines;
    };
    std::optional<Lines> history;                          ///< JSON objects, without NaN
    std::vector<std::vector<MetricPoint>> history_points;  ///< of each of its lines, flattened
    std::optional<std::int64_t> last_step;                 ///< the greatest `_step` of them
    std::optional<Lines> events;
    std::optional<Lines> output;              ///< may write lines of this process anew
    RunDetails details;                       ///< summary_json, system_metrics_json
    std::vector<MetricPoint> summary_points;  ///< of details.summary_json, flattened
    bool preempting = false;
    bool complete = false;  ///< the process ended, or called finish(), with `exit_code`
    int exit_code = 0;
};

/// updateRunState: a run of no sweep becomes pending or failed. wrong_state for all others.
struct SetRunState {
    Request request;
    ClientRunName named;
    RunState state = RunState::failed;
};

// --- The rest of what W&B's API changes
// -------------------------------------------------------------------------------------

struct CreateProject {
    Request request;
    std::string entity;
    std::string project;
    std::optional<std::string> description;  ///< replaces the one it has
};

/// Changes what is set. A new plan only while no run was made.
struct EditSweep {
    Request request;
    SweepId sweep;
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> prior_filters;
    struct Plan {
        SweepPolicy policy;
        SweepOrigin origin;
        std::shared_ptr<const SearchStrategy> strategy;
    };
    std::optional<Plan> plan;
};

/// A file of a run lies in its directory, whole.
struct RegisterFile {
    Request request;
    ClientRunName named;
    std::string name;
    std::uint64_t size = 0;
    std::string md5_base64;
    std::string mimetype;
};
struct DeleteFiles {
    Request request;
    ClientRunName named;
    std::vector<std::string> names;
};

}  // namespace sweepctl

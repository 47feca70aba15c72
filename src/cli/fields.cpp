#include "cli/fields.hpp"

namespace sweepctl::cli {

using Names = std::vector<std::string_view>;

const Names& run_fields() {
    static const Names names{"id",          "name",         "sweep",   "project",    "entity",
                             "state",       "stopping",     "attempt", "end_reason", "exit_code",
                             "term_signal", "config",       "summary", "created_at", "started_at",
                             "ended_at",    "heartbeat_at", "agent",   "host",       "pid"};
    return names;
}

const Names& sweep_fields() {
    static const Names names{"id",        "name",   "project", "entity",
                             "status",    "method", "counts",  "expected_runs",
                             "exhausted", "best",   "spec",    "created_at"};
    return names;
}

const Names& event_fields() {
    static const Names names{"id",   "time", "actor", "sweep",  "run",   "attempt",
                             "kind", "from", "to",    "reason", "detail"};
    return names;
}

const Names& agent_fields() {
    static const Names names{"id",   "host", "state", "slots",
                             "busy", "gpus", "sweep", "heartbeat_at"};
    return names;
}

const Names& status_fields() {
    static const Names names{"version",    "pid",    "home",      "url",   "socket",
                             "started_at", "sweeps", "live_runs", "agents"};
    return names;
}

}  // namespace sweepctl::cli

#include "api/routes/routes.hpp"
#include "api/wandb/door.hpp"

namespace sweepctl::api {

namespace {

constexpr std::string_view kText = R"({"type":"string"})";
constexpr std::string_view kFlag = R"({"type":"string","enum":["0","1"],"default":"0"})";
constexpr std::string_view kCount = R"({"type":"integer","minimum":0})";

constexpr RouteParameter kProject{"project", kText, "only an id of this project is meant"};
constexpr RouteParameter kEntity{"entity", kText, "only an id of this entity is meant"};
constexpr RouteParameter kCursor{"cursor", kText,
                                 "`next_cursor` of the page before; absent: the first page"};
constexpr RouteParameter kLimit{
    "limit", R"({"type":"integer","minimum":1,"maximum":1000,"default":100})", "items on a page"};
constexpr RouteParameter kAttempt{"attempt", R"({"type":"integer","minimum":1})",
                                  "which execution; absent: the newest"};

constexpr std::size_t kSpecBodyMax = std::size_t{16} << 20;
/// Clients send up to 10 MiB at once.
constexpr std::size_t kClientBodyMax = std::size_t{16} << 20;
constexpr std::size_t kUploadMax = std::size_t{5} << 30;  // A file, on disk at once.

// clang-format off: one field a line reads as a table.
const std::vector<Route>& table() {
    static const std::vector<Route> routes{
        // --- The controller ---
        {.method = "GET",
         .pattern = "/api/v1/health",
         .serve = &get_health,
         .name = "getHealth",
         .summary = "Whether it serves",
         .description = "Needs no token. Says nothing else, so that it may be asked by anybody.",
         .answer = {200, "Health", "application/json", "it serves"},
         .needs_token = false},
        {.method = "GET",
         .pattern = "/api/v1/status",
         .serve = &get_status,
         .name = "getStatus",
         .summary = "The controller's process, addresses and holdings",
         .description =
             "`agents` counts those that are not lost, `live_runs` the runs that are executed now; "
             "`local_agent` is said when the controller keeps no agent of its own any more.",
         .answer = {200, "Status", "application/json", "the status"},
         .problems = {422}},
        {.method = "POST",
         .pattern = "/api/v1/shutdown",
         .serve = &shut_down,
         .name = "shutDown",
         .summary = "End the controller",
         .description =
             "Live runs go on and the next controller finds them. With `cancel` every sweep is "
             "cancelled first; the answer comes, and the controller leaves, when nothing of theirs "
             "is alive and that is recorded, or after a minute.",
         .body = "ShutdownRequest",
         .answer = {202, "Leaving", "application/json", "it is leaving"}},
        {.method = "GET",
         .pattern = "/api/v1/openapi.json",
         .serve = &get_openapi,
         .name = "getOpenapi",
         .summary = "This document",
         .description = "Made of the table that serves the requests.",
         .answer = {200, "", "application/json", "an OpenAPI 3.1 document"}},
        {.method = "GET",
         .pattern = "/metrics",
         .serve = &get_prometheus,
         .name = "getPrometheus",
         .summary = "Counts for Prometheus",
         .description = "Runs by state, sweeps by status, agents, slots, HTTP counts and whether "
                        "the store is in trouble.",
         .answer = {200, "", "text/plain", "the Prometheus text format"}},

        // --- Sweeps ---
        {.method = "GET",
         .pattern = "/api/v1/sweeps",
         .serve = &list_sweeps,
         .name = "listSweeps",
         .summary = "Sweeps, newest first",
         .description = "Without their specs.",
         .query = {{"status", kText, "only these statuses, separated by commas"},
                   {"project", kText, "only those of this project"},
                   {"entity", kText, "only those of this entity"},
                   kLimit,
                   kCursor},
         .answer = {200, "SweepPage", "application/json", "a page of sweeps"}},
        {.method = "POST",
         .pattern = "/api/v1/sweeps",
         .serve = &create_sweep,
         .name = "createSweep",
         .summary = "Launch a sweep",
         .description =
             "Refuses a bad spec with all of its errors and creates nothing then. `project`, "
             "`entity` and `name` come from the request, else from WANDB_PROJECT and WANDB_ENTITY "
             "in `env`, else from the spec; the project is `uncategorized` and the entity the "
             "controller's user where nobody says. `env` is kept for the runs and never shown "
             "again. Without a seed one is drawn. With `prior` the search knows runs from before: "
             "a search that learns learns from them, a grid takes their cells for done, and none "
             "of them is executed. They are copied. All of `runs` must be ended, lie in the space "
             "and, when finished, have the metric; of a sweep those are taken that do.",
         .body = "LaunchRequest",
         .answer = {201, "Launched", "application/json", "it is created, and stored"},
         .problems = {404, 409},
         .changes = true,
         .body_limit = kSpecBodyMax},
        {.method = "GET",
         .pattern = "/api/v1/sweeps/{id}",
         .serve = &get_sweep,
         .name = "getSweep",
         .summary = "One sweep, with its spec",
         .description =
             "`drained` says that nothing of it is live, pending or in an agent's hands.",
         .query = {kProject, kEntity},
         .answer = {200, "SweepWithSpec", "application/json", "the sweep"}},
        {.method = "GET",
         .pattern = "/api/v1/sweeps/{id}/prior",
         .serve = &get_prior,
         .name = "getPrior",
         .summary = "The runs from before that its search knows",
         .description = "Those that it was launched with, in the form in which `sweepctl suggest` and "
                        "a launch take them: of what each logged, what a search looks at.",
         .query = {kProject, kEntity},
         .answer = {200, "PriorRuns", "application/json", "the runs; none: an empty list"}},
        {.method = "DELETE",
         .pattern = "/api/v1/sweeps/{id}",
         .serve = &delete_sweep,
         .name = "deleteSweep",
         .summary = "Delete a sweep with all its runs",
         .description = "Refused while runs are live, unless `force`, which cancels them first. "
                        "Its events stay.",
         .query = {kProject, kEntity, {"force", kFlag, "cancel what is live first"}},
         .answer = {200, "Done", "application/json", "it is deleted"},
         .changes = true},
        {.method = "POST",
         .pattern = "/api/v1/sweeps/{id}/pause",
         .serve = &pause_sweep,
         .name = "pauseSweep",
         .summary = "No new runs for now",
         .description = "Live runs go on. Answered when no agent will start another run of it.",
         .query = {kProject, kEntity},
         .body = "NothingRequest",
         .answer = {200, "Commanded", "application/json", "it is paused"},
         .changes = true},
        {.method = "POST",
         .pattern = "/api/v1/sweeps/{id}/resume",
         .serve = &resume_sweep,
         .name = "resumeSweep",
         .summary = "New runs again",
         .description = "Also for stopped, cancelled, finished and failed sweeps.",
         .query = {kProject, kEntity},
         .body = "NothingRequest",
         .answer = {200, "Commanded", "application/json", "it is resumed"},
         .changes = true},
        {.method = "POST",
         .pattern = "/api/v1/sweeps/{id}/stop",
         .serve = &stop_sweep,
         .name = "stopSweep",
         .summary = "No new runs; live ones finish",
         .description = "Answered when no agent will start another run of it.",
         .query = {kProject, kEntity},
         .body = "NothingRequest",
         .answer = {200, "Commanded", "application/json", "it is stopped"},
         .changes = true},
        {.method = "POST",
         .pattern = "/api/v1/sweeps/{id}/cancel",
         .serve = &cancel_sweep,
         .name = "cancelSweep",
         .summary = "Kill its runs, everything they started too",
         .description = "Answered when nothing of its runs is alive on any reachable agent. With "
                        "`grace_ms` they get SIGTERM first and SIGKILL after that time.",
         .query = {kProject, kEntity},
         .body = "CancelRequest",
         .answer = {200, "Commanded", "application/json", "it is cancelled"},
         .changes = true},
        {.method = "GET",
         .pattern = "/api/v1/sweeps/{id}/explain",
         .serve = &explain_sweep,
         .name = "explainSweep",
         .summary = "Why it is running, or why not",
         .description = "In words: its limits, what it waits for, what each agent could do for it.",
         .query = {kProject, kEntity},
         .answer = {200, "Explanation", "application/json", "the explanation"}},

        // --- Runs ---
        {.method = "GET",
         .pattern = "/api/v1/sweeps/{id}/runs",
         .serve = &list_runs,
         .name = "listRuns",
         .summary = "A sweep's runs, by number",
         .description = "Filters are `KEY OP VALUE` joined by and, or, not and parentheses, or the "
                        "JSON form of W&B. Runs without the key that is sorted by come last.",
         .query = {kProject,
                   kEntity,
                   {"state", kText, "only these states, separated by commas"},
                   {"filter", kText, "only runs for which this holds"},
                   {"sort", kText, "keys, separated by commas; -KEY for the largest first"},
                   {"histories", kFlag,
                    "each with what a search looks at: `suggestion`, its number there (null: it was "
                    "enqueued), and `history`, an object for each value of the sweep's metric; a "
                    "page may be shorter than the limit then"},
                   kLimit,
                   kCursor},
         .answer = {200, "RunPage", "application/json", "a page of runs"}},
        {.method = "POST",
         .pattern = "/api/v1/sweeps/{id}/runs",
         .serve = &enqueue_run,
         .name = "enqueueRun",
         .summary = "Add a run with a configuration of one's own",
         .description = "It goes before what the search suggests, which will not try that "
                        "configuration again. Its values must lie in the sweep's space; constants "
                        "that are left out are filled in.",
         .query = {kProject, kEntity},
         .body = "EnqueueRequest",
         .answer = {201, "Done", "application/json", "the run is there; `id` is its id"},
         .changes = true},
        {.method = "POST",
         .pattern = "/api/v1/sweeps/{id}/retry",
         .serve = &retry_sweep,
         .name = "retrySweep",
         .summary = "Retry all of a sweep's runs in some states",
         .description = "failed and crashed ones unless `states` says otherwise. `runs` are those "
                        "that go again.",
         .query = {kProject, kEntity},
         .body = "RetryManyRequest",
         .answer = {200, "Retried", "application/json", "which runs go again"},
         .changes = true},
        {.method = "GET",
         .pattern = "/api/v1/runs/{id}",
         .serve = &get_run,
         .name = "getRun",
         .summary = "One run, with all that is known of it",
         .description =
             "`attempts` are its executions, the newest last; `metrics` sums up each metric.",
         .query = {kProject, kEntity},
         .answer = {200, "RunInFull", "application/json", "the run"}},
        {.method = "DELETE",
         .pattern = "/api/v1/runs/{id}",
         .serve = &delete_run,
         .name = "deleteRun",
         .summary = "Delete an ended run",
         .description =
             "Its grid cell is free again. A live run is refused: it has to be stopped first.",
         .query = {kProject,
                   kEntity,
                   {"force", kFlag,
                    "taken for the sake of deleting sweeps and runs alike; a live run is refused "
                    "all the same"}},
         .answer = {200, "Done", "application/json", "it is deleted"},
         .changes = true},
        {.method = "POST",
         .pattern = "/api/v1/runs/{id}/stop",
         .serve = &stop_run,
         .name = "stopRun",
         .summary = "End one run; its sweep goes on",
         .description = "SIGTERM, or `signal`, to its processes, SIGKILL after the sweep's "
                        "kill_delay; with `force` SIGKILL at once.",
         .query = {kProject, kEntity},
         .body = "StopRunRequest",
         .answer = {200, "Done", "application/json", "the order is stored and on its way"},
         .changes = true},
        {.method = "POST",
         .pattern = "/api/v1/runs/{id}/retry",
         .serve = &retry_run,
         .name = "retryRun",
         .summary = "Run it again, as its next attempt",
         .description = "For failed, crashed and killed runs. With `force` also one whose agent is "
                        "out of reach and might still execute it.",
         .query = {kProject, kEntity},
         .body = "RetryRequest",
         .answer = {200, "Done", "application/json", "it goes again"},
         .changes = true},
        {.method = "GET",
         .pattern = "/api/v1/runs/{id}/explain",
         .serve = &explain_run,
         .name = "explainRun",
         .summary = "Why it is running, or why not",
         .description = "For an ended run: why it ended.",
         .query = {kProject, kEntity},
         .answer = {200, "Explanation", "application/json", "the explanation"}},
        {.method = "GET",
         .pattern = "/api/v1/runs/{id}/log",
         .serve = &get_log,
         .name = "getLog",
         .summary = "A piece of a run's output",
         .description =
             "As it was written, UTF-8 or not. X-Next-Offset says where to go on, X-Log-Size how "
             "long it is, X-Run-State the run's state, and X-Run-Live is 1 while more may come.",
         .query = {kProject,
                   kEntity,
                   kAttempt,
                   {"offset", kCount, "first byte"},
                   {"limit",
                    R"({"type":"integer","minimum":1,"maximum":1048576,"default":1048576})",
                    "bytes at most"}},
         .answer = {200, "", "application/octet-stream", "the bytes; none at the end"},
         .problems = {504}},
        {.method = "GET",
         .pattern = "/api/v1/runs/{id}/metrics",
         .serve = &list_metrics,
         .name = "listMetrics",
         .summary = "The lines that a run logged",
         .description = "`next_cursor` is the `after` of the next page.",
         .query = {kProject,
                   kEntity,
                   kAttempt,
                   {"after", kCount, "lines after this one"},
                   {"limit", R"({"type":"integer","minimum":1,"maximum":10000,"default":1000})",
                    "lines on a page"}},
         .answer = {200, "MetricsPage", "application/json", "a page of lines"}},

        // --- Events ---
        {.method = "GET",
         .pattern = "/api/v1/events",
         .serve = &list_events,
         .name = "listEvents",
         .summary = "Who did what to what, when and why",
         .description = "A page, oldest first; `next_cursor` is the `after` of the next one. With "
                        "`Accept: text/event-stream` a stream that goes on as things happen: each "
                        "event's id is its own and its data an Event. It honours Last-Event-ID; "
                        "without that and without `after` it begins now.",
         .query = {{"sweep", kText, "only those of this sweep"},
                   {"run", kText, "only those of this run"},
                   kProject,
                   kEntity,
                   {"after", kCount, "only those with a higher id"},
                   {"limit", R"({"type":"integer","minimum":1,"maximum":10000,"default":1000})",
                    "events on a page; a stream has no limit"}},
         .answer = {200, "EventPage", "application/json", "a page of events"},
         .problems = {404, 409}},

        // --- Agents ---
        {.method = "GET",
         .pattern = "/api/v1/agents",
         .serve = &list_agents,
         .name = "listAgents",
         .summary = "The agents",
         .description = "All that are connected, and those that may come back.",
         .answer = {200, "AgentList", "application/json", "the agents"},
         .problems = {422}},
        {.method = "POST",
         .pattern = "/api/v1/agents/{id}/drain",
         .serve = &drain_agent,
         .name = "drainAgent",
         .summary = "Let an agent leave when its live runs have ended",
         .description =
             "It takes nothing new. Answered when it has given back what it had not started.",
         .body = "NothingRequest",
         .answer = {200, "Done", "application/json", "it is draining"},
         .changes = true},
        {.method = "GET",
         .pattern = "/api/v1/agents/connect",
         .serve = &connect_agent,
         .name = "connectAgent",
         .summary = "An agent's link",
         .description = "A WebSocket of JSON text messages, protocol version 1; the agent's hello "
                        "comes first.",
         .answer = {101, "", "", "the WebSocket is open"},
         .problems = {426}},

        // --- W&B's own clients ---
        {.method = "POST",
         .pattern = "/graphql",
         .serve = &serve_graphql,
         .name = "graphql",
         .described = false,
         .body_limit = kClientBodyMax},
        {.method = "POST",
         .pattern = "/files/{entity}/{project}/{run}/file_stream",
         .serve = &take_file_stream,
         .name = "fileStream",
         .changes = true,
         .described = false,
         .body_limit = kClientBodyMax},
        {.method = "PUT",
         .pattern = "/files/{entity}/{project}/{run}/{name...}",
         .serve = &put_run_file,
         .name = "putRunFile",
         .changes = true,
         .takes_file = true,
         .described = false,
         .body_limit = kUploadMax},
        {.method = "GET",
         .pattern = "/files/{entity}/{project}/{run}/{name...}",
         .serve = &get_run_file,
         .name = "getRunFile",
         .described = false},
        {.method = "OPTIONS",
         .pattern = "/files/{entity}/{project}/{run}/{name...}",
         .serve = &describe_run_file,
         .name = "describeRunFile",
         .described = false},
        {.method = "POST",
         .pattern = "/sdk/otel/v1/{signal}",
         .serve = &refuse_telemetry,
         .name = "telemetry",
         .needs_token = false,
         .described = false},
    };
    return routes;
}
// clang-format on

}  // namespace

std::span<const Route> all_routes() {
    return table();
}

}  // namespace sweepctl::api

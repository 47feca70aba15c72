#pragma once

#include "sweepctl/core/agent.hpp"
#include "sweepctl/core/foreign_events.hpp"
#include "sweepctl/core/metrics.hpp"
#include "sweepctl/core/request.hpp"
#include "sweepctl/core/run.hpp"
#include "sweepctl/core/search_strategy.hpp"
#include "sweepctl/core/sweep.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// What goes into the World (facts and requests) and what comes out (orders and answers).

namespace sweepctl {

// --- Requests from people
// -------------------------------------------------------------------------

struct CreateSweep {
    Request request;
    std::string name;  ///< empty: the sweep's id
    std::string project;
    std::string entity;
    std::string description;
    std::string prior_filters;
    bool paused = false;
    bool needs_own_agent = false;
    SweepPolicy policy;
    SweepOrigin origin;
    std::shared_ptr<const SearchStrategy> strategy;  ///< shared: immutable, and events are copied
};
struct CommandSweep {
    Request request;
    SweepId sweep;
    SweepCommand command = SweepCommand::pause;
    std::optional<Duration> grace;  ///< of a cancel: SIGTERM first, SIGKILL after this
};
/// `ended` is the run as stored, when it is no longer in memory; the same below.
struct StopRun {
    Request request;
    RunId run;
    std::optional<int> signal;
    bool force = false;
    std::optional<Run> ended;
    EndReason reason = EndReason::stop_run;
};
struct RetryRun {
    Request request;
    RunId run;
    bool force = false;  ///< although an unreachable agent may still execute it
    std::optional<Run> ended;
};
struct EnqueueRun {
    Request request;
    SweepId sweep;
    Config config;
    bool front = false;
};
struct DeleteRun {
    Request request;
    RunId run;
    std::optional<Run> ended;
    std::optional<BestRun> next_best;  ///< the sweep's best without this run, as stored
};
struct DeleteSweep {
    Request request;
    SweepId sweep;
    bool force = false;  ///< cancel first if runs are live
};
struct DrainAgent {
    Request request;
    AgentId agent;
};

// --- Facts from agents
// ------------------------------------------------------------------------------

/// Which execution a message speaks of.
struct ExecutionRef {
    RunId run;
    std::uint32_t attempt = 0;
    Fence fence = 0;
};
struct RunStarted {
    ExecutionRef execution;
    WallTime at;
    std::optional<int> pid;  ///< of the program, when already known
};
enum class EndKind : std::uint8_t {
    exited,       ///< code
    signaled,     ///< code is the signal
    spawn_error,  ///< code is 126 or 127, detail says what failed
    runner_lost,  ///< the supervisor died and left no record
    machine_restart,
};
struct RunEnded {
    ExecutionRef execution;
    EndKind kind = EndKind::exited;
    int code = 0;
    int order_signal =
        0;  ///< the last signal that was sent to the program on our order before it ended; 0: none
    WallTime at;
    std::optional<WallTime> started_at;
    std::string detail;
    std::uint64_t cpu_us = 0;
    std::uint64_t max_rss_kib = 0;
    bool drained = true;  ///< nothing of it is alive any more; otherwise `Drained` follows
};
/// That an agent's host lacks what starting a run takes: space, processes, descriptors.
struct AgentShortage {
    WallTime since;
    std::string message;
};
/// What an agent has to say since its last acknowledged report, in order of time. May be repeated.
struct AgentReport {
    AgentId agent;
    std::uint64_t sequence = 0;
    std::uint32_t window = 0;  ///< how many runs it would hold beyond its slots
    /// It would have so many claims at most, whatever its slots; none: as many as fit.
    std::optional<std::uint32_t> claims_max{};
    std::optional<AgentShortage> shortage{};
    bool draining = false;     ///< it takes nothing more, and leaves
    std::vector<RunStarted> started;
    std::vector<RunEnded> ended;
    std::vector<ExecutionRef> drained;
    std::vector<ExecutionRef> returned;  ///< claims given back, never started
};
struct AgentHello {
    AgentRecord agent;
    std::vector<ExecutionRef> live;  ///< started, not yet drained
    std::vector<ExecutionRef> held;
    AgentReport report;  ///< everything not acknowledged
    /// Numbers the link it came by, at this end only; comes back in the WelcomeOrder.
    std::uint64_t link = 0;
};
struct AgentHeartbeat {
    AgentId agent;
    std::vector<std::pair<ExecutionRef, std::optional<int>>> live;  ///< with the program's pid
};
/// The link is gone; the agent may be alive.
struct AgentDisconnected {
    AgentId agent;
};
/// The agent's process was seen to die.
struct AgentDied {
    AgentId agent;
};

/// Lines of metrics from one of a run's files. Those before what is already taken in are skipped:
/// repeating is safe. A file that the program cut short is read from its beginning again: what it
/// holds then is new.
struct MetricsLogged {
    AgentId agent;
    ExecutionRef execution;
    MetricsSource source = MetricsSource::file;
    std::uint64_t offset = 0;        ///< in that file: the end of what was taken in before
    std::uint64_t offset_end = 0;    ///< after the last of these lines
    std::vector<std::string> lines;  ///< valid ones, as JSON objects
    std::vector<std::vector<MetricPoint>> points;  ///< of each of `lines`, flattened
    bool preempting = false;                       ///< a line said so
    std::optional<std::string> invalid;  ///< the first line that is not a JSON object, shortened
    bool truncated = false;              ///< the file was cut: the lines begin at 0, not `offset`
};

/// Nothing happened but time.
struct TimePassed {};
/// Give work to whoever has room. Applied once at the end of each batch.
struct AssignWork {};

using Event = std::variant<CreateSweep,
                           CommandSweep,
                           StopRun,
                           RetryRun,
                           EnqueueRun,
                           DeleteRun,
                           DeleteSweep,
                           DrainAgent,
                           AgentHello,
                           AgentReport,
                           AgentHeartbeat,
                           AgentDisconnected,
                           AgentDied,
                           MetricsLogged,
                           RegisterForeignAgent,
                           ForeignHeartbeat,
                           UpsertRun,
                           ClientStream,
                           SetRunState,
                           CreateProject,
                           EditSweep,
                           RegisterFile,
                           DeleteFiles,
                           TimePassed,
                           AssignWork>;

// --- Orders and answers
// -------------------------------------------------------------------------------

/// Start this run as soon as a slot is free. The sweep's environment and command travel apart.
struct StartOrder {
    AgentId agent;
    ExecutionRef execution;
    SweepId sweep;
    std::string name;
    Config config;
    Resources resources;
    std::optional<std::uint32_t>
        sweep_limit;  ///< at most this many of the sweep live on this agent
    /// Which of the runs with this configuration it is, from 1; 0: the sweep repeats none.
    std::uint32_t repeat = 0;
};
/// Give these back unless they have been started.
struct RevokeOrder {
    AgentId agent;
    std::vector<ExecutionRef> claims;
};
enum class SignalKind : std::uint8_t {
    stop,  ///< SIGTERM (or `signal`), kill_delay, SIGKILL
    kill,  ///< SIGKILL to everything, now
};
struct SignalOrder {
    AgentId agent;
    ExecutionRef execution;
    SignalKind kind = SignalKind::stop;
    std::optional<int> signal;
};
/// Answers each report and each heartbeat, in order: reports up to `sequence` are durable and may
/// be forgotten, and the leases of held claims count anew from when that message was sent.
struct AckOrder {
    AgentId agent;
    std::uint64_t sequence = 0;
};
/// Finish what is live, take nothing more, then leave.
struct DrainOrder {
    AgentId agent;
};
/// The hello was taken in.
struct WelcomeOrder {
    AgentId agent;
    std::uint64_t sequence = 0;   ///< as in AckOrder
    std::uint64_t link = 0;       ///< of the hello; does not travel
    std::vector<SweepId> sweeps;  ///< of what the agent had in its hands before; does not travel
};
/// Metrics up to here are durable.
struct MetricsAck {
    AgentId agent;
    ExecutionRef execution;
    MetricsSource source = MetricsSource::file;
    std::uint64_t offset = 0;
};

enum class AnswerCode : std::uint8_t { ok, not_found, wrong_state, invalid };
struct Answer {
    Ticket ticket = 0;
    AnswerCode code = AnswerCode::ok;
    std::string message;  ///< one line for a person
    SweepId sweep{};      ///< what the answer is about
    RunId run{};
    AgentId agent{};                         ///< of RegisterForeignAgent, ForeignHeartbeat
    std::vector<ForeignCommand> commands{};  ///< of ForeignHeartbeat
    bool stop = false;                       ///< of ClientStream: its client is to end
    bool created = false;                    ///< of UpsertRun
};

using Effect = std::variant<StartOrder,
                            RevokeOrder,
                            SignalOrder,
                            AckOrder,
                            DrainOrder,
                            WelcomeOrder,
                            MetricsAck,
                            Answer>;

}  // namespace sweepctl

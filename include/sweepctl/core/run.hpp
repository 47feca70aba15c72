#pragma once

#include "sweepctl/core/ids.hpp"
#include "sweepctl/core/metrics.hpp"
#include "sweepctl/core/run_state.hpp"
#include "sweepctl/core/time.hpp"
#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// A run: one execution of the user's program with one configuration, or its next attempt.

namespace sweepctl {

/// Where a claim is between being given to an agent and its slot being free again.
enum class ClaimPhase : std::uint8_t {
    held,     ///< the agent may start it; nothing has been started
    started,  ///< the program lives, as far as we know
    ended,    ///< the program ended; something it started may still be alive
};

/// A run in an agent's hands.
struct Claim {
    AgentId agent;
    Fence fence = 0;
    ClaimPhase phase = ClaimPhase::held;
    bool revoking = false;  ///< the agent was asked to give it back; only while held
};

/// Why a run goes before others of its sweep: requeued, retried, enqueued by a person, suggested.
/// What a W&B client brought counts as enqueued.
enum class RunOrigin : std::uint8_t { search, enqueued };

/// What a W&B client that speaks for a run (wandb.init) has sent so far. Lines are numbered over
/// the whole run; a client begins anew with each of its processes unless it resumes, which the
/// bases make up for.
struct ClientSide {
    std::string wire_name;      ///< how clients call the run; empty: by its id
    bool speaks = false;        ///< a client was heard in this attempt: its silence means something
    bool told_to_stop = false;  ///< the order to end was handed to its client or its foreign agent
    bool gone = false;          ///< its foreign agent saw it end, but nobody said how
    std::uint64_t history_lines = 0;
    std::uint64_t event_lines = 0;
    std::uint64_t output_lines = 0;
    /// What comes before is of attempts that this one does not go on with.
    std::uint64_t history_base = 0;
    std::uint64_t event_base = 0;  ///< where this process's line 0 is
    std::uint64_t output_base = 0;
    std::optional<std::int64_t> last_step;  ///< the greatest `_step` of its history lines

    bool operator==(const ClientSide&) const = default;
};

/// Numbers seen of one metric. Values that are not finite numbers are kept as `last`, and never
/// compared.
struct MetricSummary {
    std::string name;
    ParamValue last;          ///< the last value, whatever its type
    std::uint64_t count = 0;  ///< of finite numbers
    double first = 0.0;       ///< these four are set exactly when count > 0
    double min = 0.0;
    double max = 0.0;
    double latest = 0.0;

    bool operator==(const MetricSummary&) const = default;
};

struct Run {
    RunId id;
    SweepId sweep;
    std::uint64_t number = 0;  ///< 1, 2, ... within the sweep
    std::string name;
    RunOrigin origin = RunOrigin::search;
    std::optional<std::uint64_t> suggestion;  ///< the search's number; unique within the sweep
    std::int32_t priority = 0;                ///< of an enqueued run; `--front` lowers it
    Config config;

    RunState state = RunState::pending;
    std::uint32_t attempt = 1;
    std::uint32_t retries = 0;  ///< attempts that the spec's retry policy granted
    bool requeued = false;      ///< pending again after preemption
    bool preempting = false;    ///< the program said that it is about to be preempted
    bool stopping = false;      ///< its end was ordered, with `stop_reason`
    bool retry_wanted = false;  ///< goes again as soon as nothing of this attempt can be alive
    std::optional<EndReason> stop_reason;
    std::optional<int> stop_signal;  ///< instead of SIGTERM

    std::optional<EndReason> end_reason;
    std::optional<int> exit_code;
    std::optional<int> term_signal;
    std::string end_detail;  ///< for people: what could not be started and why, which files

    WallTime created_at;
    std::optional<WallTime> started_at;
    std::optional<WallTime> ended_at;
    std::optional<WallTime> heartbeat_at;
    std::optional<std::string> host;
    std::optional<std::string> boot_id;
    std::optional<int> pid;            ///< of the program
    std::optional<AgentId> agent;      ///< the last that had it
    std::optional<Claim> claim;        ///< set exactly while an agent has it in its hands
    std::optional<ClientSide> client;  ///< set once a W&B client spoke for it

    std::vector<MetricSummary> summary;  ///< in the order first seen
    std::uint64_t metrics_offset = 0;    ///< bytes of this attempt's metrics file taken in
    std::uint64_t output_offset = 0;     ///< and of its output, where metrics are printed
    std::uint64_t metrics_lines = 0;     ///< lines taken in of both
    bool bad_metrics_reported = false;
    bool cut_metrics_reported = false;

    std::uint64_t cpu_us = 0;  ///< user + system time of the ended program and what it waited for
    std::uint64_t max_rss_kib = 0;

    [[nodiscard]] std::uint64_t& offset_in(MetricsSource source) {
        return source == MetricsSource::file ? metrics_offset : output_offset;
    }
    /// A finished (by report) run whose process lives on.
    [[nodiscard]] bool process_alive() const {
        return is_ended(state) && claim && claim->phase == ClaimPhase::started;
    }
    /// Nothing more can happen to it but retry and delete.
    [[nodiscard]] bool settled() const { return is_ended(state) && !claim; }
};

/// The entry called `name`, or nullptr.
[[nodiscard]] const MetricSummary* find(const std::vector<MetricSummary>& summary,
                                        std::string_view name);

/// One earlier execution of a run that went again.
struct Attempt {
    RunId run;
    std::uint32_t attempt = 1;
    RunState state = RunState::failed;  ///< as it ended; pending stands for preempted
    std::optional<EndReason> end_reason;
    std::optional<int> exit_code;
    std::optional<int> term_signal;
    std::string end_detail;
    std::optional<AgentId> agent;
    std::optional<std::string> host;
    std::optional<int> pid;
    std::optional<WallTime> started_at;
    std::optional<WallTime> ended_at;
};

}  // namespace sweepctl

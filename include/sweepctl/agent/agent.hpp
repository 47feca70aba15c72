#pragma once

#include "sweepctl/agent/launcher.hpp"
#include "sweepctl/core/agent_messages.hpp"
#include "sweepctl/core/time.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// The agent: takes claims, starts each when a slot is free, passes orders on to the runners, and
// reports what became of them until the controller has it durably. It decides nothing about states.
// Single threaded and without I/O of its own: everything goes through ports.
//
// The life of a claim here: held -> launching -> live -> ended -> gone. Its slot is taken from
// launching until nothing of the run is alive; its record is kept until its end is acknowledged. A
// run's end is reported only after its metrics are acknowledged to the last line.

namespace sweepctl {

/// The agent's side of the link to the controller.
class AgentLink {
public:
    virtual ~AgentLink() = default;
    /// Whether it was sent; false while there is no connection.
    virtual bool send(const AgentMessage& message) = 0;
};

struct AgentClockReading {
    WallTime wall;
    SteadyTime steady;
    std::int64_t boottime_ms =
        0;  ///< CLOCK_BOOTTIME, for leases: it counts while the machine sleeps
};
class AgentClock {
public:
    virtual ~AgentClock() = default;
    [[nodiscard]] virtual AgentClockReading now() const = 0;
};

/// How metrics stand in a file.
enum class MetricsFormat : std::uint8_t {
    metrics_file,   ///< each line is a JSON object, anything else is a mistake
    printed_json,   ///< output: lines that are a JSON object, among others
    printed_pairs,  ///< output: lines of names with numbers, among others
};

/// Complete lines of a file that metrics come from, from some offset on.
struct MetricsChunk {
    std::uint64_t offset_end = 0;
    std::vector<std::string> lines;      ///< JSON objects
    bool preempting = false;             ///< one of them says so
    std::optional<std::string> invalid;  ///< the first line that is no JSON object, shortened
    bool truncated = false;  ///< it ended before that offset, so this is from its beginning on
};

/// The files that runs write.
class RunFiles {
public:
    virtual ~RunFiles() = default;
    /// From now on Agent::metrics_changed is called after the file appears or grows.
    virtual void follow(const RunId& run, std::uint32_t attempt, const std::string& path) = 0;
    virtual void unfollow(const RunId& run, std::uint32_t attempt) = 0;
    /// Agent::output_changed is called once, when the file grows from now on: programs may print a
    /// thousand times a second. Until unfollow.
    virtual void follow_output(const RunId& run,
                               std::uint32_t attempt,
                               const std::string& path) = 0;
    /// A piece of the file that ends at a line's end; at the file's end too when `final`. Not
    /// there: empty.
    [[nodiscard]] virtual MetricsChunk read_metrics(const std::string& path,
                                                    std::uint64_t offset,
                                                    MetricsFormat format,
                                                    bool final) = 0;
    /// What the files of an execution that an earlier agent started are called, below `sweeps_dir`,
    /// without their endings; empty: there are none.
    [[nodiscard]] virtual std::string locate(const std::string& sweeps_dir,
                                             const RunId& run,
                                             std::uint32_t attempt) = 0;
    [[nodiscard]] virtual LogChunk read_log(const std::string& path,
                                            std::uint64_t offset,
                                            std::uint32_t limit) = 0;
    /// The environment that a live process was started with; empty when it is gone.
    [[nodiscard]] virtual std::vector<std::string> environment_of(int pid) = 0;
    /// The program's pid of a live runner.
    [[nodiscard]] virtual std::optional<int> program_pid(int runner_pid) = 0;
};

struct AgentSettings {
    AgentRecord record;
    std::vector<std::string>
        gpu_ids;       ///< what CUDA_VISIBLE_DEVICES is made of; record.gpus of them
    std::string home;  ///< run files lie below home/sweeps
    std::string cwd;   ///< where the agent was started: for sweeps that come without a directory
    std::vector<std::pair<std::string, std::string>> env;  ///< the agent's own environment
    std::string base_url;  ///< of the controller, for programs that use the W&B SDK; with `api_key`
    std::string api_key;   ///< secret
    /// So many runs are started, then it drains; none: no limit.
    std::optional<std::uint64_t> starts_max{};
    /// So many runs are to finish, then it drains: no more are started than are missing.
    std::optional<std::uint64_t> successes_max{};
};

class Agent : public LauncherEvents {
public:
    Agent(AgentSettings settings,
          Launcher& launcher,
          RunFiles& files,
          AgentLink& link,
          const AgentClock& clock);

    /// Takes over what earlier agents of this home left. Once, before anything else.
    void recover();

    // --- From the link ---
    void connected();
    void disconnected();
    void order(const AgentOrder& order);

    // --- From the launcher ---
    void launch_failed(const RunId& run,
                       std::uint32_t attempt,
                       const LaunchFailure& failure) override;
    void journal(const std::vector<JournalRecord>& records) override;
    void runner_gone(const RunId& run, std::uint32_t attempt, int leftovers_killed) override;

    // --- From the files ---
    void metrics_changed(const RunId& run, std::uint32_t attempt);
    void output_changed(const RunId& run, std::uint32_t attempt);

    // --- From the clock ---
    /// When tick() should be called at the latest.
    [[nodiscard]] std::optional<SteadyTime> next_deadline() const;
    void tick();

    // --- From the person who runs it ---
    /// Takes nothing more; gives back what is held.
    void drain();
    void order_all(RunnerOrder order, int signal_number = 0);

    [[nodiscard]] bool draining() const { return draining_; }
    /// As many as it may have been started, or have finished.
    [[nodiscard]] bool done_enough() const {
        return started_all() ||
               (settings_.successes_max && succeeded_ >= *settings_.successes_max);
    }
    /// Draining, nothing alive, everything acknowledged.
    [[nodiscard]] bool idle() const;
    [[nodiscard]] std::size_t live() const;
    [[nodiscard]] const AgentRecord& record() const { return settings_.record; }

    /// Ends seen, for the rules by which a person's agent gives up.
    struct EndSeen {
        bool success = false;
        bool ordered = false;
        bool signaled = false;
        bool spawn_error = false;
    };
    /// Called by tick-driven shells: ends since the last call, in order.
    [[nodiscard]] std::vector<EndSeen> take_ends() { return std::exchange(ends_, {}); }

private:
    using Key = std::pair<RunId, std::uint32_t>;
    enum class Phase : std::uint8_t { held, launching, live, ended };
    /// How far one of a run's files was read for metrics.
    struct Reading {
        std::string path;         ///< empty: there is none
        std::uint64_t acked = 0;  ///< the controller has what is before this
        std::uint64_t read = 0;   ///< and from there to here is nothing that it must know
        bool dirty = false;       ///< may have grown since it was read
        bool done = false;        ///< nothing more is to be read
        bool mistake_told = false;
        SteadyTime next_look;  ///< not before this, while the program lives
    };
    /// The host lacks what starting a run takes.
    struct Shortage {
        AgentShortage told;
        std::uint64_t places = 0;  ///< so many may be started at a time
        Duration pause;            ///< before one more is tried, when that fails again
        SteadyTime until;          ///< that is tried from then on
        bool trying = false;
    };
    struct Execution {
        ExecutionRef ref;
        SweepId sweep;
        StartOrder order;  ///< empty for an adopted one
        Resources resources;
        Phase phase = Phase::held;
        int slot = -1;
        std::vector<std::size_t> gpus;  ///< indices into gpu_ids
        bool holds_slot = false;
        bool unplaced = false;  ///< adopted dead: which slot and GPUs its remains use is unknown
        bool runner_alive = false;
        bool not_started = false;  ///< its lease had run out: given back once the runner is gone
        std::optional<int> runner_pid;
        std::optional<int> pid;
        SteadyTime since;
        std::optional<RunEnded> end;  ///< set when it ended and until that is reported
        bool end_reported = false;
        bool drained = false;
        Reading metrics;  ///< the metrics file
        Reading output;
        bool metrics_in_flight = false;  ///< lines of either
    };

    // agent.cpp
    void on(const SweepBrief& brief);
    void on(const StartOrder& order);
    void on(const RevokeOrder& order);
    void on(const SignalOrder& order);
    void on(const AckOrder& order);
    void on(const DrainOrder& order);
    void on(const WelcomeOrder& order);
    void on(const MetricsAck& order);
    void on(const ExitOrder& order);
    void on(const TailOrder& order);
    void acknowledged(const AgentReport& report);
    void contact();

    // agent_runs.cpp
    void start_what_fits();
    bool start(Execution& execution);
    void record(const Started& record);
    void record(const Ended& record);
    void record(const Drained& record);
    void end(Execution& execution, RunEnded end);
    void set_drained(Execution& execution);
    void free_slot(Execution& execution);
    void give_back(Execution& execution);
    void report_end_if_ready(Execution& execution);
    void adopt(const Started& record);
    void erase(const Key& key);
    [[nodiscard]] bool started_all() const { return starts_left_ == 0U; }

    // agent_places.cpp
    [[nodiscard]] std::optional<std::uint64_t> places() const;
    [[nodiscard]] std::uint64_t started() const;
    [[nodiscard]] bool has_place() const;
    [[nodiscard]] std::optional<std::uint32_t> claims_max() const;
    void keep_to_places();
    void run_short(std::string message);
    void try_again_when_due();
    void ease_shortage();

    // agent_metrics.cpp
    void name_files(Execution& execution, const std::string& stem);
    void pump_metrics(Execution& execution);
    bool read_on(Execution& execution, MetricsSource source);
    [[nodiscard]] std::optional<MetricsFormat> output_format(const Execution& execution);
    void look_at(SteadyTime time);
    void look_again();

    // agent_report.cpp
    void flush();
    [[nodiscard]] bool anything_to_report() const;
    [[nodiscard]] std::uint32_t window() const;
    AgentReport merge_reports();
    void send_heartbeat();
    [[nodiscard]] SteadyTime next_heartbeat() const;
    [[nodiscard]] bool lease_holds(const AgentClockReading& now) const;

    Execution* find(const ExecutionRef& ref);
    Execution* find(const RunId& run, std::uint32_t attempt);

    AgentSettings settings_;
    Launcher& launcher_;
    RunFiles& files_;
    AgentLink& link_;
    const AgentClock& clock_;

    std::map<Key, Execution> executions_;
    std::deque<Key> queue_;  ///< held ones, in the order they came
    std::map<SweepId, SweepBrief> briefs_;
    std::map<SweepId, std::uint32_t> live_of_sweep_;
    std::uint32_t slots_taken_ = 0;
    std::uint32_t unplaced_ = 0;  ///< how many such there are: nothing is started meanwhile
    std::set<int> free_slot_numbers_;
    std::set<std::size_t> free_gpus_;

    bool connected_ = false;
    bool welcomed_ = false;
    Fence last_claim_ = 0;  ///< that came over this link
    std::optional<std::uint64_t> starts_left_;  ///< none: no limit
    bool draining_ = false;
    bool drain_untold_ = false;  ///< the controller, which would go on giving, does not know of it
    bool places_untold_ = false;  ///< the same of how much it takes
    std::uint64_t succeeded_ = 0;
    std::optional<Shortage> shortage_;
    std::deque<std::int64_t>
        awaiting_ack_;  ///< boottime when each message was sent whose answer renews the leases
    std::int64_t lease_start_ms_ = 0;
    std::uint64_t sequence_ = 0;
    std::optional<AgentReport> in_flight_;
    SteadyTime in_flight_since_;
    AgentReport pending_;
    std::optional<SteadyTime> held_back_until_;
    SteadyTime last_heartbeat_;
    std::optional<SteadyTime> next_look_;  ///< when files are to be read on, at the earliest
    double ack_seconds_ = 0.002;           ///< smoothed time from a report to its acknowledgement
    double ends_per_second_ = 0.0;         ///< smoothed
    std::uint32_t ends_counted_ = 0;
    SteadyTime rate_since_;
    std::vector<EndSeen> ends_;
};

}  // namespace sweepctl

#pragma once

#include "sweepctl/agent/exit_journal.hpp"
#include "sweepctl/agent/launcher.hpp"

#include "sim/agenda.hpp"
#include "sim/truth.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// A machine: its processes, its disk, its boots. Runners keep the runner's contract (see
// runner/contract.hpp); programs live the lives that the seed gives them. Agents come and go; a
// machine stays.

namespace sweepctl::sim {

/// What a program does with its life, unless somebody interferes.
struct ProgramLife {
    Duration lasts{100};
    EndKind end = EndKind::exited;
    int code = 0;
    bool ignores_term = false;
    Duration term_takes{5};              ///< from SIGTERM to its end
    std::optional<int> exits_on_term;    ///< with this code; otherwise it dies of the signal
    std::optional<Duration> stragglers;  ///< what it started outlives it by so much
    std::vector<std::pair<Duration, std::string>> metrics;  ///< lines it logs, by time from start
    std::vector<std::pair<Duration, std::string>> printed;  ///< and that it prints
    bool says_preempting = false;                           ///< in the last of them
    int spawn_errno = 0;                                    ///< it cannot be started at all
};
using LifeOf = std::function<ProgramLife(const LaunchRequest&)>;

class Host {
public:
    Host(std::string name, Agenda& agenda, Truth& truth, LifeOf life_of);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::string boot_id() const { return name_ + "-boot-" + std::to_string(boot_); }
    [[nodiscard]] int next_pid() { return ++last_pid_; }

    // --- For the agent's launcher
    /// Starts a runner as a child of an agent that is alive as long as `agent`. `failed` or, much
    /// later, `gone` is called; neither when the host goes down before.
    struct Callbacks {
        std::function<void(LaunchFailure)> failed;
        std::function<void(int pid)> born;
    };
    void start_runner(LaunchRequest request, LifeRef agent, Callbacks callbacks);
    [[nodiscard]] bool runner_alive(const RunnerIdentity& runner) const;
    void order(int runner_pid, RunnerOrder order, int signal);
    /// SIGKILLs what a dead runner left of this execution; how many that were.
    int kill_leftovers(const RunId& run, std::uint32_t attempt);
    [[nodiscard]] const LaunchRequest* request_of(int runner_pid) const;

    // --- Its disk
    std::vector<JournalRecord> journal;
    std::map<std::string, std::string> files;
    bool disk_full = false;
    /// Called after the journal grew, a file grew, or a runner's process ended.
    std::function<void()> on_journal = [] {};
    std::function<void(const std::string& path)> on_file = [](const std::string&) {};
    std::function<void(int pid)> on_runner_exit = [](int) {};

    // --- Fate
    void kill_a_runner();
    /// Everything ends at this instant; only the disk stays.
    void reboot();

    [[nodiscard]] std::size_t processes() const { return runners_.size() + orphans_.size(); }

private:
    struct Runner {
        RunnerIdentity identity;
        LaunchRequest request;
        ProgramLife life;
        Life token = std::make_shared<int>();
        LifeRef agent;          ///< until its start record it dies with this
        bool recorded = false;  ///< its start record is written
        Duration recorded_at{0};
        RealExecution* execution = nullptr;  ///< set once the program was started
        bool program_alive = false;
        bool killing = false;  ///< everything is to end now
        bool leaving = false;  ///< its last record is being written
        std::optional<SentSignal> ordered;
        WallTime started_wall;
        std::vector<std::pair<RunnerOrder, int>> early_orders;  ///< before the program
    };
    using RunnerRef = std::shared_ptr<Runner>;  // Tasks of the agenda hold on to a dead one.

    void write_start_record(const RunnerRef& runner, const Callbacks& callbacks);
    void start_program(const RunnerRef& runner);
    void log_metrics(const RunnerRef& runner);
    void end_program(const RunnerRef& runner, EndKind how, int code);
    void kill_all(const RunnerRef& runner);
    void take_order(const RunnerRef& runner, RunnerOrder order, int signal);
    void drained(const RunnerRef& runner);
    void exit_runner(const RunnerRef& runner);
    void append(const RunnerRef& runner, JournalRecord record, std::function<void()> then);
    [[nodiscard]] RealExecution describe(const Runner& runner) const;

    std::string name_;
    Agenda& agenda_;
    Truth& truth_;
    LifeOf life_of_;
    int boot_ = 1;
    int last_pid_ = 100;
    Life power_ = std::make_shared<int>();
    std::map<int, RunnerRef> runners_;     ///< by pid
    std::vector<RealExecution*> orphans_;  ///< what killed runners left alive
};

}  // namespace sweepctl::sim

#pragma once

#include "sweepctl/agent/exit_journal.hpp"
#include "sweepctl/core/ids.hpp"
#include "sweepctl/core/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The port through which an agent starts, signals and watches runs. The real one (see
// process_launcher.hpp) starts a runner for each run; the simulator has its own.
//
// The life of one (run, attempt), as the agent sees it. After `launch` exactly one of:
//   launch_failed                     nothing was started, and nothing will be
//   journal(Started) ... runner_gone  the runner lives, and then it does not
// `adopt` joins that life in its middle. All that a runner wrote is given to `journal` before its
// `runner_gone`. Every call and every event happens on the agent's one thread; no event happens
// inside a call.

namespace sweepctl {

/// A small file that the launcher writes before the start, readable by the owner only.
struct LaunchFile {
    std::string path;
    std::string content;
};

struct LaunchRequest {
    RunId run;
    std::uint32_t attempt = 1;
    Fence fence = 0;
    std::vector<std::string> argv;  ///< not empty; argv[0] without a slash is looked up in PATH
    std::vector<std::string> env;   ///< NAME=VALUE, the whole environment of the program
    std::string cwd;                ///< absolute
    std::string output_path;  ///< stdout and stderr are appended here; missing folders are made
    std::vector<LaunchFile> files;    ///< missing folders are made
    Duration kill_delay{30'000};      ///< between a stop order and SIGKILL
    Duration straggler_grace{5'000};  ///< what outlives the program may live this much longer
    /// CLOCK_BOOTTIME milliseconds (see boottime_ms) after which the program is not started any
    /// more; 0: no limit.
    std::int64_t lease_deadline_ms = 0;
};

/// What a runner can be told.
enum class RunnerOrder : std::uint8_t {
    stop,       ///< SIGTERM to the program's group, after kill_delay SIGKILL to all it started
    kill,       ///< SIGKILL to all it started, now
    stop_with,  ///< like stop, with another signal first
    forward,    ///< pass one signal on to the program's group; the run is not being stopped
};

/// Which step of a launch failed.
enum class LaunchStage : std::uint8_t {
    file,          ///< a small file could not be written
    output,        ///< the output file could not be opened
    journal,       ///< the exit journal could not be begun
    runner,        ///< the runner could not be started
    start_record,  ///< the runner could not append its start record, so it did not go on
    runner_lost,   ///< the runner died before its start record
};

struct LaunchFailure {
    LaunchStage stage = LaunchStage::runner;
    int error = 0;     ///< errno; 0 when there is none to tell
    std::string path;  ///< the file in question, or empty
};

/// Whether an errno says that the host lacks something at the moment, which is nobody's fault: space,
/// processes, descriptors, memory.
[[nodiscard]] bool means_shortage(int error);
[[nodiscard]] std::string_view to_string(LaunchStage stage);
/// One line for people: "cannot open the output file '/a/b.log': no space left on device".
[[nodiscard]] std::string describe(const LaunchFailure& failure);

/// What a launcher tells its agent.
class LauncherEvents {
public:
    virtual ~LauncherEvents() = default;

    /// Nothing was started. Never comes after a Started record.
    virtual void launch_failed(const RunId& run,
                               std::uint32_t attempt,
                               const LaunchFailure& failure) = 0;
    /// News from the journal, in the order they were written.
    virtual void journal(const std::vector<JournalRecord>& records) = 0;
    /// The runner does not exist any more, and everything it said was delivered. If it died without
    /// having drained its run, what that left behind was killed first: `leftovers_killed`
    /// processes.
    virtual void runner_gone(const RunId& run, std::uint32_t attempt, int leftovers_killed) = 0;
};

class Launcher {
public:
    virtual ~Launcher() = default;

    /// All records that earlier agents of this directory left, oldest first. To be called once,
    /// before anything else.
    [[nodiscard]] virtual std::vector<JournalRecord> recover() = 0;

    /// (run, attempt) must not be in use. Returns at once.
    virtual void launch(LaunchRequest request) = 0;

    /// Watches a runner that an earlier agent started. False: it is gone already; runner_gone
    /// follows in that case too, when its leftovers are gone.
    virtual bool adopt(const RunId& run, std::uint32_t attempt, const RunnerIdentity& runner) = 0;

    /// False: that run is not here (any more), the order went nowhere. An order given during the
    /// launch is kept and sent afterwards. `signal_number` is for stop_with and forward.
    virtual bool signal(const RunId& run,
                        std::uint32_t attempt,
                        RunnerOrder order,
                        int signal_number = 0) = 0;

    /// The end of this (run, attempt) is known to the controller, so that its journal is needed no
    /// more on its behalf. Unknown ones are ignored.
    virtual void forget(const RunId& run, std::uint32_t attempt) = 0;
};

/// CLOCK_BOOTTIME in milliseconds: goes on while the machine sleeps, the same for all processes.
[[nodiscard]] std::int64_t boottime_ms();

}  // namespace sweepctl

#pragma once

#include "sweepctl/agent/launcher.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

// The launcher that starts real processes: a runner for each run.

namespace boost::asio {
class io_context;
}

namespace sweepctl {

struct ProcessLauncherOptions {
    std::string runner_path;                      ///< the sweepctl-runner program
    std::string journal_directory;                ///< on a local disk; made when missing
    int threads = 2;                              ///< launches at the same time
    std::uint64_t journal_bytes_max = 1U << 20U;  ///< a longer journal is followed by a new one
    bool force_posix_spawn = false;               ///< do as on a kernel without clone3
    std::string run_mark;                         ///< see run_mark()
    /// A runner that was told to end its run and has not even listened for so long is killed; when
    /// it was only told to stop it, not before the kill delay is over.
    std::chrono::milliseconds order_patience{5'000};
};

/// How a variable begins that all runs of this home have, and those of no other home: ids are not
/// enough to know one's own where a home is a copy of another one.
[[nodiscard]] std::string run_mark(const std::string& home);

/// Throws std::system_error when the machine lacks what it needs (descriptors, threads).
///
/// Events are delivered from `context`, which must run on the thread that calls the launcher. The
/// process should have called become_subreaper() and must have no children but the launcher's: a
/// child that is no runner is taken for what a killed runner left behind.
///
/// Its destructor waits (at most two seconds) until runners just begun have started their programs,
/// and leaves all runs alive. Launches not begun by then are dropped; nothing of them exists.
[[nodiscard]] std::unique_ptr<Launcher> make_process_launcher(boost::asio::io_context& context,
                                                              ProcessLauncherOptions options,
                                                              LauncherEvents& events);

/// Makes the calling process the parent of what killed runners leave behind. Throws
/// std::system_error.
void become_subreaper();

/// The program that a runner runs; empty when there is none (any more).
[[nodiscard]] std::optional<int> program_pid_of(int runner_pid);

}  // namespace sweepctl

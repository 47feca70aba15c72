#pragma once

#include "sweepctl/agent/launcher.hpp"
#include "sweepctl/base/result.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include <atomic>
#include <string>

// Starting one runner: its files, its descriptors, its process.

namespace sweepctl {

/// What all launches of a launcher have in common. It must outlive them.
struct SpawnSetting {
    SpawnSetting(std::string runner, bool without_clone3);

    const std::string runner_path;
    const std::string boot;
    const int agent_pid;
    /// /dev/null, at a low number; see LowFd.
    UniqueFd null;
    /// Set when clone3 turned out not to be there.
    std::atomic<bool> use_posix_spawn;
};

/// A descriptor with a number that stays low for as long as the launcher lives, whatever else the
/// process opens. Only descriptors below LowFd::limit() are copied into a new runner, which is what
/// makes a launch cost the same beside ten thousand open sockets as beside none.
class LowFd {
public:
    /// Throws std::system_error when no descriptor is left.
    explicit LowFd(int null);
    [[nodiscard]] int get() const { return fd_.get(); }
    /// From now on it is another name for `file`.
    void refer_to(int file) const;
    /// One more than the highest number that was ever given out.
    [[nodiscard]] static int limit();

private:
    UniqueFd fd_;
};

struct SpawnedRunner {
    int pid = 0;
    /// Invalid when descriptors ran out just then: the runner lives and cannot be watched.
    UniqueFd pidfd;
};

/// One per thread. Blocks for as long as starting takes, and the calling thread must live until the
/// runner has written its start record: the runner dies with it before that.
class RunnerSpawner {
public:
    /// Throws std::system_error when no descriptor is left.
    explicit RunnerSpawner(SpawnSetting& setting);

    /// `journal` is a LowFd's number. All signals must be blocked in the calling thread.
    [[nodiscard]] Result<SpawnedRunner, LaunchFailure> spawn(LaunchRequest& request, int journal);

private:
    SpawnSetting& setting_;
    LowFd output_;
};

}  // namespace sweepctl

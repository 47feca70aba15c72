#pragma once

#include "sweepctl/core/ids.hpp"

#include "agent/process_table.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>

// What a run leaves behind when its runner is killed. The runner's death takes the program along;
// its other descendants become children of the agent (a subreaper), or of init when the agent that
// started them is gone. They are recognised by any of:
//   - being a child of ours that is no runner,
//   - the session that the runner led,
//   - the run's variables in their environment, and the mark of the home that it is of,
//   - having such a parent.
// What escapes all of these: a process that left the session *and* emptied its environment, and
// whose run was started by an agent that is gone.

namespace sweepctl {

class LeftoverHunt {
public:
    /// `session`: the runner's pid, if we saw it die just now, so that no stranger can have been
    /// given it since.
    LeftoverHunt(RunId run, std::uint32_t attempt, std::string mark, std::optional<int> session);

    /// Kills everything that is there now, and reaps what was killed before. `is_runner` tells our
    /// other children. True when nothing was found in several calls in a row: it is over.
    [[nodiscard]] bool pass(const std::function<bool(int pid)>& is_runner);

    /// How many processes were killed so far.
    [[nodiscard]] int killed() const { return static_cast<int>(killed_.size()); }
    [[nodiscard]] const RunId& run() const { return run_; }
    [[nodiscard]] std::uint32_t attempt() const { return attempt_; }

private:
    [[nodiscard]] bool end_children(const std::function<bool(int pid)>& is_runner);
    [[nodiscard]] bool end(const ProcessEntry& process, std::unordered_set<int>& groups);
    [[nodiscard]] bool reap(int pid);

    RunId run_;
    std::uint32_t attempt_;
    std::string mark_;  ///< as in ProcessLauncherOptions
    std::optional<int> session_;
    std::set<std::pair<int, std::uint64_t>> killed_;  ///< pid and start time
    std::set<std::pair<int, std::uint64_t>> spared_;  ///< not ours to kill (another user's)
    int empty_passes_ = 0;
};

}  // namespace sweepctl

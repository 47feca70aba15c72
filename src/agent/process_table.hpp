#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What /proc tells about processes.

namespace sweepctl {

struct ProcessEntry {
    int pid = 0;
    char state = '?';  ///< 'Z': dead, not reaped yet
    int parent = 0;
    int group = 0;
    int session = 0;
    std::uint64_t start_time = 0;  ///< clock ticks since boot

    [[nodiscard]] bool dead() const { return state == 'Z' || state == 'X'; }
};

/// Empty when there is no such process.
[[nodiscard]] std::optional<ProcessEntry> read_process(int pid);

/// Whether it does nothing about `signals`, a mask as in /proc: it is stopped, or held by a
/// debugger, or one of them was sent to it and still waits.
[[nodiscard]] bool is_deaf(int pid, std::uint64_t signals);

/// All processes at about this moment.
[[nodiscard]] std::vector<ProcessEntry> list_processes();

/// The children of this process, of all its threads, dead ones too. Much quicker than
/// list_processes(); empty where the kernel has no such list.
[[nodiscard]] std::vector<int> list_children();

/// What to look for in an environment.
struct StartedWith {
    std::vector<std::string> variables;  ///< NAME=VALUE, all of them
    std::string beginning;               ///< of one more; empty: of any
};
/// Whether that is in the environment that the process was started with. False also when that may
/// not be read.
[[nodiscard]] bool started_with(int pid, const StartedWith& wanted);

}  // namespace sweepctl

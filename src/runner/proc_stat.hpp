#pragma once

#include <cstdint>

namespace sweepctl::runner {

/// A line of /proc/PID/stat, as far as we need it.
struct ProcStat {
    char state = '?';
    int parent = 0;
    int group = 0;
    std::uint64_t flags = 0;
    std::uint64_t start_time = 0;  ///< clock ticks since boot
    std::uint64_t ignored = 0;     ///< signals 1 to 31 that are ignored; bit n - 1 is signal n
};

/// False: no such process, or no /proc.
[[nodiscard]] bool read_proc_stat(int pid, ProcStat& stat);

/// It has begun to exit: how it ends is decided already, whatever signal it gets now.
[[nodiscard]] bool is_exiting(const ProcStat& stat);

}  // namespace sweepctl::runner

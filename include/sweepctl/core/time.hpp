#pragma once

#include <chrono>

// Two clocks, never mixed: the wall clock for what people read, a steady one for how long something
// took.

namespace sweepctl {

using Duration = std::chrono::milliseconds;
/// UTC, for records.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;
/// CLOCK_MONOTONIC, for deadlines; means nothing after a restart.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// One moment by both clocks. Core is told it and never asks.
struct Now {
    WallTime wall;
    SteadyTime steady;
};

}  // namespace sweepctl

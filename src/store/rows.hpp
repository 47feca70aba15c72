#pragma once

#include "sweepctl/core/changes.hpp"

#include "store/sqlite.hpp"

#include <string_view>

// Rows as the values of core. Each reader expects the columns of its list, from column 0 on.

namespace sweepctl {

/// Of `runs`, joined with `sweeps` and as far as there is one with `run_clients`.
extern const std::string_view kRunColumns;
inline constexpr int kRunColumnCount = 56;
[[nodiscard]] Run read_run(const sqlite::Rows& row);

/// Of `sweeps`. Without the origin.
extern const std::string_view kSweepColumns;
[[nodiscard]] SweepRecord read_sweep(const sqlite::Rows& row);

/// Of `agents`.
extern const std::string_view kAgentColumns;
[[nodiscard]] AgentRecord read_agent(const sqlite::Rows& row);

/// A moment as stored.
[[nodiscard]] WallTime stored_time(std::int64_t milliseconds);

}  // namespace sweepctl

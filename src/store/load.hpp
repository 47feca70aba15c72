#pragma once

#include "sweepctl/core/changes.hpp"

#include "store/sqlite.hpp"

#include <optional>
#include <string>

// What a controller reads: all that lives when it starts, and single facts later.

namespace sweepctl {

/// Of one moment.
[[nodiscard]] Snapshot load_snapshot(sqlite::Database& database);
[[nodiscard]] std::optional<Run> load_run(sqlite::Database& database, const RunId& id);
/// See Store::find_run_named().
[[nodiscard]] std::optional<Run> load_run_named(sqlite::Database& database,
                                                const std::string& entity,
                                                const std::string& project,
                                                const std::string& name);
/// See Store::best_without().
[[nodiscard]] std::optional<BestRun> load_best_without(sqlite::Database& database,
                                                       const SweepId& sweep,
                                                       const RunId& without);

}  // namespace sweepctl

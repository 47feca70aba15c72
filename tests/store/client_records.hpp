#pragma once

#include "records.hpp"

#include <string>
#include <vector>

// What the tests of W&B's reads write.

namespace sweepctl {

/// The drawer of the loose runs of local/digits.
[[nodiscard]] NewSweep make_drawer(const std::string& id);
[[nodiscard]] ProjectRow make_project(const std::string& name);
/// `run` with a client that has sent so many lines of history.
[[nodiscard]] Run with_client(Run run, std::uint64_t history_lines = 0);
[[nodiscard]] StreamLines make_lines(const std::string& run,
                                     RunStream stream,
                                     std::uint64_t first,
                                     std::vector<std::string> lines);
/// {"_step": step, "loss": 1 / (step + 1)} for steps from `first` on.
[[nodiscard]] std::vector<std::string> history_of(std::int64_t first, std::size_t count);

}  // namespace sweepctl

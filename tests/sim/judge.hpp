#pragma once

#include "sweepctl/store/memory_store.hpp"

#include "sim/agenda.hpp"
#include "sim/truth.hpp"

#include <functional>
#include <map>
#include <string>

// Compares what is stored at the end with what really happened.

namespace sweepctl::sim {

/// What the spec of a sweep says of metrics that its runs print.
using PrintedBy = std::function<StdoutMetrics(const SweepId&)>;

/// Throws Foul. To be called when everything has settled. `files` are those of all hosts, by path.
void judge(const MemoryDisk& disk,
           const Truth& truth,
           const std::map<std::string, std::string>& files,
           const PrintedBy& printed_by);

}  // namespace sweepctl::sim

#include "sweepctl/core/sweep.hpp"

#include <numeric>

namespace sweepctl {

std::uint64_t RunCounts::total() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::uint64_t ended_unstopped(const SweepRecord& sweep) {
    return sweep.counts[RunState::finished] + sweep.counts[RunState::failed] +
           sweep.counts[RunState::crashed];
}

std::optional<std::string> missing_metric(const SweepRecord& sweep) {
    if (sweep.metric_name.empty() || sweep.best) return std::nullopt;
    const std::uint64_t ended = ended_unstopped(sweep);
    if (ended < kSilentRunsMax) return std::nullopt;
    return "warning: " + std::to_string(ended) +
           " runs have ended, and none has logged a number as '" + sweep.metric_name + "'";
}

}  // namespace sweepctl

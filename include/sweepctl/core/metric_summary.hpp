#pragma once

#include "sweepctl/core/request.hpp"
#include "sweepctl/core/run.hpp"

#include <string_view>
#include <vector>

// What a run's summary keeps of the values that were logged: as much as the limits of
// core/metrics.hpp allow. The work is that of the values and of the names that are there, not of
// their product: both can be many.

namespace sweepctl {

/// Takes the values of some lines in, in order. Whether that filled the summary: for `goal`, the
/// metric that the sweep goes by, there is always room.
bool take_in(std::vector<MetricSummary>& summary,
             const std::vector<std::vector<MetricPoint>>& lines,
             std::string_view goal = {});

/// Takes a client's summary in: what each metric is now, without counting as one more value. A
/// metric without a number so far is as if it had been logged.
void take_summary(std::vector<MetricSummary>& summary,
                  const std::vector<MetricPoint>& points,
                  std::string_view goal = {});

}  // namespace sweepctl

#pragma once

#include "store/read_session.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// One metric out of the lines that runs logged.

namespace sweepctl {

class MetricLineReader {
public:
    explicit MetricLineReader(std::string metric);

    /// The metric's finite values in a stored line.
    [[nodiscard]] std::vector<double> in_line(std::string_view line) const;

private:
    std::string metric_;
    std::string last_name_;
    bool searchable_;  ///< whether a line that has the metric has `last_name_` as it is
};

/// A condition on rows of `metrics`, of the run that `runs.key` names: that they belong to its
/// history. An attempt that was preempted is stored as pending: the next one goes on with it.
inline constexpr std::string_view kOfHistory =
    "metrics.attempt > coalesce((SELECT max(attempts.attempt) FROM attempts"
    " WHERE attempts.run = runs.key AND attempts.state != 'pending'), 0)";

/// What a run logged since it last began anew, in order. What its clients streamed comes last.
[[nodiscard]] std::vector<double> values_of_run(ReadSession& session,
                                                std::int64_t run,
                                                const MetricLineReader& metric);

}  // namespace sweepctl

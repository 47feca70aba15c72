#pragma once

#include "sweepctl/core/prior.hpp"
#include "sweepctl/core/run.hpp"
#include "sweepctl/core/told_run.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// Runs in a file, as other programs hand them to the engine: JSON Lines, one object a run.

namespace sweepctl::cli {

class Messages;

struct FileRun : ToldRun {
    std::size_t line = 0;  ///< from 1
};

/// Reads them; `path` "-" is standard input. Throws CliError, which names the line, where one of
/// them is not such an object. Other keys are ignored, and so are empty lines.
[[nodiscard]] std::vector<FileRun> read_runs_file(const std::string& path);

/// The runs of one sweep as its controller would have them. Those that do not say under which
/// number the search proposed them have their place in the file as one, or the next that is free;
/// those that it did not propose are numbered along their order in the sweep, where they do not
/// tell it by their names and configurations, whatever lines they stand in. Throws CliError where
/// two have the same number.
[[nodiscard]] std::vector<Run> sweep_runs(const std::vector<FileRun>& told,
                                          const std::string& path,
                                          const std::optional<MetricGoal>& metric);

/// The prior runs that a sweep of `spec` is to have from such a file, or from a table in one whose
/// name ends in .csv. Warns of those that it leaves out, since they are not of the space or have not
/// ended. Throws CliError when the search would have nothing of it.
[[nodiscard]] Prior read_prior_file(const std::string& path, const SweepSpec& spec, Messages& messages);

}  // namespace sweepctl::cli

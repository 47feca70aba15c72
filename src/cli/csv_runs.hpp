#pragma once

#include "sweepctl/spec/sweep_spec.hpp"

#include "cli/runs_file.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sweepctl::cli {

/// The runs of a table in CSV (RFC 4180) with a header. As `export` writes it: `name`, `state`,
/// `end_reason`, `config.NAME`, `summary.NAME`, `best.METRIC`; or, when no column's name begins with
/// `config.` or `summary.`, simply columns called as the sweep's parameters and its metric. Without a
/// state a run is finished. Other columns are ignored. `file` is for messages; throws CliError, which
/// names the line.
[[nodiscard]] std::vector<FileRun> runs_in_csv(std::string_view text,
                                               const std::string& file,
                                               const SweepSpec& spec);

}  // namespace sweepctl::cli

#pragma once

#include "sweepctl/core/value.hpp"

#include <string>
#include <vector>

// Runs in a file, as other programs hand them to the engine: JSON Lines, one object a run.

namespace sweepctl::cli {

/// {"name", "state", "config": {}, "summary": {}, "history": [{}, ...]}; what is missing is empty.
struct FileRun {
    std::string name;
    std::string state;  ///< one of the words that run_state_from() takes
    Config config;
    ParamMap summary;
    std::vector<ParamMap> history;  ///< what it logged, in order
};

/// Reads them; `path` "-" is standard input. Throws CliError, which names the line, where one of
/// them is not such an object. Other keys are ignored, and so are empty lines.
[[nodiscard]] std::vector<FileRun> read_runs_file(const std::string& path);

}  // namespace sweepctl::cli

#pragma once

#include <string>

namespace sweepctl::cli {

class Controller;

/// What an id turned out to name.
struct NamedThing {
    std::string collection;  ///< "sweeps" or "runs"
    std::string id;          ///< the whole id
};

/// The sweep or run that `word` names. Throws CliError when there is none, or one of each.
[[nodiscard]] NamedThing find_sweep_or_run(Controller& controller, const std::string& word);

}  // namespace sweepctl::cli

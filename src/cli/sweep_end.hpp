#pragma once

#include "sweepctl/core/value.hpp"

#include "cli/exit_codes.hpp"

#include <optional>
#include <string>

namespace sweepctl::cli {

class Controller;

/// That nothing more happens in a sweep by itself, and what that means for whoever waits for it.
struct SweepEnd {
    ExitCode code = kOk;
    std::string why;      ///< for people, after "sweep ID "
    bool certain = true;  ///< false: an agent may still be giving back what it held; look again
};

/// nullopt while the sweep goes on.
[[nodiscard]] std::optional<SweepEnd> end_of(const ParamValue& sweep);

/// The same of a sweep that has ended, told more exactly: runs that it ended itself, since early
/// stopping found them hopeless or its target was reached, are no failures. Asks which ones were
/// killed, where that matters.
[[nodiscard]] SweepEnd end_of(Controller& controller, const ParamValue& sweep);

}  // namespace sweepctl::cli

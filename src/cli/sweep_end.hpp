#pragma once

#include "sweepctl/core/value.hpp"

#include "cli/exit_codes.hpp"

#include <optional>
#include <string>

namespace sweepctl::cli {

/// That nothing more happens in a sweep by itself, and what that means for whoever waits for it.
struct SweepEnd {
    ExitCode code = kOk;
    std::string why;      ///< for people, after "sweep ID "
    bool certain = true;  ///< false: an agent may still be giving back what it held; look again
};

/// nullopt while the sweep goes on.
[[nodiscard]] std::optional<SweepEnd> end_of(const ParamValue& sweep);

}  // namespace sweepctl::cli

#pragma once

#include "runner/params.hpp"

namespace sweepctl::runner {

/// Why the program was not started: the step that failed (contract::kStage...), and errno.
struct StartFailure {
    unsigned stage = 0;
    int error = 0;  ///< 0: it did not fail
};

/// Starts `argv` in a process group of its own, to be killed when this process dies. Its pid; 0
/// when it could not be started, which leaves no process behind.
[[nodiscard]] int start_program(const Params& params,
                                char** argv,
                                char** environment,
                                StartFailure& failure);

}  // namespace sweepctl::runner

#pragma once

// What a shell script learns from sweepctl's exit code.

namespace sweepctl::cli {

enum ExitCode : int {
    kOk = 0,
    kError = 1,
    kUsage = 2,          ///< the command line itself is wrong; nothing was tried
    kNotFound = 3,       ///< no such sweep, run or agent
    kWrongState = 4,     ///< there is one, but its state forbids this
    kGaveUp = 5,         ///< an agent gave up on failures, or the sweep did not end by itself
    kRunsFailed = 6,     ///< wait, launch: some run neither finished nor was ended by the sweep itself
    kTimedOut = 124,     ///< wait --timeout; the same as coreutils' timeout
    kInterrupted = 130,  ///< Ctrl-C ended the following, as shells expect it (128 + SIGINT)
};

}  // namespace sweepctl::cli

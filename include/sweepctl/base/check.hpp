#pragma once

// Checks of what we believe about our own code. They stay on in release builds: a controller that
// goes on with a broken belief tells lies about runs, one that stops loses nothing (see recovery).

namespace sweepctl {

/// Prints what was believed and where, then aborts.
[[noreturn]] void check_failed(const char* belief, const char* file, int line) noexcept;

}  // namespace sweepctl

#define SWEEPCTL_CHECK(belief) \
    ((belief) ? static_cast<void>(0) : ::sweepctl::check_failed(#belief, __FILE__, __LINE__))

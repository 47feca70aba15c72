#pragma once

#include "runner/system.hpp"
#include "runner/text.hpp"

#include <cstdint>

namespace sweepctl::runner {

/// What the agent told us about our run; see runner/contract.hpp. The texts point into argv.
struct Params {
    Text run;
    std::uint64_t attempt = 0;
    std::uint64_t fence = 0;
    int agent_pid = 0;
    Milliseconds lease_deadline = 0;  ///< CLOCK_BOOTTIME; 0: none
    Milliseconds kill_delay = 0;
    Milliseconds straggler_grace = 0;
    Text boot_id;
    const char* cwd = nullptr;
};

/// False: that is not what the agent we belong to would write.
[[nodiscard]] bool read_params(const char* text, Params& params);

}  // namespace sweepctl::runner

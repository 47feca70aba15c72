#pragma once

#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <string>

namespace sweepctl {

/// Names a request whose answer somebody waits for; 0: nobody.
using Ticket = std::uint64_t;

/// Who asks, and where the answer goes.
struct Request {
    Ticket ticket = 0;
    std::string actor = "controller";
};

/// One value that a run logged.
struct MetricPoint {
    std::string name;
    ParamValue value;
};

}  // namespace sweepctl

#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/foreign_events.hpp"

#include <cstddef>
#include <string>
#include <string_view>

// The body of a POST to a run's file stream, without anything of HTTP.

namespace sweepctl::api {

/// What a client said. `event` names no run yet.
struct StreamBody {
    ClientStream event;
    /// Lines that are no JSON object. Those of history and events keep their numbers, as empty
    /// objects: clients count lines, and a refusal would end their stream for good.
    std::size_t invalid_lines = 0;
};

/// The failure says which part is not as clients write it: no sense in sending that again.
[[nodiscard]] Result<StreamBody, std::string> read_stream_body(std::string_view body);

}  // namespace sweepctl::api

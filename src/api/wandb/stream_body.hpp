#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/foreign_events.hpp"

#include <cstddef>
#include <cstdint>
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

/// Why nothing of a body is taken: no sense in sending it again.
struct StreamBodyError {
    enum class Kind : std::uint8_t {
        malformed,  ///< a part is not as clients write it
        too_large,  ///< its values, flattened, are more than anybody logs
    };
    Kind kind = Kind::malformed;
    std::string reason;
};

[[nodiscard]] Result<StreamBody, StreamBodyError> read_stream_body(std::string_view body);

}  // namespace sweepctl::api

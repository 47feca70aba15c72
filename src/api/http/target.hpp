#pragma once

#include "sweepctl/api/http_server.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sweepctl {

/// A request target taken apart.
struct RequestTarget {
    std::string path;
    HttpFields query;
    std::string authority;  ///< Only of an absolute target ("GET http://host/path"): its host.
};

/// Empty when the target is neither a path nor an absolute http URL, or when a percent sign is not
/// followed by two hexadecimal digits, or when the decoded path holds control characters.
[[nodiscard]] std::optional<RequestTarget> parse_target(std::string_view target);

}  // namespace sweepctl

#pragma once

#include "sweepctl/api/http_server.hpp"

#include <optional>
#include <string>
#include <string_view>

// Who may talk to the TCP door. A daemon on loopback that starts programs is a target for web pages
// (with a name that they let resolve to 127.0.0.1, or by plain cross-site requests) and for other
// users of the machine.

namespace sweepctl {

/// Why a request is not let in.
struct Refusal {
    int status = 0;
    std::string detail;
};

/// Host must name this machine's loopback, Origin must be absent or the same host.
/// `authority` is that of an absolute target; it counts instead of the Host header.
[[nodiscard]] std::optional<Refusal> check_host_and_origin(const HttpRequest& request,
                                                           std::string_view authority);

/// Looks for the token in Authorization, as Bearer or as the password of Basic. Takes the same time
/// wherever a wrong token differs.
[[nodiscard]] std::optional<Refusal> check_token(const HttpRequest& request,
                                                 std::string_view token);

}  // namespace sweepctl

#pragma once

#include "sweepctl/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sweepctl {

/// Where a controller listens: a unix socket, or host and port with a token.
struct ServerAddress {
    std::string unix_path;  ///< Not empty exactly for a unix socket.
    std::string host;       ///< Name or number, an IPv6 one without brackets.
    std::uint16_t port = 0;
    std::string token;  ///< Empty: none is sent.

    /// Reads "http://host[:port]" (port 9127 unless given), "unix:/path" or "/path". Fails with a
    /// message; https is refused, since TLS is not there yet.
    static Result<ServerAddress, std::string> parse(std::string_view url, std::string token = {});

    [[nodiscard]] bool is_unix() const { return !unix_path.empty(); }
    /// For messages: "http://127.0.0.1:9127" or "unix:/path". Without the token.
    [[nodiscard]] std::string describe() const;
    /// The value of the Host header.
    [[nodiscard]] std::string host_header() const;
};

}  // namespace sweepctl

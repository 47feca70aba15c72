#pragma once

#include "sweepctl/api/http_server.hpp"
#include "sweepctl/base/result.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace sweepctl {

/// Binds a unix socket that only its owner may use (0600), in a directory that is made with 0700
/// when it is missing. A socket that a dead server left there is replaced; a live one is an error.
[[nodiscard]] Result<UniqueFd, std::string> listen_unix(const std::string& path);

struct TcpListener {
    UniqueFd socket;
    std::uint16_t port = 0;
};

/// Binds a loopback address; any other is refused.
[[nodiscard]] Result<TcpListener, std::string> listen_tcp(const TcpDoor& door);

}  // namespace sweepctl

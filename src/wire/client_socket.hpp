#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/wire/http_client.hpp"
#include "sweepctl/wire/server_address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sweepctl {

using ClientClock = std::chrono::steady_clock;

/// When a blocking call has to give up, and what may end it before.
struct Patience {
    ClientClock::time_point deadline;
    int cancel_fd = -1;
};

enum class Readiness : std::uint8_t { ready, timeout, cancelled };

/// Waits until `fd` is ready for one of `events` (POLLIN, POLLOUT) or in trouble. `fd` may be -1:
/// then it only sleeps.
[[nodiscard]] Readiness wait_for(int fd, short events, const Patience& patience);

/// A connected, non-blocking socket.
[[nodiscard]] Result<UniqueFd, HttpError> connect_to(const ServerAddress& address,
                                                     const Patience& patience);

/// For Kind::timeout and Kind::cancelled.
[[nodiscard]] HttpError gave_up(Readiness why, const ServerAddress& address);

}  // namespace sweepctl

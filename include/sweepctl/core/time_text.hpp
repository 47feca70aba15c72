#pragma once

#include "sweepctl/core/time.hpp"

#include <optional>
#include <string>
#include <string_view>

// RFC 3339, in UTC: how moments are written for people and programs.

namespace sweepctl {

/// "2026-11-22T10:00:00.000Z". Years outside 0000 to 9999 are clamped.
[[nodiscard]] std::string to_rfc3339(WallTime time);
void append_rfc3339(std::string& out, WallTime time);

/// Reads RFC 3339 with any offset and any number of decimals (those beyond milliseconds are cut), a
/// space or `t` instead of `T`, seconds or the whole time of day left out ("2026-11-22"), and no
/// zone (taken as UTC). nullopt: it is no moment.
[[nodiscard]] std::optional<WallTime> from_rfc3339(std::string_view text);

}  // namespace sweepctl

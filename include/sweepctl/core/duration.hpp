#pragma once

#include "sweepctl/core/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sweepctl {

/// Reads `30` (seconds), `30s`, `1.5s`, `500ms`, `5m`, `2h`, `1d`; at most ten years. nullopt for
/// anything else.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

/// As parse_duration reads it, in the largest unit that keeps it whole: `90s`, `2h`, `1500ms`.
[[nodiscard]] std::string duration_text(Duration duration);

}  // namespace sweepctl

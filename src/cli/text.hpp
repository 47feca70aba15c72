#pragma once

#include "sweepctl/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Text for people: how wide it is on a terminal, and times and numbers as words.

namespace sweepctl::cli {

/// Columns that `text` takes on a terminal: 2 for wide characters, 0 for combining ones. `text` has
/// no control characters; see printable().
[[nodiscard]] std::size_t display_width(std::string_view text);

/// `text` with control characters and bytes that are not UTF-8 escaped, so that nothing that a run
/// or a spec says can move the cursor or forge a line.
[[nodiscard]] std::string printable(std::string_view text);

/// `text` in at most `width` columns, its end replaced by `ellipsis` where it is longer.
[[nodiscard]] std::string fit(std::string_view text, std::size_t width, std::string_view ellipsis);

/// `text` with spaces up to `width` columns, at its end or (right) before it.
[[nodiscard]] std::string pad(std::string_view text, std::size_t width, bool right = false);

/// "4.2s", "1m 32s", "3h 05m", "2d 04h".
[[nodiscard]] std::string duration_text(Duration duration);

/// Reads "30", "30s", "500ms", "5m", "2h", "1d", "1.5h": seconds unless a unit is given.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

/// Local time of day, "10:00:00", for events of today and yesterday alike.
[[nodiscard]] std::string clock_text(WallTime time);

/// "just now", "5m ago", "3d ago".
[[nodiscard]] std::string ago_text(WallTime time, WallTime now);

/// At most six significant digits, as people want to compare them: 0.123457, 1e-05, 3.
[[nodiscard]] std::string number_text(double value);

/// 12345678 as "12,345,678".
[[nodiscard]] std::string count_text(std::uint64_t count);

/// "1 run", "2 runs".
[[nodiscard]] std::string plural(std::uint64_t count, std::string_view noun);

}  // namespace sweepctl::cli

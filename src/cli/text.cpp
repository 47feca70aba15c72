#include "cli/text.hpp"

#include "sweepctl/base/shown.hpp"
#include "sweepctl/base/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace sweepctl::cli {

namespace {

struct Range {
    std::uint32_t first;
    std::uint32_t last;
};

// Combining marks and other characters that take no column.
constexpr std::array<Range, 14> kZeroWidth{{{0x0300, 0x036f},
                                            {0x0483, 0x0489},
                                            {0x0591, 0x05bd},
                                            {0x0610, 0x061a},
                                            {0x064b, 0x065f},
                                            {0x0e31, 0x0e31},
                                            {0x0e34, 0x0e3a},
                                            {0x1ab0, 0x1aff},
                                            {0x1dc0, 0x1dff},
                                            {0x200b, 0x200f},
                                            {0x20d0, 0x20ff},
                                            {0xfe00, 0xfe0f},
                                            {0xfe20, 0xfe2f},
                                            {0xfeff, 0xfeff}}};

// East Asian wide characters and emoji.
constexpr std::array<Range, 10> kDoubleWidth{{{0x1100, 0x115f},
                                              {0x2e80, 0x303e},
                                              {0x3041, 0xa4cf},
                                              {0xac00, 0xd7a3},
                                              {0xf900, 0xfaff},
                                              {0xfe30, 0xfe6f},
                                              {0xff00, 0xff60},
                                              {0xffe0, 0xffe6},
                                              {0x1f300, 0x1faff},
                                              {0x20000, 0x3fffd}}};

template <std::size_t n>
bool within(const std::array<Range, n>& ranges, std::uint32_t point) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
        return point >= range.first && point <= range.last;
    });
}

std::size_t columns_of(const CodePoint& point) {
    if (!point.valid || point.value < 0x300) return 1;
    if (within(kZeroWidth, point.value)) return 0;
    return within(kDoubleWidth, point.value) ? 2 : 1;
}

std::string two_parts(std::int64_t big, char big_unit, std::int64_t small, char small_unit) {
    char text[48];
    std::snprintf(text, sizeof text, "%lld%c %02lld%c", static_cast<long long>(big), big_unit,
                  static_cast<long long>(small), small_unit);
    return text;
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t columns = 0;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = decode_utf8(text, at);
        columns += columns_of(point);
        at += point.length;
    }
    return columns;
}

std::string printable(std::string_view text) {
    return shown(text, std::string_view::npos);
}

std::string fit(std::string_view text, std::size_t width, std::string_view ellipsis) {
    if (display_width(text) <= width) return std::string(text);
    const std::size_t mark = display_width(ellipsis);
    if (mark > width) return std::string(width, '.');
    std::size_t columns = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const CodePoint point = decode_utf8(text, at);
        if (columns + columns_of(point) > width - mark) break;
        columns += columns_of(point);
        at += point.length;
    }
    return std::string(text.substr(0, at)) + std::string(ellipsis);
}

std::string pad(std::string_view text, std::size_t width, bool right) {
    const std::size_t columns = display_width(text);
    const std::string space(columns < width ? width - columns : 0, ' ');
    return right ? space + std::string(text) : std::string(text) + space;
}

std::string duration_text(Duration duration) {
    const std::int64_t ms = std::max<std::int64_t>(duration.count(), 0);
    const std::int64_t seconds = ms / 1000;
    if (ms < 60'000) {
        char text[32];
        std::snprintf(text, sizeof text, ms < 10'000 ? "%.1fs" : "%.0fs",
                      static_cast<double>(ms < 10'000 ? ms : seconds * 1000) / 1000.0);
        return text;
    }
    if (seconds < 3600) return two_parts(seconds / 60, 'm', seconds % 60, 's');
    if (seconds < 86'400) return two_parts(seconds / 3600, 'h', seconds / 60 % 60, 'm');
    return two_parts(seconds / 86'400, 'd', seconds / 3600 % 24, 'h');
}

std::optional<Duration> parse_duration(std::string_view text) {
    double count = 0.0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || !std::isfinite(count) || count < 0.0) return std::nullopt;
    const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
    double ms = 0.0;
    if (unit == "ms") {
        ms = count;
    } else if (unit.empty() || unit == "s") {
        ms = count * 1e3;
    } else if (unit == "m") {
        ms = count * 60e3;
    } else if (unit == "h") {
        ms = count * 3600e3;
    } else if (unit == "d") {
        ms = count * 86'400e3;
    } else {
        return std::nullopt;
    }
    constexpr double kCenturyMs = 100.0 * 366.0 * 86'400e3;
    if (ms > kCenturyMs) return std::nullopt;
    return Duration{std::llround(ms)};
}

std::string clock_text(WallTime time) {
    const std::time_t seconds =
        std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm local{};
    char text[16];
    if (::localtime_r(&seconds, &local) == nullptr ||
        std::strftime(text, sizeof text, "%H:%M:%S", &local) == 0) {
        return "?";
    }
    return text;
}

std::string ago_text(WallTime time, WallTime now) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - time).count();
    if (seconds < 5) return "just now";
    if (seconds < 60) return std::to_string(seconds) + "s ago";
    if (seconds < 3600) return std::to_string(seconds / 60) + "m ago";
    if (seconds < 86'400) return std::to_string(seconds / 3600) + "h ago";
    return std::to_string(seconds / 86'400) + "d ago";
}

std::string number_text(double value) {
    char text[48];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

std::string count_text(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3; at -= 3) {
        text.insert(at - 3, 1, ',');
    }
    return text;
}

std::string plural(std::uint64_t count, std::string_view noun) {
    return count_text(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace sweepctl::cli

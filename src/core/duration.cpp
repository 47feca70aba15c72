#include "sweepctl/core/duration.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kUnits{{
    {"d", 86'400'000},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1'000},
    {"ms", 1},
}};
constexpr double kMillisecondsMax = 3650.0 * 86'400'000.0;

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    const std::size_t end = text.find_first_not_of("0123456789.");
    const std::string_view number = text.substr(0, end);
    const std::string_view unit = end == std::string_view::npos ? "s" : text.substr(end);
    if (number.empty() || number.front() == '.' || number.back() == '.') return std::nullopt;
    double amount = 0;
    const char* const number_end = number.data() + number.size();
    const auto parsed =
        std::from_chars(number.data(), number_end, amount, std::chars_format::fixed);
    if (parsed.ec != std::errc{} || parsed.ptr != number_end) return std::nullopt;
    for (const auto& [name, milliseconds] : kUnits) {
        if (name != unit) continue;
        const double total = amount * static_cast<double>(milliseconds);
        if (total > kMillisecondsMax) return std::nullopt;
        return Duration{static_cast<std::int64_t>(std::llround(total))};
    }
    return std::nullopt;
}

std::string duration_text(Duration duration) {
    const std::int64_t count = duration.count();
    if (count == 0) return "0s";
    for (const auto& [name, milliseconds] : kUnits) {
        if (count % milliseconds == 0) {
            return std::to_string(count / milliseconds) + std::string(name);
        }
    }
    return std::to_string(count) + "ms";
}

}  // namespace sweepctl

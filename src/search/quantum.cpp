#include "search/quantum.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace sweepctl {

namespace {

/// How far a quotient may be from a whole number and still count as one.
constexpr double kSlack = 1e-9;

std::string_view printed(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

int decimals(double value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   std::chars_format::scientific)
                         .ptr;
    const std::string_view text = printed(buffer.data(), end);
    const std::size_t mark = text.find('e');
    if (mark == std::string_view::npos) return 0;  // not finite
    const std::size_t point = text.find('.');
    const int digits = point < mark ? static_cast<int>(mark - point) - 1 : 0;
    int exponent = 0;
    const char* number = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
    std::from_chars(number, end, exponent);
    return std::max(0, digits - exponent);
}

double rounded(double value, int digits) {
    // A double has no more than 17 digits that mean anything, and the buffer is finite.
    if (!std::isfinite(value) || digits > 300) return value;
    std::array<char, 640> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   std::chars_format::fixed, digits)
                         .ptr;
    double result = value;
    std::from_chars(buffer.data(), end, result);
    return result;
}

ParamValue integer_value(double whole) {
    if (std::abs(whole) < 0x1p63) return static_cast<std::int64_t>(whole);
    if (!std::isfinite(whole)) return whole;
    std::array<char, 320> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), whole,
                                   std::chars_format::fixed, 0)
                         .ptr;
    return BigInt{std::string(printed(buffer.data(), end))};
}

ParamValue nearest_multiple(const Quantum& quantum, double value, double min, double max) {
    const double q = quantum.q;
    if (!std::isfinite(value / q)) return value;
    double steps = std::nearbyint(value / q);
    const double lowest = std::ceil(min / q - kSlack);
    const double highest = std::floor(max / q + kSlack);
    if (lowest <= highest) steps = std::clamp(steps, lowest, highest);
    const double multiple = rounded(steps * q, decimals(q));
    if (quantum.integer) return integer_value(multiple);
    return multiple == 0 ? 0.0 : multiple;  // not -0.0, which would show
}

}  // namespace sweepctl

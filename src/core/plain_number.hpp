#pragma once

#include <array>
#include <charconv>
#include <string>

namespace sweepctl {

/// A number for people, as short as reads back the same: 3, 0.1, 1e-05. Of a long one nine digits:
/// the others often are what rounding left.
[[nodiscard]] inline std::string plain_number(double value) {
    constexpr int kDigits = 9;
    constexpr int kLong = 12;
    std::array<char, 32> text{};
    char* const begin = text.data();
    char* end = std::to_chars(begin, begin + text.size(), value).ptr;
    if (end - begin > kLong) {
        end = std::to_chars(begin, begin + text.size(), value, std::chars_format::general, kDigits)
                  .ptr;
    }
    return {begin, end};
}

}  // namespace sweepctl

#pragma once

#include <array>
#include <charconv>
#include <string>

namespace sweepctl {

/// A number for people, as short as reads back the same: 3, 0.1, 1e-05.
[[nodiscard]] inline std::string plain_number(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

}  // namespace sweepctl

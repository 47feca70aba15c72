#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sweepctl {

/// `text` fit for a message: control characters and bytes that are not UTF-8 as \n, \t or \xNN, and
/// cut off with "..." after `length_max` bytes.
[[nodiscard]] std::string shown(std::string_view text, std::size_t length_max = 80);

}  // namespace sweepctl

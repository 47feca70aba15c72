#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sweepctl {

/// The code point at the front of a text.
struct CodePoint {
    std::uint32_t value = 0;  ///< the byte itself where `valid` is false
    std::size_t length = 1;   ///< bytes
    bool valid = true;        ///< false: this byte begins no UTF-8 sequence (RFC 3629)
};

/// Decodes at `offset`, which must lie inside `text`.
[[nodiscard]] CodePoint decode_utf8(std::string_view text, std::size_t offset);

[[nodiscard]] bool is_utf8(std::string_view text);

/// Appends `value` (at most U+10FFFF) in UTF-8.
void append_code_point(std::string& out, std::uint32_t value);

}  // namespace sweepctl

#include "sweepctl/base/utf8.hpp"

namespace sweepctl {

CodePoint decode_utf8(std::string_view text, std::size_t offset) {
    const auto byte = [&](std::size_t i) -> std::uint32_t {
        return offset + i < text.size() ? static_cast<unsigned char>(text[offset + i]) : 0U;
    };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const CodePoint invalid{lead, 1, false};
    if (lead < 0xc2 || lead > 0xf4) return invalid;

    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    std::uint32_t value = lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) return invalid;
        value = (value << 6U) | (byte(i) & 0x3fU);
    }
    const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (overlong || surrogate || value > 0x10ffff) return invalid;
    return {value, length, true};
}

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = decode_utf8(text, at);
        if (!point.valid) return false;
        at += point.length;
    }
    return true;
}

void append_code_point(std::string& out, std::uint32_t value) {
    const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    const auto tail = [&](std::uint32_t shift) { put(0x80U | ((value >> shift) & 0x3fU)); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xc0U | (value >> 6U));
        tail(0);
    } else if (value < 0x10000) {
        put(0xe0U | (value >> 12U));
        tail(6);
        tail(0);
    } else {
        put(0xf0U | (value >> 18U));
        tail(12);
        tail(6);
        tail(0);
    }
}

}  // namespace sweepctl

#include "sweepctl/base/shown.hpp"

#include "sweepctl/base/utf8.hpp"

namespace sweepctl {

std::string shown(std::string_view text, std::size_t length_max) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        if (out.size() >= length_max) return out + "...";
        const CodePoint point = decode_utf8(text, i);
        // C1 controls (0x80 to 0x9f) move a terminal's cursor as well as C0 ones do.
        const bool control = point.value < 0x20 || (point.value >= 0x7f && point.value < 0xa0);
        if (point.value == '\n') {
            out += "\\n";
        } else if (point.value == '\t') {
            out += "\\t";
        } else if (control || !point.valid) {
            out += "\\x";
            out.push_back(hex[(point.value >> 4U) & 0xfU]);
            out.push_back(hex[point.value & 0xfU]);
        } else {
            out += text.substr(i, point.length);
        }
        i += point.length;
    }
    return out;
}

}  // namespace sweepctl

#include "sweepctl/base/base64.hpp"

#include <array>
#include <cstdint>

namespace sweepctl {

namespace {
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string base64_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t j = 0; j < 3; ++j) {
            group = (group << 8U) | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out.push_back(j <= count ? kAlphabet[(group >> (18U - 6U * j)) & 0x3fU] : '=');
        }
    }
    return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string out;
    out.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        std::uint32_t group = 0;
        std::size_t padding = 0;
        for (std::size_t j = 0; j < 4; ++j) {
            const char c = text[i + j];
            if (c == '=' && i + 4 == text.size() && j >= 2) {
                ++padding;
                group <<= 6U;
                continue;
            }
            const std::size_t digit = kAlphabet.find(c);
            if (digit == std::string_view::npos || padding != 0) return std::nullopt;
            group = (group << 6U) | static_cast<std::uint32_t>(digit);
        }
        for (std::size_t j = 0; j < 3 - padding; ++j)
            out.push_back(static_cast<char>((group >> (16U - 8U * j)) & 0xffU));
    }
    return out;
}

}  // namespace sweepctl

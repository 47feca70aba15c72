#include "api/wandb/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace sweepctl::api {

namespace {

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

std::optional<ByteRange> byte_range(std::string_view header, std::uint64_t size) {
    constexpr std::string_view kUnit = "bytes=";
    if (!header.starts_with(kUnit)) return std::nullopt;
    header.remove_prefix(kUnit.size());
    const std::size_t dash = header.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::optional<std::uint64_t> first = whole_number(header.substr(0, dash));
    const std::optional<std::uint64_t> last = whole_number(header.substr(dash + 1));
    if (dash == 0) {
        if (!last) return std::nullopt;
        const std::uint64_t length = std::min(*last, size);
        return ByteRange{size - length, length};
    }
    const bool open = dash + 1 == header.size();
    if (!first || (!open && (!last || *last < *first))) return std::nullopt;
    if (*first >= size) return ByteRange{size, 0};
    const std::uint64_t end = open || *last >= size ? size : *last + 1;
    return ByteRange{*first, end - *first};
}

}  // namespace sweepctl::api

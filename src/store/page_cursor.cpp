#include "store/page_cursor.hpp"

#include "sweepctl/core/json_text.hpp"

#include "store/run_text.hpp"

#include <charconv>
#include <system_error>
#include <utility>

namespace sweepctl {

namespace {

constexpr char kSortedKind = 's';
constexpr std::string_view kHex = "0123456789abcdef";

std::optional<std::string> from_hex(std::string_view hex) {
    if (hex.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const std::size_t high = kHex.find(hex[i]);
        const std::size_t low = kHex.find(hex[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        bytes.push_back(static_cast<char>(high * 16 + low));
    }
    return bytes;
}

}  // namespace

std::string number_cursor(char kind, std::int64_t number) {
    return kind + std::to_string(number);
}

std::optional<std::int64_t> read_number_cursor(char kind, std::string_view text) {
    if (text.empty() || text.front() != kind) return std::nullopt;
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + 1, end, number);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return number;
}

std::string sorted_cursor(const SortedPlace& place) {
    ParamList values;
    for (const auto& value : place.values)
        values.emplace_back(value ? ParamList{*value} : ParamList{});
    const std::string json =
        to_json(ParamList{place.order, std::move(values), BigInt{std::to_string(place.number)}});
    std::string text(1, kSortedKind);
    for (const char c : json) {
        const auto byte = static_cast<unsigned char>(c);
        text.push_back(kHex[byte >> 4U]);
        text.push_back(kHex[byte & 0xfU]);
    }
    return text;
}

std::optional<SortedPlace> read_sorted_cursor(std::string_view text) {
    if (text.empty() || text.front() != kSortedKind) return std::nullopt;
    const auto json = from_hex(text.substr(1));
    if (!json) return std::nullopt;
    const Result<ParamValue, JsonError> parsed = parse_json(*json);
    const auto* parts = parsed.ok() ? parsed->get_if<ParamList>() : nullptr;
    if (parts == nullptr || parts->size() != 3) return std::nullopt;
    const auto* order = (*parts)[0].get_if<std::string>();
    const auto* values = (*parts)[1].get_if<ParamList>();
    const auto number = unsigned_number((*parts)[2]);
    if (order == nullptr || values == nullptr || !number) return std::nullopt;
    SortedPlace place{*order, {}, *number};
    for (const ParamValue& value : *values) {
        const auto* one = value.get_if<ParamList>();
        if (one == nullptr || one->size() > 1) return std::nullopt;
        place.values.emplace_back(one->empty() ? std::nullopt : std::optional((*one)[0]));
    }
    return place;
}

}  // namespace sweepctl

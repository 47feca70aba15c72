#pragma once

#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Where a page ended, as the opaque text that clients hand back. A cursor stays right while rows
// come, go and change, since it names a place in the order and not a row or a count.

namespace sweepctl {

/// After this number, in an order by number alone. `kind` tells orders apart.
[[nodiscard]] std::string number_cursor(char kind, std::int64_t number);
/// nullopt: not a cursor of this kind.
[[nodiscard]] std::optional<std::int64_t> read_number_cursor(char kind, std::string_view text);

/// After the row with these values (nullopt: it has none) and this number, in this order.
struct SortedPlace {
    std::string order;
    std::vector<std::optional<ParamValue>> values;
    std::uint64_t number = 0;
};
[[nodiscard]] std::string sorted_cursor(const SortedPlace& place);
[[nodiscard]] std::optional<SortedPlace> read_sorted_cursor(std::string_view text);

}  // namespace sweepctl

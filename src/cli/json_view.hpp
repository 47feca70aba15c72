#pragma once

#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Reading what the controller answered, and writing what --json promises. A missing or wrong field
// reads as absent: an older or newer controller must not make a verb fail.

namespace sweepctl::cli {

/// The field, or a null value.
[[nodiscard]] const ParamValue& field(const ParamValue& object, std::string_view name);

/// The string there; empty when there is none.
[[nodiscard]] std::string text_field(const ParamValue& object, std::string_view name);
[[nodiscard]] bool bool_field(const ParamValue& object, std::string_view name);
[[nodiscard]] std::optional<std::int64_t> int_field(const ParamValue& object,
                                                    std::string_view name);
[[nodiscard]] std::optional<double> number_field(const ParamValue& object, std::string_view name);
/// The list there; empty when there is none.
[[nodiscard]] const ParamList& list_field(const ParamValue& object, std::string_view name);
/// The map there; empty when there is none.
[[nodiscard]] const ParamMap& map_field(const ParamValue& object, std::string_view name);

/// JSON that every reader takes: numbers that are not finite become the strings "NaN", "Infinity"
/// and "-Infinity".
[[nodiscard]] std::string strict_json(const ParamValue& value);

/// An object with exactly the fields `names`, in that order, null where absent.
[[nodiscard]] ParamValue project(const ParamValue& object,
                                 const std::vector<std::string_view>& names);
/// The same, followed by what else the object has.
[[nodiscard]] ParamValue reorder(const ParamValue& object,
                                 const std::vector<std::string_view>& names);

/// A number of any size, or null.
[[nodiscard]] ParamValue json_count(std::optional<std::uint64_t> count);

/// The leaves of nested maps: ("opt.lr", 0.1). An empty map is a leaf.
[[nodiscard]] std::vector<std::pair<std::string, ParamValue>> flatten(const ParamMap& map);

/// A value in a table: strings as they are, numbers short, the rest as JSON. Printable.
[[nodiscard]] std::string cell_text(const ParamValue& value);

}  // namespace sweepctl::cli

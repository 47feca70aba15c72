#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/value.hpp"

#include <string>
#include <string_view>

// JSON text to and from ParamValue. Our own, because the values that runs log need what the JSON
// libraries refuse or lose: NaN and Infinity (Python writes them), 3 against 3.0, integers of any
// size.

namespace sweepctl {

struct JsonError {
    std::size_t offset = 0;  ///< of the byte that cannot be
    std::string message;
};

/// Reads one JSON document, with Python's NaN, Infinity and -Infinity. Duplicate keys: the last
/// wins. Bytes that are not UTF-8 become U+FFFD. Nesting deeper than 64 levels is refused.
[[nodiscard]] Result<ParamValue, JsonError> parse_json(std::string_view text);

/// Compact JSON that parse_json reads back to the same value.
[[nodiscard]] std::string to_json(const ParamValue& value);
void append_json(std::string& out, const ParamValue& value);
/// `text` in quotes, escaped; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace sweepctl

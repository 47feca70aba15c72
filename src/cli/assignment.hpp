#pragma once

#include "sweepctl/core/value.hpp"

#include <string>
#include <string_view>

// "key=value" words, as `log` and `enqueue` take them.

namespace sweepctl::cli {

struct Assignment {
    std::string key;
    ParamValue value;
};

/// Splits at the first '='. Throws CliError(kUsage) where there is none, or nothing before it.
[[nodiscard]] Assignment parse_assignment(std::string_view word);

/// What a plain YAML or JSON value says: 3, 3.0, 1e-5, true, null, [1, 2], {"a": 1}, "quoted",
/// nan, inf; everything else is the string it is.
[[nodiscard]] ParamValue parse_value(std::string_view text);

}  // namespace sweepctl::cli

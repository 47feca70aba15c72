#pragma once

#include "sweepctl/core/value.hpp"

#include <string>
#include <string_view>
#include <vector>

// The part of JSON Schema that the OpenAPI document uses.

namespace sweepctl::test {

/// What of `value` is not as `schema` says, each with its path; empty: all is. References are
/// looked up in `document`. Members that the schema does not name are faults unless it allows
/// others.
[[nodiscard]] std::vector<std::string> schema_faults(const ParamValue& value,
                                                     const ParamValue& schema,
                                                     const ParamValue& document);

/// What "#/a/b" points to; nullptr: nothing.
[[nodiscard]] const ParamValue* resolve_pointer(const ParamValue& document,
                                                std::string_view reference);

}  // namespace sweepctl::test

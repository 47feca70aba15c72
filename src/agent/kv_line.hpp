#pragma once

#include "sweepctl/core/value.hpp"

#include <optional>
#include <string_view>

namespace sweepctl {

/// The metrics of a printed line such as `epoch=3 loss=0.25, acc: 0.9`. A line that holds anything
/// but pairs has none, and so has an overlong one: prose must not become metrics.
///
///     line   = pair *( gap pair )               ; blanks before and after do not matter
///     pair   = name ( "=" | ":" ) number        ; blanks on both sides of "=", after ":"
///     gap    = blanks | "," | ";" | "|"         ; blanks around these
///     name   = ( letter | "_" ) *( letter | digit | "_" | "." | "/" | "-" )
///     number = [ "+" | "-" ] ( decimal [ exponent ] | "nan" | "inf" | "infinity" )
///
/// Of a name that comes twice the last number counts.
[[nodiscard]] std::optional<ParamMap> kv_line(std::string_view line);

}  // namespace sweepctl

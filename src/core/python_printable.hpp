#pragma once

#include <cstdint>

namespace sweepctl {

/// Whether Python's repr() shows this code point as it is, rather than as an escape.
[[nodiscard]] bool python_printable(std::uint32_t code_point);

}  // namespace sweepctl

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sweepctl {

/// "1 slot", "2 slots": a number and the noun that goes with it.
[[nodiscard]] inline std::string counted(std::uint64_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace sweepctl

#pragma once

#include "cli/cli_error.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace sweepctl::cli {

/// The value of option `name`, if it was given; throws CliError(kUsage) when it is out of range.
template <typename Small>
std::optional<Small> in_range(const char* name,
                              const std::optional<std::uint64_t>& value,
                              Small least,
                              Small most = std::numeric_limits<Small>::max()) {
    if (!value) return std::nullopt;
    if (*value < static_cast<std::uint64_t>(least) || *value > static_cast<std::uint64_t>(most)) {
        throw CliError(kUsage, std::string(name) + " takes a number from " + std::to_string(least) +
                                   " to " + std::to_string(most) + ", not '" +
                                   std::to_string(*value) + "'");
    }
    return static_cast<Small>(*value);
}

}  // namespace sweepctl::cli

#pragma once

#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <string>
#include <vector>

// Whether a configuration that a search did not make is one of its space.

namespace sweepctl {

struct ConfigFault {
    enum class Kind : std::uint8_t {
        unknown,  ///< the space has no such parameter
        missing,  ///< there is no value of one that is not constant
        outside,  ///< a value lies outside the space, or some do not belong together
    };
    Kind kind = Kind::unknown;
    std::string parameter;  ///< as a dotted path; empty: it is about several
    std::string message;    ///< for people: "'lr' is 0.5, above the maximum 0.1"
};
[[nodiscard]] std::vector<ConfigFault> config_faults(const SearchSpace& space,
                                                     const Config& config);

/// With the values of the constants that it lacks, and its names in code-point order at each level.
[[nodiscard]] Config with_constants(const SearchSpace& space, Config config);

}  // namespace sweepctl

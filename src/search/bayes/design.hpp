#pragma once

#include "search/bayes/encoding.hpp"

#include <cstdint>

namespace sweepctl::bayes {

/// Point `index` of a scrambled Halton sequence, taken through the prior of each dimension: covers
/// the space evenly before anything is known of it.
[[nodiscard]] Point design_point(const Encoding& encoding, std::uint64_t seed, std::uint64_t index);

/// How many runs the design has for so many dimensions.
[[nodiscard]] std::uint64_t design_size(std::size_t dimensions);

}  // namespace sweepctl::bayes

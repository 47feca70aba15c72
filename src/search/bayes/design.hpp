#pragma once

#include "search/bayes/encoding.hpp"

#include <cstdint>

namespace sweepctl::bayes {

/// Point `index` of a scrambled Halton sequence, taken through the prior of each dimension: covers
/// the space evenly before anything is known of it. Where every dimension has a middle, and in a wide
/// space, the first point is the median of the prior: wherever the optimum is, on the mean a point at
/// random is further from it, and whoever writes bounds mostly puts them around what is known to work.
[[nodiscard]] Point design_point(const Encoding& encoding, std::uint64_t seed, std::uint64_t index);

/// How many runs the design has.
[[nodiscard]] std::uint64_t design_size(const Encoding& encoding);

}  // namespace sweepctl::bayes

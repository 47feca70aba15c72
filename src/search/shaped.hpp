#pragma once

#include "sweepctl/core/search_strategy.hpp"

#include "search/shape.hpp"

#include <cstdint>
#include <memory>

// Layers over a search, so that each has linked, conditional and repeated parameters alike.

namespace sweepctl {

/// `inner` searches shape->plain(); what it suggests is widened, what it learns from narrowed.
[[nodiscard]] std::unique_ptr<SearchStrategy> make_shaped(std::unique_ptr<SearchStrategy> inner,
                                                          std::shared_ptr<const Shape> shape);

/// Each suggestion of `inner` `repeats` times: suggestion k is its k / repeats. It learns from the
/// mean over those that have a value, once all of them have ended.
[[nodiscard]] std::unique_ptr<SearchStrategy> make_repeated(std::unique_ptr<SearchStrategy> inner,
                                                            std::uint32_t repeats);

}  // namespace sweepctl

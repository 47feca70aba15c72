#pragma once

#include "sweepctl/search/strategies.hpp"

#include "search/shape.hpp"

#include <memory>

namespace sweepctl {

/// A grid some of whose parameters are there only under a condition: cells that are equal without
/// them are one. Parameters that conditions look at vary slowest, the others as in any grid. Their
/// combinations are tried once, when it is made: 16 bytes and about a microsecond for each.
[[nodiscard]] std::unique_ptr<SearchStrategy> make_conditional_grid(
    std::shared_ptr<const Shape> shape, GridOptions options);

}  // namespace sweepctl

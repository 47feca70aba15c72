#pragma once

#include "sweepctl/search/strategies.hpp"

#include "search/shape.hpp"

#include <memory>

namespace sweepctl {

/// Searches shape->plain(), and knows that what differs in absent parameters only is one
/// configuration.
[[nodiscard]] std::unique_ptr<SearchStrategy> make_conditional_bayes(
    const std::shared_ptr<const Shape>& shape, const SearchOptions& options);

}  // namespace sweepctl

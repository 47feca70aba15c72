#include "sweepctl/base/check.hpp"
#include "sweepctl/search/strategies.hpp"

#include "search/bayes/conditional_bayes.hpp"
#include "search/conditional_grid.hpp"
#include "search/shaped.hpp"

#include <cstdlib>
#include <utility>

namespace sweepctl {

namespace {

GridOptions grid_options(const SearchOptions& options) {
    return {options.order == GridOrder::random, options.grid_exclusive, options.seed};
}

/// For a space whose parameters are linked in no way.
std::unique_ptr<SearchStrategy> make_plain(SearchSpace space, const SearchOptions& options) {
    switch (options.method) {
        case Method::grid: return make_grid(std::move(space), grid_options(options));
        case Method::random: return make_random(std::move(space), options.seed);
        case Method::bayes: return make_bayes(std::move(space), options);
        case Method::custom: break;
    }
    SWEEPCTL_CHECK(options.method != Method::custom);
    std::abort();
}

std::unique_ptr<SearchStrategy> make_linked(SearchSpace space, const SearchOptions& options) {
    if (space.zips.empty() && space.conditions.empty())
        return make_plain(std::move(space), options);
    const bool conditional = !space.conditions.empty();
    auto shape = std::make_shared<const Shape>(std::move(space));
    if (options.method == Method::grid && conditional)
        return make_conditional_grid(std::move(shape), grid_options(options));
    std::unique_ptr<SearchStrategy> plain = options.method == Method::bayes && conditional
                                                ? make_conditional_bayes(shape, options)
                                                : make_plain(shape->plain(), options);
    return make_shaped(std::move(plain), std::move(shape));
}

}  // namespace

std::unique_ptr<SearchStrategy> make_strategy(SearchSpace space, const SearchOptions& options) {
    std::unique_ptr<SearchStrategy> strategy = make_linked(std::move(space), options);
    if (options.repeats <= 1) return strategy;
    return make_repeated(std::move(strategy), options.repeats);
}

}  // namespace sweepctl

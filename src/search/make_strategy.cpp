#include "sweepctl/base/check.hpp"
#include "sweepctl/search/strategies.hpp"

#include <cstdlib>
#include <utility>

namespace sweepctl {

std::unique_ptr<SearchStrategy> make_strategy(SearchSpace space, const SearchOptions& options) {
    switch (options.method) {
        case Method::grid:
            return make_grid(std::move(space), {options.order == GridOrder::random,
                                                options.grid_exclusive, options.seed});
        case Method::random: return make_random(std::move(space), options.seed);
        case Method::bayes: return make_bayes(std::move(space), options);
        case Method::custom: break;
    }
    SWEEPCTL_CHECK(options.method != Method::custom);
    std::abort();
}

}  // namespace sweepctl

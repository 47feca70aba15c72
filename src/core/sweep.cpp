#include "sweepctl/core/sweep.hpp"

#include <numeric>

namespace sweepctl {

std::uint64_t RunCounts::total() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

}  // namespace sweepctl

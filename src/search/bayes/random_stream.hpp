#pragma once

#include "search/mix.hpp"
#include "search/quantiles.hpp"

#include <cstdint>

namespace sweepctl::bayes {

/// Pseudo-random numbers of one suggestion: SplitMix64 from a state that is a function of (seed,
/// number).
class RandomStream {
public:
    RandomStream(std::uint64_t seed, std::uint64_t number) : state_(mix64(mix64(seed) ^ number)) {}

    [[nodiscard]] std::uint64_t bits() {
        state_ += 0x9e3779b97f4a7c15U;
        return mix64(state_);
    }
    /// In [0, 1).
    [[nodiscard]] double uniform() { return static_cast<double>(bits() >> 11U) * 0x1p-53; }
    /// One of 0 ... count - 1.
    [[nodiscard]] std::uint64_t below(std::uint64_t count) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<Wide>(bits()) * count) >> 64U);
    }
    [[nodiscard]] double normal() { return normal_quantile(uniform() + 0x1p-54); }

private:
    std::uint64_t state_;
};

}  // namespace sweepctl::bayes

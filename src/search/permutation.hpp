#pragma once

#include <cstdint>

namespace sweepctl {

/// A pseudo-random permutation of 0 .. size-1, both ways in constant time and no memory: a Feistel
/// network over the next even number of bits, walked along its cycles until it is inside again (at
/// most four steps on average).
class Permutation {
public:
    /// `size` may be 0 as long as nothing is asked.
    Permutation(std::uint64_t size, std::uint64_t seed);

    [[nodiscard]] std::uint64_t at(std::uint64_t index) const;
    /// The index with at(index) == value.
    [[nodiscard]] std::uint64_t index_of(std::uint64_t value) const;

private:
    [[nodiscard]] std::uint64_t round(std::uint64_t half, int number) const;
    [[nodiscard]] std::uint64_t forward(std::uint64_t value) const;
    [[nodiscard]] std::uint64_t backward(std::uint64_t value) const;

    std::uint64_t size_;
    std::uint64_t key_;
    unsigned half_bits_ = 1;
};

}  // namespace sweepctl

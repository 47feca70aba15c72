#include "search/permutation.hpp"

#include "sweepctl/base/check.hpp"

#include "search/mix.hpp"

#include <bit>

namespace sweepctl {

namespace {

// Four make a pseudo-random permutation of a good round function; two more for halves of few bits.
constexpr int kRounds = 6;

}  // namespace

Permutation::Permutation(std::uint64_t size, std::uint64_t seed)
    : size_(size), key_(mix64(seed ^ 0x67726964U /* "grid": not the stream of random draws */)) {
    const auto bits = static_cast<unsigned>(std::bit_width(size > 0 ? size - 1 : 0));
    half_bits_ = bits < 2 ? 1 : (bits + 1) / 2;
}

std::uint64_t Permutation::round(std::uint64_t half, int number) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    return mix64(mix64(key_ + static_cast<std::uint64_t>(number)) ^ half) & mask;
}

std::uint64_t Permutation::forward(std::uint64_t value) const {
    std::uint64_t left = value >> half_bits_;
    std::uint64_t right = value & ((std::uint64_t{1} << half_bits_) - 1);
    for (int i = 0; i < kRounds; ++i) {
        const std::uint64_t next = left ^ round(right, i);
        left = right;
        right = next;
    }
    return (left << half_bits_) | right;
}

std::uint64_t Permutation::backward(std::uint64_t value) const {
    std::uint64_t left = value >> half_bits_;
    std::uint64_t right = value & ((std::uint64_t{1} << half_bits_) - 1);
    for (int i = kRounds - 1; i >= 0; --i) {
        const std::uint64_t before = right ^ round(left, i);
        right = left;
        left = before;
    }
    return (left << half_bits_) | right;
}

std::uint64_t Permutation::at(std::uint64_t index) const {
    SWEEPCTL_CHECK(index < size_);
    std::uint64_t value = forward(index);
    while (value >= size_)
        value = forward(value);
    return value;
}

std::uint64_t Permutation::index_of(std::uint64_t value) const {
    SWEEPCTL_CHECK(value < size_);
    std::uint64_t index = backward(value);
    while (index >= size_)
        index = backward(index);
    return index;
}

}  // namespace sweepctl

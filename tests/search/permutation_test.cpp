#include "search/permutation.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace sweepctl;

TEST_CASE("permutation: every size up to 600 is a bijection that can be undone",
          "[search][permutation]") {
    for (std::uint64_t size = 1; size <= 600; ++size) {
        const Permutation order(size, size * 31);
        std::vector<bool> seen(size, false);
        for (std::uint64_t i = 0; i < size; ++i) {
            const std::uint64_t value = order.at(i);
            REQUIRE(value < size);
            REQUIRE(!seen[value]);
            seen[value] = true;
            REQUIRE(order.index_of(value) == i);
        }
    }
}

TEST_CASE("permutation: the largest sizes can be undone too", "[search][permutation]") {
    for (const std::uint64_t size :
         {std::numeric_limits<std::uint64_t>::max(), (std::uint64_t{1} << 63U) + 1,
          (std::uint64_t{1} << 32U) - 1, std::uint64_t{1} << 32U}) {
        const Permutation order(size, 3);
        for (const std::uint64_t i : {std::uint64_t{0}, std::uint64_t{1}, size / 2, size - 1}) {
            CHECK(order.at(i) < size);
            CHECK(order.index_of(order.at(i)) == i);
        }
    }
}

TEST_CASE("permutation: the first place takes every value about equally often over seeds",
          "[search][permutation]") {
    constexpr std::uint64_t kSize = 10;
    constexpr int kSeeds = 20'000;
    std::vector<int> counts(kSize, 0);
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed)
        ++counts[Permutation(kSize, seed).at(0)];
    for (const int count : counts)
        CHECK(std::abs(count - kSeeds / 10) < 5 * 43);  // five standard deviations
}

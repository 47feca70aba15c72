#include "sweepctl/core/coverage.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>

using namespace sweepctl;

TEST_CASE("coverage: the lowest free number comes next, then none", "[core][coverage]") {
    Coverage coverage;
    CHECK(coverage.next(3) == 0);
    CHECK(coverage.cover(0));
    CHECK_FALSE(coverage.cover(0));
    CHECK(coverage.cover(2));
    CHECK(coverage.next(3) == 1);
    CHECK(coverage.cover(1));
    CHECK(coverage.next(3) == std::nullopt);
    CHECK(coverage.next(std::nullopt) == 3);
    CHECK(coverage.free_of(0, 2) == std::nullopt);
    coverage.free(1);
    CHECK(coverage.free_of(0, 2) == 1U);
    CHECK_FALSE(coverage.covered(1));
    CHECK(coverage.next(3) == 1);
    CHECK(coverage.state().cursor == 3);
    CHECK(coverage.state().freed == std::vector<std::uint64_t>{1});
}

TEST_CASE("coverage: it says what a plain set says, also after being stored", "[core][coverage]") {
    for (unsigned seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const std::uint64_t size = 1 + random() % 40;
        Coverage coverage;
        std::set<std::uint64_t> truth;
        for (int step = 0; step < 400; ++step) {
            const std::uint64_t number = random() % size;
            switch (random() % 4) {
                case 0: REQUIRE(coverage.cover(number) == truth.insert(number).second); break;
                case 1:
                    coverage.free(number);
                    truth.erase(number);
                    break;
                case 2: {
                    const auto next = coverage.next(size);
                    REQUIRE(next.has_value() == (truth.size() < size));
                    if (!next) break;
                    REQUIRE(*next < size);
                    REQUIRE(truth.insert(*next).second);
                    REQUIRE(coverage.cover(*next));
                    break;
                }
                case 3: coverage = Coverage(coverage.state()); break;
            }
            for (std::uint64_t k = 0; k < size; ++k)
                REQUIRE(coverage.covered(k) == truth.contains(k));
            REQUIRE(coverage.count() == truth.size());
        }
    }
}

TEST_CASE("coverage: a grid that is done from the front is one number", "[core][coverage]") {
    Coverage coverage;
    for (std::uint64_t k = 0; k < 100'000; ++k)
        coverage.cover(*coverage.next(std::nullopt));
    CHECK(coverage.state().cursor == 100'000);
    CHECK(coverage.state().freed.empty());
    CHECK(coverage.state().taken.empty());
}

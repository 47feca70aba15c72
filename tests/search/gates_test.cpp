// How few runs the search needs: search-algorithms.md section 7, on the problems of
// tests/bench/search.

#include "experiment.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace sweepctl;
using namespace sweepctl::bench;

namespace {

constexpr std::uint64_t kSeeds = 10;

/// What was reached after `runs` runs, for each of the seeds from 0 on.
std::vector<double> reached(const std::string& name,
                            std::size_t runs,
                            std::uint64_t seeds,
                            std::size_t parallel = 1,
                            Method method = Method::bayes) {
    const Problem made = problem(name);
    std::vector<double> values;
    for (std::uint64_t seed = 0; seed < seeds; ++seed)
        values.push_back(experiment(made, method, parallel, {runs}, seed).back().value);
    return values;
}

}  // namespace

TEST_CASE("gates: a few runs go far", "[search][gates]") {
    CHECK(median(reached("branin2", 50, 5)) <= 0.40);
    CHECK(median(reached("hartmann6", 60, 5)) <= -3.0);
    CHECK(median(reached("mixed7n", 60, 3)) <= 0.40);
    CHECK(median(reached("nb201_cifar10", 60, 3)) <= 9.0);
    CHECK(median(reached("hartmann6", 60, 3, /*parallel=*/8)) <= -2.9);
    CHECK(median(reached("hartmann6f", 50, 3)) <= -3.0);
    // The bar that anything must clear.
    CHECK(median(reached("branin2", 50, 5, 1, Method::random)) > 0.45);
}

TEST_CASE("gates: as good as measured", "[.slow][search][gates]") {
    CHECK(median(reached("branin2", 50, kSeeds)) <= 0.40);
    CHECK(median(reached("hartmann6", 100, kSeeds)) <= -3.25);
    CHECK(median(reached("ackley5", 100, kSeeds)) <= 0.5);
    CHECK(median(reached("rosenbrock4", 100, kSeeds)) <= 12);
    CHECK(median(reached("mixed7", 100, kSeeds)) <= 0.225);
    CHECK(median(reached("nb201_cifar10", 100, kSeeds)) <= 8.55);
    CHECK(median(reached("hartmann6", 100, kSeeds, /*parallel=*/8)) <= -3.2);
    // Long sweeps: a model of everything alone stays at 0.009 and at 0.0004.
    CHECK(median(reached("ackley5", 500, 3)) <= 1e-3);
    CHECK(median(reached("levy8", 500, 3)) <= 1e-4);
    const std::vector<double> found = reached("nas8", 100, kSeeds);
    CHECK(std::count_if(found.begin(), found.end(),
                        [](double value) { return value < 0.460851; }) >= 6);
}

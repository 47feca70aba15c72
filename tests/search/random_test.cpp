#include "sweepctl/core/command_line.hpp"
#include "sweepctl/search/strategies.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>

using namespace sweepctl;

namespace {

SearchSpace some_space() {
    return {{{{"lr"}, Uniform{Scale::log_values, 1e-5, 1e-1, std::nullopt}},
             {{"opt", "beta"}, Uniform{Scale::linear, 0, 1, std::nullopt}},
             {{"opt", "name"}, Categorical{{"sgd", "adam"}, {}}}}};
}

}  // namespace

TEST_CASE("random: suggestion k depends on the seed and k alone", "[search][random]") {
    const auto one = make_random(some_space(), 42);
    const auto same = make_random(some_space(), 42);
    const auto other = make_random(some_space(), 43);
    std::set<std::string> seen;
    for (const std::uint64_t k : {99UL, 0UL, 7UL, 1UL}) {
        const Config config = *one->suggest(k, {});
        CHECK(config == *same->suggest(k, {{0, config, RunFate::finished, MetricValues{1, 1, 1}}}));
        CHECK(config != *other->suggest(k, {}));
        seen.insert(python_str(config));
    }
    CHECK(seen.size() == 4);
    CHECK(!one->size());
    CHECK(!one->adaptive());
    CHECK(!one->number_of(*one->suggest(0, {})));
    CHECK(one->suggest(~std::uint64_t{0}, {}).has_value());
}

TEST_CASE("random: another parameter does not change what the others draw", "[search][random]") {
    SearchSpace more = some_space();
    more.parameters.push_back({{"zz"}, Uniform{}});
    const Config before = *make_random(some_space(), 5)->suggest(3, {});
    const Config after = *make_random(more, 5)->suggest(3, {});
    CHECK(*find(before, "lr") == *find(after, "lr"));
    CHECK(*find(before, "opt") == *find(after, "opt"));
}

TEST_CASE("random: draws are as documented, on every build", "[search][random]") {
    // Computed by hand from the constants in the header.
    CHECK(uniform_draw(0, 0, {"lr"}) == Approx(0.6077216224212837).epsilon(1e-15));
    CHECK(uniform_draw(1, 2, {"opt", "lr"}) == Approx(0.40197613382056263).epsilon(1e-15));
    CHECK(uniform_draw(~0ULL, ~0ULL, {"a.b"}) == Approx(0.34707431961783664).epsilon(1e-15));
    CHECK(uniform_draw(1, 2, {"optlr"}) != uniform_draw(1, 2, {"opt", "lr"}));
}

TEST_CASE("random: draws are uniform and independent between parameters", "[search][random]") {
    constexpr int kDraws = 100'000;
    double sum = 0;
    double squares = 0;
    double product = 0;
    double lag = 0;
    double before = 0.5;
    for (int k = 0; k < kDraws; ++k) {
        const auto number = static_cast<std::uint64_t>(k);
        const double u = uniform_draw(11, number, {"a"}) - 0.5;
        const double v = uniform_draw(11, number, {"b"}) - 0.5;
        REQUIRE(u >= -0.5);
        REQUIRE(u < 0.5);
        sum += u;
        squares += u * u;
        product += u * v;
        lag += u * before;
        before = u;
    }
    // Four standard deviations of each mean.
    const double root = std::sqrt(static_cast<double>(kDraws));
    CHECK(std::abs(sum / kDraws) < 4 * 0.2887 / root);
    CHECK(std::abs(squares / kDraws - 1.0 / 12) < 4 * 0.0745 / root);
    CHECK(std::abs(product / kDraws) < 4 * 0.0833 / root);
    CHECK(std::abs(lag / kDraws) < 4 * 0.0833 / root);
}

TEST_CASE("random: a strategy is made from the options of a spec", "[search][random]") {
    SearchOptions options;
    options.method = Method::random;
    options.seed = 42;
    CHECK(*make_strategy(some_space(), options)->suggest(3, {}) ==
          *make_random(some_space(), 42)->suggest(3, {}));
    options.method = Method::grid;
    options.order = GridOrder::random;
    const SearchSpace cells{{{{"a"}, IntUniform{0, 99}}}};
    CHECK(*make_strategy(cells, options)->suggest(3, {}) ==
          *make_grid(cells, {true, false, 42})->suggest(3, {}));
}

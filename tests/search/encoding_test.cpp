#include "search/bayes/encoding.hpp"

#include "sweepctl/search/strategies.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace sweepctl;
using bayes::Dimension;

namespace {

double at(const Dimension& dimension, const ParamValue& value) {
    return dimension.encode(&value);
}

}  // namespace

TEST_CASE("encoding: coordinates are affine in the value, its logarithm, or its score",
          "[search][bayes]") {
    CHECK(at(Dimension(Uniform{Scale::linear, -1, 3, {}}), 0.0) == Approx(0.25));
    CHECK(at(Dimension(Uniform{Scale::log_values, 1e-4, 1, {}}), 1e-2) == Approx(0.5));
    CHECK(at(Dimension(Uniform{Scale::log_exponents, -2, 2, {}}), 1.0) == Approx(0.5));
    CHECK(at(Dimension(Uniform{Scale::inv_log_exponents, -1, 3, {}}), std::exp(-2.0)) == Approx(0.25));
    CHECK(at(Dimension(Normal{false, 10, 2, {}}), 10.0) == Approx(0.5));
    CHECK(at(Dimension(Normal{false, 10, 2, {}}), 1e9) == 1.0);
    CHECK(at(Dimension(Normal{true, 0, 1, {}}), std::exp(3.5)) == Approx(1.0));
    CHECK(at(Dimension(Beta{2, 5, {}}), 0.3) == Approx(0.3));
    CHECK(at(Dimension(IntUniform{1, 10}), 1) == Approx(0.05));
    CHECK(at(Dimension(IntUniform{1, 10}), 12) == Approx(0.95));
}

TEST_CASE("encoding: lists of numbers have an order, by what suits them", "[search][bayes]") {
    const Dimension logarithmic(Categorical{{1000, 1, 10, 100}, {}});
    CHECK(logarithmic.kind() == Dimension::Kind::ordinal);
    CHECK(at(logarithmic, 10) == Approx(1.0 / 3));
    CHECK(logarithmic.decode(0.7) == ParamValue(100));
    const Dimension even(Categorical{{2, 3, 4}, {}});
    CHECK(at(even, 3.0) == Approx(0.5));
    const Dimension by_rank(Categorical{{-5, 0, 1}, {}});
    CHECK(at(by_rank, 0) == Approx(0.5));
    CHECK(at(by_rank, -4) == 0.0);  // of another sweep: the nearest
    CHECK(Dimension(Categorical{{1, 2}, {}}).kind() == Dimension::Kind::category);
    CHECK(Dimension(Categorical{{1, 2, "3"}, {}}).kind() == Dimension::Kind::category);
}

TEST_CASE("encoding: what is falsy is a value like any other", "[search][bayes]") {
    const Dimension choice(Categorical{{0, false, "", nullptr, 0.5}, {}});
    CHECK(choice.levels() == 5);
    for (std::uint64_t level = 0; level < 5; ++level) {
        const ParamValue value = choice.decode(static_cast<double>(level));
        CHECK(at(choice, value) == static_cast<double>(level));
    }
    CHECK(at(choice, "unknown") == Dimension::kForeign);
    CHECK(choice.encode(nullptr) == Dimension::kForeign);
}

TEST_CASE("encoding: quantised values are the multiples within the range", "[search][bayes]") {
    const Dimension linear(Uniform{Scale::linear, 0.3, 0.9, Quantum{0.2, false}});
    REQUIRE(linear.levels() == 3);
    CHECK(linear.decode(linear.place_of(0)) == ParamValue(0.4));
    CHECK(linear.decode(linear.place_of(2)) == ParamValue(0.8));
    const Dimension logarithmic(Uniform{Scale::log_values, 8, 100, Quantum{16, true}});
    REQUIRE(logarithmic.levels() == 6);
    CHECK(logarithmic.decode(0.0) == ParamValue(16));
    CHECK(logarithmic.decode(1.0) == ParamValue(96));
    const Dimension none(Uniform{Scale::linear, 0.3, 0.4, Quantum{1, true}});
    CHECK(none.levels() == 1);
    CHECK(Dimension(Beta{1, 1, Quantum{0.25, false}}).levels() == 5);
}

TEST_CASE("encoding: there and back is the same", "[search][bayes]") {
    const std::vector<Distribution> distributions{
        Uniform{Scale::linear, -3, 8, {}},
        Uniform{Scale::log_values, 1e-7, 3, {}},
        Uniform{Scale::log_values, 1, 1e6, Quantum{1, true}},
        Uniform{Scale::linear, -1, 1, Quantum{0.1, false}},
        Uniform{Scale::inv_log_values, 0.5, 9, Quantum{0.5, false}},
        IntUniform{-7, 100},
        Normal{false, 1, 2, {}},
        Normal{true, 0, 1, Quantum{1, true}},
        Normal{false, 0, 3, Quantum{0.5, false}},
        Beta{2, 5, Quantum{0.1, false}},
        Categorical{{"a", "b", 3, 4.0}, {}},
        Categorical{{1, 2, 5, 1000}, {}},
    };
    for (std::size_t i = 0; i < distributions.size(); ++i) {
        INFO("distribution " << i);
        const Dimension dimension(distributions[i]);
        for (int step = 0; step <= 200; ++step) {
            const double u = step / 200.0;
            const double place = dimension.kind() == Dimension::Kind::category
                                     ? static_cast<double>(dimension.level_of(u * 3))
                                     : dimension.snap(u);
            const ParamValue value = dimension.decode(place);
            REQUIRE(dimension.encode(&value) == Approx(place).margin(1e-12));
            REQUIRE(dimension.decode(dimension.encode(&value)) == value);
            // What chance would draw has a place, too.
            const ParamValue drawn = value_at(distributions[i], std::min(u, 0.999));
            const double at_drawn = dimension.encode(&drawn);
            REQUIRE(at_drawn >= 0);
            REQUIRE(at_drawn <= static_cast<double>(std::max<std::uint64_t>(1, dimension.levels())));
        }
        for (std::uint64_t level = 0; level < std::min<std::uint64_t>(dimension.levels(), 300); ++level)
            REQUIRE(dimension.level_of(dimension.place_of(level)) == level);
    }
}

#include "sweepctl/core/command_line.hpp"
#include "sweepctl/search/strategies.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>

using namespace sweepctl;

namespace {

constexpr std::array kQuantiles{0.1, 0.25, 0.5, 0.75, 0.9};

Distribution uniform(Scale scale, double min, double max) {
    return Uniform{scale, min, max, std::nullopt};
}
Distribution q_uniform(Scale scale, double min, double max, Quantum quantum) {
    return Uniform{scale, min, max, quantum};
}

std::string text_at(const Distribution& distribution, double u) {
    return python_str(value_at(distribution, u));
}

}  // namespace

TEST_CASE("value_at: the golden values of continuous distributions", "[search][value_at]") {
    struct Row {
        const char* name;
        Distribution distribution;
        std::array<double, 5> values;
    };
    const auto row = GENERATE(values<Row>({
        {"uniform", uniform(Scale::linear, 0, 10), {1, 2.5, 5, 7.5, 9}},
        {"log_uniform",
         uniform(Scale::log_exponents, -3, 1),
         {.074273578, .13533528, .36787944, 1, 1.8221188}},
        {"log_uniform_values",
         uniform(Scale::log_values, 1e-4, 1e-1),
         {.00019952623, .00056234133, .0031622777, .017782794, .050118723}},
        {"inv_log_uniform",
         uniform(Scale::inv_log_exponents, -1, 2),
         {.18268352, .2865048, .60653066, 1.2840254, 2.0137527}},
        {"inv_log_uniform_values",
         uniform(Scale::inv_log_values, .1, 10),
         {.15848932, .31622777, 1, 3.1622777, 6.3095734}},
        {"normal",
         Normal{false, 1, 2, std::nullopt},
         {-1.5631031, -.3489795, 1, 2.3489795, 3.5631031}},
        {"log_normal",
         Normal{true, 0, 1, std::nullopt},
         {.27760624, .50941628, 1, 1.9630311, 3.6022245}},
        {"beta",
         Beta{2, 5, std::nullopt},
         {.092595259, .16116292, .26444998, .38947949, .51031631}},
    }));
    CAPTURE(row.name);
    for (std::size_t i = 0; i < kQuantiles.size(); ++i) {
        CAPTURE(kQuantiles[i]);
        const ParamValue value = value_at(row.distribution, kQuantiles[i]);
        REQUIRE(value.get_if<double>() != nullptr);
        CHECK(*value.get_if<double>() == Approx(row.values[i]).epsilon(1e-7));
    }
}

TEST_CASE("value_at: the golden values of discrete and rounded distributions",
          "[search][value_at]") {
    const ParamList abc{"a", "b", "c"};
    const Quantum by_two{2, true};
    const Quantum by_eight{8, true};
    const Quantum by_one{1, true};
    const Quantum by_tenth{.1, false};
    struct Row {
        const char* name;
        Distribution distribution;
        std::array<const char*, 5> values;
    };
    const auto row = GENERATE_COPY(values<Row>({
        {"values", Categorical{abc, {}}, {"a", "a", "b", "c", "c"}},
        {"probabilities", Categorical{abc, {.1, .2, .7}}, {"b", "b", "c", "c", "c"}},
        {"int", IntUniform{1, 10}, {"1", "3", "5", "8", "9"}},
        {"q_uniform", q_uniform(Scale::linear, 0, 10, by_two), {"0", "2", "4", "8", "8"}},
        {"q_log_uniform_values",
         q_uniform(Scale::log_values, 32, 256, by_eight),
         {"40", "56", "88", "152", "208"}},
        {"q_normal", Normal{false, 1, 2, by_one}, {"-2", "0", "1", "2", "4"}},
        {"q_log_normal", Normal{true, 0, 1, by_one}, {"0", "1", "1", "2", "4"}},
        {"q_beta", Beta{2, 5, by_tenth}, {"0.1", "0.2", "0.3", "0.4", "0.5"}},
        {"constant", Constant{"x"}, {"x", "x", "x", "x", "x"}},
    }));
    CAPTURE(row.name);
    for (std::size_t i = 0; i < kQuantiles.size(); ++i) {
        CAPTURE(kQuantiles[i]);
        CHECK(text_at(row.distribution, kQuantiles[i]) == row.values[i]);
    }
}

TEST_CASE("value_at: u = 0 and u just below 1 stay inside", "[search][value_at]") {
    const double top = 1 - 0x1p-53;
    CHECK(text_at(Categorical{{"a", "b"}, {}}, 0) == "a");
    CHECK(text_at(Categorical{{"a", "b"}, {}}, top) == "b");
    CHECK(text_at(IntUniform{-3, 3}, 0) == "-3");
    CHECK(text_at(IntUniform{-3, 3}, top) == "3");
    CHECK(text_at(IntUniform{INT64_MIN, INT64_MAX}, 0) == "-9223372036854775808");
    for (const Scale scale : {Scale::log_values, Scale::inv_log_values}) {
        CHECK(*value_at(uniform(scale, 1e-4, 1e-1), 0).get_if<double>() >= 1e-4);
        CHECK(*value_at(uniform(scale, 1e-4, 1e-1), top).get_if<double>() <= 1e-1);
    }
    CHECK(text_at(uniform(Scale::linear, -1.7e308, 1.7e308), 0.5) == "0.0");
    // Further away from the middle than numbers go.
    CHECK(text_at(Normal{false, 1e308, 1e307 * 4, std::nullopt}, top) == "1.7976931348623157e+308");
    CHECK(text_at(Normal{false, -1e308, 1e307 * 4, std::nullopt}, 0) == "-1.7976931348623157e+308");
    CHECK(text_at(Normal{true, 0, 150, std::nullopt}, top) == "1.7976931348623157e+308");
    CHECK(text_at(Normal{true, 0, 150, std::nullopt}, 0) == "5e-324");
    for (const Distribution& wide : {Distribution{Normal{}}, Distribution{Beta{0.5, 0.5, {}}}}) {
        for (const double u : {0.0, top}) {
            const ParamValue value = value_at(wide, u);
            CHECK(std::isfinite(*value.get_if<double>()));
        }
    }
}

TEST_CASE("value_at: probabilities that sum to just below one give the last possible value",
          "[search][value_at]") {
    const Categorical choice{{"a", "b", "never"}, {0.5, 0.5 - 1e-9, 0}};
    CHECK(text_at(choice, 1 - 0x1p-53) == "b");
    CHECK(text_at(Categorical{{"never", "a"}, {0, 1}}, 0) == "a");
}

TEST_CASE("value_at: a rounded value stays among the multiples inside the bounds",
          "[search][value_at]") {
    const Distribution half = q_uniform(Scale::linear, .3, .9, {.5, false});
    for (const double u : {0.0, 0.3, 0.6, 0.99})
        CHECK(text_at(half, u) == "0.5");
    // No multiple inside: as W&B does.
    CHECK(text_at(q_uniform(Scale::linear, .6, .9, {.5, false}), 0.99) == "1.0");
}

TEST_CASE("value_at: multiples carry no binary noise, and are integers only where q is",
          "[search][value_at]") {
    CHECK(text_at(q_uniform(Scale::linear, 0, 1, {.1, false}), 0.3) == "0.3");
    CHECK(text_at(q_uniform(Scale::linear, 0, 10, {1, false}), 0.3) == "3.0");
    CHECK(text_at(q_uniform(Scale::linear, 0, 10, {1, true}), 0.3) == "3");
    CHECK(text_at(q_uniform(Scale::linear, -1, 1, {1, false}), 0.4) == "0.0");
    CHECK(text_at(q_uniform(Scale::log_exponents, 99, 100, {1, true}), 0.5).size() > 19);
}

TEST_CASE("value_at: sigma 0 gives mu", "[search][value_at]") {
    CHECK(text_at(Normal{false, 3, 0, std::nullopt}, 0.9) == "3.0");
    CHECK(text_at(Normal{true, 0, 0, std::nullopt}, 0.9) == "1.0");
}

TEST_CASE("value_at: exactly equal bins are hit at their upper edge, not one above",
          "[search][value_at]") {
    for (std::int64_t n = 1; n <= 300; ++n) {
        const IntUniform range{1, n};
        for (std::int64_t k = 1; k < n; ++k) {
            const double u = static_cast<double>(k) / static_cast<double>(n);
            REQUIRE(*value_at(range, u).get_if<std::int64_t>() == k);
        }
    }
}

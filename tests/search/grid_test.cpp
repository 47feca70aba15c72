#include "sweepctl/core/command_line.hpp"
#include "sweepctl/search/strategies.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <set>

using namespace sweepctl;

namespace {

Parameter listed(std::vector<std::string> path, ParamList values) {
    return {std::move(path), Categorical{std::move(values), {}}};
}

SearchSpace golden_space() {
    // {b: [1, 2], a: [x, y], opt: {lr: [.1, .01], beta: 9}, B: 0}, sorted
    return {{{{"B"}, Constant{0}},
             listed({"a"}, {"x", "y"}),
             listed({"b"}, {1, 2}),
             {{"opt", "beta"}, Constant{9}},
             listed({"opt", "lr"}, {.1, .01})}};
}

SearchSpace huge_space() {
    SearchSpace space;
    for (const char* name : {"a", "b", "c"})
        space.parameters.push_back({{name}, IntUniform{1, 1000}});
    return space;
}

}  // namespace

TEST_CASE("grid: cells come in the golden order, the last parameter fastest", "[search][grid]") {
    const auto grid = make_grid(golden_space(), {});
    REQUIRE(grid->size() == 8);
    const std::vector<std::string> cells{"x 1 0.1", "x 1 0.01", "x 2 0.1", "x 2 0.01",
                                         "y 1 0.1", "y 1 0.01", "y 2 0.1", "y 2 0.01"};
    for (std::uint64_t k = 0; k < 8; ++k) {
        const auto config = grid->suggest(k, {});
        REQUIRE(config);
        const ParamMap& opt = *find(*config, "opt")->get_if<ParamMap>();
        CHECK(python_str(*find(*config, "a")) + " " + python_str(*find(*config, "b")) + " " +
                  python_str(*find(opt, "lr")) ==
              cells[k]);
        CHECK(*find(*config, "B") == ParamValue(0));
        CHECK(*find(opt, "beta") == ParamValue(9));
        CHECK(grid->number_of(*config) == k);
    }
    CHECK(python_str(*grid->suggest(0, {})) ==
          "{'B': 0, 'a': 'x', 'b': 1, 'opt': {'beta': 9, 'lr': 0.1}}");
    CHECK(!grid->suggest(8, {}));
    CHECK(!grid->adaptive());
}

TEST_CASE("grid: constants alone make one cell", "[search][grid]") {
    const auto grid = make_grid({{{{"a"}, Constant{1}}, {{"b"}, Constant{nullptr}}}}, {});
    CHECK(grid->size() == 1);
    CHECK(python_str(*grid->suggest(0, {})) == "{'a': 1, 'b': None}");
    CHECK(!grid->suggest(1, {}));
}

TEST_CASE("grid: values that are the same choice make one cell, the first", "[search][grid]") {
    const auto grid =
        make_grid({{listed({"a"}, {3, 3.0, "3", true, 1, ParamList{3}, ParamList{3.0}, 3})}}, {});
    CHECK(grid->size() == 6);
    CHECK(python_str(*find(*grid->suggest(0, {}), "a")) == "3");
    CHECK(python_str(*find(*grid->suggest(1, {}), "a")) == "3");
    CHECK(find(*grid->suggest(1, {}), "a")->get_if<std::string>() != nullptr);
}

TEST_CASE("grid: q_uniform steps include max unless told otherwise", "[search][grid]") {
    struct Row {
        double min, max;
        Quantum quantum;
        bool exclusive;
        std::vector<std::string> values;
    };
    const auto row = GENERATE(values<Row>({
        {0, 1, {.25, false}, false, {"0.0", "0.25", "0.5", "0.75", "1.0"}},
        {0, 1, {.25, false}, true, {"0.0", "0.25", "0.5", "0.75"}},
        {0, .5, {.1, false}, false, {"0.0", "0.1", "0.2", "0.3", "0.4", "0.5"}},
        {.05, .35, {.1, false}, false, {"0.05", "0.15", "0.25", "0.35"}},
        {0, 10, {3, true}, false, {"0", "3", "6", "9"}},
        {0, 10, {3, true}, true, {"0", "3", "6", "9"}},
        {1, 4, {1, false}, false, {"1.0", "2.0", "3.0", "4.0"}},
        {.5, 3, {1, true}, false, {"0.5", "1.5", "2.5"}},
        {-1, 1, {.5, false}, false, {"-1.0", "-0.5", "0.0", "0.5", "1.0"}},
        {0, 1, {5, true}, false, {"0"}},
    }));
    CAPTURE(row.min, row.max, row.quantum.q, row.exclusive);
    const auto grid = make_grid({{{{"a"}, Uniform{Scale::linear, row.min, row.max, row.quantum}}}},
                                {false, row.exclusive, 0});
    REQUIRE(grid->size() == row.values.size());
    for (std::uint64_t k = 0; k < row.values.size(); ++k) {
        const Config config = *grid->suggest(k, {});
        CHECK(python_str(*find(config, "a")) == row.values[k]);
        CHECK(grid->number_of(config) == k);
    }
    CHECK(!grid->number_of({{"a", row.max + row.quantum.q}}));
    CHECK(!grid->number_of({{"a", row.min - row.quantum.q}}));
    CHECK(!grid->number_of({{"a", "x"}}));
}

TEST_CASE("grid: a billion cells cost nothing to have, and each has its number", "[search][grid]") {
    for (const bool shuffled : {false, true}) {
        const auto grid = make_grid(huge_space(), {shuffled, false, 7});
        REQUIRE(grid->size() == 1'000'000'000);
        for (const std::uint64_t k : {0UL, 1UL, 999'999'999UL, 123'456'789UL}) {
            const auto config = grid->suggest(k, {});
            REQUIRE(config);
            CHECK(grid->number_of(*config) == k);
        }
        CHECK(!grid->suggest(1'000'000'000, {}));
        CHECK(!grid->number_of({{"a", 0}, {"b", 1}, {"c", 1}}));
        CHECK(!grid->number_of({{"a", 1}, {"b", 1}}));
    }
}

TEST_CASE("grid: the random order visits every cell once and depends on the seed",
          "[search][grid]") {
    std::vector<std::string> first_cells;
    for (const std::uint64_t seed : {0UL, 1UL, 2UL}) {
        const auto grid = make_grid({{{{"a"}, IntUniform{0, 36}}, {{"b"}, IntUniform{-5, 5}}}},
                                    {true, false, seed});
        std::set<std::string> seen;
        const std::uint64_t size = *grid->size();
        for (std::uint64_t k = 0; k < size; ++k) {
            const Config config = *grid->suggest(k, {});
            CHECK(grid->number_of(config) == k);
            seen.insert(python_str(config));
        }
        CHECK(seen.size() == size);
        first_cells.push_back(python_str(*grid->suggest(0, {})) +
                              python_str(*grid->suggest(1, {})));
    }
    CHECK(first_cells[0] != first_cells[1]);
    CHECK(first_cells[1] != first_cells[2]);
}

TEST_CASE("grid: more cells than 64 bits can count", "[search][grid]") {
    SearchSpace space;
    for (const char* name : {"a", "b", "c"})
        space.parameters.push_back({{name}, IntUniform{INT64_MIN, INT64_MAX}});
    for (const bool shuffled : {false, true}) {
        const auto grid = make_grid(space, {shuffled, false, 1});
        CHECK(grid->size() == std::numeric_limits<std::uint64_t>::max());
        for (const std::uint64_t k : {0UL, 5UL, 1'000'000UL}) {
            const auto config = grid->suggest(k, {});
            REQUIRE(config);
            CHECK(grid->number_of(*config) == k);
        }
        CHECK(!grid->number_of({{"a", INT64_MAX}, {"b", 1}, {"c", 1}}));
    }
}

TEST_CASE("grid: a configuration is found by its values, whatever else it holds",
          "[search][grid]") {
    const auto grid = make_grid(golden_space(), {});
    const ParamMap opt{{"lr", .01}, {"beta", 9.0}};
    CHECK(grid->number_of({{"_wandb", 1}, {"B", 0}, {"b", 2.0}, {"a", "y"}, {"opt", opt}}) == 7);
    CHECK(!grid->number_of({{"B", 1}, {"b", 2}, {"a", "y"}, {"opt", opt}}));
    CHECK(!grid->number_of({{"B", 0}, {"b", "2"}, {"a", "y"}, {"opt", opt}}));
    CHECK(!grid->number_of({{"B", 0}, {"b", 2}, {"a", "y"}, {"opt", 3}}));
    CHECK(!grid->number_of({{"B", 0}, {"b", 2}, {"a", "y"}}));

    const auto maps = make_grid({{listed({"m"}, {ParamMap{{"a", 1}}, ParamMap{{"b", 1}}})}}, {});
    CHECK(maps->number_of({{"m", ParamMap{{"added", 5}, {"b", 1}}}}) == 1);
    CHECK(!maps->number_of({{"m", ParamMap{{"b", 2}}}}));
}

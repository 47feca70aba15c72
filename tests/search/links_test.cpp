#include "sweepctl/core/json_text.hpp"
#include "sweepctl/search/strategies.hpp"

#include "search/shape.hpp"
#include "search/shaped.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace sweepctl;

namespace {

using Lines = std::vector<std::string>;

Parameter choice(std::vector<std::string> path, std::vector<ParamValue> values) {
    return {std::move(path), Categorical{std::move(values), {}}};
}

Condition when(std::size_t parameter, std::size_t read, const ParamValue& value) {
    return {parameter,
            {read},
            [value](const Config& config) {
                // Whatever it is given holds what it reads, and nothing else.
                return config.size() == 1 && config[0].second == value;
            },
            {}};
}

SearchOptions options_of(Method method) {
    SearchOptions options;
    options.method = method;
    options.seed = 7;
    return options;
}

Lines all_of(const SearchStrategy& search) {
    Lines lines;
    for (std::uint64_t k = 0; k < search.size().value(); ++k)
        lines.push_back(to_json(*search.suggest(k, {})));
    CHECK_FALSE(search.suggest(search.size().value(), {}));
    return lines;
}

/// sgd has a momentum, and only without a momentum of zero also nesterov; adam has nothing.
SearchSpace optimizers() {
    SearchSpace space;
    space.parameters = {choice({"batch"}, {16, 32}), choice({"momentum"}, {0, 1, 2}),
                        choice({"nesterov"}, {false, true}),
                        choice({"optimizer"}, {"adam", "sgd"})};
    space.conditions = {when(1, 3, "sgd"),
                        {2,
                         {1},
                         [](const Config& config) {
                             const ParamValue* momentum = find(config, "momentum");
                             return momentum != nullptr && !(*momentum == 0);
                         },
                         {}}};
    return space;
}

}  // namespace

TEST_CASE("links: cells that are equal without what is absent are one", "[search][links]") {
    const auto search = make_strategy(optimizers(), options_of(Method::grid));
    CHECK(all_of(*search) ==
          Lines{R"({"batch":16,"optimizer":"adam"})", R"({"batch":32,"optimizer":"adam"})",
                R"({"batch":16,"momentum":0,"optimizer":"sgd"})",
                R"({"batch":32,"momentum":0,"optimizer":"sgd"})",
                R"({"batch":16,"momentum":1,"nesterov":false,"optimizer":"sgd"})",
                R"({"batch":16,"momentum":1,"nesterov":true,"optimizer":"sgd"})",
                R"({"batch":32,"momentum":1,"nesterov":false,"optimizer":"sgd"})",
                R"({"batch":32,"momentum":1,"nesterov":true,"optimizer":"sgd"})",
                R"({"batch":16,"momentum":2,"nesterov":false,"optimizer":"sgd"})",
                R"({"batch":16,"momentum":2,"nesterov":true,"optimizer":"sgd"})",
                R"({"batch":32,"momentum":2,"nesterov":false,"optimizer":"sgd"})",
                R"({"batch":32,"momentum":2,"nesterov":true,"optimizer":"sgd"})"});
    // What is there although it should not be, or the other way round, is no cell.
    CHECK_FALSE(search->number_of({{"batch", 16}, {"momentum", 1}, {"optimizer", "adam"}}));
    CHECK_FALSE(search->number_of({{"batch", 16}, {"momentum", 1}, {"optimizer", "sgd"}}));
    CHECK_FALSE(search->number_of({{"optimizer", "adam"}}));
    CHECK(search->number_of({{"batch", 32}, {"optimizer", "adam"}}) == 1U);
}

TEST_CASE("links: a grid of very many cells is made at once", "[search][links]") {
    SearchSpace space;
    space.parameters = {
        choice({"a"}, {1, 2}), {{"b"}, IntUniform{1, 1'000'000'000}}, {{"c"}, IntUniform{0, 999}}};
    space.conditions = {when(1, 0, 2)};
    const auto search = make_strategy(space, options_of(Method::grid));
    CHECK(search->size() == 1000U + 1'000'000'000'000U);
    const Config last{{"a", 2}, {"b", 1'000'000'000}, {"c", 999}};
    CHECK(to_json(*search->suggest(*search->size() - 1, {})) == to_json(last));
    CHECK(search->number_of(last) == *search->size() - 1);
    CHECK(to_json(*search->suggest(999, {})) == R"({"a":1,"c":999})");
    space.parameters[2].distribution = IntUniform{std::numeric_limits<std::int64_t>::min(),
                                                  std::numeric_limits<std::int64_t>::max()};
    CHECK(make_strategy(space, options_of(Method::grid))->size() ==
          std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("links: what is zipped varies together", "[search][links]") {
    SearchSpace space;
    space.parameters = {choice({"g", "a"}, {1, 1, 2}), choice({"g", "b"}, {true, false}),
                        choice({"g", "c"}, {"x", "y", "y"})};
    space.zips = {{0, 2}};
    const auto grid = make_strategy(space, options_of(Method::grid));
    const Lines cells = all_of(*grid);
    CHECK(cells == Lines{R"({"g":{"a":1,"b":true,"c":"x"}})", R"({"g":{"a":1,"b":false,"c":"x"}})",
                         R"({"g":{"a":1,"b":true,"c":"y"}})", R"({"g":{"a":1,"b":false,"c":"y"}})",
                         R"({"g":{"a":2,"b":true,"c":"y"}})",
                         R"({"g":{"a":2,"b":false,"c":"y"}})"});
    for (std::uint64_t k = 0; k < cells.size(); ++k)
        CHECK(grid->number_of(*grid->suggest(k, {})) == k);
    CHECK_FALSE(grid->number_of({{"g", ParamMap{{"a", 2}, {"b", true}, {"c", "x"}}}}));
    CHECK_FALSE(grid->number_of({{"g", ParamMap{{"a", 2}, {"c", "y"}}}}));

    const auto random = make_strategy(space, options_of(Method::random));
    CHECK_FALSE(random->size());
    std::set<std::string> drawn;
    for (std::uint64_t k = 0; k < 200; ++k)
        drawn.insert(to_json(*random->suggest(k, {})));
    CHECK(drawn == std::set<std::string>(cells.begin(), cells.end()));
}

TEST_CASE("links: random leaves out what is absent, and draws the rest as ever",
          "[search][links]") {
    SearchSpace plain = optimizers();
    plain.conditions.clear();
    const auto without = make_strategy(plain, options_of(Method::random));
    const auto with = make_strategy(optimizers(), options_of(Method::random));
    std::set<std::size_t> sizes;
    for (std::uint64_t k = 0; k < 100; ++k) {
        const Config all = *without->suggest(k, {});
        const Config some = *with->suggest(k, {});
        sizes.insert(some.size());
        for (const auto& [name, value] : some)
            CHECK(*find(all, name) == value);
        CHECK((find(some, "momentum") != nullptr) ==
              (*find(all, "optimizer") == ParamValue("sgd")));
    }
    CHECK(sizes == std::set<std::size_t>{2, 3, 4});
}

namespace {

/// Parameters that depend on earlier ones in the order of `rank`, some of them zipped.
SearchSpace random_space(std::mt19937_64& random) {
    const auto pick = [&](std::uint64_t below) { return random() % below; };
    SearchSpace space;
    const std::size_t count = 2 + pick(4);
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<ParamValue> values;
        for (std::uint64_t k = 0; k < 2 + pick(2); ++k)
            values.emplace_back(static_cast<std::int64_t>(pick(3)));
        std::vector<std::string> path{std::string(1, static_cast<char>('a' + i))};
        if (pick(3) == 0) path = {"g", path[0]};
        space.parameters.push_back(choice(path, values));
    }
    std::sort(space.parameters.begin(), space.parameters.end(),
              [](const auto& left, const auto& right) { return left.path < right.path; });
    const auto length = [&](std::size_t i) {
        return std::get<Categorical>(space.parameters[i].distribution).values.size();
    };
    if (pick(2) == 0 && length(0) == length(count - 1)) space.zips = {{0, count - 1}};
    std::vector<std::size_t> rank(count);
    for (std::size_t i = 0; i < count; ++i)
        rank[i] = i;
    std::shuffle(rank.begin(), rank.end(), random);
    for (std::size_t i = 1; i < count; ++i) {
        const std::size_t parameter = rank[i];
        const bool zipped = !space.zips.empty() && (parameter == 0 || parameter == count - 1);
        if (pick(2) == 0 || zipped) continue;
        const std::size_t read = rank[pick(i)];
        const auto wanted = static_cast<std::int64_t>(pick(3));
        const auto path = space.parameters[read].path;
        space.conditions.push_back({parameter,
                                    {read},
                                    [path, wanted](const Config& config) {
                                        const ParamValue* value = find(config, path[0]);
                                        if (value != nullptr && path.size() > 1)
                                            value = find(*value->get_if<ParamMap>(), path[1]);
                                        return value != nullptr && *value == ParamValue(wanted);
                                    },
                                    {}});
    }
    return space;
}

/// By trying each combination of all values.
std::set<std::string> cells_of(const Shape& shape) {
    std::set<std::string> cells;
    const auto whole = make_grid(shape.plain(), {});
    for (std::uint64_t k = 0; k < whole->size().value(); ++k)
        cells.insert(to_json(shape.widen(*whole->suggest(k, {}))));
    return cells;
}

}  // namespace

TEST_CASE("links: a conditional grid has the cells of the whole one, each once",
          "[search][links]") {
    const std::uint64_t seed = GENERATE(range(1, 300));
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const SearchSpace space = random_space(random);
    const Shape shape(space);
    const std::set<std::string> expected = cells_of(shape);

    SearchOptions options = options_of(Method::grid);
    options.order = seed % 2 == 0 ? GridOrder::random : GridOrder::listed;
    const auto search = make_strategy(space, options);
    const Lines cells = all_of(*search);
    CHECK(std::set<std::string>(cells.begin(), cells.end()) == expected);
    REQUIRE(cells.size() == expected.size());
    for (std::uint64_t k = 0; k < cells.size(); ++k) {
        const Config config = *search->suggest(k, {});
        REQUIRE(search->number_of(config) == k);
        // There and back again: what is absent stays absent.
        const auto narrow = shape.narrow(config);
        REQUIRE(narrow);
        REQUIRE(to_json(shape.widen(*narrow)) == to_json(config));
    }
}

TEST_CASE("links: repeats are of one configuration", "[search][links]") {
    SearchSpace space;
    space.parameters = {choice({"a"}, {1, 2})};
    SearchOptions options = options_of(Method::grid);
    options.repeats = 3;
    const auto grid = make_strategy(space, options);
    CHECK(all_of(*grid) == Lines{R"({"a":1})", R"({"a":1})", R"({"a":1})", R"({"a":2})",
                                 R"({"a":2})", R"({"a":2})"});
    CHECK(grid->number_of({{"a", 2}}) == 3U);
    space.parameters = {{{"a"}, Uniform{}}};
    options.method = Method::random;
    const auto random = make_strategy(space, options);
    options.repeats = 1;
    const auto once = make_strategy(space, options);
    for (std::uint64_t k = 0; k < 9; ++k)
        CHECK(to_json(*random->suggest(k, {})) == to_json(*once->suggest(k / 3, {})));
}

namespace {

/// A search that writes down what it is told.
struct Told {
    std::map<std::uint64_t, Observation> runs;
    std::vector<std::uint64_t> asked;
};

class Listening final : public SearchStrategy {
public:
    explicit Listening(std::shared_ptr<Told> told) : told_(std::move(told)) {}
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }
    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number,
                                                const History& history) const override {
        told_->runs.clear();
        for (const Observation& run : history)
            told_->runs[run.order] = run;
        return answer(*told_, number);
    }
    [[nodiscard]] std::optional<std::uint64_t> number_of(const Config&) const override {
        return std::nullopt;
    }
    [[nodiscard]] bool adaptive() const override { return true; }
    [[nodiscard]] std::unique_ptr<SearchMemory> memory() const override {
        class Memory final : public SearchMemory {
        public:
            explicit Memory(std::shared_ptr<Told> told) : told_(std::move(told)) {}
            void observe(const Observation& run) override { told_->runs[run.order] = run; }
            void forget(std::uint64_t order) override { told_->runs.erase(order); }
            [[nodiscard]] std::optional<Config> suggest(std::uint64_t number) override {
                return answer(*told_, number);
            }
            [[nodiscard]] bool ready(std::uint64_t) const override { return true; }
            void prepare(std::uint64_t) override {}
            bool prepare_ahead() override { return false; }

        private:
            std::shared_ptr<Told> told_;  // Shared with the test.
        };
        return std::make_unique<Memory>(told_);
    }

private:
    static Config answer(Told& told, std::uint64_t number) {
        told.asked.push_back(number);
        return {{"x", static_cast<std::int64_t>(100 + told.asked.size())}};
    }

    std::shared_ptr<Told> told_;  // Shared with the test.
};

Observation seen(std::uint64_t order, RunFate fate, std::optional<double> value) {
    Observation run;
    run.order = order;
    run.config = {{"x", static_cast<std::int64_t>(order / 3)}};
    run.fate = fate;
    if (value) run.metric = MetricValues{*value, *value + 1, *value + 0.5};
    return run;
}

}  // namespace

TEST_CASE("links: a search sees the mean of the repeats", "[search][links]") {
    const auto told = std::make_shared<Told>();
    const auto search = make_repeated(std::make_unique<Listening>(told), 3);
    const auto memory = search->memory();
    // The inner search is asked once for all three, whatever it would say later.
    const Config first = *memory->suggest(0);
    CHECK(told->asked == std::vector<std::uint64_t>{0});
    Observation run = seen(0, RunFate::pending, std::nullopt);
    run.config = first;
    memory->observe(run);
    CHECK(*memory->suggest(1) == first);
    CHECK(*memory->suggest(2) == first);
    CHECK(told->asked.size() == 1);
    CHECK(told->runs.at(0).fate == RunFate::pending);
    (void)memory->suggest(3);
    CHECK(told->asked.back() == 1);

    std::vector<Observation> history{seen(3, RunFate::finished, 1.0)};
    const auto tell = [&](const Observation& each) {
        history.push_back(each);
        memory->observe(each);
    };
    memory->observe(history[0]);
    CHECK(told->runs.at(1).fate == RunFate::running);  // Two are still to come.
    tell(seen(4, RunFate::failed, 99.0));              // What it logged does not count.
    tell(seen(5, RunFate::stopped_early, 3.0));
    const auto check = [&](const Observation& mean) {
        CHECK(mean.fate == RunFate::finished);
        REQUIRE(mean.metric);
        CHECK(mean.metric->min == 2.0);
        CHECK(mean.metric->max == 3.0);
        CHECK(mean.metric->latest == 2.5);
    };
    check(told->runs.at(1));
    tell(seen(Observation::unnumbered(4), RunFate::finished, 5.0));  // Enqueued: of its own.
    CHECK(told->runs.at(Observation::unnumbered(4)).metric->min == 5.0);
    for (const std::uint64_t order : {6U, 7U, 8U})
        tell(seen(order, RunFate::failed, std::nullopt));
    CHECK(told->runs.at(2).fate == RunFate::failed);
    CHECK_FALSE(told->runs.at(2).metric);
    memory->forget(5);
    CHECK(told->runs.at(1).fate == RunFate::running);
    memory->forget(3);
    memory->forget(4);
    CHECK_FALSE(told->runs.contains(1));

    // The same without a memory.
    (void)search->suggest(9, history);
    CHECK(told->asked.back() == 3);
    check(told->runs.at(1));
    CHECK(*search->suggest(4, history) == Config{{"x", 1}});
}

TEST_CASE("links: bayes takes the repeats of a configuration for one run, at their mean",
          "[search][links]") {
    const SearchSpace space{{{{"x"}, Uniform{}}, {{"y"}, Uniform{}}}};
    SearchOptions options = options_of(Method::bayes);
    const auto once = make_strategy(space, options);
    options.repeats = 4;
    const auto repeated = make_strategy(space, options);
    const auto noisy = repeated->memory();
    const auto quiet = once->memory();
    const std::array noise{0.5, -1.0, 0.25, 0.75};  // Their mean is 1/8.
    for (std::uint64_t k = 0; k < 30; ++k) {
        const Config config = *noisy->suggest(4 * k);
        REQUIRE(config == *quiet->suggest(k));
        double scratch = 0.0;
        const double x = *find(config, "x")->number(scratch);
        // Binary fractions, so that a mean is exact in any order.
        const double value = std::floor(64 * x) / 64;
        const auto finished = [&](std::uint64_t order, double metric) {
            return Observation{order, config, RunFate::finished,
                               MetricValues{metric, metric, metric}};
        };
        for (std::uint64_t i = 0; i < 4; ++i) {
            REQUIRE(*noisy->suggest(4 * k + i) == config);
            noisy->observe(finished(4 * k + i, value + noise[i]));
        }
        quiet->observe(finished(k, value + 0.125));
    }
}

TEST_CASE("links: bayes learns of linked and conditional parameters", "[search][links]") {
    SearchSpace space = optimizers();
    space.parameters.push_back(choice({"x"}, {1, 2, 3}));
    space.parameters.push_back(choice({"y"}, {"a", "b", "c"}));
    space.zips = {{4, 5}};
    SearchOptions options = options_of(Method::bayes);
    options.repeats = 2;
    const auto search = make_strategy(space, options);
    const auto memory = search->memory();
    REQUIRE(memory != nullptr);
    const Shape shape(space);
    History history;
    std::set<std::string> tried;
    for (std::uint64_t k = 0; k < 60; ++k) {
        const auto config = memory->suggest(k);
        REQUIRE(config);
        if (k % 20 == 0) {
            const auto same = search->suggest(k, history);
            REQUIRE(same);
            CHECK(to_json(*same) == to_json(*config));
        }
        const auto narrow = shape.narrow(*config);
        REQUIRE(narrow);
        REQUIRE(to_json(shape.widen(*narrow)) == to_json(*config));
        tried.insert(to_json(*config));
        Observation run;
        run.order = k;
        run.config = *config;
        run.fate = RunFate::finished;
        const double value = *find(*config, "y") == ParamValue("b") ? 1.0 : 2.0;
        run.metric = MetricValues{value, value, value};
        history.push_back(run);
        memory->observe(run);
    }
    CHECK(tried.size() > 10);
}

TEST_CASE("links: bayes tries no configuration twice because of what is absent",
          "[search][links]") {
    const auto search = make_strategy(optimizers(), options_of(Method::bayes));
    const auto memory = search->memory();
    std::set<std::string> tried;
    History history;
    for (std::uint64_t k = 0; k < 12; ++k) {  // As many as a grid has.
        const auto config = memory->suggest(k);
        REQUIRE(config);
        CHECK(tried.insert(to_json(*config)).second);
        CHECK(to_json(*search->suggest(k, history)) == to_json(*config));
        Observation run;
        run.order = k;
        run.config = *config;
        run.fate = RunFate::finished;
        run.metric = MetricValues{1.0, 1.0, 1.0};
        history.push_back(run);
        memory->observe(run);
    }
    CHECK_FALSE(memory->suggest(12));
    CHECK_FALSE(search->suggest(12, history));
}

namespace {

/// What bayes proposes in turn, until it has nothing more; each ends with a value, some without.
Lines proposed(const SearchSpace& space, std::uint64_t seed, std::uint64_t most) {
    SearchOptions options = options_of(Method::bayes);
    options.seed = seed;
    const auto memory = make_strategy(space, options)->memory();
    Lines lines;
    for (std::uint64_t k = 0; k < most; ++k) {
        const auto config = memory->suggest(k);
        if (!config) break;
        lines.push_back(to_json(*config));
        Observation run{k, *config, k % 7 == 5 ? RunFate::failed : RunFate::finished, std::nullopt};
        const auto value = static_cast<double>(lines.back().back() % 5 + lines.back().size() % 3);
        if (run.fate == RunFate::finished) run.metric = MetricValues{value, value, value};
        memory->observe(run);
    }
    return lines;
}

std::size_t differing(const Lines& lines) {
    return std::set<std::string>(lines.begin(), lines.end()).size();
}

}  // namespace

TEST_CASE("links: bayes comes to each cell of a conditional space, once", "[search][links]") {
    const std::uint64_t seed = GENERATE(range(1, 100));
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const SearchSpace space = random_space(random);
    const std::set<std::string> expected = cells_of(Shape(space));
    CHECK(make_strategy(space, options_of(Method::bayes))->size() == expected.size());
    const Lines lines = proposed(space, seed, 2 * expected.size());
    CHECK(lines.size() == expected.size());
    CHECK(std::set<std::string>(lines.begin(), lines.end()) == expected);
}

TEST_CASE("links: bayes tries what has nothing continuous once in a space that has",
          "[search][links]") {
    SearchSpace space;
    space.parameters = {choice({"a"}, {0, 1, 2}), {{"b"}, Uniform{}}, choice({"c"}, {0, 1, 2, 3})};
    const std::uint64_t seed = GENERATE(range(1, 6));
    SECTION("a condition on a choice") {
        space.conditions = {when(1, 0, 1)};
        const Lines lines = proposed(space, seed, 60);
        CHECK(lines.size() == 60);
        CHECK(differing(lines) == 60);
    }
    SECTION("one on a number") {
        const auto above = [](const Config& config) {
            double scratch = 0;
            const ParamValue* value = find(config, "b");
            return value != nullptr && *value->number(scratch) > 0.5;
        };
        space.conditions = {
            {0, {1}, above, {}},
            {2, {0}, [](const Config& config) { return find(config, "a") != nullptr; }, {}}};
        const Lines lines = proposed(space, seed, 60);
        CHECK(differing(lines) == 60);
        CHECK(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
            return line.find("\"a\"") != std::string::npos;
        }));
        CHECK(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
            return line.find("\"a\"") == std::string::npos;
        }));
    }
    SECTION("one that never holds") {
        space.conditions = {when(1, 0, 5)};
        CHECK(make_strategy(space, options_of(Method::bayes))->size() == 12U);
        CHECK(differing(proposed(space, seed, 60)) == 12);
    }
}

TEST_CASE("links: bayes with conditions over many combinations goes on", "[search][links]") {
    SearchSpace space;
    const auto many = static_cast<std::int64_t>(GENERATE(150, 300));
    space.parameters = {
        {{"a"}, IntUniform{1, many}}, {{"b"}, IntUniform{1, many}}, {{"c"}, Uniform{}}};
    space.conditions = {
        {2,
         {0, 1},
         [](const Config& config) { return *find(config, "a") == *find(config, "b"); },
         {}}};
    CHECK(differing(proposed(space, 3, 60)) == 60);
}

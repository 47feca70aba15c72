#include "sweepctl/core/choice_key.hpp"
#include "sweepctl/core/command_line.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/search/strategies.hpp"

#include "search/mix.hpp"
#include "search/place.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <string>

using namespace sweepctl;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Pseudo-random numbers of a test.
struct Dice {
    std::uint64_t state;
    double uniform() { return static_cast<double>((state = mix64(state)) >> 11U) * 0x1p-53; }
    std::uint64_t below(std::uint64_t count) {
        return static_cast<std::uint64_t>(uniform() * static_cast<double>(count));
    }
};

SearchOptions options(std::uint64_t seed = 1) {
    SearchOptions made;
    made.method = Method::bayes;
    made.seed = seed;
    return made;
}

Observation finished(std::uint64_t number, Config config, double value) {
    return {number, std::move(config), RunFate::finished, MetricValues{value, value, value}};
}
Observation pending(std::uint64_t number, Config config) {
    return {number, std::move(config), RunFate::pending, std::nullopt};
}

double number(const Config& config, const std::string& name) {
    double scratch = 0.0;
    return *find(config, name)->number(scratch);
}

Distribution any_distribution(Dice& dice) {
    const double huge = dice.below(6) == 0 ? 1e300 : 1.0;
    const auto quantum = [&]() -> std::optional<Quantum> {
        if (dice.below(2) == 0) return std::nullopt;
        constexpr std::array qs{0.1, 1.0, 8.0, 0.25, 1e-12, 1e6};
        const double q = qs[dice.below(qs.size())];
        return Quantum{q, q >= 1 && dice.below(2) == 0};
    };
    switch (dice.below(9)) {
        case 0: return Constant{ParamValue("fixed")};
        case 1: {
            Categorical choice;
            const std::uint64_t count = 1 + dice.below(5);
            for (std::uint64_t i = 0; i < count; ++i) {
                switch (dice.below(6)) {
                    case 0: choice.values.emplace_back(static_cast<std::int64_t>(i)); break;
                    case 1: choice.values.emplace_back(static_cast<double>(i)); break;
                    case 2: choice.values.emplace_back(nullptr); break;
                    case 3: choice.values.emplace_back(i % 2 == 0); break;
                    case 4: choice.values.emplace_back(ParamList{ParamValue(1), ParamValue("a")}); break;
                    default: choice.values.emplace_back("v" + std::to_string(i)); break;
                }
            }
            if (dice.below(2) == 0)
                choice.probabilities.assign(count, 1.0 / static_cast<double>(count));
            return choice;
        }
        case 2: {
            Categorical numbers;
            for (std::uint64_t i = 0; i < 3 + dice.below(6); ++i)
                numbers.values.emplace_back(std::pow(10.0, static_cast<double>(i)) * huge * 1e-9);
            return numbers;
        }
        case 3: {
            const auto low = static_cast<std::int64_t>(dice.below(100)) - 50;
            return IntUniform{low, low + 1 + static_cast<std::int64_t>(dice.below(1000))};
        }
        case 4:
            return IntUniform{std::numeric_limits<std::int64_t>::min(),
                              std::numeric_limits<std::int64_t>::max()};
        case 5: {
            const double low = (dice.uniform() - 0.5) * huge;
            return Uniform{Scale::linear, low, low + (0.01 + dice.uniform()) * huge, quantum()};
        }
        case 6: {
            const double low = std::exp(-10 * dice.uniform());
            constexpr std::array scales{Scale::log_values, Scale::inv_log_values};
            return Uniform{scales[dice.below(2)], low, low * (1 + 1e4 * dice.uniform()), quantum()};
        }
        case 7: {
            constexpr std::array scales{Scale::log_exponents, Scale::inv_log_exponents};
            const double low = -5 * dice.uniform();
            return Uniform{scales[dice.below(2)], low, low + 0.1 + 9 * dice.uniform(), quantum()};
        }
        default:
            if (dice.below(2) == 0)
                return Beta{0.3 + 3 * dice.uniform(), 0.3 + 3 * dice.uniform(), quantum()};
            return Normal{dice.below(2) == 0, dice.uniform() * 4, dice.below(8) == 0 ? 0.0 : dice.uniform(),
                          quantum()};
    }
}

SearchSpace any_space(Dice& dice) {
    SearchSpace space;
    const std::uint64_t size = dice.below(12) == 0 ? 50 : 1 + dice.below(7);
    for (std::uint64_t i = 0; i < size; ++i) {
        // Named so that the order is that of code points.
        const std::string name = "p" + std::to_string(100 + i);
        space.parameters.push_back({{name}, any_distribution(dice)});
    }
    space.parameters.push_back({{"q", "nested"}, Uniform{}});
    return space;
}

/// Whether `value` is one that the distribution can give.
bool possible(const Distribution& distribution, const ParamValue& value) {
    double scratch = 0.0;
    const double* x = value.number(scratch);
    const auto within = [&](double low, double high) {
        return x != nullptr && std::isfinite(*x) && *x >= low && *x <= high;
    };
    const auto multiple = [&](const std::optional<Quantum>& quantum) {
        if (!quantum) return true;
        const double steps = *x / quantum->q;
        return std::abs(steps) > 1e9 || std::abs(steps - std::nearbyint(steps)) < 1e-6;
    };
    struct Possible {
        const ParamValue& value;
        const decltype(within)& is_within;
        const decltype(multiple)& is_multiple;

        bool operator()(const Constant& constant) const { return value == constant.value; }
        bool operator()(const Categorical& choice) const {
            return std::find(choice.values.begin(), choice.values.end(), value) != choice.values.end();
        }
        bool operator()(const IntUniform& range) const {
            const auto* number = value.get_if<std::int64_t>();
            return number != nullptr && *number >= range.min && *number <= range.max;
        }
        bool operator()(const Uniform& uniform) const {
            double low = uniform.min;
            double high = uniform.max;
            if (uniform.scale == Scale::log_exponents) {
                low = std::exp(uniform.min);
                high = std::exp(uniform.max);
            } else if (uniform.scale == Scale::inv_log_exponents) {
                low = std::exp(-uniform.max);
                high = std::exp(-uniform.min);
            }
            if (uniform.quantum) {
                const double q = uniform.quantum->q;
                const bool any = std::ceil(low / q - 1e-9) <= std::floor(high / q + 1e-9);
                const double slack = any ? 1e-9 * q : q;
                return is_within(low - slack, high + slack) && is_multiple(uniform.quantum);
            }
            return is_within(low, high);
        }
        bool operator()(const Normal& normal) const {
            return is_within(-kInfinity, kInfinity) && is_multiple(normal.quantum);
        }
        bool operator()(const Beta& beta) const {
            return is_within(0, 1) && is_multiple(beta.quantum);
        }
    };
    return std::visit(Possible{value, within, multiple}, distribution);
}

void check_possible(const SearchSpace& space, const Config& config) {
    for (const Parameter& parameter : space.parameters) {
        const ParamValue* value = at_path(config, parameter.path);
        REQUIRE(value != nullptr);
        INFO(parameter.path.front() << " = " << python_str(*value));
        REQUIRE(possible(parameter.distribution, *value));
    }
}

double any_metric(Dice& dice, std::uint64_t kind) {
    switch (kind) {
        case 0: return 1.0;                                             // constant
        case 1: return std::numeric_limits<double>::quiet_NaN();        // never a number
        case 2: return dice.below(3) == 0 ? 1e300 : -1e300;
        case 3: return dice.below(4) == 0 ? kInfinity : dice.uniform();
        case 4: return std::pow(10.0, 600 * dice.uniform() - 300);
        default: return dice.uniform();
    }
}

}  // namespace

TEST_CASE("bayes: whatever the space and the history, a suggestion is a value of the space",
          "[search][bayes]") {
    for (std::uint64_t seed = 0; seed < 120; ++seed) {
        INFO("seed " << seed);
        Dice dice{seed};
        const SearchSpace space = any_space(dice);
        SearchOptions made = options(seed);
        made.maximize = dice.below(2) == 0;
        constexpr std::array imputes{Impute::best, Impute::latest, Impute::worst};
        if (dice.below(3) == 0) made.impute = imputes[dice.below(3)];
        if (dice.below(4) == 0) made.impute_while_running = imputes[dice.below(3)];
        const auto strategy = make_bayes(space, made);
        const auto memory = strategy->memory();
        const auto random = make_random(space, seed);
        const std::uint64_t kind = dice.below(7);
        constexpr std::array fates{RunFate::pending,       RunFate::running, RunFate::finished,
                                   RunFate::finished,      RunFate::finished, RunFate::finished,
                                   RunFate::stopped_early, RunFate::killed,  RunFate::failed};
        const std::uint64_t runs = 5 + dice.below(50);
        for (std::uint64_t k = 0; k < runs; ++k) {
            // What the search proposes, what chance does, and what a person may have written.
            const std::optional<Config> own = memory->suggest(k);
            if (own) check_possible(space, *own);
            Config config = own && dice.below(2) == 0 ? *own : *random->suggest(k % 7 + 1000, {});
            if (dice.below(10) == 0) config.front().second = ParamValue("foreign");
            if (dice.below(15) == 0) config.erase(config.begin());
            const RunFate fate = fates[dice.below(fates.size())];
            const double y = any_metric(dice, kind);
            std::optional<MetricValues> metric;
            if (!std::isnan(y) && dice.below(8) != 0) metric = MetricValues{y, y, y};
            const std::uint64_t order = dice.below(9) == 0 ? Observation::unnumbered(k) : k;
            memory->observe({order, std::move(config), fate, metric});
            if (dice.below(20) == 0) memory->forget(dice.below(k + 1));
            memory->prepare(k + 1);
            static_cast<void>(memory->prepare_ahead());
        }
    }
}

TEST_CASE("bayes: long histories, crowded ones among them, and suggestions are values of the space",
          "[search][bayes]") {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        INFO("seed " << seed);
        Dice dice{seed};
        const SearchSpace space = any_space(dice);
        const auto memory = make_bayes(space, options(seed))->memory();
        const auto random = make_random(space, seed);
        const std::uint64_t kind = dice.below(7);
        constexpr std::uint64_t runs = 270;
        for (std::uint64_t k = 0; k < runs; ++k) {
            // From all over, or the same few again and again: what is near has no extent then.
            const Config config = *random->suggest(seed % 2 == 0 ? k : k % 3, {});
            const double y = any_metric(dice, kind);
            // In some of them it took long until one succeeded.
            const bool failed = (seed % 3 == 0 && k < 260) || dice.below(10) == 0;
            const RunFate fate = failed ? RunFate::failed : RunFate::finished;
            std::optional<MetricValues> metric;
            if (!std::isnan(y) && fate == RunFate::finished) metric = MetricValues{y, y, y};
            memory->observe({k, config, fate, metric});
        }
        // The turns of all models.
        for (std::uint64_t k = runs; k < runs + 8; ++k) {
            const std::optional<Config> own = memory->suggest(k);
            if (!own) break;
            check_possible(space, *own);
            memory->observe(pending(k, *own));
        }
    }
}

TEST_CASE("bayes: the same set of runs gives the same suggestion, in any order of arrival",
          "[search][bayes]") {
    const SearchSpace space{{{{"lr"}, Uniform{Scale::log_values, 1e-5, 1e-1, std::nullopt}},
                             {{"n"}, IntUniform{1, 9}},
                             {{"opt"}, Categorical{{"sgd", "adam", "lion"}, {}}},
                             {{"x"}, Uniform{}}}};
    const auto strategy = make_bayes(space, options(7));
    const auto random = make_random(space, 3);
    const auto value = [](const Config& config) {
        return std::abs(std::log10(number(config, "lr")) + 3) + number(config, "x");
    };
    for (const std::uint64_t runs : {6UL, 30UL, 75UL, 150UL, 301UL}) {
        INFO(runs << " runs");
        History history;
        for (std::uint64_t k = 0; k < runs; ++k) {
            const Config config = *random->suggest(k, {});
            if (k % 11 == 10) {
                history.push_back(pending(k, config));
            } else if (k % 13 == 12) {
                history.push_back({k, config, RunFate::failed, std::nullopt});
            } else {
                const std::uint64_t order = k % 17 == 16 ? Observation::unnumbered(k) : k;
                history.push_back(finished(order, config, value(config)));
            }
        }
        const std::optional<Config> expected = strategy->suggest(runs, history);
        Dice dice{runs};
        for (int shuffle = 0; shuffle < 3; ++shuffle) {
            for (std::size_t i = history.size(); i-- > 1;)
                std::swap(history[i], history[dice.below(i + 1)]);
            const auto memory = strategy->memory();
            memory->observe(pending(900'000, history.front().config));
            for (const Observation& run : history) {
                // Each was pending first, and some suggestions were made meanwhile.
                memory->observe(pending(run.order, run.config));
                if (dice.below(12) == 0) static_cast<void>(memory->suggest(runs));
                if (dice.below(3) == 0) memory->prepare(runs + dice.below(2));
                if (dice.below(3) == 0) static_cast<void>(memory->prepare_ahead());
                memory->observe(run);
            }
            memory->forget(900'000);
            if (shuffle == 1) {
                while (!memory->ready(runs))
                    memory->prepare(runs);
            }
            CHECK(memory->suggest(runs) == expected);
            CHECK(memory->suggest(runs) == expected);
        }
    }
}

TEST_CASE("bayes: what takes long is done in pieces, and gives the same", "[search][bayes]") {
    const SearchSpace space{{{{"x"}, Uniform{}}, {{"y"}, Uniform{}}, {{"z"}, Uniform{}}}};
    const auto strategy = make_bayes(space, options(3));
    const auto random = make_random(space, 3);
    const auto memory = strategy->memory();
    History history;
    const auto tell = [&](const Observation& run) {
        std::erase_if(history, [&](const Observation& old) { return old.order == run.order; });
        history.push_back(run);
        memory->observe(run);
    };
    const auto value = [](const Config& config) {
        return std::abs(number(config, "x") - 0.3) + number(config, "y") * number(config, "z");
    };
    constexpr std::uint64_t runs = 300;
    for (std::uint64_t k = 0; k < runs; ++k) {
        const Config config = *random->suggest(k, {});
        tell(finished(k, config, value(config)));
    }
    REQUIRE_FALSE(memory->ready(runs));
    int pieces = 0;
    for (; pieces < 1000 && !memory->ready(runs); ++pieces)
        memory->prepare(runs);
    CHECK(pieces > 10);
    REQUIRE(memory->ready(runs));
    const std::optional<Config> expected = strategy->suggest(runs, history);
    CHECK(memory->suggest(runs) == expected);

    // From then on all of it is done while runs are in flight.
    Config config = *expected;
    for (std::uint64_t k = runs; k < runs + 70; ++k) {
        tell(pending(k, config));
        while (memory->prepare_ahead()) {
        }
        tell(finished(k, config, value(config)));
        REQUIRE(memory->ready(k + 1));
        config = *memory->suggest(k + 1);
        if (k % 30 == 0) CHECK(config == *strategy->suggest(k + 1, history));
    }
}

TEST_CASE("bayes: a long sweep looks near its best run, unless what differs there is noise",
          "[search][bayes]") {
    const SearchSpace space{{{{"x"}, Uniform{}}, {{"y"}, Uniform{}}}};
    const auto random = make_random(space, 3);
    const auto near_ones = [&](bool noise) {
        const auto memory = make_bayes(space, options(5))->memory();
        Dice dice{4};
        constexpr std::uint64_t runs = 300;
        std::pair<double, Config> best{kInfinity, {}};
        for (std::uint64_t k = 0; k < runs; ++k) {
            const Config config = *random->suggest(k, {});
            const double x = number(config, "x") - 0.7;
            const double y = number(config, "y") - 0.4;
            const double value = noise ? dice.uniform() : x * x + 3 * y * y;
            if (value < best.first) best = {value, config};
            memory->observe(finished(k, config, value));
        }
        int near = 0;
        for (std::uint64_t k = runs; k < runs + 16; ++k) {
            const Config config = *memory->suggest(k);
            const double away = std::hypot(number(config, "x") - number(best.second, "x"),
                                           number(config, "y") - number(best.second, "y"));
            if (away < 0.25) ++near;  // A circle of a fifth of the space: so large are 64 of 300.
            memory->observe(pending(k, config));
        }
        return near;
    };
    CHECK(near_ones(/*noise=*/false) >= 11);
    CHECK(near_ones(/*noise=*/true) <= 10);
}

TEST_CASE("bayes: prior runs come before all others, and count like them", "[search][bayes]") {
    const SearchSpace space{{{{"x"}, Uniform{}}, {{"n"}, IntUniform{1, 9}}}};
    const auto strategy = make_bayes(space, options(5));
    const auto random = make_random(space, 9);
    const auto value = [](const Config& config) {
        return std::abs(number(config, "x") - 0.7) + std::abs(number(config, "n") - 4);
    };
    History prior;
    for (std::uint64_t k = 0; k < 60; ++k) {
        const Config config = *random->suggest(k, {});
        prior.push_back(finished(Observation::prior(k), config, value(config)));
    }
    const auto memory = strategy->memory();
    for (const Observation& run : prior)
        memory->observe(run);
    // There is no design: the model is there at once.
    const Config first = *memory->suggest(0);
    CHECK(first == *strategy->suggest(0, prior));
    CHECK(first != *strategy->suggest(0, {}));
    CHECK(value(first) < 0.5);
    // However many come after them, what was made of them stays.
    History history = prior;
    for (std::uint64_t k = 0; k < 20; ++k) {
        const Config config = *memory->suggest(k);
        memory->observe(pending(k, config));
        while (memory->prepare_ahead()) {
        }
        history.push_back(finished(k, config, value(config)));
        memory->observe(history.back());
        CHECK(memory->ready(k + 1));
    }
    std::reverse(history.begin(), history.end());
    CHECK(*memory->suggest(20) == *strategy->suggest(20, history));
    CHECK(value(*memory->suggest(21)) < 0.1);

    // None is run again.
    const SearchSpace few{{{{"n"}, IntUniform{1, 5}}}};
    const auto all = make_bayes(few, options())->memory();
    for (std::int64_t n = 1; n <= 4; ++n)
        all->observe(finished(Observation::prior(static_cast<std::uint64_t>(n)), {{"n", n}}, 1));
    CHECK(*all->suggest(0) == Config{{"n", 5}});
    all->observe(pending(0, {{"n", 5}}));
    CHECK_FALSE(all->suggest(1));
}

TEST_CASE("bayes: a deleted run is as if it had never been", "[search][bayes]") {
    const SearchSpace space{{{{"x"}, Uniform{}}, {{"y"}, Uniform{}}}};
    const auto strategy = make_bayes(space, options());
    const auto random = make_random(space, 3);
    const auto with = strategy->memory();
    const auto without = strategy->memory();
    for (std::uint64_t k = 0; k < 60; ++k) {
        const Config config = *random->suggest(k, {});
        const Observation run = finished(k, config, number(config, "x"));
        with->observe(run);
        if (k % 10 != 3) without->observe(run);
        if (k % 7 == 0) static_cast<void>(with->suggest(1000));
    }
    for (std::uint64_t k = 3; k < 60; k += 10)
        with->forget(k);
    CHECK(with->suggest(60) == without->suggest(60));
}

TEST_CASE("bayes: a finite space is tried through, each configuration once", "[search][bayes]") {
    const SearchSpace space{{{{"a"}, IntUniform{1, 5}},
                             {{"b"}, Categorical{{"x", "y", 1, true}, {}}},
                             {{"c"}, Categorical{{"only"}, {}}},
                             {{"d"}, Uniform{Scale::linear, 0, 1, Quantum{0.5, false}}}}};
    const auto strategy = make_bayes(space, options());
    REQUIRE(strategy->size() == 5 * 4 * 3);
    const auto memory = strategy->memory();
    std::set<std::string> seen;
    for (std::uint64_t k = 0; k < 60; ++k) {
        const std::optional<Config> config = memory->suggest(k);
        REQUIRE(config);
        REQUIRE(seen.insert(choice_key(ParamValue(*config))).second);
        if (k % 3 == 2) {
            memory->observe(pending(k, *config));
        } else {
            memory->observe(finished(k, *config, number(*config, "a")));
        }
    }
    CHECK_FALSE(memory->suggest(60));
    memory->forget(17);
    CHECK(memory->suggest(60));
}

TEST_CASE("bayes: probability zero is never tried, duplicates are one", "[search][bayes]") {
    const SearchSpace space{{{{"a"}, Categorical{{"x", "never", "y"}, {0.5, 0, 0.5}}},
                             {{"b"}, Categorical{{3, 3.0, 4}, {}}}}};
    const auto strategy = make_bayes(space, options());
    REQUIRE(strategy->size() == 4);
    const auto memory = strategy->memory();
    for (std::uint64_t k = 0; k < 4; ++k) {
        const std::optional<Config> config = memory->suggest(k);
        REQUIRE(config);
        CHECK(*find(*config, "a") != ParamValue("never"));
        memory->observe(finished(k, *config, 1));
    }
    CHECK_FALSE(memory->suggest(4));
}

TEST_CASE("bayes: nothing that varies", "[search][bayes]") {
    const auto strategy = make_bayes({{{{"a"}, Categorical{{"x"}, {}}}, {{"b"}, Normal{false, 2, 0, {}}}}},
                                     options());
    CHECK(strategy->size() == 1);
    const Config config = *strategy->suggest(0, {});
    CHECK(number(config, "b") == 2);
    CHECK_FALSE(strategy->suggest(1, {finished(0, config, 1)}));
}

TEST_CASE("bayes: ten thousand pending runs and none finished", "[search][bayes]") {
    const SearchSpace space{{{{"x"}, Uniform{}}, {{"y"}, Uniform{}}}};
    const auto memory = make_bayes(space, options())->memory();
    const auto random = make_random(space, 3);
    for (std::uint64_t k = 0; k < 10'000; ++k)
        memory->observe(pending(k, *random->suggest(k, {})));
    check_possible(space, *memory->suggest(10'000));
    for (std::uint64_t k = 0; k < 20; ++k)
        memory->observe(finished(k, *random->suggest(k, {}), static_cast<double>(k)));
    check_possible(space, *memory->suggest(10'001));
}

TEST_CASE("bayes: pending runs are not tried again, and are kept away from", "[search][bayes]") {
    const SearchSpace space{{{{"x"}, Uniform{}}}};
    const auto memory = make_bayes(space, options())->memory();
    for (std::uint64_t k = 0; k < 12; ++k) {
        const Config config{{"x", ParamValue((static_cast<double>(k) + 0.5) / 12)}};
        const double off = number(config, "x") - 0.3;
        memory->observe(finished(k, config, off * off));
    }
    std::vector<double> batch;
    for (std::uint64_t k = 12; k < 20; ++k) {
        const Config config = *memory->suggest(k);
        memory->observe(pending(k, config));
        batch.push_back(number(config, "x"));
    }
    std::sort(batch.begin(), batch.end());
    for (std::size_t i = 1; i < batch.size(); ++i)
        CHECK(batch[i] - batch[i - 1] > 1e-6);
    CHECK(std::any_of(batch.begin(), batch.end(), [](double x) { return std::abs(x - 0.3) < 0.03; }));
}

TEST_CASE("bayes: what stands in for a missing metric", "[search][bayes]") {
    // Runs with x > 0.5 fail. All rules keep the search out of there in the end; that of a written
    // `impute: best` takes the value they had logged.
    const SearchSpace space{{{{"x"}, Uniform{}}}};
    const auto share_beyond = [&](std::optional<Impute> impute, RunFate fate) {
        SearchOptions made = options();
        made.impute = impute;
        const auto memory = make_bayes(space, made)->memory();
        int beyond = 0;
        for (std::uint64_t k = 0; k < 24; ++k) {
            const Config config = *memory->suggest(k);
            const double x = number(config, "x");
            if (k >= 8 && x > 0.5) ++beyond;
            const MetricValues logged{1 - x, 3 - x, 2 - x};
            memory->observe({k, config, x > 0.5 ? fate : RunFate::finished, logged});
        }
        return beyond;
    };
    CHECK(share_beyond(std::nullopt, RunFate::failed) <= 6);
    CHECK(share_beyond(Impute::worst, RunFate::failed) <= 6);
    CHECK(share_beyond(Impute::best, RunFate::failed) >= 10);
    CHECK(share_beyond(std::nullopt, RunFate::killed) >= 10);
    CHECK(share_beyond(Impute::worst, RunFate::killed) <= 6);
    CHECK(share_beyond(std::nullopt, RunFate::stopped_early) >= 10);
    CHECK(share_beyond(Impute::worst, RunFate::stopped_early) >= 10);
}

TEST_CASE("bayes: maximize is minimize of the negative", "[search][bayes]") {
    const SearchSpace space{{{{"x"}, Uniform{}}, {{"y"}, Uniform{}}}};
    SearchOptions up = options();
    up.maximize = true;
    const auto random = make_random(space, 3);
    History low;
    History high;
    for (std::uint64_t k = 0; k < 30; ++k) {
        const Config config = *random->suggest(k, {});
        const double y = number(config, "x") * number(config, "y");
        low.push_back({k, config, RunFate::finished, MetricValues{y, y + 1, y}});
        high.push_back({k, config, RunFate::finished, MetricValues{-y - 1, -y, -y}});
    }
    CHECK(make_bayes(space, options())->suggest(30, low) == make_bayes(space, up)->suggest(30, high));
}

TEST_CASE("bayes: running runs count when the spec says so", "[search][bayes]") {
    const SearchSpace space{{{{"x"}, Uniform{}}}};
    SearchOptions eager = options();
    eager.impute_while_running = Impute::worst;
    const auto random = make_random(space, 3);
    History running;
    History ended;
    for (std::uint64_t k = 0; k < 20; ++k) {
        const Config config = *random->suggest(k, {});
        const double y = number(config, "x");
        running.push_back({k, config, RunFate::running, MetricValues{y, y, y}});
        ended.push_back(finished(k, config, y));
    }
    CHECK(make_bayes(space, eager)->suggest(20, running) == make_bayes(space, options())->suggest(20, ended));
    CHECK(make_bayes(space, options())->suggest(20, running) != make_bayes(space, options())->suggest(20, ended));
}

TEST_CASE("bayes: a value between two levels takes neither of them away", "[search][bayes]") {
    SearchSpace space;
    space.parameters = {{{"i"}, IntUniform{1, 3}},
                        {{"x"}, Uniform{Scale::linear, 0, 0.5, Quantum{0.1, false}}}};
    const auto memory = make_bayes(space, options())->memory();
    const std::vector<Config> mine{
        {{"i", 1}, {"x", 0.25}}, {{"i", 1}}, {{"i", 2}, {"x", 0.30000000000000004}}};
    for (std::size_t k = 0; k < mine.size(); ++k)
        memory->observe(
            {Observation::unnumbered(k), mine[k], RunFate::finished, MetricValues{1, 1, 1}});
    std::set<std::string> proposed;
    for (std::uint64_t k = 0; k < 40; ++k) {
        const auto config = memory->suggest(k);
        if (!config) break;
        CHECK(proposed.insert(to_json(*config)).second);
        memory->observe({k, *config, RunFate::finished, MetricValues{2, 2, 2}});
    }
    CHECK(proposed.size() == 17);  // All of 18 but the third of mine.
}

TEST_CASE("bayes: where a metric has steps it does not stay on one of them", "[search][bayes]") {
    SearchSpace space;
    space.parameters = {{{"a"}, Uniform{}}, {{"b"}, Uniform{}}, {{"c"}, Uniform{}}};
    const auto inside = [](double x, double low, double high) { return low <= x && x <= high; };
    // Of a step in the middle, where the search begins, and a lower one, a twenty-fifth of the space.
    const auto value = [&](const Config& config) {
        const double a = number(config, "a");
        const double b = number(config, "b");
        if (inside(a, 0.75, 0.95) && inside(b, 0.1, 0.3)) return -1.0;
        return inside(a, 0.35, 0.65) && inside(b, 0.35, 0.65) ? 0.0 : 1.0;
    };
    int found = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        const auto memory = make_bayes(space, options(seed))->memory();
        for (std::uint64_t k = 0; k < 60; ++k) {
            const Config config = *memory->suggest(k);
            memory->observe(finished(k, config, value(config)));
            if (value(config) > -1) continue;
            ++found;
            break;
        }
    }
    CHECK(found >= 9);  // 4 of them by chance.
}

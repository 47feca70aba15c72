#include "problems.hpp"

#include "sweepctl/base/check.hpp"

#include "search/mix.hpp"
#include "search/quantiles.hpp"
#include "table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <stdexcept>
#include <utility>

namespace sweepctl::bench {

namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kHartmannOptimum = -3.32237;

Parameter uniform(std::string name, double low, double high) {
    return {{std::move(name)}, Uniform{Scale::linear, low, high, std::nullopt}};
}
Parameter log_uniform(std::string name, double low, double high) {
    return {{std::move(name)}, Uniform{Scale::log_values, low, high, std::nullopt}};
}
Parameter integer(std::string name, std::int64_t low, std::int64_t high) {
    return {{std::move(name)}, IntUniform{low, high}};
}
Parameter choice(std::string name, const std::vector<std::string>& words) {
    Categorical categorical;
    for (const std::string& word : words)
        categorical.values.emplace_back(word);
    return {{std::move(name)}, std::move(categorical)};
}

SearchSpace box(std::size_t dimensions, double low, double high) {
    SearchSpace space;
    for (std::size_t i = 0; i < dimensions; ++i)
        space.parameters.push_back(uniform("x" + std::to_string(100 + i), low, high));
    return space;
}

double number(const ParamValue& value) {
    double scratch = 0.0;
    const double* known = value.number(scratch);
    SWEEPCTL_CHECK(known != nullptr);
    return *known;
}

std::vector<double> numbers(const Values& values) {
    std::vector<double> x(values.size());
    std::transform(values.begin(), values.end(), x.begin(), number);
    return x;
}

double branin(const Values& values) {
    const double x = number(values[0]);
    const double y = number(values[1]);
    const double valley = y - 5.1 / (4 * kPi * kPi) * x * x + 5 / kPi * x - 6;
    return valley * valley + 10 * (1 - 1 / (8 * kPi)) * std::cos(x) + 10;
}

double hartmann6(const Values& values) {
    using Row = std::array<double, 6>;
    constexpr std::array<Row, 4> a{{{10, 3, 17, 3.5, 1.7, 8},
                                    {0.05, 10, 17, 0.1, 8, 14},
                                    {3, 3.5, 1.7, 10, 17, 8},
                                    {17, 8, 0.05, 10, 0.1, 14}}};
    constexpr std::array<Row, 4> p{{{1312, 1696, 5569, 124, 8283, 5886},
                                    {2329, 4135, 8307, 3736, 1004, 9991},
                                    {2348, 1451, 3522, 2883, 3047, 6650},
                                    {4047, 8828, 8732, 5743, 1091, 381}}};
    constexpr std::array<double, 4> weight{1.0, 1.2, 3.0, 3.2};
    const std::vector<double> x = numbers(values);
    double sum = 0;
    for (std::size_t i = 0; i < weight.size(); ++i) {
        double exponent = 0;
        for (std::size_t j = 0; j < 6; ++j) {
            const double away = x[j] - 1e-4 * p[i][j];
            exponent += a[i][j] * away * away;
        }
        sum -= weight[i] * std::exp(-exponent);
    }
    return sum;
}

double ackley(const Values& values) {
    double squares = 0;
    double waves = 0;
    const auto d = static_cast<double>(values.size());
    for (const double x : numbers(values)) {
        squares += x * x / d;
        waves += std::cos(2 * kPi * x) / d;
    }
    return -20 * std::exp(-0.2 * std::sqrt(squares)) - std::exp(waves) + 20 + std::numbers::e;
}

double rosenbrock(const Values& values) {
    const std::vector<double> x = numbers(values);
    double sum = 0;
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
        const double off = x[i + 1] - x[i] * x[i];
        sum += 100 * off * off + (1 - x[i]) * (1 - x[i]);
    }
    return sum;
}

double levy(const Values& values) {
    std::vector<double> w = numbers(values);
    for (double& entry : w)
        entry = 1 + (entry - 1) / 4;
    const auto square = [](double x) { return x * x; };
    double sum = square(std::sin(kPi * w.front()));
    for (std::size_t i = 0; i + 1 < w.size(); ++i)
        sum += square(w[i] - 1) * (1 + 10 * square(std::sin(kPi * w[i] + 1)));
    return sum + square(w.back() - 1) * (1 + square(std::sin(2 * kPi * w.back())));
}

double styblinski_tang(const Values& values) {
    double sum = 0;
    for (const double x : numbers(values))
        sum += 0.5 * (x * x * x * x - 16 * x * x + 5 * x);
    return sum;
}

// --- A synthetic "train a network": categories, integers, logarithmic scales, and how they
// interact.

const std::vector<std::string> kOptimizers{"sgd", "adam", "rmsprop", "adamw"};
const std::vector<std::string> kActivations{"relu", "tanh", "gelu"};

std::size_t index_in(const std::vector<std::string>& words, const ParamValue& value) {
    return static_cast<std::size_t>(
        std::find(words.begin(), words.end(), *value.get_if<std::string>()) - words.begin());
}

struct Training {
    explicit Training(const Values& values)
        : optimizer(index_in(kOptimizers, values[0])),
          activation(index_in(kActivations, values[1])),
          log_rate(std::log10(number(values[2]))),
          log_decay(std::log10(number(values[3]))),
          log_batch(std::log2(number(values[4]))),
          layers(number(values[5])),
          dropout(number(values[6])) {}

    /// How many decades the rate is above the best one for the rest.
    [[nodiscard]] double rate_excess() const {
        constexpr std::array<double, 4> best{-1.0, -3.0, -3.3, -2.7};
        return log_rate - (best[optimizer] - 0.12 * (layers - 4) + 0.15 * (log_batch - 6));
    }

    std::size_t optimizer, activation;
    double log_rate, log_decay, log_batch, layers, dropout;
};

double mixed(const Values& values) {
    const Training t(values);
    constexpr std::array<double, 4> decay{-4.0, -5.5, -5.0, -2.0};
    constexpr std::array<double, 4> of_optimizer{0.05, 0.06, 0.12, 0.0};
    constexpr std::array<double, 3> of_activation{0.04, 0.10, 0.0};
    constexpr std::array<double, 3> layers{4.0, 3.0, 5.0};
    const auto square = [](double x) { return x * x; };
    const double excess = t.rate_excess();
    double loss = std::min(1.6, (excess < 0 ? 0.30 : 0.75) * excess * excess);
    loss += 0.030 * square(t.log_decay - decay[t.optimizer]);
    loss += 0.020 * square(t.layers - layers[t.activation]);
    loss += 0.9 * square(t.dropout - 0.22 - 0.03 * (t.layers - 4));
    loss += 0.015 * square(t.log_batch - 5.5);
    loss += of_optimizer[t.optimizer] + of_activation[t.activation];
    if (t.optimizer == 0 && t.activation == 2) loss += 0.05;
    loss += 0.01 * std::sin(7 * t.log_rate) * std::sin(5 * t.dropout + t.log_decay);
    return 0.2 + loss;
}

SearchSpace mixed_space() {
    return {{choice("optimizer", kOptimizers),
             choice("activation", kActivations),
             log_uniform("lr", 1e-6, 1.0),
             log_uniform("wd", 1e-8, 1e-1),
             {{"batch"}, Uniform{Scale::log_values, 8, 1024, Quantum{1.0, true}}},
             integer("layers", 1, 10),
             uniform("dropout", 0, 0.8)}};
}

// --- Six unordered choices and two integers that interact: "architectures".

using Four = std::array<double, 4>;
using Pairs = std::array<Four, 4>;
constexpr std::array<Four, 6> kMain{{{0.0198442274, 0.378439669, 0.144245466, 0.321354632},
                                     {0.954059053, 0.193316069, 0.173847656, 0.0186946621},
                                     {0.0781436611, 0.173228052, 0.284257728, 0.407077514},
                                     {0.119888728, 0.017052673, 0.0849704705, 0.600859855},
                                     {0.0600041998, 0.150426556, 0.669159758, 0.00630361424},
                                     {0.229415992, 0.74958141, 0.0654395477, 0.198789395}}};
constexpr std::array<Pairs, 6> kPairs{
    {{{{0.457368266, 0.0686383581, 0.124702514, 0.0104907874},
       {0.0346675892, 0.0334689436, 0.195953543, 0.0836579017},
       {0.0512666804, 0.118687647, 0.0526915906, 0.0426405627},
       {0.00814069672, 0.0445999582, 0.107750228, 0.00212808512}}},
     {{{0.0688952978, 0.730344288, 0.000705664443, 0.0907213729},
       {0.8365077, 0.300679068, 0.288558755, 0.0238291178},
       {0.172444282, 0.00468376797, 0.0263130849, 0.00684767839},
       {0.0502030309, 0.22524638, 0.0530450674, 0.387437981}}},
     {{{0.230085431, 0.00041322371, 0.0191217833, 0.225678502},
       {0.00541310198, 0.0011989623, 0.245666048, 0.0934493889},
       {0.257174411, 1.27565954e-05, 0.0737830747, 0.267742072},
       {0.00410546812, 0.119575952, 0.0125528089, 0.00718457321}}},
     {{{0.31685445, 0.0712247397, 0.00714879241, 0.45756962},
       {0.0487371284, 0.295232563, 0.122567371, 0.000315573993},
       {0.23922866, 1.68777388e-05, 0.00101194881, 0.000134448293},
       {0.140601033, 0.00452730208, 0.0898942573, 2.79836077e-05}}},
     {{{0.532484143, 0.198652858, 0.0972619847, 0.000142838665},
       {0.0192126743, 0.0325406412, 0.00822687902, 0.0718981177},
       {0.168672221, 0.00926485359, 0.0357921246, 0.495818531},
       {0.00285565962, 0.0135339597, 0.0190877968, 0.513251189}}},
     {{{0.11509763, 0.180835886, 0.17486057, 0.0948766688},
       {0.126508403, 0.118211551, 0.968522603, 0.0450767108},
       {0.000392605967, 0.253689306, 0.188898714, 0.0236628367},
       {0.411674322, 0.13354107, 0.105607138, 0.212965828}}}}};
const std::vector<std::string> kOperations{"a", "b", "c", "d"};

double architecture(const Values& values) {
    std::array<std::size_t, 6> c{};
    double sum = 0;
    for (std::size_t i = 0; i < c.size(); ++i) {
        c[i] = index_in(kOperations, values[i]);
        sum += kMain[i][c[i]];
    }
    for (std::size_t i = 0; i < 5; ++i)
        sum += kPairs[i][c[i]][c[i + 1]];
    sum += kPairs[5][c[0]][c[5]];
    const double cells = number(values[6]) - (3 + 3 * static_cast<double>(c[0]));
    const double width = number(values[7]) - 11 + 2 * static_cast<double>(c[3]);
    return sum + 0.01 * cells * cells + 0.004 * width * width;
}

SearchSpace architecture_space() {
    SearchSpace space;
    for (int i = 0; i < 6; ++i)
        space.parameters.push_back(choice("op" + std::to_string(i), kOperations));
    space.parameters.push_back(integer("cells", 1, 20));
    space.parameters.push_back(integer("width", 1, 16));
    return space;
}

using Truth = double (*)(const Values&);

Problem function(
    std::string_view name, SearchSpace space, Truth truth, double optimum, double noise = 0.0) {
    Problem made;
    made.name = name;
    made.space = std::move(space);
    made.optimum = optimum;
    made.truth = truth;
    made.observe = [truth, noise](const Values& values, Dice& dice) {
        return truth(values) + (noise > 0 ? noise * dice.normal() : 0.0);
    };
    return made;
}

Problem from_table(std::string_view name, const std::string& file, double sign, double offset) {
    const auto table = std::make_shared<const Table>(read_table(file));
    Problem made;
    made.name = name;
    made.space = table->space;
    made.truth = [=](const Values& values) {
        const std::vector<double>& seen = table->cell(values);
        double sum = 0;
        for (const double value : seen)
            sum += offset + sign * value;
        return sum / static_cast<double>(seen.size());
    };
    made.observe = [=](const Values& values, Dice& dice) {
        const std::vector<double>& seen = table->cell(values);
        return offset + sign * seen[dice.below(seen.size())];
    };
    made.optimum = 1e300;
    for (const std::vector<double>& cell : table->cells) {
        double sum = 0;
        for (const double value : cell)
            sum += offset + sign * value;
        made.optimum = std::min(made.optimum, sum / static_cast<double>(cell.size()));
    }
    return made;
}

}  // namespace

Dice::Dice(std::uint64_t seed) : state_(mix64(seed)) {}

double Dice::uniform() {
    state_ += 0x9e3779b97f4a7c15U;
    return static_cast<double>(mix64(state_) >> 11U) * 0x1p-53;
}
double Dice::normal() {
    return normal_quantile(uniform() + 0x1p-54);
}
std::uint64_t Dice::below(std::uint64_t count) {
    return static_cast<std::uint64_t>(uniform() * static_cast<double>(count));
}

const std::vector<std::string>& scored_functions() {
    static const std::vector<std::string> names{
        "branin2",   "hartmann6", "ackley5", "ackley10",   "rosenbrock4", "levy8",
        "stybtang5", "mixed7",    "nas8",    "hartmann6n", "mixed7n"};
    return names;
}

Values values_of(const Problem& problem, const Config& config) {
    Values values;
    for (const Parameter& parameter : problem.space.parameters) {
        const ParamValue* value = find(config, parameter.path.front());
        SWEEPCTL_CHECK(value != nullptr);
        values.push_back(*value);
    }
    return values;
}

Problem problem(std::string_view name) {
    constexpr double mixed_optimum = 0.20573;
    if (name == "branin2")
        return function(name, {{uniform("x00", -5, 10), uniform("x01", 0, 15)}}, branin, 0.397887);
    if (name == "hartmann6") return function(name, box(6, 0, 1), hartmann6, kHartmannOptimum);
    if (name == "hartmann6n") return function(name, box(6, 0, 1), hartmann6, kHartmannOptimum, 0.2);
    if (name == "hart6in20") return function(name, box(20, 0, 1), hartmann6, kHartmannOptimum);
    if (name == "ackley5") return function(name, box(5, -10.3, 22.1), ackley, 0);
    if (name == "ackley10") return function(name, box(10, -10.3, 22.1), ackley, 0);
    if (name == "rosenbrock4") return function(name, box(4, -5, 10), rosenbrock, 0);
    if (name == "levy8") return function(name, box(8, -10, 10), levy, 0);
    if (name == "levy20") return function(name, box(20, -10, 10), levy, 0);
    if (name == "levy2" || name == "levy6")  // for timing
        return function(name, box(name == "levy2" ? 2 : 6, -10, 10), levy, 0);
    if (name == "stybtang5") return function(name, box(5, -5, 5), styblinski_tang, -195.83085);
    if (name == "mixed7") return function(name, mixed_space(), mixed, mixed_optimum);
    if (name == "mixed7n") return function(name, mixed_space(), mixed, mixed_optimum, 0.05);
    if (name == "nas8") return function(name, architecture_space(), architecture, 0.46084937);
    if (name == "hartmann6f") {
        Problem made = function(name, box(6, 0, 1), hartmann6, kHartmannOptimum);
        made.fails = [](const Values& v) { return number(v[3]) > 0.45 || number(v[0]) > 0.8; };
        return made;
    }
    if (name == "mixed7f") {
        Problem made = function(name, mixed_space(), mixed, mixed_optimum);
        made.fails = [](const Values& v) { return Training(v).rate_excess() > 0.7; };
        return made;
    }
    if (name == "hpob_vehicle") return from_table(name, "hpob_vehicle.txt.gz", -1, 1);
    if (name == "fcnet_naval") return from_table(name, "fcnet_naval.txt.gz", 1, 0);
    if (name == "nb201_cifar10") return from_table(name, "nb201_cifar10.txt.gz", -1, 100);
    throw std::invalid_argument("no problem '" + std::string(name) + "'");
}

}  // namespace sweepctl::bench

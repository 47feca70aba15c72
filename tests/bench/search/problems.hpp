#pragma once

#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// What searches are measured on: test functions with the optimum moved off the centre, and complete
// tables of real training runs. All are minimised.

namespace sweepctl::bench {

/// Pseudo-random numbers of an experiment: SplitMix64.
class Dice {
public:
    explicit Dice(std::uint64_t seed);
    [[nodiscard]] double uniform();
    [[nodiscard]] double normal();
    [[nodiscard]] std::uint64_t below(std::uint64_t count);

private:
    std::uint64_t state_;
};

using Values = std::vector<ParamValue>;  ///< in the order of the space's parameters

struct Problem {
    std::string name;
    SearchSpace space;
    double optimum = 0.0;
    std::function<double(const Values&)> truth;  ///< without noise
    /// What a run logs.
    std::function<double(const Values&, Dice&)> observe;
    std::function<bool(const Values&)> fails;  ///< may be empty
};

/// The problem called `name`; throws std::invalid_argument where there is none.
[[nodiscard]] Problem problem(std::string_view name);

/// The eleven functions of the score.
[[nodiscard]] const std::vector<std::string>& scored_functions();

[[nodiscard]] Values values_of(const Problem& problem, const Config& config);

}  // namespace sweepctl::bench

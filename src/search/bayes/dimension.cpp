#include "search/bayes/dimension.hpp"

#include "sweepctl/core/choice_key.hpp"
#include "sweepctl/search/strategies.hpp"

#include "search/quantum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace sweepctl::bayes {

namespace {

constexpr double kSlack = 1e-9;
constexpr double kScoreMax = 3.5;  ///< standard scores beyond are cut
constexpr double kLargest = std::numeric_limits<double>::max();
/// Beyond this many levels they are too close to be told apart, and counting them is not exact.
constexpr double kCountable = 0x1p50;

double finite(double x) {
    if (std::isnan(x)) return 0.0;
    return std::clamp(x, -kLargest, kLargest);
}

bool is_number(const ParamValue& value, double& out) {
    const double* number = value.number(out);
    if (number == nullptr || !std::isfinite(*number)) return false;
    out = *number;
    return true;
}

/// Whether the numbers, ascending, are equally far apart.
bool evenly_spaced(const std::vector<double>& numbers) {
    const double step =
        (numbers.back() - numbers.front()) / static_cast<double>(numbers.size() - 1);
    if (!std::isfinite(step)) return false;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (std::abs(numbers[i] - (numbers.front() + static_cast<double>(i) * step)) > 1e-6 * step)
            return false;
    }
    return true;
}

}  // namespace

Dimension::Map Dimension::Map::between(bool log, double low, double high) {
    Map map{log, 1.0, low, high - low};
    if (!std::isfinite(map.span)) map = {log, 0.5, low / 2, high / 2 - low / 2};
    if (!(map.span > 0)) map.span = 1.0;
    return map;
}

double Dimension::Map::coordinate(double x) const {
    if (log && !(x > 0)) return 0.0;
    const double u = ((log ? std::log(x) : x) * scale - low) / span;
    return std::isnan(u) ? 0.5 : std::clamp(u, 0.0, 1.0);
}

double Dimension::Map::value(double coordinate) const {
    const double x = (low + coordinate * span) / scale;
    return finite(log ? std::exp(x) : x);
}

Dimension::Dimension(const Distribution& distribution) : distribution_(distribution) {
    std::visit([this](const auto& known) { take(known); }, distribution);
}

void Dimension::take(const Constant& constant) {
    kind_ = Kind::category;
    levels_ = 1;
    values_ = {constant.value};
}

void Dimension::take(const Categorical& choice) {
    std::vector<ParamValue> values;
    bool numbers = true;
    double scratch = 0.0;
    for (std::size_t i = 0; i < choice.values.size(); ++i) {
        if (!choice.probabilities.empty() && !(choice.probabilities[i] > 0)) continue;
        const std::string key = choice_key(choice.values[i]);
        if (!index_.emplace(key, values.size()).second) continue;
        values.push_back(choice.values[i]);
        numbers = numbers && is_number(choice.values[i], scratch);
    }
    if (numbers && values.size() >= 3) return take_numbers(std::move(values));
    kind_ = Kind::category;
    levels_ = values.size();
    values_ = std::move(values);
}

void Dimension::take_numbers(std::vector<ParamValue> values) {
    const auto number = [](const ParamValue& value) {
        double scratch = 0.0;
        return *value.number(scratch);
    };
    std::stable_sort(values.begin(), values.end(), [&](const auto& left, const auto& right) {
        return number(left) < number(right);
    });
    kind_ = Kind::ordinal;
    levels_ = values.size();
    values_ = std::move(values);
    index_.clear();
    std::vector<double> numbers;
    for (std::size_t i = 0; i < values_.size(); ++i) {
        index_.emplace(choice_key(values_[i]), i);
        numbers.push_back(number(values_[i]));
    }
    if (numbers.front() > 0 && numbers.back() / numbers.front() >= 10) {
        map_ = Map::between(true, std::log(numbers.front()), std::log(numbers.back()));
    } else {
        map_ = Map::between(false, numbers.front(), numbers.back());
    }
    const bool by_value = map_.log || evenly_spaced(numbers);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const double rank = static_cast<double>(i) / static_cast<double>(numbers.size() - 1);
        places_.push_back(by_value ? map_.coordinate(numbers[i]) : rank);
    }
}

void Dimension::take(const IntUniform& range) {
    kind_ = Kind::ordinal;
    const std::uint64_t span =
        static_cast<std::uint64_t>(range.max) - static_cast<std::uint64_t>(range.min);
    levels_ = span == std::numeric_limits<std::uint64_t>::max() ? span : span + 1;
}

void Dimension::take_multiples(
    const Quantum& quantum, double low, double high, double step_low, double step_high, bool log) {
    const double count = step_high - step_low + 1;
    if (!std::isfinite(step_low) || !std::isfinite(step_high) || count > kCountable ||
        std::abs(step_low) > kCountable || std::abs(step_high) > kCountable) {
        return;  // As good as continuous: decode() rounds.
    }
    kind_ = Kind::ordinal;
    first_step_ = step_low;
    levels_ = static_cast<std::uint64_t>(count);
    const double q = quantum.q;
    if (log) {
        const double lowest = step_low * q - q / 2;
        map_ = Map::between(true, std::log(lowest > 0 ? lowest : q / 10),
                            std::log(step_high * q + q / 2));
    } else {
        map_ = Map::between(false, std::min(low, step_low * q), std::max(high, step_high * q));
    }
}

void Dimension::take(const Uniform& uniform) {
    double low = uniform.min;
    double high = uniform.max;
    const bool log = uniform.scale != Scale::linear;
    switch (uniform.scale) {
        case Scale::linear:
        case Scale::log_exponents: break;
        case Scale::log_values:
        case Scale::inv_log_values:
            low = std::log(uniform.min);
            high = std::log(uniform.max);
            break;
        case Scale::inv_log_exponents:
            low = -uniform.max;
            high = -uniform.min;
            break;
    }
    map_ = Map::between(log, low, high);
    const bool values = uniform.scale == Scale::linear || uniform.scale == Scale::log_values ||
                        uniform.scale == Scale::inv_log_values;
    floor_ = values ? uniform.min : finite(std::exp(low));
    ceiling_ = values ? uniform.max : finite(std::exp(high));
    if (!uniform.quantum) return;
    const double q = uniform.quantum->q;
    double first = std::ceil(floor_ / q - kSlack);
    double last = std::floor(ceiling_ / q + kSlack);
    if (first > last) {  // No multiple within: what rounding gives (and the spec warned).
        first = std::nearbyint(floor_ / q);
        last = std::nearbyint(ceiling_ / q);
    }
    take_multiples(*uniform.quantum, floor_, ceiling_, first, last, log);
}

void Dimension::take(const Normal& normal) {
    const double reach = kScoreMax * normal.sigma;
    const double low = normal.mu - reach;
    const double high = normal.mu + reach;
    map_ = Map::between(normal.log, low, high);
    floor_ = finite(normal.log ? std::exp(low) : low);
    ceiling_ = finite(normal.log ? std::exp(high) : high);
    if (normal.quantum) {
        const double q = normal.quantum->q;
        take_multiples(*normal.quantum, floor_, ceiling_, std::nearbyint(floor_ / q),
                       std::nearbyint(ceiling_ / q), normal.log);
    } else if (!(floor_ < ceiling_)) {
        kind_ = Kind::category;
        levels_ = 1;
        values_ = {ParamValue(floor_)};
    }
}

void Dimension::take(const Beta& beta) {
    if (!beta.quantum) return;
    const double q = beta.quantum->q;
    double last = std::floor(1 / q + kSlack);
    take_multiples(*beta.quantum, 0.0, 1.0, 0.0, last, false);
}

double Dimension::place_of(std::uint64_t level) const {
    const auto index = static_cast<double>(level);
    if (kind_ == Kind::category) return index;
    if (!places_.empty()) return places_[level];
    if (std::holds_alternative<IntUniform>(distribution_))
        return (index + 0.5) / static_cast<double>(levels_);
    const double q = std::visit(
        [](const auto& known) {
            if constexpr (requires { known.quantum; }) return known.quantum->q;
            return 1.0;
        },
        distribution_);
    return map_.coordinate((first_step_ + index) * q);
}

std::uint64_t Dimension::level_of(double place) const {
    if (levels_ <= 1) return 0;
    const double last = static_cast<double>(levels_ - 1);
    if (kind_ == Kind::category)
        return static_cast<std::uint64_t>(std::clamp(std::nearbyint(place), 0.0, last));
    const double u = std::clamp(place, 0.0, 1.0);
    if (!places_.empty()) {
        const auto above = std::lower_bound(places_.begin(), places_.end(), u);
        if (above == places_.begin()) return 0;
        if (above == places_.end()) return levels_ - 1;
        const auto index = static_cast<std::uint64_t>(above - places_.begin());
        return *above - u <= u - *std::prev(above) ? index : index - 1;
    }
    double index = 0.0;
    if (std::holds_alternative<IntUniform>(distribution_)) {
        index = std::floor(u * static_cast<double>(levels_));
    } else {
        const double q = std::visit(
            [](const auto& known) {
                if constexpr (requires { known.quantum; }) return known.quantum->q;
                return 1.0;
            },
            distribution_);
        index = std::nearbyint(map_.value(u) / q) - first_step_;
    }
    if (!(index < last)) return levels_ - 1;
    return index > 0 ? static_cast<std::uint64_t>(index) : 0;
}

double Dimension::snap(double coordinate) const {
    return levels_ == 0 ? coordinate : place_of(level_of(coordinate));
}

double Dimension::encode(const ParamValue* value) const {
    if (kind_ == Kind::category) {
        const auto found = value == nullptr ? index_.end() : index_.find(choice_key(*value));
        if (levels_ == 1) return 0.0;
        return found == index_.end() ? kForeign : static_cast<double>(found->second);
    }
    double number = 0.0;
    if (value == nullptr || !is_number(*value, number)) return snap(0.5);
    if (!places_.empty()) {
        const auto found = index_.find(choice_key(*value));
        if (found != index_.end()) return places_[found->second];
        // Another number: the level that is nearest by value.
        std::size_t nearest = 0;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < values_.size(); ++i) {
            double scratch = 0.0;
            const double away = std::abs(*values_[i].number(scratch) - number);
            if (away < least) {
                least = away;
                nearest = i;
            }
        }
        return places_[nearest];
    }
    if (const auto* range = std::get_if<IntUniform>(&distribution_)) {
        const double index = std::nearbyint(number) - static_cast<double>(range->min);
        return place_of(static_cast<std::uint64_t>(
            std::clamp(index, 0.0, std::max(0.0, static_cast<double>(levels_) - 1))));
    }
    return snap(map_.coordinate(number));
}

bool Dimension::exact(const ParamValue* value, double place) const {
    if (kind_ == Kind::category) return place >= 0;
    double number = 0.0;
    double scratch = 0.0;
    if (value == nullptr || !is_number(*value, number)) return false;
    if (levels_ == 0) return true;
    const ParamValue decoded = decode(place);
    const double nearest = *decoded.number(scratch);
    return std::abs(number - nearest) <= kSlack * std::max(std::abs(number), std::abs(nearest));
}

ParamValue Dimension::decode(double place) const {
    const std::uint64_t level = level_of(place);
    if (!values_.empty()) return values_[level];
    if (const auto* range = std::get_if<IntUniform>(&distribution_))
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(range->min) + level);
    return std::visit(
        [&](const auto& known) -> ParamValue {
            const double x = std::clamp(map_.value(std::clamp(place, 0.0, 1.0)), floor_, ceiling_);
            if constexpr (requires { known.quantum; }) {
                if (known.quantum && kind_ == Kind::ordinal) {
                    const double steps = first_step_ + static_cast<double>(level);
                    return nearest_multiple(*known.quantum, steps * known.quantum->q, -kLargest,
                                            kLargest);
                }
                if (known.quantum) return nearest_multiple(*known.quantum, x, floor_, ceiling_);
            }
            return x;
        },
        distribution_);
}

double Dimension::quantile(double u) const {
    const ParamValue value = value_at(distribution_, u);
    return encode(&value);
}

}  // namespace sweepctl::bayes

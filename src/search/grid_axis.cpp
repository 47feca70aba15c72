#include "search/grid_axis.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/choice_key.hpp"

#include "search/quantum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sweepctl {

namespace {

/// How far (max - min) / q may be from a whole number for max to be a step.
constexpr double kSlack = 1e-9;

std::uint64_t steps_between(const Uniform& uniform, bool exclusive) {
    const double quotient = uniform.max / uniform.quantum->q - uniform.min / uniform.quantum->q;
    const double steps =
        exclusive ? std::ceil(quotient - kSlack) : std::floor(quotient + kSlack) + 1;
    if (!(steps > 1)) return 1;
    return steps >= 0x1p64 ? std::numeric_limits<std::uint64_t>::max()
                           : static_cast<std::uint64_t>(steps);
}

}  // namespace

GridAxis::GridAxis(Parameter parameter, bool exclusive) : path_(std::move(parameter.path)) {
    Distribution& distribution = parameter.distribution;
    if (auto* constant = std::get_if<Constant>(&distribution)) {
        list({std::move(constant->value)});
    } else if (auto* choice = std::get_if<Categorical>(&distribution)) {
        SWEEPCTL_CHECK(choice->probabilities.empty() && !choice->values.empty());
        list(std::move(choice->values));
    } else if (const auto* range = std::get_if<IntUniform>(&distribution)) {
        const auto span =
            static_cast<std::uint64_t>(range->max) - static_cast<std::uint64_t>(range->min);
        size_ = span == std::numeric_limits<std::uint64_t>::max() ? span : span + 1;
        first_ = range->min;
    } else {
        const auto* uniform = std::get_if<Uniform>(&distribution);
        SWEEPCTL_CHECK(uniform != nullptr && uniform->scale == Scale::linear && uniform->quantum);
        size_ = steps_between(*uniform, exclusive);
        min_ = uniform->min;
        q_ = uniform->quantum->q;
        decimals_ = std::max(decimals(q_), decimals(min_));
        integer_ = uniform->quantum->integer && min_ == std::trunc(min_) &&
                   std::abs(min_) < 0x1p53 && std::abs(uniform->max) < 0x1p53 && q_ < 0x1p53;
        if (integer_) first_ = static_cast<std::int64_t>(min_);
    }
}

void GridAxis::list(std::vector<ParamValue> values) {
    for (ParamValue& value : values) {
        if (!index_by_key_.try_emplace(choice_key(value), values_.size()).second) continue;
        if (const auto* map = value.get_if<ParamMap>()) {
            for (const auto& entry : *map)
                map_keys_.insert(entry.first);
        }
        values_.push_back(std::move(value));
    }
    size_ = values_.size();
}

ParamValue GridAxis::at(std::uint64_t index) const {
    SWEEPCTL_CHECK(index < size_);
    if (!values_.empty()) return values_[index];
    if (integer_) {
        const auto step = static_cast<std::uint64_t>(q_);
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(first_) + index * step);
    }
    return rounded(min_ + static_cast<double>(index) * q_, decimals_) + 0.0;  // never -0.0
}

std::optional<std::uint64_t> GridAxis::index_of(const ParamValue& value) const {
    if (values_.empty()) return step_of(value);
    std::string key;
    if (const auto* map = value.get_if<ParamMap>()) {
        ParamMap known;
        std::copy_if(map->begin(), map->end(), std::back_inserter(known),
                     [&](const auto& entry) { return map_keys_.count(entry.first) > 0; });
        key = choice_key(known);
    } else {
        key = choice_key(value);
    }
    const auto found = index_by_key_.find(key);
    if (found == index_by_key_.end()) return std::nullopt;
    return found->second;
}

std::optional<std::uint64_t> GridAxis::step_of(const ParamValue& value) const {
    std::optional<std::uint64_t> index;
    if (const auto* whole = value.get_if<std::int64_t>(); whole != nullptr && integer_) {
        if (*whole < first_) return std::nullopt;
        index = (static_cast<std::uint64_t>(*whole) - static_cast<std::uint64_t>(first_)) /
                static_cast<std::uint64_t>(q_);
    } else {
        double scratch = 0;
        const double* number = value.number(scratch);
        if (number == nullptr) return std::nullopt;
        const double start = integer_ ? static_cast<double>(first_) : min_;
        const double steps = std::nearbyint((*number - start) / q_);
        if (!(steps >= 0 && steps < 0x1p64)) return std::nullopt;
        index = static_cast<std::uint64_t>(steps);
    }
    if (*index >= size_) return std::nullopt;
    if (integer_) return same_choice(at(*index), value) ? index : std::nullopt;
    double scratch = 0;
    const double reported = rounded(*value.number(scratch), decimals_) + 0.0;
    return same_choice(at(*index), reported) ? index : std::nullopt;
}

}  // namespace sweepctl

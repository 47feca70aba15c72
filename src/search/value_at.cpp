#include "sweepctl/search/strategies.hpp"

#include "search/quantiles.hpp"
#include "search/quantum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace sweepctl {

namespace {

/// The index among n equal bins that u falls in: ceil(u n) - 1, and one down where rounding has
/// carried that too far.
std::uint64_t equal_bin(double u, std::uint64_t n) {
    const auto count = static_cast<double>(n);
    const double bin = std::ceil(u * count) - 1;
    if (!(bin > 0)) return 0;
    const auto index = bin >= 0x1p64 ? n - 1 : std::min(static_cast<std::uint64_t>(bin), n - 1);
    return bin / count >= u ? index - 1 : index;
}

const ParamValue& pick(const Categorical& choice, double u) {
    if (choice.probabilities.empty()) return choice.values[equal_bin(u, choice.values.size())];
    double sum = 0;
    std::size_t last_possible = 0;
    for (std::size_t i = 0; i < choice.values.size(); ++i) {
        sum += choice.probabilities[i];
        if (u < sum) return choice.values[i];
        if (choice.probabilities[i] > 0) last_possible = i;
    }
    return choice.values[last_possible];  // the sum is just below one, and u above it
}

ParamValue pick(const IntUniform& range, double u) {
    const std::uint64_t span =
        static_cast<std::uint64_t>(range.max) - static_cast<std::uint64_t>(range.min);
    const std::uint64_t count = span == std::numeric_limits<std::uint64_t>::max() ? span : span + 1;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(range.min) + equal_bin(u, count));
}

struct Bounds {
    double min;
    double max;
};

/// The values that a uniform distribution lies between, whatever its scale.
Bounds bounds_of(const Uniform& uniform) {
    switch (uniform.scale) {
        case Scale::linear:
        case Scale::log_values:
        case Scale::inv_log_values: return {uniform.min, uniform.max};
        case Scale::log_exponents: return {std::exp(uniform.min), std::exp(uniform.max)};
        case Scale::inv_log_exponents: return {std::exp(-uniform.max), std::exp(-uniform.min)};
    }
    return {};
}

double between(double min, double max, double u) {
    const double span = max - min;
    return std::isfinite(span) ? min + u * span : min * (1 - u) + max * u;
}

double plain_value(const Uniform& uniform, double u) {
    const double min = uniform.min;
    const double max = uniform.max;
    double value = 0;
    switch (uniform.scale) {
        case Scale::linear: value = between(min, max, u); break;
        case Scale::log_exponents: value = std::exp(between(min, max, u)); break;
        case Scale::inv_log_exponents: value = std::exp(-between(min, max, 1 - u)); break;
        case Scale::log_values:
        case Scale::inv_log_values:  // the same distribution, and the same value for u
            value = std::exp(between(std::log(min), std::log(max), u));
            break;
    }
    const Bounds bounds = bounds_of(uniform);  // rounding may carry exp(ln min) below min
    return std::clamp(value, bounds.min, bounds.max);
}

/// u = 0 would be minus infinity; half of the smallest step of u stands for its bin.
double open(double u) {
    return std::max(u, 0x1p-54);
}

struct ValueAt {
    double u;

    ParamValue operator()(const Constant& constant) const { return constant.value; }
    ParamValue operator()(const Categorical& choice) const { return pick(choice, u); }
    ParamValue operator()(const IntUniform& range) const { return pick(range, u); }
    ParamValue operator()(const Uniform& uniform) const {
        const double value = plain_value(uniform, u);
        if (!uniform.quantum) return value;
        const Bounds bounds = bounds_of(uniform);
        return nearest_multiple(*uniform.quantum, value, bounds.min, bounds.max);
    }
    ParamValue operator()(const Normal& normal) const {
        double value = normal.mu;
        if (normal.sigma > 0) value += normal.sigma * normal_quantile(open(u));
        if (normal.log) value = std::exp(value);
        using Limits = std::numeric_limits<double>;  // Some are further away than numbers go.
        value =
            std::clamp(value, normal.log ? Limits::denorm_min() : Limits::lowest(), Limits::max());
        if (!normal.quantum) return value;
        return nearest_multiple(*normal.quantum, value, -std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::infinity());
    }
    ParamValue operator()(const Beta& beta) const {
        const double value = beta_quantile(beta.a, beta.b, open(u));
        if (!beta.quantum) return value;
        return nearest_multiple(*beta.quantum, value, 0.0, 1.0);
    }
};

}  // namespace

ParamValue value_at(const Distribution& distribution, double u) {
    return std::visit(ValueAt{u}, distribution);
}

}  // namespace sweepctl

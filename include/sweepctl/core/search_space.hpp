#pragma once

#include "sweepctl/core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// What a sweep searches over: parameters, each with the distribution its values are drawn from.
// Already validated (spec does that): bounds are ordered, lists are not empty, scales are positive.

namespace sweepctl {

/// Always this value.
struct Constant {
    ParamValue value;
};
/// One of these, in the order written. `probabilities` is empty (all equal) or as long as `values`.
struct Categorical {
    std::vector<ParamValue> values;
    std::vector<double> probabilities;
};
/// An integer, both bounds included.
struct IntUniform {
    std::int64_t min = 0;
    std::int64_t max = 0;
};
/// The step of a quantised distribution. The result is an integer only where `q` was written as
/// one.
struct Quantum {
    double q = 1.0;
    bool integer = false;
};
enum class Scale : std::uint8_t {
    linear,             ///< uniform between min and max
    log_exponents,      ///< log_uniform: exp of uniform; bounds are exponents of e
    log_values,         ///< log_uniform_values: bounds are values
    inv_log_exponents,  ///< inv_log_uniform
    inv_log_values,     ///< inv_log_uniform_values
};
/// uniform, log_uniform, log_uniform_values, inv_log_*, and their q_ forms.
struct Uniform {
    Scale scale = Scale::linear;
    double min = 0.0;
    double max = 1.0;
    std::optional<Quantum> quantum;
};
/// normal, log_normal, and their q_ forms. sigma >= 0; zero gives mu (or exp(mu)).
struct Normal {
    bool log = false;
    double mu = 0.0;
    double sigma = 1.0;
    std::optional<Quantum> quantum;
};
/// beta and q_beta; a and b are positive.
struct Beta {
    double a = 1.0;
    double b = 1.0;
    std::optional<Quantum> quantum;
};

using Distribution = std::variant<Constant, Categorical, IntUniform, Uniform, Normal, Beta>;

/// One axis. `path` has one name per nesting level (`{"opt", "lr"}` is lr in the group opt); names
/// may hold dots of their own.
struct Parameter {
    std::vector<std::string> path;
    Distribution distribution;
};

/// A parameter that is there only where something holds of others. It is asked after those of the
/// parameters that it reads, and a parameter that is absent is absent for it, too.
struct Condition {
    std::size_t parameter = 0;  ///< index into the space's
    std::vector<std::size_t> reads;
    std::function<bool(const Config&)> holds;
    std::string text;  ///< as written
};

/// All parameters, in code-point order of names at each level, groups expanded where the group
/// sorts.
struct SearchSpace {
    std::vector<Parameter> parameters;
    /// Parameters that vary together, by index: each group is one choice among its k-th values. All
    /// are categorical without probabilities and equally long; none is in two groups.
    std::vector<std::vector<std::size_t>> zips = {};
    /// At most one a parameter. Those of a group of `zips` all have the same, or none.
    std::vector<Condition> conditions = {};
};

}  // namespace sweepctl

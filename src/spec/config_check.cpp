#include "sweepctl/spec/config_check.hpp"

#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/core/choice_key.hpp"
#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace sweepctl {

namespace {

using Path = std::vector<std::string>;

std::string dotted(const Path& path) {
    std::string text;
    for (const std::string& name : path)
        text += (text.empty() ? "" : ".") + name;
    return text;
}

std::string quoted(const Path& path) {
    return "'" + shown(dotted(path)) + "'";
}

std::string text_of(const ParamValue& value) {
    return shown(to_json(value));
}
std::string text_of(double value) {
    std::string text = to_json(ParamValue(value));
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
}

const ParamValue* value_at(const ParamMap& config, const Path& path) {
    const ParamMap* level = &config;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const ParamValue* const value = find(*level, path[i]);
        if (value == nullptr || i + 1 == path.size()) return value;
        level = value->get_if<ParamMap>();
        if (level == nullptr) return nullptr;
    }
    return nullptr;
}

/// The first of them, as many as a person reads.
std::string list_of(const std::vector<ParamValue>& values) {
    constexpr std::size_t kShown = 10;
    std::string list;
    for (std::size_t i = 0; i < std::min(values.size(), kShown); ++i)
        list += (list.empty() ? "" : ", ") + text_of(values[i]);
    return values.size() > kShown ? list + ", ..." : list;
}

/// Bounds that rounding does not break.
struct Range {
    double min;
    double max;

    [[nodiscard]] std::optional<std::string> wrong(double value, double slack = 0) const {
        const auto about = [&](double bound) { return slack + 1e-9 * std::abs(bound); };
        if (value < min - about(min)) return "below the minimum " + text_of(min);
        if (value > max + about(max)) return "above the maximum " + text_of(max);
        return std::nullopt;
    }
};

Range range_of(const Uniform& uniform) {
    switch (uniform.scale) {
        case Scale::linear:
        case Scale::log_values:
        case Scale::inv_log_values: break;
        case Scale::log_exponents: return {std::exp(uniform.min), std::exp(uniform.max)};
        case Scale::inv_log_exponents: return {std::exp(-uniform.max), std::exp(-uniform.min)};
    }
    return {uniform.min, uniform.max};
}

/// What is wrong with a value, to be said after "'lr' is 0.5, "; nullopt: nothing.
class Judge {
public:
    explicit Judge(const ParamValue& value) : value_(value) {
        if (const double* const number = value.number(scratch_); number != nullptr)
            number_ = *number;
    }

    std::optional<std::string> operator()(const Constant& constant) const {
        if (same_choice(value_, constant.value)) return std::nullopt;
        return "which is always " + text_of(constant.value) + " here";
    }
    std::optional<std::string> operator()(const Categorical& choice) const {
        const bool listed =
            std::any_of(choice.values.begin(), choice.values.end(),
                        [&](const ParamValue& each) { return same_choice(each, value_); });
        if (listed) return std::nullopt;
        return "which is not one of its values: " + list_of(choice.values);
    }
    std::optional<std::string> operator()(const IntUniform& range) const {
        if (!finite() || *number_ != std::floor(*number_)) return "which is not an integer";
        const Range bounds{static_cast<double>(range.min), static_cast<double>(range.max)};
        return bounds.wrong(*number_);
    }
    std::optional<std::string> operator()(const Uniform& uniform) const {
        if (!finite()) return not_a_number();
        // The nearest multiple of a value in the range may lie beyond it.
        return range_of(uniform).wrong(*number_, slack(uniform.quantum));
    }
    std::optional<std::string> operator()(const Normal& normal) const {
        if (!finite()) return not_a_number();
        if (normal.log && !(*number_ + slack(normal.quantum) > 0)) return "which is not positive";
        return std::nullopt;
    }
    std::optional<std::string> operator()(const Beta& beta) const {
        if (!finite()) return not_a_number();
        return Range{0, 1}.wrong(*number_, slack(beta.quantum));
    }

private:
    [[nodiscard]] bool finite() const { return number_ && std::isfinite(*number_); }
    static std::string not_a_number() { return "which is not a finite number"; }
    static double slack(const std::optional<Quantum>& quantum) {
        return quantum ? quantum->q / 2 : 0.0;
    }

    const ParamValue& value_;
    double scratch_ = 0.0;
    std::optional<double> number_;
};

class Check {
public:
    Check(const SearchSpace& space, const Config& config) : space_(space), config_(config) {
        for (const Parameter& parameter : space.parameters)
            values_.push_back(sweepctl::value_at(config, parameter.path));
    }

    std::vector<ConfigFault> faults() {
        Path path;
        find_unknown(config_, path);
        for (std::size_t i = 0; i < values_.size(); ++i)
            check_value(i);
        const bool only_missing =
            std::all_of(faults_.begin(), faults_.end(),
                        [](const ConfigFault& fault) { return fault.kind == Kind::missing; });
        if (!only_missing) return std::move(faults_);
        for (const std::vector<std::size_t>& group : space_.zips)
            check_group(group);
        return std::move(faults_);
    }

    /// Adds the constants that are not there and could be; whether there were any.
    bool add_constants(Config& to) const {
        bool added = false;
        for (std::size_t i = 0; i < values_.size(); ++i) {
            const Parameter& parameter = space_.parameters[i];
            const auto* const constant = std::get_if<Constant>(&parameter.distribution);
            if (constant == nullptr || values_[i] != nullptr || absent(i)) continue;
            added = put(to, parameter.path, constant->value) || added;
        }
        return added;
    }

private:
    using Kind = ConfigFault::Kind;

    /// Whether a parameter stands at `path`, or below it.
    [[nodiscard]] bool known(const Path& path, bool below) const {
        return std::any_of(
            space_.parameters.begin(), space_.parameters.end(), [&](const Parameter& parameter) {
                return (parameter.path.size() > path.size()) == below &&
                       parameter.path.size() >= path.size() &&
                       std::equal(path.begin(), path.end(), parameter.path.begin());
            });
    }

    void find_unknown(const ParamMap& level, Path& path) {
        for (const auto& [name, value] : level) {
            path.push_back(name);
            if (!known(path, /*below=*/false)) {
                const auto* const group = value.get_if<ParamMap>();
                if (group != nullptr && known(path, /*below=*/true)) {
                    find_unknown(*group, path);
                } else {
                    unknown(path);
                }
            }
            path.pop_back();
        }
    }

    void unknown(const Path& path) {
        const std::string name = dotted(path);
        std::vector<std::string> names;
        for (const Parameter& parameter : space_.parameters) {
            names.push_back(dotted(parameter.path));
            if (names.back() != name || path.size() != 1) continue;
            const Path group(parameter.path.begin(), parameter.path.end() - 1);
            faults_.push_back({Kind::unknown, name,
                               "the sweep has no parameter called " + quoted(path) + ": it is '" +
                                   shown(parameter.path.back()) + "' in the group " +
                                   quoted(group)});
            return;
        }
        const std::string_view meant = did_you_mean(name, {names.begin(), names.end()});
        faults_.push_back({Kind::unknown, name,
                           "the sweep has no parameter " + quoted(path) +
                               (meant.empty() ? "" : " (did you mean '" + shown(meant) + "'?)")});
    }

    /// Its condition, where that does not hold.
    [[nodiscard]] const Condition* failed_condition(std::size_t parameter) const {
        for (const Condition& condition : space_.conditions) {
            if (condition.parameter != parameter) continue;
            Config read;
            for (const std::size_t each : condition.reads) {
                if (values_[each] == nullptr) return &condition;
                put(read, space_.parameters[each].path, *values_[each]);
            }
            return condition.holds(read) ? nullptr : &condition;
        }
        return nullptr;
    }
    /// Whether it may be missing.
    [[nodiscard]] bool absent(std::size_t parameter) const {
        return failed_condition(parameter) != nullptr;
    }

    /// False: something stands in the way that is no group.
    static bool put(ParamMap& level, const Path& path, const ParamValue& value) {
        ParamMap* at = &level;
        for (std::size_t i = 0; i + 1 < path.size(); ++i) {
            auto entry = std::find_if(at->begin(), at->end(),
                                      [&](const auto& each) { return each.first == path[i]; });
            if (entry == at->end())
                entry = at->insert(at->end(), {path[i], ParamValue(ParamMap{})});
            at = std::get_if<ParamMap>(&entry->second.content());
            if (at == nullptr) return false;
        }
        at->emplace_back(path.back(), value);
        return true;
    }

    void check_value(std::size_t index) {
        const Parameter& parameter = space_.parameters[index];
        const ParamValue* const value = values_[index];
        if (value == nullptr) {
            const bool fixed = std::holds_alternative<Constant>(parameter.distribution);
            if (fixed || absent(index)) return;
            faults_.push_back({Kind::missing, dotted(parameter.path),
                               "it has no value of " + quoted(parameter.path)});
            return;
        }
        if (const auto wrong = std::visit(Judge(*value), parameter.distribution)) {
            faults_.push_back(
                {Kind::outside, dotted(parameter.path),
                 quoted(parameter.path) + " is " + text_of(*value) + ", " + *wrong});
        } else if (const Condition* const condition = failed_condition(index)) {
            faults_.push_back({Kind::outside, dotted(parameter.path),
                               quoted(parameter.path) + " is " + text_of(*value) +
                                   ", though it is there only when '" + shown(condition->text) +
                                   "'"});
        }
    }

    /// Its values must belong together.
    void check_group(const std::vector<std::size_t>& group) {
        const auto values = [&](std::size_t parameter) -> const std::vector<ParamValue>& {
            return std::get<Categorical>(space_.parameters[parameter].distribution).values;
        };
        for (std::size_t row = 0; row < values(group.front()).size(); ++row) {
            const bool all = std::all_of(group.begin(), group.end(), [&](std::size_t parameter) {
                return values_[parameter] == nullptr ||
                       same_choice(*values_[parameter], values(parameter)[row]);
            });
            if (all) return;
        }
        std::string names;
        for (const std::size_t parameter : group)
            names += (names.empty() ? "" : ", ") + quoted(space_.parameters[parameter].path);
        faults_.push_back(
            {Kind::outside, {}, "its values of " + names + " do not belong together ('zip')"});
    }

    const SearchSpace& space_;
    const Config& config_;
    std::vector<const ParamValue*> values_;  ///< of each parameter; nullptr: absent
    std::vector<ConfigFault> faults_;
};

void sort_names(ParamMap& map) {
    std::sort(map.begin(), map.end(),
              [](const auto& left, const auto& right) { return left.first < right.first; });
    for (auto& [name, value] : map) {
        if (auto* inner = std::get_if<ParamMap>(&value.content())) sort_names(*inner);
    }
}

}  // namespace

std::vector<ConfigFault> config_faults(const SearchSpace& space, const Config& config) {
    return Check(space, config).faults();
}

Config with_constants(const SearchSpace& space, Config config) {
    // Whether one is there may depend on another.
    for (bool more = true; more;) {
        Config fuller = config;
        more = Check(space, config).add_constants(fuller);
        config = std::move(fuller);
    }
    sort_names(config);
    return config;
}

}  // namespace sweepctl

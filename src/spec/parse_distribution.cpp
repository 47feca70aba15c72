#include "spec/parse_distribution.hpp"

#include "sweepctl/base/counted.hpp"
#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/core/choice_key.hpp"

#include "spec/distribution_kind.hpp"
#include "spec/fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sweepctl {

namespace {

using Family = DistributionKind::Family;

/// For messages: ten digits say enough.
std::string brief(double value) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   std::chars_format::general, 10);
    return {buffer.data(), end.ptr};
}

bool is_integer(const YamlNode* node) {
    return node != nullptr && (node->reading.value.get_if<std::int64_t>() != nullptr ||
                               node->reading.value.get_if<BigInt>() != nullptr);
}
bool is_float(const YamlNode* node) {
    return node != nullptr && node->reading.value.get_if<double>() != nullptr;
}

/// From here on beta's quantile gets slow, and all its values are the same to four digits.
constexpr double kBetaMax = 1e9;
/// How far (max - min) / q may be from a whole number.
constexpr double kSlack = 1e-9;
/// How far the sum of probabilities may be from one.
constexpr double kSumSlack = 1e-8;

class DistributionReader {
public:
    DistributionReader(const YamlNode& node,
                       const std::string& name,
                       std::optional<Method> method,
                       Findings& findings)
        : node_(node), name_(name), method_(method), findings_(findings) {}

    std::optional<Distribution> read() {
        if (node_.entries.empty()) {
            return wrong(node_.place, "parameter '" + name_ + "' says nothing about its values",
                         "give it a 'value', or 'values', or 'min' and 'max'");
        }
        if (!keys_are_known()) return std::nullopt;
        named_ = node_.find("distribution");
        if (named_ != nullptr && named_->is_null()) named_ = nullptr;
        const DistributionKind* kind = named_ != nullptr ? named_kind() : inferred_kind();
        if (kind == nullptr || !keys_fit(*kind)) return std::nullopt;
        if (method_ == Method::grid && !fits_grid(*kind)) return std::nullopt;
        switch (kind->family) {
            case Family::constant: return Constant{to_value(*node_.find("value"), findings_)};
            case Family::categorical: return categorical();
            case Family::int_uniform: return int_uniform();
            case Family::uniform: return uniform(*kind);
            case Family::normal: return normal(*kind);
            case Family::beta: return beta(*kind);
        }
        return std::nullopt;
    }

private:
    std::nullopt_t wrong(Place place, std::string message, std::string hint = {}) {
        findings_.error(place, std::move(message), std::move(hint));
        return std::nullopt;
    }
    [[nodiscard]] bool has(std::string_view key) const { return node_.find(key) != nullptr; }
    [[nodiscard]] std::string of(std::string_view key) const {
        return "'" + std::string(key) + "' of parameter '" + name_ + "'";
    }

    bool keys_are_known() {
        const std::vector<std::string_view>& known = parameter_keys();
        bool good = true;
        const bool none_known =
            std::none_of(node_.entries.begin(), node_.entries.end(), [&](const auto& entry) {
                return std::find(known.begin(), known.end(), entry.key) != known.end();
            });
        for (const YamlNode::Entry& entry : node_.entries) {
            if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
            good = false;
            std::string hint = suggest(entry.key, known);
            if (entry.value->is_null() && entry.key.find(':') != std::string::npos) {
                hint = "a space is missing after the ':'";
            } else if (none_known && entry.value->kind == YamlNode::Kind::map &&
                       did_you_mean(entry.key, known).empty()) {
                hint = "a group's parameters stand below a key 'parameters' of their own";
            }
            findings_.error(entry.key_place,
                            "unknown key '" + shown(entry.key) + "' in parameter '" + name_ + "'",
                            std::move(hint));
        }
        return good;
    }

    const DistributionKind* named_kind() {
        const std::string* word = named_->reading.value.get_if<std::string>();
        const DistributionKind* kind = word == nullptr ? nullptr : distribution_kind(*word);
        if (kind == nullptr) {
            std::vector<std::string_view> known;
            known.reserve(all_distribution_kinds().size());
            for (const DistributionKind& each : all_distribution_kinds())
                known.push_back(each.name);
            findings_.error(named_->place,
                            word != nullptr ? "unknown distribution '" + shown(*word) +
                                                  "' of parameter '" + name_ + "'"
                                            : of("distribution") + " must be a text, not " +
                                                  named_->described(),
                            suggest(named_->text, known));
        } else if (kind->scale == Scale::log_exponents || kind->scale == Scale::inv_log_exponents) {
            findings_.warning(
                named_->place,
                "'" + *word + "' takes min and max of parameter '" + name_ + "' as exponents of e",
                "use " + *word + "_values to give the values themselves");
        }
        return kind;
    }

    const DistributionKind* inferred_kind() {
        if (has("value")) return distribution_kind("constant");
        if (has("values")) return distribution_kind("categorical");
        if (has("min") || has("max")) {
            if (has("q")) {
                return unnamed("q", "q_uniform, or another one that begins with q_");
            }
            const YamlNode* min = node_.find("min");
            const YamlNode* max = node_.find("max");
            if (is_integer(min) && is_integer(max)) return distribution_kind("int_uniform");
            if ((is_integer(min) && is_float(max)) || (is_float(min) && is_integer(max))) {
                findings_.warning(min->place,
                                  "one bound of parameter '" + name_ +
                                      "' is an integer and the other is not: both are taken as "
                                      "floats",
                                  "write both as floats, or both as integers");
            }
            return distribution_kind("uniform");
        }
        for (const std::string_view key : {"mu", "sigma"}) {
            if (has(key)) return unnamed(key, "normal, log_normal, q_normal or q_log_normal");
        }
        for (const std::string_view key : {"a", "b"}) {
            if (has(key)) return unnamed(key, "beta or q_beta");
        }
        if (has("q")) return unnamed("q", "q_uniform, or another one that begins with q_");
        if (has("probabilities")) {
            findings_.error(node_.entry("probabilities")->key_place,
                            "parameter '" + name_ + "' has probabilities, but no values",
                            "add 'values', one for each probability");
        } else {
            findings_.error(node_.place, "parameter '" + name_ + "' says nothing about its values",
                            "give it a 'value', or 'values', or 'min' and 'max'");
        }
        return nullptr;
    }
    const DistributionKind* unnamed(std::string_view key, std::string_view names) {
        findings_.error(
            node_.entry(key)->key_place,
            "parameter '" + name_ + "' has '" + std::string(key) + "', but no distribution",
            "add 'distribution', which can be " + std::string(names));
        return nullptr;
    }

    bool keys_fit(const DistributionKind& kind) {
        const DistributionKeys keys = keys_of(kind);
        bool good = true;
        for (const YamlNode::Entry& entry : node_.entries) {
            if (entry.key == "distribution" || keys.has(entry.key)) continue;
            good = false;
            std::string with;
            std::string hint;
            if (named_ != nullptr) {
                const std::string name(kind.name);
                with = "distribution '" + name + "'";
                hint = "'" + name + "' takes " + keys.listed();
                if (entry.key == "q" && distribution_kind("q_" + name) != nullptr) {
                    hint = "did you mean distribution 'q_" + name + "'?";
                }
            } else {
                with = "'" + std::string(keys.required.front()) + "'";
                hint = "give a parameter either a 'value', or 'values', or 'min' and 'max'";
            }
            findings_.error(entry.key_place, of(entry.key) + " does not go with " + with,
                            std::move(hint));
        }
        for (const std::string_view key : keys.required) {
            if (has(key)) continue;
            good = false;
            std::string what = "parameter '" + name_ + "' has no '" + std::string(key) + "'";
            if (named_ != nullptr) {
                findings_.error(named_->place, std::move(what),
                                "'" + std::string(kind.name) + "' takes " + keys.listed());
            } else {
                findings_.error(node_.place, std::move(what),
                                "a range has both a 'min' and a 'max'");
            }
        }
        return good;
    }

    bool fits_grid(const DistributionKind& kind) {
        const bool weighted = kind.family == Family::categorical && has("probabilities");
        const bool stepped = kind.name == "q_uniform";
        if (kind.family == Family::constant || kind.family == Family::int_uniform || stepped ||
            (kind.family == Family::categorical && !weighted)) {
            return true;
        }
        if (weighted) {
            findings_.error(node_.entry("probabilities")->key_place,
                            "parameter '" + name_ + "' has probabilities, which a grid cannot have",
                            "leave them out, or use 'method: random'");
        } else {
            findings_.error(node_.place,
                            "parameter '" + name_ + "' (" + std::string(kind.name) +
                                ") has no end of values, which a grid cannot have",
                            "a grid takes 'value', 'values', min and max as integers, or "
                            "q_uniform; or use 'method: random'");
        }
        return false;
    }

    std::optional<Distribution> categorical() {
        const YamlNode& values = *node_.find("values");
        if (values.kind != YamlNode::Kind::list) {
            return wrong(values.place, of("values") + " must be a list, not " + values.described(),
                         "for a single value write 'value'");
        }
        if (values.items.empty()) {
            return wrong(values.place, of("values") + " is an empty list",
                         "list at least one value");
        }
        Categorical choice;
        choice.values.reserve(values.items.size());
        for (const YamlNode* item : values.items)
            choice.values.push_back(to_value(*item, findings_));
        if (method_ == Method::grid) warn_of_duplicates(values, choice.values);
        const YamlNode* weights = node_.find("probabilities");
        if (weights == nullptr) return choice;
        if (weights->kind != YamlNode::Kind::list) {
            return wrong(weights->place,
                         of("probabilities") + " must be a list, not " + weights->described());
        }
        if (weights->items.size() != values.items.size()) {
            return wrong(weights->place,
                         "parameter '" + name_ + "' has " + counted(values.items.size(), "value") +
                             ", but " + std::to_string(weights->items.size()) + " probabilities",
                         "give one for each value");
        }
        double sum = 0;
        bool good = true;
        for (const YamlNode* item : weights->items) {
            const auto weight = read_number(*item, "a probability of '" + name_ + "'", findings_);
            if (weight && *weight < 0) {
                wrong(item->place,
                      "a probability of '" + name_ + "' is below 0: " + item->described());
            }
            good = good && weight && *weight >= 0;
            choice.probabilities.push_back(weight.value_or(0));
            sum += weight.value_or(0);
        }
        if (!good) return std::nullopt;
        if (std::abs(sum - 1) > kSumSlack) {
            return wrong(weights->place, "the probabilities of '" + name_ + "' sum to " +
                                             brief(sum) + ", not to 1");
        }
        return choice;
    }
    void warn_of_duplicates(const YamlNode& list, const std::vector<ParamValue>& values) {
        std::unordered_map<std::string, std::size_t> seen;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto [first, fresh] = seen.try_emplace(choice_key(values[i]), i);
            if (fresh) continue;
            findings_.warning(list.items[i]->place,
                              list.items[i]->described() + " is the same choice as " +
                                  list.items[first->second]->described() +
                                  " before it, in parameter '" + name_ + "'",
                              "the grid tries it once, as it is written first");
        }
    }

    std::optional<Distribution> int_uniform() {
        const auto min = whole("min");
        const auto max = whole("max");
        if (!min || !max || !ordered(*min < *max)) return std::nullopt;
        return IntUniform{*min, *max};
    }
    std::optional<std::int64_t> whole(std::string_view key) {
        const YamlNode& node = *node_.find(key);
        const auto number = read_number(node, of(key), findings_);
        if (!number) return std::nullopt;
        if (const auto* integer = node.reading.value.get_if<std::int64_t>()) return *integer;
        if (*number == std::trunc(*number) && std::abs(*number) < 0x1p53) {
            return static_cast<std::int64_t>(*number);
        }
        return wrong(node.place,
                     of(key) + " must be an integer of at most 64 bits, not " + node.described(),
                     "'distribution: uniform' takes any number");
    }
    bool ordered(bool good) {
        if (good) return true;
        const YamlNode& min = *node_.find("min");
        wrong(min.place, "parameter '" + name_ + "': min " + shown(min.text) +
                             " is not less than max " + shown(node_.find("max")->text));
        return false;
    }

    std::optional<Distribution> uniform(const DistributionKind& kind) {
        const auto min = read_number(*node_.find("min"), of("min"), findings_);
        const auto max = read_number(*node_.find("max"), of("max"), findings_);
        std::optional<Quantum> quantum;
        if (!read_quantum(kind, quantum)) return std::nullopt;
        if (!min || !max || !ordered(*min < *max)) return std::nullopt;
        Uniform uniform{kind.scale, *min, *max, quantum};
        double lowest = *min;
        double highest = *max;
        switch (kind.scale) {
            case Scale::linear: break;
            case Scale::log_values:
            case Scale::inv_log_values:
                if (*min > 0) break;
                return wrong(node_.find("min")->place,
                             of("min") + " must be above 0 for a logarithm, not " +
                                 node_.find("min")->described());
            case Scale::log_exponents:
                lowest = std::exp(*min);
                highest = std::exp(*max);
                break;
            case Scale::inv_log_exponents:
                lowest = std::exp(-*max);
                highest = std::exp(-*min);
                break;
        }
        if (!std::isfinite(highest)) {
            return wrong(node_.find(kind.scale == Scale::log_exponents ? "max" : "min")->place,
                         "values of parameter '" + name_ + "' are beyond all numbers",
                         "the bounds are exponents of e here; " + std::string(kind.name) +
                             "_values takes the values themselves");
        }
        if (quantum && !steps_are_good(quantum->q, lowest, highest)) return std::nullopt;
        return uniform;
    }

    std::optional<Distribution> normal(const DistributionKind& kind) {
        const auto mu = optional_number("mu", 0);
        const auto sigma = optional_number("sigma", 1);
        std::optional<Quantum> quantum;
        if (!read_quantum(kind, quantum) || !mu || !sigma) return std::nullopt;
        if (*sigma < 0) {
            return wrong(node_.find("sigma")->place, of("sigma") + " must be 0 or above, not " +
                                                         node_.find("sigma")->described());
        }
        constexpr double kReach = 4;  // In sigmas: one value of 16,000 lies further away.
        const double lowest = *mu - kReach * *sigma;
        const double highest = *mu + kReach * *sigma;
        const bool good = kind.log ? std::isfinite(std::exp(highest)) && std::exp(*mu) > 0
                                   : std::isfinite(lowest) && std::isfinite(highest);
        if (!good) {
            const YamlNode* node = node_.find("mu");
            if (node == nullptr || *mu == 0) node = node_.find("sigma");
            return wrong(node->place,
                         "values of parameter '" + name_ + "' are beyond all numbers",
                         kind.log ? "mu is an exponent of e here" : "");
        }
        if (quantum && !kind.log && !steps_are_good(quantum->q, lowest, highest))
            return std::nullopt;
        return Normal{kind.log, *mu, *sigma, quantum};
    }

    std::optional<Distribution> beta(const DistributionKind& kind) {
        const auto a = optional_number("a", 1);
        const auto b = optional_number("b", 1);
        std::optional<Quantum> quantum;
        if (!read_quantum(kind, quantum) || !a || !b) return std::nullopt;
        for (const auto& [key, number] : {std::pair{"a", *a}, std::pair{"b", *b}}) {
            if (number > 0 && number <= kBetaMax) continue;
            return wrong(
                node_.find(key)->place,
                of(key) + " must be above 0 and at most 1e9, not " + node_.find(key)->described());
        }
        if (quantum && !steps_are_good(quantum->q, 0, 1)) return std::nullopt;
        return Beta{*a, *b, quantum};
    }

    std::optional<double> optional_number(std::string_view key, double otherwise) {
        const YamlNode* node = node_.find(key);
        return node == nullptr ? otherwise : read_number(*node, of(key), findings_);
    }

    /// False: there is a q, and it is wrong.
    bool read_quantum(const DistributionKind& kind, std::optional<Quantum>& quantum) {
        if (!kind.quantised) return true;
        const YamlNode* node = node_.find("q");
        quantum = Quantum{1.0, is_integer(node)};
        if (node == nullptr) return true;
        const auto q = read_number(*node, of("q"), findings_);
        if (!q) return false;
        if (*q <= 0) {
            wrong(node->place, of("q") + " must be above 0, not " + node->described());
            return false;
        }
        quantum->q = *q;
        return true;
    }
    bool steps_are_good(double q, double min, double max) {
        const YamlNode* node = node_.find("q");
        const Place place = node == nullptr ? node_.place : node->place;
        if (max + q == max || min + q == min || !std::isfinite(max / q)) {
            wrong(place, of("q") + " is too small beside the bounds: a step changes nothing");
            return false;
        }
        if (std::ceil(min / q - kSlack) > std::floor(max / q + kSlack)) {
            findings_.warning(place, "no multiple of " + of("q") +
                                         " lies within the bounds, so values will lie outside");
        }
        return true;
    }

    const YamlNode& node_;
    const std::string& name_;
    std::optional<Method> method_;
    Findings& findings_;
    const YamlNode* named_ = nullptr;
};

}  // namespace

std::optional<Distribution> parse_distribution(const YamlNode& node,
                                               const std::string& name,
                                               std::optional<Method> method,
                                               Findings& findings) {
    return DistributionReader(node, name, method, findings).read();
}

}  // namespace sweepctl

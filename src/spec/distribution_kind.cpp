#include "spec/distribution_kind.hpp"

#include <algorithm>

namespace sweepctl {

using Family = DistributionKind::Family;

const std::vector<DistributionKind>& all_distribution_kinds() {
    static const std::vector<DistributionKind> kinds{
        {"constant", Family::constant},
        {"categorical", Family::categorical},
        {"categorical_w_probabilities", Family::categorical},
        {"int_uniform", Family::int_uniform},
        {"uniform", Family::uniform},
        {"q_uniform", Family::uniform, true},
        {"log_uniform", Family::uniform, false, Scale::log_exponents},
        {"q_log_uniform", Family::uniform, true, Scale::log_exponents},
        {"inv_log_uniform", Family::uniform, false, Scale::inv_log_exponents},
        {"log_uniform_values", Family::uniform, false, Scale::log_values},
        {"q_log_uniform_values", Family::uniform, true, Scale::log_values},
        {"inv_log_uniform_values", Family::uniform, false, Scale::inv_log_values},
        {"normal", Family::normal},
        {"q_normal", Family::normal, true},
        {"log_normal", Family::normal, false, Scale::linear, true},
        {"q_log_normal", Family::normal, true, Scale::linear, true},
        {"beta", Family::beta},
        {"q_beta", Family::beta, true},
    };
    return kinds;
}

const DistributionKind* distribution_kind(std::string_view name) {
    const std::vector<DistributionKind>& kinds = all_distribution_kinds();
    const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const DistributionKind& kind) {
        return kind.name == name;
    });
    return found == kinds.end() ? nullptr : &*found;
}

bool DistributionKeys::has(std::string_view key) const {
    return std::find(required.begin(), required.end(), key) != required.end() ||
           std::find(optional.begin(), optional.end(), key) != optional.end();
}

std::string DistributionKeys::listed() const {
    std::string out;
    for (const auto* list : {&required, &optional}) {
        for (const std::string_view key : *list)
            out.append(out.empty() ? "" : ", ").append(key);
    }
    return out;
}

DistributionKeys keys_of(const DistributionKind& kind) {
    DistributionKeys keys;
    switch (kind.family) {
        case Family::constant: keys.required = {"value"}; break;
        case Family::categorical:
            keys.required = {"values"};
            if (kind.name == "categorical_w_probabilities") {
                keys.required.emplace_back("probabilities");
            } else {
                keys.optional.emplace_back("probabilities");
            }
            break;
        case Family::int_uniform:
        case Family::uniform: keys.required = {"min", "max"}; break;
        case Family::normal: keys.optional = {"mu", "sigma"}; break;
        case Family::beta: keys.optional = {"a", "b"}; break;
    }
    if (kind.quantised) keys.optional.emplace_back("q");
    return keys;
}

const std::vector<std::string_view>& parameter_keys() {
    static const std::vector<std::string_view> keys{
        "value", "values", "probabilities", "min",       "max", "mu", "sigma", "a",
        "b",     "q",      "distribution",  "parameters"};
    return keys;
}

}  // namespace sweepctl

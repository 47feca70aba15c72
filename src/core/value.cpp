#include "sweepctl/core/value.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace sweepctl {

const double* ParamValue::number(double& scratch) const {
    if (const auto* integer = get_if<std::int64_t>()) {
        scratch = static_cast<double>(*integer);
        return &scratch;
    }
    if (const auto* real = get_if<double>()) return real;
    if (const auto* big = get_if<BigInt>()) {
        scratch = std::strtod(big->digits.c_str(), nullptr);
        return &scratch;
    }
    return nullptr;
}

bool ParamValue::operator==(const ParamValue& other) const {
    if (const auto* mine = get_if<double>(), *theirs = other.get_if<double>();
        mine != nullptr && theirs != nullptr) {
        return *mine == *theirs || (std::isnan(*mine) && std::isnan(*theirs));
    }
    return content_ == other.content_;
}

const ParamValue* find(const ParamMap& map, std::string_view name) {
    const auto found = std::find_if(map.begin(), map.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    return found == map.end() ? nullptr : &found->second;
}

}  // namespace sweepctl

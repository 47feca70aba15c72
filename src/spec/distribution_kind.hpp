#pragma once

#include "sweepctl/core/search_space.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

/// A distribution that a spec can name.
struct DistributionKind {
    enum class Family : std::uint8_t { constant, categorical, int_uniform, uniform, normal, beta };

    std::string_view name;
    Family family = Family::constant;
    bool quantised = false;
    Scale scale = Scale::linear;  ///< of uniform
    bool log = false;             ///< of normal
};

[[nodiscard]] const std::vector<DistributionKind>& all_distribution_kinds();
/// nullptr where there is none of that name.
[[nodiscard]] const DistributionKind* distribution_kind(std::string_view name);

/// The keys that a parameter of one kind has.
struct DistributionKeys {
    std::vector<std::string_view> required;
    std::vector<std::string_view> optional;

    [[nodiscard]] bool has(std::string_view key) const;
    /// For messages: `min, max, q`.
    [[nodiscard]] std::string listed() const;
};
[[nodiscard]] DistributionKeys keys_of(const DistributionKind& kind);

/// Every key that a parameter of any kind can have.
[[nodiscard]] const std::vector<std::string_view>& parameter_keys();

}  // namespace sweepctl

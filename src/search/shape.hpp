#pragma once

#include "sweepctl/core/search_space.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace sweepctl {

/// The way between the configurations of a space with linked and conditional parameters and those
/// of a plain one, which any search can search: a group of parameters that vary together is one
/// parameter there, at the path of its first, whose values are lists with a value for each of them;
/// and every parameter is always there.
class Shape {
public:
    explicit Shape(SearchSpace space);

    [[nodiscard]] const SearchSpace& space() const { return space_; }
    [[nodiscard]] const SearchSpace& plain() const { return plain_; }
    /// Which parameter of plain() `parameter` of space() is, or is a part of.
    [[nodiscard]] std::size_t plain_of(std::size_t parameter) const {
        return parts_[parameter].plain;
    }
    /// The first parameter of space() that `plain` stands for; all of them have its condition.
    [[nodiscard]] std::size_t first_of(std::size_t plain) const { return firsts_[plain]; }
    /// Its place among space().conditions.
    [[nodiscard]] const std::optional<std::size_t>& condition_of(std::size_t parameter) const {
        return condition_of_[parameter];
    }

    /// The configuration that a program gets: groups taken apart, and without those parameters
    /// whose condition does not hold.
    [[nodiscard]] Config widen(const Config& plain) const;

    /// The plain configuration that widens to `config`; what is absent stands in the middle of its
    /// range, so that such configurations are alike in it. nullopt: the values of a group do not
    /// belong together.
    [[nodiscard]] std::optional<Config> narrow(const Config& config) const;

    /// The value of `parameter` of space() in that of the plain one that it is, or is a part of.
    [[nodiscard]] const ParamValue& part_of(std::size_t parameter, const ParamValue& plain) const;

    /// Whether it holds of `values` (by parameter of space(), nullptr: absent).
    [[nodiscard]] bool holds(const Condition& condition,
                             const std::vector<const ParamValue*>& values) const;

private:
    struct Part {
        std::size_t plain = 0;
        std::optional<std::size_t> place;  ///< in the lists of a group
    };

    [[nodiscard]] std::optional<ParamValue> group_value(std::size_t plain,
                                                        const Config& config) const;

    SearchSpace space_;
    SearchSpace plain_;
    std::vector<Part> parts_;          // of each parameter of space_
    std::vector<std::size_t> firsts_;  // of each of plain_
    std::vector<std::optional<std::size_t>> condition_of_;
};

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/value.hpp"

#include "search/bayes/dimension.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace sweepctl::bayes {

/// One number a dimension: see Dimension.
using Point = std::vector<double>;

/// A search space as points: what cannot vary is left out and put back.
class Encoding {
public:
    explicit Encoding(SearchSpace space);

    [[nodiscard]] const std::vector<Dimension>& dimensions() const { return dimensions_; }
    [[nodiscard]] std::size_t size() const { return dimensions_.size(); }
    /// More dimensions than points at random can cover: some numbers of the search are others there.
    [[nodiscard]] bool wide() const { return size() > 10; }
    /// No categories: every dimension has a middle.
    [[nodiscard]] bool ordered() const { return ordered_; }

    [[nodiscard]] Point encode(const Config& config) const;
    [[nodiscard]] Config decode(const Point& point) const;

    /// How many different configurations there are; nullopt: without end (or beyond 2^64 - 1).
    [[nodiscard]] std::optional<std::uint64_t> cells() const { return cells_; }
    /// The cell-th of them.
    [[nodiscard]] Point cell(std::uint64_t index) const;

    /// Equal for points that are the same configuration (continuous coordinates: within 1e-7);
    /// nullopt for a point outside the space.
    [[nodiscard]] std::optional<std::uint64_t> identity(const Point& point) const;

private:
    SearchSpace space_;
    std::vector<Dimension> all_;             ///< of each parameter of the space
    std::vector<std::size_t> of_parameter_;  ///< its index in dimensions_, or kFixed
    std::vector<Dimension> dimensions_;
    std::optional<std::uint64_t> cells_ = 1;
    bool ordered_ = true;
};

}  // namespace sweepctl::bayes

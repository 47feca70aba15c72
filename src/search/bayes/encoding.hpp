#pragma once

#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/value.hpp"

#include "search/bayes/dimension.hpp"
#include "search/bayes/presence.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace sweepctl::bayes {

/// A search space as points: what cannot vary is left out and put back.
class Encoding {
public:
    /// One whose parameters are linked in no way.
    explicit Encoding(SearchSpace space);
    /// Of shape->plain(): its conditions make points one configuration.
    explicit Encoding(const std::shared_ptr<const Shape>& shape);

    [[nodiscard]] const std::vector<Dimension>& dimensions() const { return dimensions_; }
    [[nodiscard]] std::size_t size() const { return dimensions_.size(); }
    /// More dimensions than points at random can cover: some numbers of the search are others
    /// there.
    [[nodiscard]] bool wide() const { return size() > 10; }
    /// No categories: every dimension has a middle.
    [[nodiscard]] bool ordered() const { return ordered_; }

    [[nodiscard]] Point encode(const Config& config) const;
    [[nodiscard]] Config decode(const Point& point) const;
    /// Whether `point`, to which it was encoded, is decoded to `config` again, as far as its
    /// coordinates are discrete.
    [[nodiscard]] bool exact(const Config& config, const Point& point) const;

    /// Some parameters are there only under a condition.
    [[nodiscard]] bool conditional() const { return presence_ != nullptr; }
    /// The coordinates of a point whose parameters are not there, ascending.
    [[nodiscard]] std::vector<std::size_t> absent(const Point& point) const;
    /// The one point of its configuration that such a configuration is encoded to.
    [[nodiscard]] Point settled(Point point) const;

    /// How many different configurations there are; nullopt: without end (or beyond 2^64 - 1), or
    /// with conditions over too many combinations to know.
    [[nodiscard]] std::optional<std::uint64_t> cells() const {
        return presence_ != nullptr ? presence_->cells() : cells_;
    }
    /// The cell-th of them.
    [[nodiscard]] Point cell(std::uint64_t index) const;

    /// Equal for settled points that are the same configuration (continuous coordinates: within
    /// 1e-7); nullopt for a point outside the space.
    [[nodiscard]] std::optional<std::uint64_t> identity(const Point& point) const;

private:
    SearchSpace space_;
    std::vector<Dimension> all_;  ///< of each parameter of the space
    std::vector<std::optional<std::size_t>>
        of_parameter_;  ///< its coordinate; none: it cannot vary
    std::vector<Dimension> dimensions_;
    std::unique_ptr<const Presence> presence_;  ///< nullptr: all are always there
    std::optional<std::uint64_t> cells_ = 1;
    bool ordered_ = true;
};

}  // namespace sweepctl::bayes

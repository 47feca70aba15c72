#pragma once

#include "search/bayes/dimension.hpp"
#include "search/shape.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace sweepctl::bayes {

/// One number a dimension: see Dimension.
using Point = std::vector<double>;

/// Which dimensions of a point of a conditional space are there. Points that differ in absent ones
/// only are one configuration: settled() is the one of them that the configuration is encoded to.
///
/// Where the conditions read discrete parameters of few combinations, these are tried once, when it
/// is made.
class Presence {
public:
    /// `all`: a dimension for each parameter of shape->plain(). `of_parameter`: the coordinate of
    /// each in a point, none where nothing varies. `rest`: where a point has the dimensions that
    /// are absent.
    Presence(std::shared_ptr<const Shape> shape,
             std::vector<Dimension> all,
             std::vector<std::optional<std::size_t>> of_parameter,
             Point rest);

    /// Coordinates, ascending.
    [[nodiscard]] std::vector<std::size_t> absent(const Point& point) const;
    [[nodiscard]] Point settled(Point point) const;

    /// How many different configurations there are; nullopt: without end (or beyond 2^64 - 1), or
    /// too many combinations to know.
    [[nodiscard]] std::optional<std::uint64_t> cells() const { return cells_; }
    /// The cell-th of them, settled.
    [[nodiscard]] Point cell(std::uint64_t index) const;

private:
    /// Levels of what the conditions read, together; ascending by both.
    struct Combination {
        std::uint64_t id = 0;  ///< in mixed radix
        std::uint64_t first_cell = 0;
    };

    [[nodiscard]] std::vector<std::size_t> absent_by_conditions(const Point& point) const;
    [[nodiscard]] std::uint64_t id_of(const Point& point) const;
    [[nodiscard]] Point point_of(std::uint64_t id) const;
    /// Of those whose read coordinates are these; nullopt: without end.
    [[nodiscard]] std::optional<std::uint64_t> cells_beside(
        const std::vector<std::size_t>& absent) const;
    void try_all(std::uint64_t combinations);

    std::shared_ptr<const Shape> shape_;
    std::vector<Dimension> all_;
    std::vector<std::optional<std::size_t>> of_parameter_;
    Point rest_;
    std::vector<std::size_t> parameter_of_;  ///< of each coordinate, one of shape_->plain()
    std::vector<std::size_t> reads_;         ///< parameters of shape_->space() that conditions read
    std::vector<std::size_t> read_;          ///< their coordinates
    std::vector<std::size_t> free_;          ///< the other coordinates
    std::vector<std::vector<std::size_t>> table_;  ///< absent ones by combination; empty: too many
    std::vector<Combination> combinations_;        ///< those that are settled
    std::optional<std::uint64_t> cells_;
};

}  // namespace sweepctl::bayes

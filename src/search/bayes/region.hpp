#pragma once

#include "search/bayes/encoding.hpp"
#include "search/bayes/random_stream.hpp"

#include <cstdint>
#include <vector>

namespace sweepctl::bayes {

/// The part of a space in which a suggestion is looked for: a box, and some of the categories.
/// `dimension` is an index of the encoding's, which must outlive it.
class Region {
public:
    /// The whole space.
    explicit Region(const Encoding& encoding);
    /// The smallest one that has all these points.
    Region(const Encoding& encoding, const std::vector<Point>& points);

    [[nodiscard]] bool whole() const { return whole_; }
    [[nodiscard]] double low(std::size_t dimension) const { return sides_[dimension].low; }
    [[nodiscard]] double high(std::size_t dimension) const { return sides_[dimension].high; }
    /// 1 where nothing varies and for categories.
    [[nodiscard]] double width(std::size_t dimension) const;
    [[nodiscard]] bool contains(std::size_t dimension, double place) const;
    [[nodiscard]] bool contains(const Point& point) const;

    /// Any place in it.
    [[nodiscard]] double uniform_place(std::size_t dimension, RandomStream& stream) const;
    /// A place at a normal distance from another; `step`: the deviation in units of the width. Any
    /// category.
    [[nodiscard]] double moved_place(std::size_t dimension,
                                     double place,
                                     double step,
                                     RandomStream& stream) const;

private:
    struct Side {
        double low = 0.0;
        double high = 1.0;
        std::uint64_t first = 0;           ///< level
        std::uint64_t levels = 0;          ///< 0: continuous
        std::vector<double> categories{};  ///< some of them; empty: all
    };
    const Encoding& encoding_;
    std::vector<Side> sides_;
    bool whole_ = true;
};

}  // namespace sweepctl::bayes

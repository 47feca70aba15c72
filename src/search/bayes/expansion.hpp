#pragma once

#include "search/bayes/encoding.hpp"

#include <vector>

namespace sweepctl::bayes {

/// Points as vectors whose Euclidean distance is the kernel's: coordinates in units of their
/// length-scales, categories as one coordinate each (all zero for a foreign one).
class Expansion {
public:
    Expansion(const Encoding& encoding, const std::vector<double>& log_length);

    [[nodiscard]] std::size_t size() const { return size_; }
    /// Makes the middle of these points the origin: so squared norms near them lose fewer digits.
    void centre(const std::vector<Point>& points);
    void expand(const Point& point, double* out) const;
    /// A gradient by the vector's coordinates becomes one by the point's: zero for categories.
    void contract(const double* gradient, std::vector<double>& out) const;
    /// Squared, without expanding.
    [[nodiscard]] double distance(const double* left, const double* right) const;

private:
    struct Column {
        std::size_t first = 0;
        std::size_t categories = 0;  ///< 0: a coordinate
        double scale = 1.0;          ///< 1 / length
        double origin = 0.5;
    };
    std::vector<Column> columns_;  ///< of each dimension
    std::size_t size_ = 0;
};

}  // namespace sweepctl::bayes

#include "search/bayes/expansion.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sweepctl::bayes {

Expansion::Expansion(const Encoding& encoding, const std::vector<double>& log_length) {
    columns_.reserve(encoding.size());
    for (std::size_t i = 0; i < encoding.size(); ++i) {
        const Dimension& dimension = encoding.dimensions()[i];
        const bool category = dimension.kind() == Dimension::Kind::category;
        columns_.push_back({size_, category ? static_cast<std::size_t>(dimension.levels()) : 0,
                            std::exp(-log_length[i]), 0.5});
        size_ += std::max<std::size_t>(1, columns_.back().categories);
    }
}

void Expansion::centre(const std::vector<Point>& points) {
    if (points.empty()) return;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        double low = points.front()[i];
        double high = low;
        for (const Point& point : points) {
            low = std::min(low, point[i]);
            high = std::max(high, point[i]);
        }
        columns_[i].origin = 0.5 * (low + high);
    }
}

void Expansion::expand(const Point& point, double* out) const {
    std::fill(out, out + size_, 0.0);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Column& column = columns_[i];
        if (column.categories == 0) {
            out[column.first] = (point[i] - column.origin) * column.scale;
        } else if (point[i] >= 0) {
            out[column.first + static_cast<std::size_t>(point[i])] =
                column.scale / std::numbers::sqrt2;
        }
    }
}

void Expansion::contract(const double* gradient, std::vector<double>& out) const {
    out.resize(columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Column& column = columns_[i];
        out[i] = column.categories == 0 ? gradient[column.first] * column.scale : 0.0;
    }
}

double Expansion::distance(const double* left, const double* right) const {
    double sum = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const double away = columns_[i].categories == 0 ? left[i] - right[i]
                            : left[i] == right[i]       ? 0.0
                                                        : 1.0;
        sum += away * away * columns_[i].scale * columns_[i].scale;
    }
    return sum;
}

}  // namespace sweepctl::bayes

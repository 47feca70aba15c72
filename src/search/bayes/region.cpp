#include "search/bayes/region.hpp"

#include <algorithm>
#include <cmath>

namespace sweepctl::bayes {

namespace {

/// Into [0, 1], as if its ends were mirrors.
double reflected(double u) {
    u = std::fmod(std::abs(u), 2.0);
    return u > 1 ? 2 - u : u;
}

}  // namespace

Region::Region(const Encoding& encoding) : encoding_(encoding), sides_(encoding.size()) {
    for (std::size_t i = 0; i < sides_.size(); ++i)
        sides_[i].levels = encoding.dimensions()[i].levels();
}

Region::Region(const Encoding& encoding, const std::vector<Point>& points) : Region(encoding) {
    if (points.empty()) return;
    whole_ = false;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
        const Dimension& dimension = encoding.dimensions()[i];
        Side& side = sides_[i];
        std::vector<double> places;
        for (const Point& point : points)
            places.push_back(point[i]);
        std::sort(places.begin(), places.end());
        if (dimension.kind() == Dimension::Kind::category) {
            places.erase(std::unique(places.begin(), places.end()), places.end());
            std::erase(places, Dimension::kForeign);
            side.categories = std::move(places);
            continue;
        }
        side.low = places.front();
        side.high = places.back();
        if (side.levels == 0) continue;
        side.first = dimension.level_of(side.low);
        side.levels = dimension.level_of(side.high) - side.first + 1;
    }
}

double Region::width(std::size_t dimension) const {
    const Side& side = sides_[dimension];
    return side.high > side.low ? side.high - side.low : 1.0;
}

bool Region::contains(std::size_t dimension, double place) const {
    const Side& side = sides_[dimension];
    if (encoding_.dimensions()[dimension].kind() == Dimension::Kind::category) {
        return side.categories.empty() ||
               std::binary_search(side.categories.begin(), side.categories.end(), place);
    }
    return side.low <= place && place <= side.high;
}

bool Region::contains(const Point& point) const {
    for (std::size_t i = 0; i < point.size(); ++i) {
        if (!contains(i, point[i])) return false;
    }
    return true;
}

double Region::uniform_place(std::size_t dimension, RandomStream& stream) const {
    const Side& side = sides_[dimension];
    if (!side.categories.empty()) return side.categories[stream.below(side.categories.size())];
    if (side.levels == 0) return side.low + (side.high - side.low) * stream.uniform();
    return encoding_.dimensions()[dimension].place_of(side.first + stream.below(side.levels));
}

double Region::moved_place(std::size_t dimension,
                           double place,
                           double step,
                           RandomStream& stream) const {
    const Dimension& of = encoding_.dimensions()[dimension];
    if (of.kind() == Dimension::Kind::category) return uniform_place(dimension, stream);
    const Side& side = sides_[dimension];
    const double away = side.high - side.low;
    if (!(away > 0)) return side.low;
    // Between levels that are far apart a small step would lead back to where it began.
    const double spacing = side.levels > 0 ? 0.7 / static_cast<double>(side.levels) : 0.0;
    const double to = (place - side.low) / away + std::max(step, spacing) * stream.normal();
    // Beyond the border of a part it may well go on getting better.
    return of.snap(side.low + away * (whole_ ? reflected(to) : std::clamp(to, 0.0, 1.0)));
}

}  // namespace sweepctl::bayes

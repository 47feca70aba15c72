#include "search/bayes/encoding.hpp"

#include "search/mix.hpp"
#include "search/place.hpp"

#include <bit>
#include <cmath>
#include <utility>

namespace sweepctl::bayes {

namespace {
constexpr double kResolution = 1e7;  ///< continuous coordinates closer than its inverse are equal
}  // namespace

Encoding::Encoding(SearchSpace space) : space_(std::move(space)) {
    for (const Parameter& parameter : space_.parameters) {
        const Dimension& dimension = all_.emplace_back(parameter.distribution);
        if (dimension.levels() == 1) {
            of_parameter_.emplace_back();
            continue;
        }
        of_parameter_.emplace_back(dimensions_.size());
        dimensions_.push_back(dimension);
        ordered_ = ordered_ && dimension.kind() != Dimension::Kind::category;
        std::uint64_t product = 0;
        if (dimension.levels() == 0 || !cells_ ||
            __builtin_mul_overflow(*cells_, dimension.levels(), &product)) {
            cells_.reset();
        } else {
            cells_ = product;
        }
    }
}

Encoding::Encoding(const std::shared_ptr<const Shape>& shape) : Encoding(shape->plain()) {
    if (shape->space().conditions.empty()) return;
    presence_ = std::make_unique<const Presence>(shape, all_, of_parameter_,
                                                 encode(*shape->narrow(Config{})));
}

Point Encoding::encode(const Config& config) const {
    Point point(dimensions_.size());
    for (std::size_t i = 0; i < all_.size(); ++i) {
        if (const auto& at = of_parameter_[i])
            point[*at] = all_[i].encode(at_path(config, space_.parameters[i].path));
    }
    return point;
}

bool Encoding::exact(const Config& config, const Point& point) const {
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const auto& at = of_parameter_[i];
        if (at && !all_[i].exact(at_path(config, space_.parameters[i].path), point[*at]))
            return false;
    }
    return true;
}

std::vector<std::size_t> Encoding::absent(const Point& point) const {
    return presence_ != nullptr ? presence_->absent(point) : std::vector<std::size_t>{};
}

Point Encoding::settled(Point point) const {
    return presence_ != nullptr ? presence_->settled(std::move(point)) : point;
}

Config Encoding::decode(const Point& point) const {
    Config config;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const auto& at = of_parameter_[i];
        place(config, space_.parameters[i].path, all_[i].decode(at ? point[*at] : 0.0));
    }
    return config;
}

Point Encoding::cell(std::uint64_t index) const {
    if (presence_ != nullptr) return presence_->cell(index);
    Point point(dimensions_.size());
    for (std::size_t i = dimensions_.size(); i-- > 0;) {
        point[i] = dimensions_[i].place_of(index % dimensions_[i].levels());
        index /= dimensions_[i].levels();
    }
    return point;
}

std::optional<std::uint64_t> Encoding::identity(const Point& point) const {
    std::uint64_t hash = 0x6261796573U;
    for (std::size_t i = 0; i < point.size(); ++i) {
        const Dimension& dimension = dimensions_[i];
        if (dimension.kind() == Dimension::Kind::category && point[i] < 0) return std::nullopt;
        const std::uint64_t at = dimension.levels() > 0
                                     ? dimension.level_of(point[i])
                                     : static_cast<std::uint64_t>(point[i] * kResolution + 0.5);
        hash = mix64(hash ^ at) + i;
    }
    return hash;
}

}  // namespace sweepctl::bayes

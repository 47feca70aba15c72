#include "search/bayes/presence.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sweepctl::bayes {

namespace {
constexpr std::uint64_t kCombinationsMax = std::uint64_t{1} << 15U;  ///< a microsecond or two each
}

Presence::Presence(std::shared_ptr<const Shape> shape,
                   std::vector<Dimension> all,
                   std::vector<std::optional<std::size_t>> of_parameter,
                   Point rest)
    : shape_(std::move(shape)),
      all_(std::move(all)),
      of_parameter_(std::move(of_parameter)),
      rest_(std::move(rest)),
      parameter_of_(rest_.size()) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
        if (of_parameter_[i]) parameter_of_[*of_parameter_[i]] = i;
    }
    for (const Condition& condition : shape_->space().conditions)
        reads_.insert(reads_.end(), condition.reads.begin(), condition.reads.end());
    std::sort(reads_.begin(), reads_.end());
    reads_.erase(std::unique(reads_.begin(), reads_.end()), reads_.end());
    std::vector<bool> read(rest_.size(), false);
    for (const std::size_t parameter : reads_) {
        if (const auto& at = of_parameter_[shape_->plain_of(parameter)]) read[*at] = true;
    }
    std::uint64_t combinations = 1;
    for (std::size_t i = 0; i < read.size(); ++i) {
        (read[i] ? read_ : free_).push_back(i);
        // No levels: a continuous one, and there is no end.
        if (read[i] &&
            __builtin_mul_overflow(combinations, all_[parameter_of_[i]].levels(), &combinations)) {
            combinations = 0;
        }
    }
    if (combinations > 0 && combinations <= kCombinationsMax) try_all(combinations);
}

void Presence::try_all(std::uint64_t combinations) {
    cells_ = 0;
    for (std::uint64_t id = 0; id < combinations; ++id) {
        const Point point = point_of(id);
        table_.push_back(absent_by_conditions(point));
        const std::vector<std::size_t>& absent = table_.back();
        const bool settled = std::all_of(absent.begin(), absent.end(), [&](std::size_t i) {
            const Dimension& dimension = all_[parameter_of_[i]];
            return dimension.level_of(point[i]) == dimension.level_of(rest_[i]);
        });
        if (!settled || !cells_) continue;
        combinations_.push_back({id, *cells_});
        const std::optional<std::uint64_t> cells = cells_beside(absent);
        if (!cells || __builtin_add_overflow(*cells_, *cells, &*cells_)) cells_.reset();
    }
}

std::vector<std::size_t> Presence::absent_by_conditions(const Point& point) const {
    std::vector<ParamValue> held(reads_.size());
    std::vector<const ParamValue*> values(shape_->space().parameters.size(), nullptr);
    for (std::size_t i = 0; i < reads_.size(); ++i) {
        const std::size_t plain = shape_->plain_of(reads_[i]);
        const auto& at = of_parameter_[plain];
        held[i] = shape_->part_of(reads_[i], all_[plain].decode(at ? point[*at] : 0.0));
        values[reads_[i]] = &held[i];
    }
    std::vector<std::size_t> absent;
    for (const Condition& condition :
         shape_->space().conditions) {  // Each after those that it reads.
        if (shape_->holds(condition, values)) continue;
        values[condition.parameter] = nullptr;
        if (const auto& at = of_parameter_[shape_->plain_of(condition.parameter)])
            absent.push_back(*at);
    }
    // Those of a group are one.
    std::sort(absent.begin(), absent.end());
    absent.erase(std::unique(absent.begin(), absent.end()), absent.end());
    return absent;
}

std::vector<std::size_t> Presence::absent(const Point& point) const {
    return table_.empty() ? absent_by_conditions(point) : table_[id_of(point)];
}

Point Presence::settled(Point point) const {
    for (const std::size_t i : absent(point))
        point[i] = rest_[i];
    return point;
}

std::optional<std::uint64_t> Presence::cells_beside(const std::vector<std::size_t>& absent) const {
    std::uint64_t cells = 1;
    for (const std::size_t i : free_) {
        if (std::binary_search(absent.begin(), absent.end(), i)) continue;
        const std::uint64_t levels = all_[parameter_of_[i]].levels();
        if (levels == 0 || __builtin_mul_overflow(cells, levels, &cells)) return std::nullopt;
    }
    return cells;
}

std::uint64_t Presence::id_of(const Point& point) const {
    std::uint64_t id = 0;
    for (const std::size_t i : read_) {
        const Dimension& dimension = all_[parameter_of_[i]];
        id = id * dimension.levels() + dimension.level_of(point[i]);
    }
    return id;
}

Point Presence::point_of(std::uint64_t id) const {
    Point point = rest_;
    for (auto i = read_.rbegin(); i != read_.rend(); ++i) {
        const Dimension& dimension = all_[parameter_of_[*i]];
        point[*i] = dimension.place_of(id % dimension.levels());
        id /= dimension.levels();
    }
    return point;
}

Point Presence::cell(std::uint64_t index) const {
    const auto after = std::upper_bound(combinations_.begin(), combinations_.end(), index,
                                        [](std::uint64_t wanted, const Combination& combination) {
                                            return wanted < combination.first_cell;
                                        });
    const Combination& combination = *std::prev(after);
    Point point = point_of(combination.id);
    const std::vector<std::size_t>& absent = table_[combination.id];
    std::uint64_t rest = index - combination.first_cell;
    for (auto i = free_.rbegin(); i != free_.rend(); ++i) {
        if (std::binary_search(absent.begin(), absent.end(), *i)) continue;
        const Dimension& dimension = all_[parameter_of_[*i]];
        point[*i] = dimension.place_of(rest % dimension.levels());
        rest /= dimension.levels();
    }
    return point;
}

}  // namespace sweepctl::bayes

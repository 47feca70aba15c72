#include "sweepctl/search/strategies.hpp"

#include "search/grid_axis.hpp"
#include "search/permutation.hpp"
#include "search/place.hpp"

#include <limits>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::uint64_t kCellsMax = std::numeric_limits<std::uint64_t>::max();

std::vector<GridAxis> axes_of(SearchSpace space, bool exclusive) {
    std::vector<GridAxis> axes;
    axes.reserve(space.parameters.size());
    for (Parameter& parameter : space.parameters)
        axes.emplace_back(std::move(parameter), exclusive);
    return axes;
}

std::uint64_t product(const std::vector<GridAxis>& axes) {
    std::uint64_t cells = 1;
    for (const GridAxis& axis : axes) {
        if (__builtin_mul_overflow(cells, axis.size(), &cells)) return kCellsMax;
    }
    return cells;
}

/// A cell is a number in mixed radix, one digit an axis, the last axis lowest.
class Grid final : public SearchStrategy {
public:
    Grid(std::vector<GridAxis> axes, const GridOptions& options)
        : axes_(std::move(axes)),
          cells_(product(axes_)),
          order_(cells_, options.seed),
          shuffled_(options.shuffled) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const override { return cells_; }

    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number,
                                                const History& /*history*/) const override {
        if (number >= cells_) return std::nullopt;
        std::uint64_t rest = shuffled_ ? order_.at(number) : number;
        std::vector<std::uint64_t> digits(axes_.size());
        for (std::size_t i = axes_.size(); i-- > 0;) {
            digits[i] = rest % axes_[i].size();
            rest /= axes_[i].size();
        }
        Config config;
        for (std::size_t i = 0; i < axes_.size(); ++i)
            place(config, axes_[i].path(), axes_[i].at(digits[i]));
        return config;
    }

    [[nodiscard]] std::optional<std::uint64_t> number_of(const Config& config) const override {
        std::uint64_t cell = 0;
        for (const GridAxis& axis : axes_) {
            const ParamValue* value = at_path(config, axis.path());
            if (value == nullptr) return std::nullopt;
            const auto digit = axis.index_of(*value);
            if (!digit) return std::nullopt;
            // Of a grid beyond 2^64 cells those above have no number.
            if (__builtin_mul_overflow(cell, axis.size(), &cell) ||
                __builtin_add_overflow(cell, *digit, &cell)) {
                return std::nullopt;
            }
        }
        if (cell >= cells_) return std::nullopt;
        return shuffled_ ? order_.index_of(cell) : cell;
    }

    [[nodiscard]] bool adaptive() const override { return false; }

private:
    std::vector<GridAxis> axes_;
    std::uint64_t cells_;
    Permutation order_;
    bool shuffled_;
};

}  // namespace

std::unique_ptr<SearchStrategy> make_grid(SearchSpace space, GridOptions options) {
    return std::make_unique<Grid>(axes_of(std::move(space), options.exclusive), options);
}

}  // namespace sweepctl

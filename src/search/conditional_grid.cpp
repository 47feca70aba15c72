#include "search/conditional_grid.hpp"

#include "sweepctl/base/check.hpp"

#include "search/grid_axis.hpp"
#include "search/permutation.hpp"
#include "search/place.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace sweepctl {

namespace {

constexpr std::uint64_t kCellsMax = std::numeric_limits<std::uint64_t>::max();

std::uint64_t times(std::uint64_t left, std::uint64_t right) {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(left, right, &product) ? kCellsMax : product;
}

/// A digit for each axis; nullopt: its parameter is absent.
using Digits = std::vector<std::optional<std::uint64_t>>;

class ConditionalGrid final : public SearchStrategy {
public:
    ConditionalGrid(std::shared_ptr<const Shape> shape, const GridOptions& options)
        : shape_(std::move(shape)), shuffled_(options.shuffled) {
        for (const Parameter& parameter : shape_->plain().parameters)
            axes_.emplace_back(parameter, options.exclusive);
        order_axes();
        Digits digits(axes_.size());
        try_all(digits, 0, 0);
        order_.emplace(cells_, options.seed);
    }

    [[nodiscard]] std::optional<std::uint64_t> size() const override { return cells_; }

    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number,
                                                const History& /*history*/) const override {
        if (number >= cells_) return std::nullopt;
        const std::uint64_t cell = shuffled_ ? order_->at(number) : number;
        const auto after =
            std::upper_bound(combinations_.begin(), combinations_.end(), cell,
                             [](std::uint64_t wanted, const Combination& combination) {
                                 return wanted < combination.first_cell;
                             });
        const Combination& combination = *std::prev(after);
        Digits digits = digits_of(combination.id);
        std::uint64_t rest = cell - combination.first_cell;
        for (auto axis = free_.rbegin(); axis != free_.rend(); ++axis) {
            if (!present(*axis, digits)) continue;
            digits[*axis] = rest % axes_[*axis].size();
            rest /= axes_[*axis].size();
        }
        return config_of(digits);
    }

    [[nodiscard]] std::optional<std::uint64_t> number_of(const Config& config) const override {
        const std::optional<Config> plain = shape_->narrow(config);
        if (!plain) return std::nullopt;
        Digits digits(axes_.size());
        std::uint64_t id = 0;
        for (const std::size_t axis : read_) {
            if (!take_digit(axis, config, *plain, digits)) return std::nullopt;
            id = id * (axes_[axis].size() + 1) + (digits[axis] ? *digits[axis] + 1 : 0);
        }
        const auto found =
            std::lower_bound(combinations_.begin(), combinations_.end(), id,
                             [](const Combination& combination, std::uint64_t wanted) {
                                 return combination.id < wanted;
                             });
        if (found == combinations_.end() || found->id != id) return std::nullopt;
        std::uint64_t inside = 0;
        for (const std::size_t axis : free_) {
            if (!take_digit(axis, config, *plain, digits)) return std::nullopt;
            if (!digits[axis]) continue;
            // Of a grid beyond 2^64 cells those above have no number.
            if (__builtin_mul_overflow(inside, axes_[axis].size(), &inside) ||
                __builtin_add_overflow(inside, *digits[axis], &inside)) {
                return std::nullopt;
            }
        }
        std::uint64_t cell = 0;
        if (__builtin_add_overflow(found->first_cell, inside, &cell) || cell >= cells_)
            return std::nullopt;
        return shuffled_ ? order_->index_of(cell) : cell;
    }

    [[nodiscard]] bool adaptive() const override { return false; }

private:
    /// Values of the axes that conditions read; ascending by both.
    struct Combination {
        std::uint64_t id = 0;  ///< in mixed radix, 0 standing for absent
        std::uint64_t first_cell = 0;
    };

    [[nodiscard]] const Condition* condition_of(std::size_t axis) const {
        const auto& place = shape_->condition_of(shape_->first_of(axis));
        return place ? &shape_->space().conditions[*place] : nullptr;
    }

    /// Those that conditions read come first, each after those that its own condition reads.
    void order_axes() {
        std::vector<bool> read(axes_.size(), false);
        for (const Condition& condition : shape_->space().conditions) {
            for (const std::size_t parameter : condition.reads)
                read[shape_->plain_of(parameter)] = true;
        }
        std::vector<bool> placed(axes_.size(), false);
        // Conditions are in an order in which each comes after those that it depends on.
        for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
            if (!read[axis] || condition_of(axis) != nullptr) continue;
            read_.push_back(axis);
            placed[axis] = true;
        }
        for (const Condition& condition : shape_->space().conditions) {
            const std::size_t axis = shape_->plain_of(condition.parameter);
            if (!read[axis] || placed[axis]) continue;
            read_.push_back(axis);
            placed[axis] = true;
        }
        for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
            if (!read[axis]) free_.push_back(axis);
        }
    }

    [[nodiscard]] bool present(std::size_t axis, const Digits& digits) const {
        const Condition* condition = condition_of(axis);
        if (condition == nullptr) return true;
        // Only what it reads is looked up.
        const std::vector<Parameter>& parameters = shape_->space().parameters;
        std::vector<ParamValue> held(condition->reads.size());
        std::vector<const ParamValue*> values(parameters.size(), nullptr);
        for (std::size_t i = 0; i < condition->reads.size(); ++i) {
            const std::size_t parameter = condition->reads[i];
            const std::size_t plain = shape_->plain_of(parameter);
            if (!digits[plain]) continue;
            held[i] = shape_->part_of(parameter, axes_[plain].at(*digits[plain]));
            values[parameter] = &held[i];
        }
        return shape_->holds(*condition, values);
    }

    void try_all(Digits& digits, std::size_t depth, std::uint64_t id) {
        if (depth == read_.size()) {
            std::uint64_t cells = 1;
            for (const std::size_t axis : free_) {
                if (present(axis, digits)) cells = times(cells, axes_[axis].size());
            }
            if (cells_ == kCellsMax) return;  // Nobody comes that far.
            combinations_.push_back({id, cells_});
            if (__builtin_add_overflow(cells_, cells, &cells_)) cells_ = kCellsMax;
            return;
        }
        const std::size_t axis = read_[depth];
        const std::uint64_t base = id * (axes_[axis].size() + 1);
        digits[axis].reset();
        if (!present(axis, digits)) return try_all(digits, depth + 1, base);
        for (std::uint64_t digit = 0; digit < axes_[axis].size(); ++digit) {
            digits[axis] = digit;
            try_all(digits, depth + 1, base + digit + 1);
        }
        digits[axis].reset();
    }

    [[nodiscard]] Digits digits_of(std::uint64_t id) const {
        Digits digits(axes_.size());
        for (auto axis = read_.rbegin(); axis != read_.rend(); ++axis) {
            const std::uint64_t digit = id % (axes_[*axis].size() + 1);
            if (digit > 0) digits[*axis] = digit - 1;
            id /= axes_[*axis].size() + 1;
        }
        return digits;
    }

    /// False: `config` is no cell, because of this axis.
    [[nodiscard]] bool take_digit(std::size_t axis,
                                  const Config& config,
                                  const Config& plain,
                                  Digits& digits) const {
        const bool wanted = present(axis, digits);
        const std::vector<Parameter>& parameters = shape_->space().parameters;
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            if (shape_->plain_of(i) != axis) continue;
            if ((at_path(config, parameters[i].path) != nullptr) != wanted) return false;
        }
        if (!wanted) return true;
        digits[axis] = axes_[axis].index_of(*at_path(plain, axes_[axis].path()));
        return digits[axis].has_value();
    }

    [[nodiscard]] Config config_of(const Digits& digits) const {
        Config config;
        const std::vector<Parameter>& parameters = shape_->space().parameters;
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const std::size_t axis = shape_->plain_of(i);
            if (!digits[axis]) continue;
            place(config, parameters[i].path, shape_->part_of(i, axes_[axis].at(*digits[axis])));
        }
        return config;
    }

    std::shared_ptr<const Shape> shape_;  // Shared with whoever else works in this space.
    std::vector<GridAxis> axes_;          // of the plain parameters
    std::vector<std::size_t> read_;       // axes that conditions read
    std::vector<std::size_t> free_;       // the others, as listed
    std::vector<Combination> combinations_;
    std::uint64_t cells_ = 0;
    std::optional<Permutation> order_;
    bool shuffled_;
};

}  // namespace

std::unique_ptr<SearchStrategy> make_conditional_grid(std::shared_ptr<const Shape> shape,
                                                      GridOptions options) {
    return std::make_unique<ConditionalGrid>(std::move(shape), options);
}

}  // namespace sweepctl

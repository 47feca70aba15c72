#include "search/bayes/output_warp.hpp"

#include "search/quantiles.hpp"

#include <algorithm>
#include <cmath>

namespace sweepctl::bayes {

namespace {

/// The population's order statistics without copying it.
class Ranks {
public:
    explicit Ranks(const Population& population)
        : sorted_(population.sorted),
          imputed_(population.imputed),
          value_(population.imputed_value),
          before_(static_cast<std::size_t>(
              std::lower_bound(sorted_.begin(), sorted_.end(), value_) - sorted_.begin())) {}

    [[nodiscard]] std::size_t size() const { return sorted_.size() + imputed_; }
    [[nodiscard]] double at(std::size_t rank) const {
        if (imputed_ == 0 || rank < before_) return sorted_[rank];
        return rank < before_ + imputed_ ? value_ : sorted_[rank - imputed_];
    }
    /// How many are lower.
    [[nodiscard]] std::size_t below(double value) const {
        const auto lower = static_cast<std::size_t>(
            std::lower_bound(sorted_.begin(), sorted_.end(), value) - sorted_.begin());
        return lower + (value_ < value ? imputed_ : 0);
    }

private:
    const std::vector<double>& sorted_;
    std::size_t imputed_;
    double value_;
    std::size_t before_;
};

void pull_worse_half(std::vector<double>& values, const Ranks& ranks, double scale) {
    const std::size_t count = ranks.size();
    const double median = ranks.at((count - 1) / 2);
    double squares = 0;
    std::size_t better = 0;
    for (std::size_t rank = 0; rank < count && ranks.at(rank) <= median; ++rank, ++better) {
        const double away = (ranks.at(rank) - median) / scale;
        squares += away * away;
    }
    const double spread =
        scale * std::sqrt(squares / static_cast<double>(std::max<std::size_t>(1, better)));
    for (double& value : values) {
        if (!(value > median)) continue;
        const double quantile =
            (static_cast<double>(ranks.below(value)) + 0.5) / static_cast<double>(count);
        const double pulled = median + spread * normal_quantile(quantile);
        value = std::min(value, std::max(median, pulled));
    }
}

}  // namespace

std::vector<double> warped(std::vector<double> values, const Population& population, Warp warp) {
    if (values.empty()) return values;
    const Ranks ranks(population);
    // Squares of huge numbers must stay finite.
    double scale = 0;
    for (const double value : values)
        scale = std::max(scale, std::abs(value));
    if (ranks.size() > 0)
        scale = std::max({scale, std::abs(ranks.at(0)), std::abs(ranks.at(ranks.size() - 1))});
    if (!(scale > 1e100 || scale < 1e-100)) scale = 1;
    if (warp == Warp::half_rank && ranks.size() > 0) pull_worse_half(values, ranks, scale);

    const auto count = static_cast<double>(values.size());
    double mean = 0;
    for (double& value : values) {
        value /= scale;
        mean += value / count;
    }
    double squares = 0;
    for (const double value : values)
        squares += (value - mean) * (value - mean);
    double deviation = std::sqrt(squares / count);
    if (!(deviation > 1e-13 * std::abs(mean)) || !(deviation > 0)) {
        std::fill(values.begin(), values.end(), 0.0);
        return values;
    }
    for (double& value : values)
        value = (value - mean) / deviation;
    return values;
}

}  // namespace sweepctl::bayes

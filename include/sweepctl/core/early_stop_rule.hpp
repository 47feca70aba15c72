#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// By which rule hopeless runs are stopped, as a spec says it. An iteration is a position, from 1,
// in the list of a run's finite values of the sweep's metric; steps and epochs are not looked at.

namespace sweepctl {

/// W&B's `early_terminate: {type: hyperband}`. Has `max_iter` and `s`, which win, or `min_iter`.
struct HyperbandRule {
    std::optional<std::uint64_t> min_iter;
    std::optional<std::uint64_t> max_iter;
    std::optional<std::uint32_t> s;
    double eta = 3.0;
    bool strict = true;  ///< the value at the band counts, not the best of the whole history
};

/// `sweepctl.early_stop: {type: asha}`: decided once, when a run reaches a rung.
struct AshaRule {
    std::uint64_t min_iter = 9;
    double eta = 3.0;
};

/// `sweepctl.early_stop: {type: median}`: decided at each value from `min_iter` on, once `min_runs`
/// other runs came as far.
struct MedianRule {
    std::uint64_t min_iter = 5;
    std::uint64_t min_runs = 5;
};

using EarlyStopRule = std::variant<HyperbandRule, AshaRule, MedianRule>;

/// The iterations at which hyperband and asha compare runs, ascending; repeats as W&B makes them.
/// At least one for a valid rule; none for median, which compares at each.
[[nodiscard]] std::vector<std::uint64_t> bands_of(const EarlyStopRule& rule);

/// "hyperband, min_iter 3, eta 3, strict true"
[[nodiscard]] std::string to_text(const EarlyStopRule& rule);

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <optional>
#include <vector>

// The seam between the core, which decides that a run is to be created, and search, which says with
// what configuration. Pure: an answer depends on the arguments and on what the strategy was made
// with.

namespace sweepctl {

/// What an adaptive strategy may know of the runs so far. RunEnded runs with their value by the
/// sweep's metric (nullopt: none logged), live ones as pending points.
struct Observation {
    std::uint64_t number = 0;  ///< the suggestion's number
    Config config;
    std::optional<double> value;
    bool pending = false;
};
using History = std::vector<Observation>;

class SearchStrategy {
public:
    virtual ~SearchStrategy() = default;

    /// How many suggestions there are; nullopt without end. Saturates at 2^64 - 1.
    [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;

    /// Suggestion `number` (0, 1, ...); nullopt past the end. `history` is read by adaptive
    /// strategies only.
    [[nodiscard]] virtual std::optional<Config> suggest(std::uint64_t number,
                                                        const History& history) const = 0;

    /// The number whose suggestion equals `config` in the sense of grid cells (3 = 3.0, true != 1,
    /// NaN = NaN), where the strategy can tell; nullopt otherwise. Used for configurations that
    /// people enqueue, so that the search does not try them again.
    [[nodiscard]] virtual std::optional<std::uint64_t> number_of(const Config& config) const = 0;

    /// Whether a suggestion is better the more runs have ended, so that none should be made ahead
    /// of need.
    [[nodiscard]] virtual bool adaptive() const = 0;
};

}  // namespace sweepctl

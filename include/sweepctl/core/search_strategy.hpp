#pragma once

#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

// The seam between the core, which decides that a run is to be created, and search, which says with
// what configuration. Pure: an answer depends on the arguments, on what the strategy was made with,
// and, where it learns, on the set of runs it was told of, never on when or in which order.

namespace sweepctl {

/// What a search learns from: the values of the sweep's metric over a run's whole history.
struct MetricValues {
    double min = 0.0;
    double max = 0.0;
    double latest = 0.0;

    bool operator==(const MetricValues&) const = default;
};

/// What became of a run, as far as the search cares.
enum class RunFate : std::uint8_t {
    pending,        ///< nothing yet
    running,        ///< it may have logged something already
    finished,       ///< by itself
    stopped_early,  ///< early stopping ended it: what it logged counts
    killed,         ///< a person ended it
    failed,         ///< failed or crashed
};

/// A run that an adaptive strategy knows of.
struct Observation {
    /// Names the run and gives it its place among the others: the suggestion's number; of a run
    /// that no suggestion made, see unnumbered().
    std::uint64_t order = 0;
    Config config;
    RunFate fate = RunFate::pending;
    std::optional<MetricValues> metric;  ///< nullopt: no finite number was logged

    /// The order of a run that people enqueued, or that came from elsewhere: after all suggested
    /// ones, among themselves by `number` (a run's number within its sweep, or its line in a file).
    [[nodiscard]] static constexpr std::uint64_t unnumbered(std::uint64_t number) {
        return number | std::uint64_t{1} << 63U;
    }
    /// The order of a run from before the sweep that it learns from: those are the first of all,
    /// among themselves by `number`.
    [[nodiscard]] static constexpr std::uint64_t prior(std::uint64_t number) {
        return number | std::uint64_t{3} << 62U;
    }
    /// Grows along the line in which runs stand by their order.
    [[nodiscard]] static constexpr std::uint64_t turn(std::uint64_t order) {
        return order + (std::uint64_t{1} << 62U);  // Prior ones go around to zero.
    }
};
using History = std::vector<Observation>;

/// What an adaptive search remembers of one sweep. Equal sets of runs give equal suggestions.
class SearchMemory {
public:
    virtual ~SearchMemory() = default;

    /// Takes in a run, or what is new about it.
    virtual void observe(const Observation& run) = 0;
    /// As if that run had never been. Unknown ones are ignored.
    virtual void forget(std::uint64_t order) = 0;

    /// Suggestion `number`; nullopt when every configuration was tried or is pending.
    [[nodiscard]] virtual std::optional<Config> suggest(std::uint64_t number) = 0;

    // Before a suggestion there may be work that takes longer than a loop may be held up. Whoever
    // cannot wait does it in pieces of a few milliseconds. It changes no answer, only how soon that
    // comes.

    /// Whether suggest(number) has nothing long to do any more.
    [[nodiscard]] virtual bool ready(std::uint64_t number) const = 0;
    /// A piece of what keeps suggest(number) from being ready.
    virtual void prepare(std::uint64_t number) = 0;
    /// A piece of what the suggestions to come will most likely need; false: there is nothing left.
    virtual bool prepare_ahead() = 0;
};

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

    /// For whoever asks again and again about the same sweep: the same answers as suggest() gives
    /// for the runs it was told of, sooner. Refers to nothing of the strategy; nullptr where there
    /// is nothing to remember.
    [[nodiscard]] virtual std::unique_ptr<SearchMemory> memory() const { return nullptr; }
};

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/search_options.hpp"
#include "sweepctl/core/search_strategy.hpp"

#include "search/bayes/encoding.hpp"
#include "search/bayes/expansion.hpp"
#include "search/bayes/output_warp.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace sweepctl::bayes {

/// The runs that the model may see, as points and values (the lower the better). What it answers
/// depends on the set of runs only, never on the order in which it was told of them.
class Ledger {
public:
    Ledger(const Encoding& encoding, const SearchOptions& options);

    /// What a change may have made obsolete: everything that was concluded from the ended runs up
    /// to this turn (see Observation::turn).
    struct Change {
        bool of_ended = false;
        std::uint64_t turn = 0;
    };
    Change observe(const Observation& run);
    Change forget(std::uint64_t order);

    /// Ended runs, with and without a value.
    [[nodiscard]] std::size_t ended() const { return ended_.size(); }
    /// Ended runs with a value of their own.
    [[nodiscard]] std::size_t valued() const { return values_.size(); }
    [[nodiscard]] std::size_t pending() const { return pending_.size(); }
    /// Ended runs that no suggestion made.
    [[nodiscard]] std::size_t unnumbered() const;
    [[nodiscard]] std::uint64_t ended_turn(std::size_t index) const { return ended_[index]; }

    [[nodiscard]] bool tried(const Point& point) const;
    /// How many different configurations were tried or are pending.
    [[nodiscard]] std::uint64_t configurations() const { return tried_.size(); }

    /// Points with their warped values, in the order of their runs.
    struct Sample {
        std::vector<Point> points;
        std::vector<double> values;
        /// near_best(): how far their median is above the lowest value, in units of how far that of
        /// all runs is; 0 where that is nothing.
        double extent = 1.0;
    };
    /// Of the first `count` ended runs, at most `size`: the best 40 %, and others by `draw`.
    [[nodiscard]] Sample first(std::size_t count,
                               std::size_t size,
                               Warp warp,
                               std::uint64_t draw) const;
    /// Of all ended runs, at most `size`: the best 40 %, the 30 % nearest to the best, and others
    /// by `draw`.
    [[nodiscard]] Sample around_best(std::size_t size,
                                     const Expansion& metric,
                                     Warp warp,
                                     std::uint64_t draw) const;
    /// Of the first `count` ended runs, the `size` nearest to the best of them. Their values are
    /// warped as if there were no others.
    [[nodiscard]] Sample near_best(std::size_t count,
                                   std::size_t size,
                                   const Expansion& metric,
                                   Warp warp) const;
    /// At most `size` pending points, the newest.
    [[nodiscard]] std::vector<Point> newest_pending(std::size_t size) const;

private:
    enum class Kind : std::uint8_t { pending, valued, lacking };
    struct Row {
        std::uint64_t turn = 0;
        Kind kind = Kind::pending;
        double value = 0.0;           ///< of a valued one
        std::optional<double> worst;  ///< the worst it ever logged
        std::optional<std::uint64_t> identity;
    };
    using Place = std::uint32_t;  ///< of a row in rows_

    [[nodiscard]] Row judged(const Observation& run) const;
    void add(const Row& row, const Point& point);
    void remove(Place place);
    [[nodiscard]] std::ptrdiff_t rank_of(const Row& row) const;
    [[nodiscard]] static std::uint64_t lot(const Row& row, std::uint64_t draw);
    [[nodiscard]] Point point(Place place) const;
    [[nodiscard]] double imputed(const std::vector<double>& sorted,
                                 std::optional<double> worst) const;
    // Of the ended runs up to this turn:
    [[nodiscard]] std::vector<double> values_until(std::uint64_t last) const;  ///< ascending
    [[nodiscard]] std::optional<double> worst_until(std::uint64_t last) const;
    [[nodiscard]] static bool ended_until(const Row& row, std::uint64_t last);
    [[nodiscard]] Sample sample(std::vector<Place> places,
                                double imputed_value,
                                const Population& population,
                                Warp warp) const;

    const Encoding& encoding_;
    SearchOptions options_;
    std::vector<Row> rows_;
    std::vector<double> points_;  ///< of each row, one after the other
    std::unordered_map<std::uint64_t, Place> places_;         ///< by turn
    std::vector<std::uint64_t> ended_;                        ///< turns, ascending
    std::set<std::uint64_t> pending_;                         ///< turns
    std::vector<double> values_;                              ///< of the valued ones, ascending
    std::vector<std::uint64_t> ranking_;                      ///< their turns
    std::unordered_map<std::uint64_t, std::uint32_t> tried_;  ///< how many rows have an identity
};

}  // namespace sweepctl::bayes

#pragma once

#include "sweepctl/core/early_stop_rule.hpp"
#include "sweepctl/core/sweep_policy.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Which runs of a sweep are hopeless, judged value by value. Runs are named by their number in the
// sweep. Nothing is ever read again: of each run its length, its best, and what it had at the
// bands is kept, of each band the values in an order that knows the threshold.

namespace sweepctl {

/// Numbers of which the one at some place in ascending order is asked for. A place that moves by
/// one an insertion costs O(log n) each.
class RankedValues {
public:
    void insert(double value);
    /// One that is in it. O(n): runs seldom begin anew.
    void erase(double value);
    [[nodiscard]] std::size_t size() const { return low_.size() + high_.size(); }

    /// Makes at() answer for `place`.
    void set_place(std::size_t place);
    /// The value there; it must be one: place < size().
    [[nodiscard]] double at() const { return high_.front(); }
    /// The median. The place must be size() / 2, and size() above 0; the same for the next.
    [[nodiscard]] double median() const;
    /// The median of all but one that is `own`; size() must be above 1.
    [[nodiscard]] double median_without(double own) const;

private:
    std::vector<double> low_;   // a heap, the largest first: the first `place` values
    std::vector<double> high_;  // a heap, the smallest first: all others
};

/// What was found of one run.
struct EarlyStopVerdict {
    bool stop = false;
    std::uint64_t iteration = 0;  ///< how many values the run has
    /// The band that it was compared at; nullopt: there is nothing to compare yet.
    std::optional<std::uint64_t> band;
    double value = 0.0;      ///< of the run, that was compared; set when there is a band
    double threshold = 0.0;  ///< worse than that is stopped; set when there is a band
};

class EarlyStopping {
public:
    EarlyStopping(EarlyStopRule rule, Goal goal);

    /// The next value of `run` (finite), and whether it has to be stopped now. asha decides at its
    /// rungs only, so it finds nothing between them.
    EarlyStopVerdict take(std::uint64_t run, double value);
    /// `run` begins anew, or is gone: nothing of what it logged counts any more.
    void forget(std::uint64_t run);

    /// How `run` stands now, among what all have logged by now: hyperband and asha at its highest
    /// band, median at its last value that is compared. This is what W&B's pass over all runs
    /// finds.
    [[nodiscard]] EarlyStopVerdict judge(std::uint64_t run) const;

    struct Band {
        std::uint64_t iteration = 0;
        std::size_t runs = 0;             ///< that reached it
        std::optional<double> threshold;  ///< nullopt: nobody has; median: too few have
    };
    /// Each once, ascending. Of median only those that a run has reached; its threshold is the
    /// median of all of them, while a run is compared with the others only.
    [[nodiscard]] std::vector<Band> bands() const;

    /// How many values it has of `run`.
    [[nodiscard]] std::uint64_t values_of(std::uint64_t run) const;
    [[nodiscard]] const EarlyStopRule& rule() const { return rule_; }

private:
    struct Track {
        std::uint64_t count = 0;
        double best = 0.0;  // set when count > 0
        double sum = 0.0;   // for median
        // What it was compared with at each band that it reached: hyperband its value there, asha
        // its best up to there, median its average up to there.
        std::vector<double> at_bands;
    };
    struct Rung {
        RankedValues values;
        double threshold = 0.0;  // set when values are there; not for median
    };

    [[nodiscard]] std::uint64_t iteration_of(std::size_t band) const;
    void settle(Rung& rung) const;
    [[nodiscard]] double of_person(double value) const { return sign_ * value; }

    EarlyStopRule rule_;
    double sign_;                       // -1 where larger is better: inside, smaller is
    std::vector<std::uint64_t> bands_;  // each once; of median none
    std::size_t first_place_ = 0;       // of median's places, those before min_iter
    double ratio_ = 0.0;                // 1 / eta, as W&B computes it
    double eta_ = 1.0;
    std::vector<Rung> rungs_;    // one a band; of median those reached
    std::vector<Track> tracks_;  // by run number
};

/// A verdict in words: "0.8 at band 3 is worse than the threshold 0.7".
[[nodiscard]] std::string to_text(const EarlyStopVerdict& verdict);

}  // namespace sweepctl

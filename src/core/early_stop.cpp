#include "sweepctl/core/early_stop.hpp"

#include "sweepctl/base/check.hpp"

#include "core/plain_number.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

void push(std::vector<double>& heap, double value, auto order) {
    heap.push_back(value);
    std::push_heap(heap.begin(), heap.end(), order);
}

double pop(std::vector<double>& heap, auto order) {
    std::pop_heap(heap.begin(), heap.end(), order);
    const double value = heap.back();
    heap.pop_back();
    return value;
}

/// The one after the first, of a heap of at least two.
double second(const std::vector<double>& heap, auto order) {
    return heap.size() > 2 && order(heap[1], heap[2]) ? heap[2] : heap[1];
}

constexpr std::less<> kLargestFirst;
constexpr std::greater<> kSmallestFirst;

// median compares at each iteration up to kEvery, then at kEvery / 2 of them each time the length
// doubles: a run of a million steps must not fill the memory.
constexpr std::uint64_t kEvery = 1024;

/// Iterations at which median compares, by place: 1, 2, ... 1024, 1026, ... 2048, 2052, ...
std::uint64_t median_iteration(std::size_t place) {
    if (place < kEvery) return place + 1;
    const std::uint64_t beyond = place - (kEvery - 1);
    const std::uint64_t octave = beyond / (kEvery / 2);
    if (octave >= 50) return kNever;
    return (kEvery << octave) + ((beyond % (kEvery / 2)) << (octave + 1));
}

}  // namespace

// --- RankedValues
// ----------------------------------------------------------------------------------------

void RankedValues::insert(double value) {
    if (!low_.empty() && value < low_.front()) {
        push(low_, value, kLargestFirst);
    } else {
        push(high_, value, kSmallestFirst);
    }
}

void RankedValues::erase(double value) {
    const bool below = !low_.empty() && value <= low_.front();
    std::vector<double>& heap = below ? low_ : high_;
    const auto found = std::find(heap.begin(), heap.end(), value);
    SWEEPCTL_CHECK(found != heap.end());
    *found = heap.back();
    heap.pop_back();
    if (below) {
        std::make_heap(heap.begin(), heap.end(), kLargestFirst);
    } else {
        std::make_heap(heap.begin(), heap.end(), kSmallestFirst);
    }
}

void RankedValues::set_place(std::size_t place) {
    SWEEPCTL_CHECK(place < size() || size() == 0);
    while (low_.size() > place)
        push(high_, pop(low_, kLargestFirst), kSmallestFirst);
    while (low_.size() < place)
        push(low_, pop(high_, kSmallestFirst), kLargestFirst);
}

double RankedValues::median() const {
    if (size() % 2 != 0) return high_.front();
    return low_.front() + (high_.front() - low_.front()) / 2;
}

double RankedValues::median_without(double own) const {
    SWEEPCTL_CHECK(size() > 1 && low_.size() == size() / 2);
    if (size() % 2 == 0) return own <= low_.front() ? high_.front() : low_.front();
    double below = low_.front();
    double above = high_.front();
    if (own < above) {
        below = std::exchange(above, second(high_, kSmallestFirst));
    } else if (own == above) {
        above = second(high_, kSmallestFirst);
    }
    return below + (above - below) / 2;
}

// --- EarlyStopping
// ---------------------------------------------------------------------------------------

EarlyStopping::EarlyStopping(EarlyStopRule rule, Goal goal)
    : rule_(rule), sign_(goal == Goal::minimize ? 1.0 : -1.0), bands_(bands_of(rule)) {
    bands_.erase(std::unique(bands_.begin(), bands_.end()), bands_.end());
    rungs_.resize(bands_.size());
    if (const auto* hyperband = std::get_if<HyperbandRule>(&rule_)) {
        eta_ = hyperband->eta;
    } else if (const auto* asha = std::get_if<AshaRule>(&rule_)) {
        eta_ = asha->eta;
    } else if (const auto* median = std::get_if<MedianRule>(&rule_)) {
        while (median_iteration(first_place_) < median->min_iter)
            ++first_place_;
    }
    ratio_ = 1.0 / eta_;
}

std::uint64_t EarlyStopping::iteration_of(std::size_t band) const {
    if (std::holds_alternative<MedianRule>(rule_)) return median_iteration(first_place_ + band);
    return band < bands_.size() ? bands_[band] : kNever;
}

/// Where the threshold stands in a band that a run has just reached or left.
void EarlyStopping::settle(Rung& rung) const {
    const std::size_t n = rung.values.size();
    if (n == 0) {
        rung.values.set_place(0);
    } else if (std::holds_alternative<HyperbandRule>(rule_)) {
        // The double product, truncated: of 49 values and eta 49 that is 0.
        rung.values.set_place(static_cast<std::size_t>(ratio_ * static_cast<double>(n)));
        rung.threshold = rung.values.at();
    } else if (std::holds_alternative<AshaRule>(rule_)) {
        const auto best = static_cast<std::size_t>(std::floor(static_cast<double>(n) / eta_));
        rung.values.set_place(std::max<std::size_t>(best, 1) - 1);
        rung.threshold = rung.values.at();
    } else {
        rung.values.set_place(n / 2);
    }
}

EarlyStopVerdict EarlyStopping::take(std::uint64_t run, double value) {
    if (run >= tracks_.size()) tracks_.resize(std::max(run + 1, tracks_.size() * 3 / 2));
    Track& track = tracks_[run];
    const double seen = sign_ * value;
    track.best = track.count == 0 ? seen : std::min(track.best, seen);
    track.sum += seen;
    ++track.count;

    const std::size_t band = track.at_bands.size();
    const bool reached = track.count == iteration_of(band);
    const auto* hyperband = std::get_if<HyperbandRule>(&rule_);
    if (reached) {
        if (band == rungs_.size()) rungs_.emplace_back();  // Of median.
        double compared = seen;
        if (std::holds_alternative<AshaRule>(rule_)) compared = track.best;
        if (std::holds_alternative<MedianRule>(rule_))
            compared = track.sum / static_cast<double>(track.count);
        track.at_bands.push_back(compared);
        rungs_[band].values.insert(compared);
        settle(rungs_[band]);
    } else if (hyperband == nullptr) {
        EarlyStopVerdict nothing;
        nothing.iteration = track.count;
        return nothing;
    }
    return judge(run);
}

void EarlyStopping::forget(std::uint64_t run) {
    if (run >= tracks_.size()) return;
    const Track track = std::exchange(tracks_[run], {});
    for (std::size_t band = 0; band < track.at_bands.size(); ++band) {
        rungs_[band].values.erase(track.at_bands[band]);
        settle(rungs_[band]);
    }
}

EarlyStopVerdict EarlyStopping::judge(std::uint64_t run) const {
    EarlyStopVerdict verdict;
    if (run >= tracks_.size()) return verdict;
    const Track& track = tracks_[run];
    verdict.iteration = track.count;
    if (track.at_bands.empty()) return verdict;
    const std::size_t band = track.at_bands.size() - 1;
    const Rung& rung = rungs_[band];
    double value = track.at_bands.back();
    double threshold = rung.threshold;
    if (const auto* hyperband = std::get_if<HyperbandRule>(&rule_)) {
        if (!hyperband->strict) value = track.best;
    } else if (const auto* median = std::get_if<MedianRule>(&rule_)) {
        const std::size_t others = rung.values.size() - 1;
        if (others == 0 || others < median->min_runs) return verdict;
        threshold = rung.values.median_without(value);
        value = track.best;
    }
    verdict.band = iteration_of(band);
    verdict.stop = value > threshold;
    verdict.value = of_person(value);
    verdict.threshold = of_person(threshold);
    return verdict;
}

std::vector<EarlyStopping::Band> EarlyStopping::bands() const {
    const auto* median = std::get_if<MedianRule>(&rule_);
    std::vector<Band> bands;
    bands.reserve(rungs_.size());
    for (std::size_t i = 0; i < rungs_.size(); ++i) {
        const RankedValues& values = rungs_[i].values;
        Band& band = bands.emplace_back();
        band.iteration = iteration_of(i);
        band.runs = values.size();
        if (values.size() == 0) continue;
        if (median == nullptr) {
            band.threshold = of_person(rungs_[i].threshold);
        } else if (values.size() > median->min_runs) {
            band.threshold = of_person(values.median());
        }
    }
    return bands;
}

std::uint64_t EarlyStopping::values_of(std::uint64_t run) const {
    return run < tracks_.size() ? tracks_[run].count : 0;
}

std::string to_text(const EarlyStopVerdict& verdict) {
    if (!verdict.band) return "nothing to compare yet";
    return plain_number(verdict.value) + " at band " + std::to_string(*verdict.band) +
           (verdict.stop ? " is worse than" : " is no worse than") + " the threshold " +
           plain_number(verdict.threshold);
}

}  // namespace sweepctl

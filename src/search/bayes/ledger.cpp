#include "search/bayes/ledger.hpp"

#include "search/mix.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace sweepctl::bayes {

namespace {

constexpr double kBestShare = 0.4;
constexpr double kNearShare = 0.3;
/// Where a run without a value stands among those with one. The half-rank warp makes the exact
/// number unimportant.
constexpr double kLackingQuantile = 0.8;

/// From the lowest of some sorted values to their median. Halved, so that it stays finite.
double rise(const std::vector<double>& sorted) {
    return sorted.empty() ? 0.0 : 0.5 * sorted[(sorted.size() - 1) / 2] - 0.5 * sorted.front();
}

std::size_t share(double part, std::size_t whole) {
    return static_cast<std::size_t>(part * static_cast<double>(whole));
}

std::optional<double> finite(double value) {
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

Ledger::Ledger(const Encoding& encoding, const SearchOptions& options)
    : encoding_(encoding), options_(options) {}

/// What a run tells (search-algorithms 5.10; semantics 5.3 where `metric.impute` is written).
Ledger::Row Ledger::judged(const Observation& run) const {
    Row row;
    row.turn = Observation::turn(run.order);
    std::optional<double> best;
    std::optional<double> latest;
    if (run.metric) {
        const double sign = options_.maximize ? -1.0 : 1.0;
        best = finite(sign * (options_.maximize ? run.metric->max : run.metric->min));
        row.worst = finite(sign * (options_.maximize ? run.metric->min : run.metric->max));
        latest = finite(sign * run.metric->latest);
    }
    const auto own = [&](Impute impute) -> std::optional<double> {
        switch (impute) {
            case Impute::latest: return latest;
            case Impute::best: return best;
            case Impute::worst: return std::nullopt;
        }
        return std::nullopt;
    };
    std::optional<double> value;
    bool ended = true;
    switch (run.fate) {
        case RunFate::pending: ended = false; break;
        case RunFate::running:
            ended = best && options_.impute_while_running;
            value = best;
            break;
        case RunFate::finished:
        case RunFate::stopped_early: value = best; break;
        case RunFate::killed: value = options_.impute ? own(*options_.impute) : best; break;
        case RunFate::failed:
            if (options_.impute) value = own(*options_.impute);
            break;
    }
    row.kind = !ended ? Kind::pending : value ? Kind::valued : Kind::lacking;
    row.value = value.value_or(0.0);
    return row;
}

Ledger::Change Ledger::observe(const Observation& run) {
    Row row = judged(run);
    const auto known = places_.find(row.turn);
    Change change{row.kind != Kind::pending, row.turn};
    if (known != places_.end()) {
        const Row& old = rows_[known->second];
        // A run's configuration never changes.
        if (old.kind == row.kind && old.value == row.value && old.worst == row.worst) return {};
        change.of_ended = change.of_ended || old.kind != Kind::pending;
        const Point point = this->point(known->second);
        row.identity = old.identity;
        remove(known->second);
        add(row, point);
        return change;
    }
    const Point point = encoding_.encode(run.config);
    // What lies between two levels is neither.
    if (encoding_.exact(run.config, point)) row.identity = encoding_.identity(point);
    add(row, point);
    return change;
}

Ledger::Change Ledger::forget(std::uint64_t order) {
    const auto known = places_.find(Observation::turn(order));
    if (known == places_.end()) return {};
    const Change change{rows_[known->second].kind != Kind::pending, known->first};
    remove(known->second);
    return change;
}

void Ledger::add(const Row& row, const Point& point) {
    places_.emplace(row.turn, static_cast<Place>(rows_.size()));
    rows_.push_back(row);
    points_.insert(points_.end(), point.begin(), point.end());
    if (row.identity) ++tried_[*row.identity];
    if (row.kind == Kind::pending) {
        pending_.insert(row.turn);
        return;
    }
    ended_.insert(std::lower_bound(ended_.begin(), ended_.end(), row.turn), row.turn);
    if (row.kind == Kind::lacking) return;
    const std::ptrdiff_t at = rank_of(row);
    values_.insert(values_.begin() + at, row.value);
    ranking_.insert(ranking_.begin() + at, row.turn);
}

void Ledger::remove(Place place) {
    const Row row = rows_[place];
    if (row.identity) {
        const auto found = tried_.find(*row.identity);
        if (--found->second == 0) tried_.erase(found);
    }
    if (row.kind == Kind::pending) {
        pending_.erase(row.turn);
    } else {
        ended_.erase(std::lower_bound(ended_.begin(), ended_.end(), row.turn));
    }
    if (row.kind == Kind::valued) {
        const std::ptrdiff_t at = rank_of(row);
        values_.erase(values_.begin() + at);
        ranking_.erase(ranking_.begin() + at);
    }
    places_.erase(row.turn);
    const auto width = static_cast<std::ptrdiff_t>(encoding_.size());
    const auto last = static_cast<Place>(rows_.size() - 1);
    if (place != last) {
        rows_[place] = rows_[last];
        std::copy(points_.end() - width, points_.end(),
                  points_.begin() + static_cast<std::ptrdiff_t>(place) * width);
        places_[rows_[place].turn] = place;
    }
    rows_.pop_back();
    points_.resize(points_.size() - encoding_.size());
}

/// Where a row is, or belongs, in values_ and ranking_: by value, among equals by turn.
std::ptrdiff_t Ledger::rank_of(const Row& row) const {
    const auto equal = std::equal_range(values_.begin(), values_.end(), row.value);
    return std::lower_bound(ranking_.begin() + (equal.first - values_.begin()),
                            ranking_.begin() + (equal.second - values_.begin()), row.turn) -
           ranking_.begin();
}

std::size_t Ledger::unnumbered() const {
    const auto from = [&](std::uint64_t order) {
        return std::lower_bound(ended_.begin(), ended_.end(), Observation::turn(order));
    };
    return static_cast<std::size_t>((from(0) - ended_.begin()) +
                                    (ended_.end() - from(Observation::unnumbered(0))));
}

/// Decides who is in a sample of those that nothing speaks for or against.
std::uint64_t Ledger::lot(const Row& row, std::uint64_t draw) {
    return mix64((row.turn - Observation::turn(0)) ^ draw);
}

bool Ledger::tried(const Point& point) const {
    const std::optional<std::uint64_t> identity = encoding_.identity(point);
    return identity && tried_.contains(*identity);
}

Point Ledger::point(Place place) const {
    const auto begin = points_.begin() + static_cast<std::ptrdiff_t>(place * encoding_.size());
    return {begin, begin + static_cast<std::ptrdiff_t>(encoding_.size())};
}

double Ledger::imputed(const std::vector<double>& sorted, std::optional<double> worst) const {
    if (options_.impute == Impute::worst) return worst.value_or(0.0);
    return sorted.empty() ? 0.0 : sorted[share(kLackingQuantile, sorted.size() - 1)];
}

bool Ledger::ended_until(const Row& row, std::uint64_t last) {
    return row.kind != Kind::pending && row.turn <= last;
}

std::vector<double> Ledger::values_until(std::uint64_t last) const {
    std::vector<double> sorted;
    sorted.reserve(values_.size());
    for (std::size_t rank = 0; rank < ranking_.size(); ++rank) {
        if (ranking_[rank] <= last) sorted.push_back(values_[rank]);
    }
    return sorted;
}

std::optional<double> Ledger::worst_until(std::uint64_t last) const {
    std::optional<double> worst;
    if (options_.impute != Impute::worst || valued() == ended()) return worst;
    for (const Row& row : rows_) {
        if (!ended_until(row, last) || !row.worst) continue;
        worst = worst ? std::max(*worst, *row.worst) : *row.worst;
    }
    return worst;
}

Ledger::Sample Ledger::sample(std::vector<Place> places,
                              double imputed_value,
                              const Population& population,
                              Warp warp) const {
    std::sort(places.begin(), places.end(),
              [&](Place left, Place right) { return rows_[left].turn < rows_[right].turn; });
    Sample result;
    for (const Place place : places) {
        const Row& row = rows_[place];
        result.points.push_back(point(place));
        result.values.push_back(row.kind == Kind::valued ? row.value : imputed_value);
    }
    result.values = warped(std::move(result.values), population, warp);
    return result;
}

Ledger::Sample Ledger::first(std::size_t count,
                             std::size_t size,
                             Warp warp,
                             std::uint64_t draw) const {
    const std::uint64_t last = ended_[count - 1];
    const std::size_t best = count > size ? share(kBestShare, size) : 0;
    const std::vector<double> sorted = values_until(last);
    std::vector<Place> places;
    for (auto turn = ranking_.begin(); turn != ranking_.end() && places.size() < best; ++turn) {
        if (*turn <= last) places.push_back(places_.at(*turn));
    }
    std::vector<bool> taken(rows_.size());
    for (const Place place : places)
        taken[place] = true;
    std::vector<std::pair<std::uint64_t, Place>> others;
    others.reserve(count);
    for (Place place = 0; place < rows_.size(); ++place) {
        const Row& row = rows_[place];
        if (ended_until(row, last) && !taken[place]) others.emplace_back(lot(row, draw), place);
    }
    const std::size_t wanted = std::min(size - places.size(), others.size());
    if (wanted < others.size()) {
        std::nth_element(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(wanted),
                         others.end());
    }
    for (std::size_t i = 0; i < wanted; ++i)
        places.push_back(others[i].second);
    const double stand_in = imputed(sorted, worst_until(last));
    return sample(std::move(places), stand_in, {sorted, count - sorted.size(), stand_in}, warp);
}

Ledger::Sample Ledger::around_best(std::size_t size,
                                   const Expansion& metric,
                                   Warp warp,
                                   std::uint64_t draw) const {
    const double stand_in = imputed(values_, worst_until(ended_.empty() ? 0 : ended_.back()));
    std::vector<Place> places;
    if (ended() <= size) {
        for (const std::uint64_t turn : ended_)
            places.push_back(places_.at(turn));
    } else {
        std::vector<bool> taken(rows_.size());
        const std::size_t best = std::min(share(kBestShare, size), values_.size());
        for (std::size_t i = 0; i < best; ++i) {
            places.push_back(places_.at(ranking_[i]));
            taken[places.back()] = true;
        }
        struct Other {
            double away;
            std::uint64_t lot;
            Place place;
        };
        std::vector<Other> others;
        others.reserve(ended());
        const Point centre = point(places_.at(ranking_.front()));
        for (Place place = 0; place < rows_.size(); ++place) {
            const Row& row = rows_[place];
            if (row.kind == Kind::pending || taken[place]) continue;
            others.push_back({metric.distance(&points_[place * encoding_.size()], centre.data()),
                              lot(row, draw), place});
        }
        const auto near = static_cast<std::ptrdiff_t>(share(kNearShare, size));
        const auto rest = static_cast<std::ptrdiff_t>(size - best) - near;
        const auto take = [&](auto begin, std::ptrdiff_t count, auto less) {
            std::nth_element(begin, begin + count, others.end(), less);
            for (auto other = begin; other != begin + count; ++other)
                places.push_back(other->place);
        };
        take(others.begin(), near, [](const Other& left, const Other& right) {
            return std::pair(left.away, left.lot) < std::pair(right.away, right.lot);
        });
        take(others.begin() + near, rest,
             [](const Other& left, const Other& right) { return left.lot < right.lot; });
    }
    return sample(std::move(places), stand_in, {values_, ended() - valued(), stand_in}, warp);
}

Ledger::Sample Ledger::near_best(std::size_t count,
                                 std::size_t size,
                                 const Expansion& metric,
                                 Warp warp) const {
    const std::uint64_t last = ended_[count - 1];
    // The first one where none has a value.
    const auto best = std::find_if(ranking_.begin(), ranking_.end(),
                                   [&](std::uint64_t turn) { return turn <= last; });
    const Point centre = point(places_.at(best != ranking_.end() ? *best : ended_.front()));
    std::vector<std::pair<double, Place>> near;
    near.reserve(count);
    for (Place place = 0; place < rows_.size(); ++place) {
        if (!ended_until(rows_[place], last)) continue;
        near.emplace_back(metric.distance(&points_[place * encoding_.size()], centre.data()),
                          place);
    }
    size = std::min(size, near.size());
    std::nth_element(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(size) - 1, near.end(),
                     [&](const auto& left, const auto& right) {
                         return std::pair(left.first, rows_[left.second].turn) <
                                std::pair(right.first, rows_[right.second].turn);
                     });
    std::vector<Place> places;
    std::vector<double> sorted;
    for (std::size_t i = 0; i < size; ++i) {
        places.push_back(near[i].second);
        const Row& row = rows_[places.back()];
        if (row.kind == Kind::valued) sorted.push_back(row.value);
    }
    std::sort(sorted.begin(), sorted.end());
    const double stand_in = imputed(sorted, worst_until(last));
    Sample result =
        sample(std::move(places), stand_in, {sorted, size - sorted.size(), stand_in}, warp);
    const std::vector<double> all = values_until(last);
    result.extent = rise(sorted) / rise(all);
    if (!(result.extent <= 1)) result.extent = all.empty() ? 1.0 : 0.0;
    return result;
}

std::vector<Point> Ledger::newest_pending(std::size_t size) const {
    std::vector<Point> points;
    for (auto turn = pending_.rbegin(); turn != pending_.rend() && points.size() < size; ++turn)
        points.push_back(point(places_.at(*turn)));
    std::reverse(points.begin(), points.end());
    return points;
}

}  // namespace sweepctl::bayes

#include "search/bayes/proposal.hpp"

#include "search/bayes/acquisition.hpp"
#include "search/bayes/minimise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace sweepctl::bayes {

namespace {

constexpr std::size_t kCentres = 5;          ///< best known points that are perturbed
constexpr std::uint64_t kEnumerable = 1500;  ///< spaces this small are looked at as a whole
constexpr double kBoundBeta = 2.0;
constexpr double kApart = 0.02;  ///< squared scaled distance between starts
constexpr int kTries = 1000;

/// One point near `centre`: some of its coordinates moved.
Point perturbed(const Region& region, const Point& centre, std::size_t turn, RandomStream& stream) {
    constexpr std::array steps{0.2, 0.08, 0.03, 0.01};
    const auto d = static_cast<double>(centre.size());
    const std::array shares{1.0, 3.0 / d, 1.5 / d};
    const double step = steps[turn % steps.size()];
    const double share = shares[turn % shares.size()];
    const std::size_t always = stream.below(centre.size());
    Point point = centre;
    for (std::size_t i = 0; i < point.size(); ++i) {
        if (i != always && stream.uniform() >= share) continue;
        point[i] = region.moved_place(i, point[i], step, stream);
    }
    return point;
}

Point anywhere(const Region& region, std::size_t size, RandomStream& stream) {
    Point point(size);
    for (std::size_t i = 0; i < size; ++i)
        point[i] = region.uniform_place(i, stream);
    return point;
}

/// Finds where a criterion is highest.
class Climber {
public:
    Climber(const Encoding& encoding,
            const Region& region,
            Posterior& posterior,
            Criterion criterion)
        : encoding_(encoding), region_(region), posterior_(posterior), criterion_(criterion) {
        for (const Dimension& dimension : encoding.dimensions()) {
            if (dimension.levels() == 0) {
                smooth_ = true;
            } else {
                discrete_ = true;
            }
        }
    }

    struct Found {
        Point point;
        double promise = 0.0;
    };

    /// The `exact` candidates that may be best, with their exact promise, best first. What a
    /// candidate may promise at most follows from its nearest known point alone, cheaply.
    std::vector<Found> rated(std::vector<Point> candidates, std::size_t exact) {
        const std::vector<double> means = posterior_.means(candidates);
        std::vector<std::size_t> order(candidates.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        if (exact < candidates.size()) {
            const std::vector<double> bounds = posterior_.deviation_bounds();
            std::vector<double> hopes(candidates.size());
            for (std::size_t i = 0; i < hopes.size(); ++i)
                hopes[i] = promise(means[i], bounds[i]).value;
            std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(exact),
                              order.end(), [&](std::size_t left, std::size_t right) {
                                  return std::pair(-hopes[left], left) <
                                         std::pair(-hopes[right], right);
                              });
            order.resize(exact);
        }
        const std::vector<double> deviations = posterior_.deviations(order);
        std::vector<Found> found;
        found.reserve(order.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            found.push_back(
                {std::move(candidates[order[i]]), promise(means[order[i]], deviations[i]).value});
        }
        std::stable_sort(found.begin(), found.end(), [](const Found& left, const Found& right) {
            return left.promise > right.promise;
        });
        return found;
    }

    Found climb(Found from, int evaluations, int rounds) {
        for (int round = 0; round < rounds; ++round) {
            const double before = from.promise;
            if (smooth_) from = slide(std::move(from), evaluations);
            if (!discrete_) break;
            std::vector<Found> moved =
                rated(moves(from.point), std::numeric_limits<std::size_t>::max());
            if (moved.empty() || !(moved.front().promise > from.promise)) break;
            from = std::move(moved.front());
            if (!(from.promise > before)) break;
        }
        return from;
    }

    [[nodiscard]] bool smooth() const { return smooth_; }

private:
    [[nodiscard]] Promise promise(double mean, double deviation) const {
        switch (criterion_) {
            case Criterion::log_improvement:
                return log_expected_improvement(mean, deviation, posterior_.best());
            case Criterion::confidence_bound:
                return bayes::confidence_bound(mean, deviation, kBoundBeta);
        }
        return {};
    }

    /// Along the gradient by the continuous coordinates.
    Found slide(Found from, int evaluations) {
        std::vector<double> low = from.point;
        std::vector<double> high = from.point;
        for (std::size_t i = 0; i < low.size(); ++i) {
            if (encoding_.dimensions()[i].levels() > 0) continue;
            low[i] = region_.low(i);
            high[i] = region_.high(i);
        }
        for (const std::size_t i : encoding_.absent(from.point))
            low[i] = high[i] = from.point[i];
        std::vector<double> deviation_gradient;
        const Objective objective = [&](const Point& point, std::vector<double>& gradient) {
            const Belief belief = posterior_.at(point, gradient, deviation_gradient);
            const Promise worth = promise(belief.mean, belief.deviation);
            for (std::size_t i = 0; i < gradient.size(); ++i) {
                gradient[i] =
                    -(worth.by_mean * gradient[i] + worth.by_deviation * deviation_gradient[i]);
            }
            return -worth.value;
        };
        MinimiseLimits limits;
        limits.evaluations = evaluations;
        limits.step = 0.2;
        limits.gradient = 1e-5;
        limits.relative_decrease = 1e-4;
        Minimum top = minimise(objective, std::move(from.point), low, high, limits);
        if (!encoding_.conditional()) return {std::move(top.x), -top.value};
        // What the conditions read may have come to where other parameters are there.
        Point point = encoding_.settled(top.x);
        if (point == top.x) return {std::move(point), -top.value};
        return std::move(rated({std::move(point)}, 1).front());
    }

    /// All points that differ from this one in one discrete coordinate, by steps of some sizes.
    [[nodiscard]] std::vector<Point> moves(const Point& point) const {
        std::vector<Point> result;
        const auto move = [&](std::size_t i, std::uint64_t level) {
            const double place = encoding_.dimensions()[i].place_of(level);
            if (!region_.contains(i, place)) return;
            result.push_back(point);
            result.back()[i] = place;
            result.back() = encoding_.settled(std::move(result.back()));
        };
        const std::vector<std::size_t> absent = encoding_.absent(point);
        for (std::size_t i = 0; i < point.size(); ++i) {
            if (std::binary_search(absent.begin(), absent.end(), i)) continue;
            const Dimension& dimension = encoding_.dimensions()[i];
            const std::uint64_t levels = dimension.levels();
            if (levels == 0) continue;
            const std::uint64_t here = dimension.level_of(point[i]);
            if (dimension.kind() == Dimension::Kind::category) {
                for (std::uint64_t level = 0; level < std::min<std::uint64_t>(levels, 64);
                     ++level) {
                    if (level != here) move(i, level);
                }
                continue;
            }
            std::uint64_t last = 0;
            for (const std::uint64_t step :
                 {std::uint64_t{1}, std::uint64_t{2}, levels / 16, levels / 6}) {
                if (step <= last) continue;
                last = step;
                if (here >= step) move(i, here - step);
                if (levels - here > step) move(i, here + step);
            }
        }
        return result;
    }

    const Encoding& encoding_;
    const Region& region_;
    Posterior& posterior_;
    Criterion criterion_;
    bool smooth_ = false;
    bool discrete_ = false;
};

/// Where the value is likely to be that of some points which have the same: around each, twice as
/// far as the loneliest of them is from the next, within a length-scale.
class Plateau {
public:
    Plateau(const Posterior& posterior, const std::vector<Point>& ties)
        : posterior_(posterior), ties_(ties) {
        for (const Point& tie : ties) {
            double nearest = std::numeric_limits<double>::infinity();
            for (const Point& other : ties) {
                if (&other != &tie) nearest = std::min(nearest, posterior.distance(tie, other));
            }
            reach_ = std::max(reach_, nearest);
        }
        reach_ = std::min(kReach * reach_, 1.0);
    }

    [[nodiscard]] bool contains(const Point& point) const {
        return std::any_of(ties_.begin(), ties_.end(), [&](const Point& tie) {
            return posterior_.distance(point, tie) < reach_;
        });
    }

private:
    static constexpr double kReach = 2.0;
    const Posterior& posterior_;
    const std::vector<Point>& ties_;
    double reach_ = 0.0;  ///< squared
};

/// How much work is done where, so that the whole takes a few milliseconds with any model.
struct Effort {
    std::size_t uniform;    ///< candidates from anywhere
    std::size_t perturbed;  ///< candidates around the best known points
    std::size_t exact;      ///< candidates whose deviation is computed
    std::size_t starts;
    int evaluations;  ///< of each slide
};

Effort effort_for(std::size_t ended, std::size_t model, const Region& region, bool wide) {
    if (!region.whole()) return {60, 100, 64, 2, 25};
    const double square = static_cast<double>(model * model);
    const bool little_known = ended <= 128;
    Effort effort{};
    // As measured: more find more only while little is known, and nothing in a wide space.
    effort.uniform = little_known && !wide ? 400 : 150;
    effort.perturbed = little_known && !wide ? 300 : 250;
    effort.exact = static_cast<std::size_t>(std::clamp(1.5e6 / square, 64.0, 700.0));
    effort.starts = little_known ? 4 : 2;
    effort.evaluations = little_known ? 40 : 25;
    return effort;
}

}  // namespace

std::optional<Point> any_untried(const Encoding& encoding,
                                 const Ledger& ledger,
                                 RandomStream& stream) {
    const std::optional<std::uint64_t> cells = encoding.cells();
    if (cells && ledger.configurations() >= *cells) return std::nullopt;
    const Region whole(encoding);
    Point point;
    for (int i = 0; i < kTries; ++i) {
        point = encoding.settled(anywhere(whole, encoding.size(), stream));
        if (!ledger.tried(point)) return point;
    }
    if (!cells) return point;  // Continuous: the same draw a thousand times.
    // Nearly all were tried: one after the other from anywhere, at most as many as were.
    std::uint64_t cell = stream.below(*cells);
    for (std::uint64_t i = 0; i <= ledger.configurations(); ++i) {
        point = encoding.cell(cell);
        if (!ledger.tried(point)) return point;
        cell = cell + 1 == *cells ? 0 : cell + 1;
    }
    return std::nullopt;
}

std::optional<Point> propose(const Encoding& encoding,
                             const Ledger& ledger,
                             const Region& region,
                             Posterior& posterior,
                             const std::vector<Point>& known,
                             Criterion criterion,
                             const std::vector<Point>& ties,
                             RandomStream& stream) {
    const Effort effort = effort_for(ledger.ended(), known.size(), region, encoding.wide());
    const std::optional<std::uint64_t> cells = encoding.cells();
    std::vector<Point> candidates;
    const bool all = cells && *cells <= kEnumerable;
    if (all) {
        for (std::uint64_t cell = 0; cell < *cells; ++cell) {
            Point point = encoding.cell(cell);
            if (!ledger.tried(point)) candidates.push_back(std::move(point));
        }
        if (candidates.empty()) return std::nullopt;
    } else {
        for (std::size_t i = 0; i < effort.uniform; ++i)
            candidates.push_back(anywhere(region, encoding.size(), stream));
        const std::vector<std::size_t> centres = posterior.best_known(kCentres);
        for (std::size_t i = 0; i < effort.perturbed; ++i) {
            // Half of them around the best one.
            const std::size_t which = i % 2 == 0 ? 0 : (i / 2) % centres.size();
            candidates.push_back(perturbed(region, known[centres[which]], i / 2, stream));
        }
        if (encoding.conditional()) {
            for (Point& candidate : candidates)
                candidate = encoding.settled(std::move(candidate));
        }
        if (cells || encoding.conditional())
            std::erase_if(candidates, [&](const Point& p) { return ledger.tried(p); });
        if (candidates.empty()) return any_untried(encoding, ledger, stream);
    }

    const Plateau plateau(posterior, ties);
    if (!ties.empty()) {
        const auto inside = std::stable_partition(
            candidates.begin(), candidates.end(),
            [&](const Point& candidate) { return !plateau.contains(candidate); });
        if (inside != candidates.begin()) candidates.erase(inside, candidates.end());
    }
    Climber climber(encoding, region, posterior, criterion);
    std::vector<Climber::Found> rated = climber.rated(std::move(candidates), effort.exact);
    if (all) return rated.front().point;

    std::vector<Climber::Found> tops;
    const auto take = [&](std::size_t until, auto&& alike) {
        for (const Climber::Found& start : rated) {
            if (tops.size() >= until) break;
            if (std::none_of(tops.begin(), tops.end(),
                             [&](const auto& other) { return alike(start.point, other.point); })) {
                tops.push_back(start);
            }
        }
    };
    const auto close = [&](const Point& left, const Point& right) {
        return posterior.distance(left, right) < kApart;
    };
    const auto same_categories = [&](const Point& left, const Point& right) {
        for (std::size_t i = 0; i < left.size(); ++i) {
            if (encoding.dimensions()[i].kind() == Dimension::Kind::category && left[i] != right[i])
                return false;
        }
        return true;
    };
    // What is best in another category seldom is one step from here: half of the starts are
    // elsewhere.
    take((effort.starts + 1) / 2, close);
    take(effort.starts, same_categories);
    take(effort.starts, close);
    const int rounds = climber.smooth() ? 3 : 10;
    for (Climber::Found& top : tops)
        top = climber.climb(std::move(top), effort.evaluations, rounds);
    std::stable_sort(tops.begin(), tops.end(), [](const auto& left, const auto& right) {
        return left.promise > right.promise;
    });
    std::optional<Point> inside;  // What was climbed may have come to the plateau again.
    for (const auto* list : {&tops, &rated}) {
        for (const Climber::Found& found : *list) {
            if (ledger.tried(found.point)) continue;
            if (ties.empty() || !plateau.contains(found.point)) return found.point;
            if (!inside) inside = found.point;
        }
    }
    if (inside) return inside;
    return any_untried(encoding, ledger, stream);
}

}  // namespace sweepctl::bayes

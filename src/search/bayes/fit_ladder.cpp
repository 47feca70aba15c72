#include "search/bayes/fit_ladder.hpp"

#include "sweepctl/base/check.hpp"

#include "search/bayes/region.hpp"
#include "search/mix.hpp"

#include <algorithm>
#include <utility>

namespace sweepctl::bayes {

namespace {

constexpr std::size_t kFitMax = 128;  ///< points that hyperparameters are fitted to
/// Up to so many ended runs hyperparameters are fitted to all of them, each time.
constexpr std::size_t kFitAlways = 40;
constexpr std::size_t kColdStarts = 5;  ///< each so many-th step starts from nothing
constexpr std::size_t kFitsKept = 2 * kColdStarts;
/// Multiplications in a piece of a fit: two or three milliseconds.
constexpr double kPieceWork = 5e6;
/// Plain values have a rougher landscape.
constexpr double kPlainLengthShift = -1.0;
/// What is near is noise where so much of its variance cannot be predicted from the other values.
constexpr double kErrorMax = 0.5;
/// Values near the best run that differ by less, in units of how much all do, need no more runs.
constexpr double kExtentMin = 1e-3;

std::size_t above(std::size_t count) {
    return count < kFitAlways ? count + 1 : count + std::max<std::size_t>(1, count / 10);
}

/// The highest step of at most `count` runs.
FitLadder::Step step_below(std::size_t count) {
    FitLadder::Step step{kModelMin, 0};
    for (std::size_t next = above(step.count); next <= count; next = above(next))
        step = {next, step.number + 1};
    return step;
}

}  // namespace

FitLadder::Step FitLadder::step_for(std::size_t ended, std::size_t pending) {
    if (changes_always(ended)) return step_below(std::max(ended, kModelMin));
    const std::size_t lag = std::min(1 + 2 * pending, ended / 2);
    return step_below(std::max(ended - lag, kFitAlways));
}

bool FitLadder::changes_always(std::size_t ended) {
    return ended <= kFitAlways;
}

const FitLadder::Fit* FitLadder::find(const Step& step, Model model) const {
    for (const Fit& fit : fits_[static_cast<std::size_t>(model)]) {
        if (fit.count == step.count) return &fit;
    }
    return nullptr;
}

bool FitLadder::has(const Step& step, Model model) const {
    // What is near is so by the length-scales of the model of everything.
    return find(step, model) != nullptr &&
           (model != Model::near || find(step, Model::ranked) != nullptr);
}

const Hyperparameters& FitLadder::at(const Step& step, Model model) {
    std::vector<Fit>& fits = fits_[static_cast<std::size_t>(model)];
    const auto fit = std::find_if(fits.begin(), fits.end(),
                                  [&](const Fit& each) { return each.count == step.count; });
    SWEEPCTL_CHECK(fit != fits.end());
    fit->used = ++clock_;
    return fit->theta;
}

std::optional<bool> FitLadder::near_promises(const Step& step) const {
    const Fit* fit = find(step, Model::near);
    return fit != nullptr ? std::optional(fit->promises) : std::nullopt;
}

void FitLadder::climb(const Step& step, Model model) {
    if (model == Model::near && find(step, Model::ranked) == nullptr)
        return climb(step, Model::ranked);
    // Most steps start where the one below ended, which is no further from such a function. What
    // is near changes too much from one to the next.
    Step next = step;
    const Fit* below = nullptr;
    while (model != Model::near && next.number % kColdStarts != 0) {
        const Step lower = step_below(next.count - 1);
        below = find(lower, model);
        if (below != nullptr) break;
        next = lower;
    }
    if (!job_ || job_->step.count != next.count || job_->model != model)
        return begin(next, model, below);  // Choosing the points is the first piece.
    double work = 0;
    while (work < kPieceWork && !job_->fitting.done())
        work += job_->fitting.step();
    if (job_->fitting.done()) finish();
}

void FitLadder::begin(const Step& step, Model model, const Fit* below) {
    FitOptions options;
    if (model == Model::plain) options.length_shift = kPlainLengthShift;
    if (below != nullptr) options.start = &below->theta;
    Ledger::Sample points = sample(step, model);
    Fitting fitting(encoding_, points.points, points.values, options);
    job_.emplace(Job{step, model, ledger_.ended_turn(step.count - 1), std::move(points),
                     std::move(fitting)});
}

void FitLadder::finish() {
    std::vector<Fit>& fits = fits_[static_cast<std::size_t>(job_->model)];
    if (fits.size() == kFitsKept) {
        fits.erase(std::min_element(
            fits.begin(), fits.end(),
            [](const Fit& left, const Fit& right) { return left.used < right.used; }));
    }
    Fit fit{job_->step.count, job_->last, ++clock_, job_->fitting.result()};
    if (job_->model == Model::near) fit.promises = promises(fit.theta, job_->sample);
    fits.push_back(std::move(fit));
    job_.reset();
}

bool FitLadder::promises(const Hyperparameters& theta, const Ledger::Sample& near) const {
    if (near.extent < kExtentMin) return false;
    const Posterior posterior(encoding_, theta, near.points, near.values, {});
    return posterior.left_out_error() <= kErrorMax;
}

Ledger::Sample FitLadder::sample(const Step& step, Model model) {
    if (model != Model::near)
        return ledger_.first(step.count, kFitMax, warp_of(model), mix64(seed_ ^ step.count));
    const Expansion metric(encoding_, at(step, Model::ranked).length);
    Ledger::Sample points = ledger_.near_best(step.count, kNearMax, metric, warp_of(model));
    const Region region(encoding_, points.points);
    for (Point& point : points.points) {
        for (std::size_t i = 0; i < point.size(); ++i)
            point[i] /= region.width(i);
    }
    return points;
}

void FitLadder::forget_from(std::uint64_t turn) {
    for (std::vector<Fit>& fits : fits_)
        std::erase_if(fits, [&](const Fit& fit) { return turn <= fit.last; });
    if (job_ && turn <= job_->last) job_.reset();
}

}  // namespace sweepctl::bayes

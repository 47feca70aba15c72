// Bayesian optimisation: what to try next, by a model of all that was tried.

#include "sweepctl/search/strategies.hpp"

#include "search/bayes/conditional_bayes.hpp"
#include "search/bayes/design.hpp"
#include "search/bayes/fit_ladder.hpp"
#include "search/bayes/gaussian_process.hpp"
#include "search/bayes/ledger.hpp"
#include "search/bayes/proposal.hpp"
#include "search/bayes/region.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace sweepctl {

namespace {

using namespace bayes;

/// Points of a model of everything: so many, and so many for each dimension.
constexpr std::size_t kModelMax = 256;
constexpr std::size_t kModelMaxEach = 64;
constexpr std::size_t kTakeTurns = 40;   ///< from so many ended runs on models take turns
constexpr std::uint64_t kBoundTurn = 4;  ///< each so many-th suggestion is by confidence bound

/// Where so many runs share the best value every other suggestion by improvement keeps away from
/// them, where so many do all of them: a metric with steps is the same again there (decision 0013).
constexpr std::size_t kTiesSome = 3;
constexpr std::size_t kTiesMany = 8;
constexpr std::size_t kTiesMax = 32;  ///< that are looked at

constexpr std::array kFewTurns{Model::ranked, Model::plain};
constexpr std::array kManyTurns{Model::ranked, Model::near, Model::near, Model::near,
                                Model::plain,  Model::near, Model::near, Model::near};

class Memory final : public SearchMemory {
public:
    Memory(std::shared_ptr<const Encoding> encoding, const SearchOptions& options)
        : encoding_(std::move(encoding)),
          model_max_(
              std::min(kModelMax, kModelMaxEach * std::max<std::size_t>(1, encoding_->size()))),
          seed_(options.seed),
          ledger_(*encoding_, options),
          ladder_(*encoding_, ledger_, options.seed) {}

    void observe(const Observation& run) override { note(ledger_.observe(run)); }
    void forget(std::uint64_t order) override { note(ledger_.forget(order)); }

    [[nodiscard]] bool ready(std::uint64_t number) const override {
        const Step step = step_now();
        return !model_ready(number) || ladder_.has(step, model_of(number, step));
    }

    void prepare(std::uint64_t number) override {
        const Step step = step_now();
        if (!ready(number)) ladder_.climb(step, model_of(number, step));
    }

    bool prepare_ahead() override {
        // Most likely one of the runs in flight ends before the next is asked for. While there are
        // few runs every one of them changes what is fitted: nothing can be done ahead.
        const std::size_t ended = ledger_.ended() + 1;
        const std::size_t pending = ledger_.pending() - std::min<std::size_t>(1, ledger_.pending());
        if (FitLadder::changes_always(ended) || ledger_.valued() < kModelMin) return false;
        const Step step = FitLadder::step_for(ended, pending);
        for (const Model model : kModels) {
            if (ladder_.has(step, model) || (model == Model::near && !sees_near())) continue;
            ladder_.climb(step, model);
            return true;
        }
        return false;
    }

    std::optional<Config> suggest(std::uint64_t number) override {
        const std::optional<std::uint64_t> cells = encoding_->cells();
        if (cells && ledger_.configurations() >= *cells) return std::nullopt;
        RandomStream stream(seed_, number);
        const std::optional<Point> point =
            model_ready(number) ? from_model(number, stream) : from_design(number, stream);
        if (!point) return std::nullopt;
        return encoding_->decode(*point);
    }

private:
    using Step = FitLadder::Step;

    [[nodiscard]] bool model_ready(std::uint64_t number) const {
        return ledger_.valued() >= kModelMin &&
               number + ledger_.unnumbered() >= design_size(*encoding_);
    }

    /// Is there more than a model of everything can have, and something to refine?
    [[nodiscard]] bool sees_near() const {
        return ledger_.ended() > model_max_ && !encoding_->cells();
    }

    /// Whose turn it is. Whether the model of what is near gets any is known when it is fitted:
    /// until then it is that one.
    [[nodiscard]] Model model_of(std::uint64_t number, const Step& step) const {
        if (ledger_.ended() < kTakeTurns) return Model::ranked;
        const Model few = kFewTurns[number % kFewTurns.size()];
        if (!sees_near()) return few;
        const std::optional<bool> promising = ladder_.near_promises(step);
        if (!promising) return Model::near;
        return *promising ? kManyTurns[number % kManyTurns.size()] : few;
    }

    [[nodiscard]] Step step_now() const {
        return FitLadder::step_for(ledger_.ended(), ledger_.pending());
    }

    std::optional<Point> from_design(std::uint64_t number, RandomStream& stream) const {
        constexpr std::uint64_t far = 1'000'003;
        for (std::uint64_t i = 0; i < 64; ++i) {
            Point point = encoding_->settled(design_point(*encoding_, seed_, number + i * far));
            if (!ledger_.tried(point)) return point;
        }
        return any_untried(*encoding_, ledger_, stream);
    }

    std::optional<Point> from_model(std::uint64_t number, RandomStream& stream) {
        const Step step = step_now();
        while (!ladder_.has(step, model_of(number, step)))
            ladder_.climb(step, model_of(number, step));
        const Model model = model_of(number, step);
        if (model == Model::near) return from_near(number, step, stream);
        const Hyperparameters& theta = ladder_.at(step, model);
        const std::vector<Point> pending = ledger_.newest_pending(model_max_ / 2);
        const Criterion criterion =
            number % kBoundTurn == 0 ? Criterion::confidence_bound : Criterion::log_improvement;
        return from_posterior(
            number, theta,
            ledger_.around_best(model_max_ - pending.size(), Expansion(*encoding_, theta.length),
                                warp_of(model), stream.bits()),
            pending, Region(*encoding_), criterion, stream);
    }

    std::optional<Point> from_near(std::uint64_t number, const Step& step, RandomStream& stream) {
        const Expansion metric(*encoding_, ladder_.at(step, Model::ranked).length);
        Hyperparameters theta = ladder_.at(step, Model::near);
        Ledger::Sample sample =
            ledger_.near_best(ledger_.ended(), kNearMax, metric, warp_of(Model::near));
        const Region region(*encoding_, sample.points);
        for (std::size_t i = 0; i < theta.length.size(); ++i)
            theta.length[i] += std::log(region.width(i));
        std::vector<Point> pending = ledger_.newest_pending(kNearMax / 2);
        std::erase_if(pending, [&](const Point& point) { return !region.contains(point); });
        return from_posterior(number, theta, std::move(sample), pending, region,
                              Criterion::log_improvement, stream);
    }

    std::optional<Point> from_posterior(std::uint64_t number,
                                        const Hyperparameters& theta,
                                        Ledger::Sample sample,
                                        const std::vector<Point>& pending,
                                        const Region& region,
                                        Criterion criterion,
                                        RandomStream& stream) {
        Posterior posterior(*encoding_, theta, sample.points, sample.values, pending);
        std::vector<Point> ties = ties_at_best(sample);
        // A bound leads away by itself.
        const bool wanted =
            criterion == Criterion::log_improvement &&
            (ties.size() >= kTiesMany || (ties.size() >= kTiesSome && number % 2 == 1));
        if (!wanted) ties.clear();
        std::vector<Point> known = std::move(sample.points);
        known.insert(known.end(), pending.begin(), pending.end());
        return propose(*encoding_, ledger_, region, posterior, known, criterion, ties, stream);
    }

    /// The newest of the points that share the lowest value.
    [[nodiscard]] static std::vector<Point> ties_at_best(const Ledger::Sample& sample) {
        std::vector<Point> ties;
        if (sample.values.empty()) return ties;
        const double best = *std::min_element(sample.values.begin(), sample.values.end());
        for (std::size_t i = sample.values.size(); i-- > 0 && ties.size() < kTiesMax;) {
            if (sample.values[i] == best) ties.push_back(sample.points[i]);
        }
        return ties;
    }

    void note(const Ledger::Change& change) {
        if (change.of_ended) ladder_.forget_from(change.turn);
    }

    std::shared_ptr<const Encoding> encoding_;
    std::size_t model_max_;
    std::uint64_t seed_;
    Ledger ledger_;
    FitLadder ladder_;
};

class Bayes final : public SearchStrategy {
public:
    Bayes(std::shared_ptr<const Encoding> encoding, const SearchOptions& options)
        : encoding_(std::move(encoding)), options_(options) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const override { return encoding_->cells(); }

    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number,
                                                const History& history) const override {
        Memory memory(encoding_, options_);
        for (const Observation& run : history)
            memory.observe(run);
        return memory.suggest(number);
    }

    /// Numbers name suggestions, not configurations; that a run has one keeps it from being tried
    /// again all the same.
    [[nodiscard]] std::optional<std::uint64_t> number_of(const Config& /*config*/) const override {
        return std::nullopt;
    }

    [[nodiscard]] bool adaptive() const override { return true; }

    [[nodiscard]] std::unique_ptr<SearchMemory> memory() const override {
        return std::make_unique<Memory>(encoding_, options_);
    }

private:
    std::shared_ptr<const Encoding> encoding_;
    SearchOptions options_;
};

}  // namespace

std::unique_ptr<SearchStrategy> make_bayes(SearchSpace space, const SearchOptions& options) {
    return std::make_unique<Bayes>(std::make_shared<const Encoding>(std::move(space)), options);
}

std::unique_ptr<SearchStrategy> make_conditional_bayes(const std::shared_ptr<const Shape>& shape,
                                                       const SearchOptions& options) {
    return std::make_unique<Bayes>(std::make_shared<const Encoding>(shape), options);
}

}  // namespace sweepctl

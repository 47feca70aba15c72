// Bayesian optimisation: what to try next, by a model of all that was tried.

#include "sweepctl/search/strategies.hpp"

#include "search/bayes/design.hpp"
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

constexpr std::size_t kModelMax = 256;  ///< points of a model
constexpr std::size_t kFitMax = 128;    ///< points that hyperparameters are fitted to
constexpr std::size_t kModelMin = 3;    ///< values that a model needs at least
constexpr std::size_t kNearMax = 64;    ///< points of a model of what is near the best one
constexpr std::size_t kTakeTurns = 40;  ///< from so many ended runs on models take turns
/// Up to so many ended runs hyperparameters are fitted to all of them, each time.
constexpr std::size_t kFitAlways = 40;
/// Multiplications in a piece of a fit: two or three milliseconds.
constexpr double kPieceWork = 5e6;
constexpr std::uint64_t kBoundTurn = 4;  ///< each so many-th suggestion is by confidence bound
/// What is near gets no turns where its values cannot be predicted from one another: the mean
/// squared error, in units of their variance. What differs there is noise.
constexpr double kNearErrorMax = 0.5;
/// Plain values have a rougher landscape.
constexpr double kPlainLengthShift = -1.0;

/// What a suggestion follows from. One sees all of the space, with the worse half of the values
/// pulled towards the median: it finds good parts among outliers, and tells little within them. One
/// sees the plain values. When there are more runs than a model may have, one sees nothing but what
/// is near the best of them: a few points tell more there than many that are spread out, and they
/// cost a fraction.
enum class Model : std::uint8_t { ranked, plain, near };
constexpr std::array kModels{Model::ranked, Model::plain, Model::near};
constexpr std::array kFewTurns{Model::ranked, Model::plain};
constexpr std::array kManyTurns{Model::ranked, Model::near, Model::near, Model::near,
                                Model::plain,  Model::near, Model::near, Model::near};

/// Hyperparameters are fitted at the steps of a ladder: at each run at first, then at a tenth more
/// each time.
struct Step {
    std::size_t count = 0;   ///< of runs
    std::size_t number = 0;  ///< of the step
};
std::size_t above(std::size_t count) {
    return count < kFitAlways ? count + 1 : count + std::max<std::size_t>(1, count / 10);
}
/// The highest step of at most `count` runs.
Step step_below(std::size_t count) {
    Step step{kModelMin, 0};
    for (std::size_t next = above(step.count); next <= count; next = above(next))
        step = {next, step.number + 1};
    return step;
}

class Memory final : public SearchMemory {
public:
    Memory(std::shared_ptr<const Encoding> encoding, const SearchOptions& options)
        : encoding_(std::move(encoding)), seed_(options.seed), ledger_(*encoding_, options) {}

    void observe(const Observation& run) override { note(ledger_.observe(run)); }
    void forget(std::uint64_t order) override { note(ledger_.forget(order)); }

    [[nodiscard]] bool ready(std::uint64_t number) const override {
        if (!model_ready(number)) return true;
        const Step step = step_now();
        return fitted(step, model_of(number, step));
    }

    void prepare(std::uint64_t number) override {
        if (ready(number)) return;
        const Step step = step_now();
        fit_a_piece(step, model_of(number, step));
    }

    bool prepare_ahead() override {
        // Most likely one of the runs in flight ends before the next is asked for. While there are
        // few runs every one of them changes what is fitted: nothing can be done ahead.
        const std::size_t ended = ledger_.ended() + 1;
        const std::size_t pending = ledger_.pending() - std::min<std::size_t>(1, ledger_.pending());
        if (ended <= kFitAlways || ledger_.valued() < kModelMin) return false;
        const Step step = step_for(ended, pending);
        for (const Model model : kModels) {
            if (fitted(step, model) || (model == Model::near && !sees_near())) continue;
            fit_a_piece(step, model);
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
    [[nodiscard]] bool model_ready(std::uint64_t number) const {
        return ledger_.valued() >= kModelMin &&
               number + ledger_.unnumbered() >= design_size(*encoding_);
    }

    /// Is there more than a model of everything can have, and something to refine?
    [[nodiscard]] bool sees_near() const {
        return ledger_.ended() > kModelMax && !encoding_->cells();
    }

    /// Whose turn it is. Whether the model of what is near gets any is known when it is fitted:
    /// until then it is that one.
    [[nodiscard]] Model model_of(std::uint64_t number, const Step& step) const {
        if (ledger_.ended() < kTakeTurns) return Model::ranked;
        const Model few = kFewTurns[number % kFewTurns.size()];
        if (!sees_near()) return few;
        const Fit* near = find_fit(step, Model::near);
        if (near == nullptr) return Model::near;
        return near->error > kNearErrorMax ? few : kManyTurns[number % kManyTurns.size()];
    }

    [[nodiscard]] static Warp warp_of(Model model) {
        return model == Model::ranked ? Warp::half_rank : Warp::plain;
    }

    std::optional<Point> from_design(std::uint64_t number, RandomStream& stream) const {
        constexpr std::uint64_t far = 1'000'003;
        for (std::uint64_t i = 0; i < 64; ++i) {
            const Point point = design_point(*encoding_, seed_, number + i * far);
            if (!ledger_.tried(point)) return point;
        }
        return any_untried(*encoding_, ledger_, stream);
    }

    std::optional<Point> from_model(std::uint64_t number, RandomStream& stream) {
        const Step step = step_now();
        while (!fitted(step, model_of(number, step)))
            fit_a_piece(step, model_of(number, step));
        const Model model = model_of(number, step);
        if (model == Model::near) return from_near(step, stream);
        const Hyperparameters theta = take_fit(step, model);
        const std::vector<Point> pending = ledger_.newest_pending(kModelMax / 2);
        const Criterion criterion =
            number % kBoundTurn == 0 ? Criterion::confidence_bound : Criterion::log_improvement;
        return from_posterior(
            theta,
            ledger_.around_best(kModelMax - pending.size(), Expansion(*encoding_, theta.length),
                                warp_of(model), stream.bits()),
            pending, Region(*encoding_), criterion, stream);
    }

    std::optional<Point> from_near(const Step& step, RandomStream& stream) {
        const Expansion metric(*encoding_, take_fit(step, Model::ranked).length);
        Hyperparameters theta = take_fit(step, Model::near);
        Ledger::Sample sample =
            ledger_.near_best(ledger_.ended(), kNearMax, metric, warp_of(Model::near));
        const Region region(*encoding_, sample.points);
        for (std::size_t i = 0; i < theta.length.size(); ++i)
            theta.length[i] += std::log(region.width(i));
        std::vector<Point> pending = ledger_.newest_pending(kNearMax / 2);
        std::erase_if(pending, [&](const Point& point) { return !region.contains(point); });
        return from_posterior(theta, std::move(sample), pending, region, Criterion::log_improvement,
                              stream);
    }

    std::optional<Point> from_posterior(const Hyperparameters& theta,
                                        Ledger::Sample sample,
                                        const std::vector<Point>& pending,
                                        const Region& region,
                                        Criterion criterion,
                                        RandomStream& stream) {
        Posterior posterior(*encoding_, theta, sample.points, sample.values, pending);
        std::vector<Point> known = std::move(sample.points);
        known.insert(known.end(), pending.begin(), pending.end());
        return propose(*encoding_, ledger_, region, posterior, known, criterion, stream);
    }

    // Hyperparameters are those of the first so many ended runs in the order of their numbers: a
    // function of the set of runs, although it changes seldom. So many: some less than there are,
    // since runs in flight will end among the last ones and would move the boundary.

    struct Fit {
        std::size_t count = 0;   ///< of runs
        std::uint64_t last = 0;  ///< the turn of the last one
        std::uint64_t used = 0;  ///< when, for throwing out the oldest
        Hyperparameters theta;
        double error = 0.0;  ///< see Posterior::left_out_error(): of what is near
    };

    /// That of `ended` runs while so many others are pending.
    [[nodiscard]] static Step step_for(std::size_t ended, std::size_t pending) {
        if (ended <= kFitAlways) return step_below(std::max(ended, kModelMin));
        const std::size_t lag = std::min(1 + 2 * pending, ended / 2);
        return step_below(std::max(ended - lag, kFitAlways));
    }

    [[nodiscard]] Step step_now() const { return step_for(ledger_.ended(), ledger_.pending()); }

    [[nodiscard]] std::vector<Fit>& fits_of(Model model) {
        return fits_[static_cast<std::size_t>(model)];
    }
    [[nodiscard]] const Fit* find_fit(const Step& step, Model model) const {
        for (const Fit& fit : fits_[static_cast<std::size_t>(model)]) {
            if (fit.count == step.count) return &fit;
        }
        return nullptr;
    }

    /// Is there all that a suggestion by this model needs? What is near is so by the length-scales
    /// of the model of everything.
    [[nodiscard]] bool fitted(const Step& step, Model model) const {
        return find_fit(step, model) != nullptr &&
               (model != Model::near || find_fit(step, Model::ranked) != nullptr);
    }

    /// One that is there.
    Hyperparameters take_fit(const Step& step, Model model) {
        std::vector<Fit>& fits = fits_of(model);
        const auto fit = std::find_if(fits.begin(), fits.end(),
                                      [&](const Fit& each) { return each.count == step.count; });
        fit->used = ++clock_;
        return fit->theta;
    }

    /// The fit that is being made.
    struct Job {
        Step step;
        Model model = Model::ranked;
        std::uint64_t last = 0;  ///< the turn of the last run
        Ledger::Sample sample;
        Fitting fitting;
    };

    /// Brings the fit of `step` nearer by a few milliseconds of work: a function of the set of
    /// runs, whoever asks and however often it is put aside.
    void fit_a_piece(Step step, Model model) {
        const Fit* below = nullptr;
        if (model == Model::near) {
            if (find_fit(step, Model::ranked) == nullptr) return fit_a_piece(step, Model::ranked);
        } else {
            // Most steps start where the one below ended, which is no further from such a function.
            while (step.number % kColdStarts != 0) {
                const Step next = step_below(step.count - 1);
                below = find_fit(next, model);
                if (below != nullptr) break;
                step = next;
            }
        }
        if (!job_ || job_->step.count != step.count || job_->model != model) {
            begin(step, model, below);
            return;  // Choosing the points was the first piece.
        }
        double work = 0;
        while (work < kPieceWork && !job_->fitting.done())
            work += job_->fitting.step();
        if (!job_->fitting.done()) return;
        std::vector<Fit>& fits = fits_of(model);
        if (fits.size() == kFitsKept) {
            fits.erase(std::min_element(fits.begin(), fits.end(), [](const Fit& a, const Fit& b) {
                return a.used < b.used;
            }));
        }
        const Hyperparameters theta = job_->fitting.result();
        double error = 0.0;
        if (model == Model::near) {
            const Ledger::Sample& sample = job_->sample;
            error = Posterior(*encoding_, theta, sample.points, sample.values, {}).left_out_error();
        }
        fits.push_back({step.count, job_->last, ++clock_, theta, error});
        job_.reset();
    }

    void begin(const Step& step, Model model, const Fit* below) {
        FitOptions options;
        if (model == Model::plain) options.length_shift = kPlainLengthShift;
        if (below != nullptr) options.start = &below->theta;
        Ledger::Sample sample = sample_for_fit(step, model);
        Fitting fitting(*encoding_, sample.points, sample.values, options);
        job_.emplace(Job{step, model, ledger_.ended_turn(step.count - 1), std::move(sample),
                         std::move(fitting)});
    }

    /// Points near the best one are in units of the region that they span: when it shrinks, so do
    /// the length-scales.
    Ledger::Sample sample_for_fit(const Step& step, Model model) {
        if (model != Model::near)
            return ledger_.first(step.count, kFitMax, warp_of(model), mix64(seed_ ^ step.count));
        const Expansion metric(*encoding_, take_fit(step, Model::ranked).length);
        Ledger::Sample sample = ledger_.near_best(step.count, kNearMax, metric, warp_of(model));
        const Region region(*encoding_, sample.points);
        for (Point& point : sample.points) {
            for (std::size_t i = 0; i < point.size(); ++i)
                point[i] /= region.width(i);
        }
        return sample;
    }

    void note(const Ledger::Change& change) {
        if (!change.of_ended) return;
        for (std::vector<Fit>& fits : fits_)
            std::erase_if(fits, [&](const Fit& fit) { return change.turn <= fit.last; });
        if (job_ && change.turn <= job_->last) job_.reset();
    }

    static constexpr std::size_t kColdStarts = 5;  ///< each so many-th step starts from nothing
    static constexpr std::size_t kFitsKept = 2 * kColdStarts;

    std::shared_ptr<const Encoding> encoding_;
    std::uint64_t seed_;
    Ledger ledger_;
    std::array<std::vector<Fit>, kModels.size()> fits_;  ///< by model
    std::optional<Job> job_;
    std::uint64_t clock_ = 0;
};

class Bayes final : public SearchStrategy {
public:
    Bayes(SearchSpace space, const SearchOptions& options)
        : encoding_(std::make_shared<const Encoding>(std::move(space))), options_(options) {}

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
    return std::make_unique<Bayes>(std::move(space), options);
}

}  // namespace sweepctl

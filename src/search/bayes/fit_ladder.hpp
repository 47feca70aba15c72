#pragma once

#include "search/bayes/encoding.hpp"
#include "search/bayes/gaussian_process.hpp"
#include "search/bayes/ledger.hpp"
#include "search/bayes/output_warp.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sweepctl::bayes {

/// What a suggestion follows from. One sees all of the space, with the worse half of the values
/// pulled towards the median: it finds good parts among outliers, and tells little within them. One
/// sees the plain values. When there are more runs than a model may have, one sees nothing but what
/// is near the best of them: a few points tell more there than many that are spread out, and they
/// cost a fraction (src/decisions/0011).
enum class Model : std::uint8_t { ranked, plain, near };
constexpr std::array kModels{Model::ranked, Model::plain, Model::near};

constexpr std::size_t kModelMin = 3;  ///< values that a model needs at least
constexpr std::size_t kNearMax = 64;  ///< points of the model of what is near

[[nodiscard]] constexpr Warp warp_of(Model model) {
    return model == Model::ranked ? Warp::half_rank : Warp::plain;
}

/// Hyperparameters of the models. They are fitted at the steps of a ladder, at each run at first
/// and then at a tenth more each time, to the first so many ended runs in the order of their
/// numbers: a function of the set of runs, although it changes seldom.
class FitLadder {
public:
    /// Both must outlive it.
    FitLadder(const Encoding& encoding, const Ledger& ledger, std::uint64_t seed)
        : encoding_(encoding), ledger_(ledger), seed_(seed) {}

    struct Step {
        std::size_t count = 0;   ///< of runs
        std::size_t number = 0;  ///< of the step
    };
    /// Of so many ended runs while so many others are pending. Some less than there are: those in
    /// flight will end among the last ones and would move the boundary.
    [[nodiscard]] static Step step_for(std::size_t ended, std::size_t pending);
    /// With so many ended runs the fit changes with each of them.
    [[nodiscard]] static bool changes_always(std::size_t ended);

    /// Is there all that a suggestion by this model needs?
    [[nodiscard]] bool has(const Step& step, Model model) const;
    /// Brings it nearer by a few milliseconds of work: a function of the set of runs, whoever asks
    /// and however often it is put aside.
    void climb(const Step& step, Model model);

    /// What is there already. Near: of points in units of the region that they span (when it
    /// shrinks, so do the length-scales).
    [[nodiscard]] const Hyperparameters& at(const Step& step, Model model);
    /// Is there something to find near the best run: do values there differ by more than noise, and
    /// by more than next to nothing? nullopt: not fitted.
    [[nodiscard]] std::optional<bool> near_promises(const Step& step) const;

    /// What may follow from the ended runs from this turn on is let go.
    void forget_from(std::uint64_t turn);

private:
    struct Fit {
        std::size_t count = 0;   ///< of runs
        std::uint64_t last = 0;  ///< the turn of the last one
        std::uint64_t used = 0;  ///< when, for throwing out the oldest
        Hyperparameters theta;
        bool promises = true;
    };
    /// The fit that is being made.
    struct Job {
        Step step;
        Model model = Model::ranked;
        std::uint64_t last = 0;  ///< the turn of the last run
        Ledger::Sample sample;
        Fitting fitting;
    };

    [[nodiscard]] const Fit* find(const Step& step, Model model) const;
    void begin(const Step& step, Model model, const Fit* below);
    void finish();
    [[nodiscard]] bool promises(const Hyperparameters& theta, const Ledger::Sample& near) const;
    [[nodiscard]] Ledger::Sample sample(const Step& step, Model model);

    const Encoding& encoding_;
    const Ledger& ledger_;
    std::uint64_t seed_;
    std::array<std::vector<Fit>, kModels.size()> fits_;  ///< by model
    std::optional<Job> job_;
    std::uint64_t clock_ = 0;
};

}  // namespace sweepctl::bayes

#include "sweepctl/core/coverage.hpp"
#include "sweepctl/core/run_rules.hpp"
#include "sweepctl/spec/config_check.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/json_view.hpp"
#include "cli/runs_file.hpp"
#include "cli/session.hpp"
#include "cli/spec_file.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string spec;
    std::optional<std::string> runs;
    std::vector<std::string> priors;
    std::optional<std::uint64_t> count;
    std::optional<std::uint64_t> seed;
    bool strict = false;
};

/// A sweep's search as the controller drives it: each number once, and what is suggested is
/// pending from then on.
class Search {
public:
    Search(const SweepSpec& spec, std::uint64_t seed)
        : metric_(spec.policy.metric),
          by_cell_(spec.method == Method::grid),
          repeats_(by_cell_ ? spec.policy.repeats : 1),
          strategy_(strategy_of(spec, seed)),
          memory_(strategy_->memory()) {}

    /// What it knew from the beginning.
    void take(const Prior& prior) {
        for (std::size_t i = 0; i < prior.runs.size(); ++i) {
            if (by_cell_) cover(strategy_->number_of(prior.runs[i].config));
            if (memory_ == nullptr) continue;
            if (const std::optional<Observation> seen = observation_of(prior, i, metric_))
                memory_->observe(*seen);
        }
    }

    /// `learns`: false of a run whose number is used up, and nothing more.
    void take(const Run& run, bool learns) {
        // A grid's cell is covered by whatever has its values.
        cover(by_cell_ ? strategy_->number_of(run.config) : run.suggestion);
        if (memory_ == nullptr || !learns) return;
        if (const std::optional<Observation> seen = observation_of(run, metric_))
            memory_->observe(*seen);
    }

    /// Of a grid.
    [[nodiscard]] bool is_cell(const Config& config) const {
        return by_cell_ && strategy_->number_of(config).has_value();
    }

    /// From the metric.
    [[nodiscard]] bool learns() const { return memory_ != nullptr && metric_.has_value(); }

    std::optional<Config> next() {
        // What learns knows by itself when all was tried: what these numbers proposed, and whether
        // it was another thing each time, is for whoever wrote the runs to say.
        const std::optional<std::uint64_t> number =
            coverage_.next(strategy_->adaptive() ? std::nullopt : strategy_->size());
        if (!number) return std::nullopt;
        std::optional<Config> config =
            memory_ != nullptr ? memory_->suggest(*number) : strategy_->suggest(*number, {});
        if (!config) return std::nullopt;
        coverage_.cover(*number);
        if (memory_ != nullptr)
            memory_->observe({*number, *config, RunFate::pending, std::nullopt});
        return config;
    }

private:
    void cover(std::optional<std::uint64_t> first) {
        if (!first) return;
        if (const auto number = coverage_.free_of(*first, repeats_)) coverage_.cover(*number);
    }

    std::optional<MetricGoal> metric_;
    bool by_cell_;
    std::uint32_t repeats_;
    std::unique_ptr<SearchStrategy> strategy_;
    std::unique_ptr<SearchMemory> memory_;
    Coverage coverage_;
};

/// Why a run tells the search nothing: what is wrong with its configuration (semantics 5.3). A
/// run that somebody enqueued may leave to the program what it does not say.
std::optional<std::string> strangeness(const SearchSpace& space, const Run& run) {
    for (const ConfigFault& fault : config_faults(space, run.config)) {
        if (run.suggestion || fault.kind != ConfigFault::Kind::missing) return fault.message;
    }
    return std::nullopt;
}

void take_runs(Session& session, const std::string& path, const SweepSpec& spec, Search& search) {
    constexpr std::size_t kShown = 5;
    const std::vector<FileRun> told = read_runs_file(path);
    std::vector<Run> runs = sweep_runs(told, path, spec.policy.metric);
    std::size_t strange = 0;
    std::size_t finished = 0;
    bool valued = false;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        runs[i].config = with_constants(spec.space, std::move(runs[i].config));
        // A cell is covered by whatever has its values, and chance learns nothing.
        const bool counts = spec.method == Method::random || search.is_cell(runs[i].config);
        const std::optional<std::string> why =
            counts ? std::nullopt : strangeness(spec.space, runs[i]);
        search.take(runs[i], !why);
        finished += runs[i].state == RunState::finished ? 1 : 0;
        valued = valued || !runs[i].summary.empty();
        if (!why || ++strange > kShown) continue;
        session.messages.warning("line " + std::to_string(told[i].line) + ": run '" +
                                 printable(told[i].name) + "' is left out: " + printable(*why));
    }
    if (strange > kShown) {
        session.messages.warning("and " + std::to_string(strange - kShown) +
                                 " more runs that are not of this space");
    }
    if (search.learns() && finished > 0 && !valued) {
        session.messages.warning("no run has a number of the metric '" +
                                 printable(spec.policy.metric->name) +
                                 "': there is nothing to learn from");
    }
}

int suggest(Session& session, const Options& options) {
    const SweepSpec spec = checked_spec(session, read_spec_file(options.spec), options.strict);
    const std::vector<std::string>& priors = options.priors;
    const auto from_stdin = (options.spec == "-") + (options.runs == "-") +
                            std::count(priors.begin(), priors.end(), "-");
    if (from_stdin > 1) throw CliError(kUsage, "only one of SPEC, --runs and --prior can be stdin");
    std::optional<std::uint64_t> seed = options.seed ? options.seed : spec.seed;
    if (!seed && uses_seed(spec)) {
        seed = drawn_seed();
        session.messages.note("seed " + std::to_string(*seed) + ", drawn now; --seed " +
                              std::to_string(*seed) + " gives the same again");
    }
    Search search(spec, seed.value_or(0));
    Prior prior;
    for (const std::string& path : priors)
        add(prior, read_prior_file(path, spec, session.messages));
    search.take(prior);
    if (options.runs) take_runs(session, *options.runs, spec, search);
    const std::uint64_t count = options.count.value_or(1);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::optional<Config> config = search.next();
        session.out.line(config ? strict_json(ParamMap{{"config", *config}}) : "null");
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->spec, ValueKind::file, "SPEC",
                         "the sweep's YAML file; - is stdin");
    arguments.option("--runs", options->runs, ValueKind::file, "FILE",
                     "the runs so far, a JSON object a line; - is stdin");
    arguments.option("--prior", options->priors, ValueKind::file, "FILE",
                     "what launch --prior was given, in the same form, or a table that is called "
                     "NAME.csv; - is stdin; may be repeated");
    arguments.option("-n,--count", options->count, "N", "how many suggestions; 1 unless given");
    arguments.option("--seed", options->seed, "N", "instead of the spec's, or one that is drawn");
    arguments.flag("--strict", options->strict, "unknown keys are errors, not warnings");
    return [options](Session& session) { return suggest(session, *options); };
}

}  // namespace

const Verb kSuggestVerb{
    .name = "suggest",
    .group = "engine, without a controller",
    .summary = "print what the search would try next, given the runs so far",
    .details =
        "A pure function of its input: the same engine, and the same answers, as the controller's. "
        "A line of FILE is {\"name\", \"state\", \"config\": {}, \"summary\": {}, \"history\": "
        "[{}]}; the best value of the metric in history and summary counts. Printed are lines "
        "{\"config\": {}}, or null when everything was tried. A run may have \"suggestion\", the "
        "number under which the search proposed it (null: it did not); else its line counts, from "
        "0 on. What 'export --format jsonl' writes has all of it. Runs whose configuration is not "
        "one of the sweep's are left out, with a warning. Runs from before the sweep are those of "
        "--prior; a table of them has the columns that 'export --format csv' writes, or simply "
        "those called as the parameters and the metric.",
    .examples =
        "sweepctl suggest sweep.yaml --runs runs.jsonl\n"
        "sweepctl suggest sweep.yaml --runs runs.jsonl -n 8 --seed 42",
    .declare = &declare,
};

}  // namespace sweepctl::cli

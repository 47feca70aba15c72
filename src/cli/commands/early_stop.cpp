#include "sweepctl/core/early_stop.hpp"

#include "sweepctl/core/run_rules.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/json_view.hpp"
#include "cli/runs_file.hpp"
#include "cli/session.hpp"
#include "cli/spec_file.hpp"
#include "cli/text.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string spec;
    std::optional<std::string> runs;
    bool strict = false;
};

/// Each band with its threshold; repeats as W&B makes them, and the order in which it compares:
/// smaller is better, so those of a metric that is maximised are negated.
void add_bands(const EarlyStopping& engine, Goal goal, ParamList& bands, ParamList& thresholds) {
    std::map<std::uint64_t, ParamValue> found;
    for (const EarlyStopping::Band& band : engine.bands()) {
        if (!band.threshold) continue;
        found[band.iteration] = goal == Goal::minimize ? *band.threshold : -*band.threshold;
    }
    for (const std::uint64_t band : bands_of(engine.rule())) {
        bands.emplace_back(static_cast<std::int64_t>(band));
        thresholds.push_back(found[band]);  // null where nobody came so far
    }
}

int early_stop(Session& session, const Options& options) {
    if (!options.runs) throw CliError(kUsage, "--runs is missing", "give it a file of runs");
    if (options.spec == "-" && *options.runs == "-") {
        throw CliError(kUsage, "the spec and the runs cannot both be standard input");
    }
    const SpecFile file = read_spec_file(options.spec);
    const SweepSpec spec = checked_spec(session, file, options.strict);
    const SweepPolicy& policy = spec.policy;
    if (!policy.early_stop || !policy.metric) {
        throw CliError(kError, "'" + printable(file.name) + "' stops no run early",
                       "give it 'early_terminate', or 'sweepctl: {early_stop: ...}'");
    }
    const std::vector<FileRun> runs = read_runs_file(*options.runs);
    EarlyStopping engine(*policy.early_stop, policy.metric->goal);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        for (const ParamMap& row : runs[i].history) {
            for (const double value : finite_values(row, policy.metric->name))
                engine.take(i, value);
        }
    }

    ParamList stop;
    ParamList bands;
    ParamList thresholds;
    const bool median = std::holds_alternative<MedianRule>(engine.rule());
    if (!median) add_bands(engine, policy.metric->goal, bands, thresholds);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (runs[i].state != "running") continue;
        const EarlyStopVerdict verdict = engine.judge(i);
        if (verdict.stop) stop.emplace_back(runs[i].name);
        if (!median || !verdict.band) continue;
        bands.emplace_back(static_cast<std::int64_t>(*verdict.band));
        thresholds.emplace_back(policy.metric->goal == Goal::minimize ? verdict.threshold
                                                                      : -verdict.threshold);
    }
    session.out.line(strict_json(ParamMap{{"stop", std::move(stop)},
                                          {"bands", std::move(bands)},
                                          {"thresholds", std::move(thresholds)}}));
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->spec, ValueKind::file, "SPEC",
                         "the sweep's YAML file; - is stdin");
    arguments.option("--runs", options->runs, ValueKind::file, "FILE",
                     "JSON Lines, one run each; - is stdin");
    arguments.flag("--strict", options->strict, "unknown keys are errors, not warnings");
    return [options](Session& session) { return early_stop(session, *options); };
}

}  // namespace

const Verb kEarlyStopVerb{
    .name = "early-stop",
    .group = "engine, without a controller",
    .summary = "say which of the runs in a file early stopping would end now",
    .details =
        "Each line of FILE is an object {\"name\", \"state\", \"history\": [{...}, ...]}, a row "
        "of the history for each line logged. Printed is one object {\"stop\", \"bands\", "
        "\"thresholds\"}: the names of the running runs that are hopeless, and where each band "
        "stands, null where no run has come so far. A controller decides by 'asha' and 'median' when "
        "a run comes to a band, among those that came before it; a file does not say who that was, "
        "and all of its runs count. As in W&B smaller is better there: the "
        "thresholds of a metric that is maximised are negated. With 'median' there is one entry "
        "for each run that was compared.",
    .examples = "sweepctl early-stop sweep.yaml --runs runs.jsonl",
    .declare = &declare,
};

}  // namespace sweepctl::cli

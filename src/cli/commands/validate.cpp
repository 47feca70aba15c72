#include "sweepctl/core/command_line.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/spec_file.hpp"
#include "cli/text.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string spec;
    bool strict = false;
    bool json = false;
};

using Facts = std::vector<std::pair<std::string, std::string>>;

std::string joined(const std::vector<std::string>& words, const std::string& separator) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : separator) + word;
    return out;
}

std::string retry_text(const RetryPolicy& retry) {
    if (retry.max == 0) return "none";
    std::vector<std::string> on;
    for (const RunState state : retry.states)
        on.emplace_back(to_string(state));
    for (const int code : retry.exit_codes)
        on.push_back("exit code " + std::to_string(code));
    return plural(retry.max, "more attempt") + " on " + joined(on, ", ");
}

/// What the search takes for the values of runs that did not finish (metric.impute).
std::string impute_text(const SweepSpec& spec) {
    const auto killed_and_failed = [&]() -> std::string {
        if (!spec.impute) return "killed runs by their best value, failed ones as bad";
        switch (*spec.impute) {
            case Impute::latest: return "killed and failed runs by their latest value";
            case Impute::best: return "killed and failed runs by their best value";
            case Impute::worst: return "killed and failed runs by the worst value of all";
        }
        return {};
    };
    return killed_and_failed() + (spec.impute_while_running ? ", running ones by their best so far"
                                                            : ", running ones not yet");
}

/// What is in effect, said or not: people must not have to know the defaults by heart.
Facts facts_of(const SweepSpec& spec, std::optional<std::uint64_t> runs) {
    std::vector<std::string> names;
    for (const Parameter& parameter : spec.space.parameters) {
        names.push_back(joined(parameter.path, "."));
    }
    const SweepPolicy& policy = spec.policy;
    Facts facts;
    facts.emplace_back("method", std::string(to_string(spec.method)) + ", " +
                                     (runs ? plural(*runs, "run") : "without end"));
    facts.emplace_back("parameters", joined(names, ", "));
    for (const std::vector<std::size_t>& group : spec.space.zips) {
        std::vector<std::string> together;
        for (const std::size_t parameter : group)
            together.push_back(names[parameter]);
        facts.emplace_back("zip", joined(together, ", ") + " vary together");
    }
    for (const Condition& condition : spec.space.conditions)
        facts.emplace_back("when", names[condition.parameter] + " only if " + condition.text);
    if (policy.repeats > 1)
        facts.emplace_back("repeats", plural(policy.repeats, "run") + " of each configuration");
    if (policy.metric) {
        facts.emplace_back(
            "metric",
            policy.metric->name +
                (policy.metric->goal == Goal::minimize ? ", minimize" : ", maximize") +
                (policy.metric->target ? ", target " + number_text(*policy.metric->target) : ""));
    }
    if (spec.method == Method::bayes) facts.emplace_back("impute", impute_text(spec));
    const std::vector<std::string>& command =
        spec.program.command.empty() ? default_command() : spec.program.command;
    facts.emplace_back("command", joined(command, " "));
    if (spec.program.program) facts.emplace_back("program", *spec.program.program);
    facts.emplace_back("interpreter", spec.program.interpreter);
    if (policy.early_stop) {
        facts.emplace_back(std::holds_alternative<HyperbandRule>(*policy.early_stop)
                               ? "early_terminate"
                               : "early_stop",
                           to_text(*policy.early_stop));
    }
    if (uses_seed(spec)) {
        facts.emplace_back("seed", spec.seed ? std::to_string(*spec.seed) : "drawn at launch");
    }
    facts.emplace_back("parallel", policy.parallel ? std::to_string(*policy.parallel)
                                                   : "as many as there are slots");
    facts.emplace_back("resources", plural(policy.resources.cpus, "CPU") + ", " +
                                        plural(policy.resources.gpus, "GPU") + " a run");
    if (spec.program.stdout_metrics != StdoutMetrics::none) {
        facts.emplace_back("metrics", spec.program.stdout_metrics == StdoutMetrics::json
                                          ? "lines that are printed as JSON objects, too"
                                          : "printed lines of names with numbers, too");
    }
    facts.emplace_back("timeout", policy.timeout ? duration_text(*policy.timeout) : "none");
    facts.emplace_back("kill_delay", duration_text(spec.program.kill_delay));
    facts.emplace_back("retry", retry_text(policy.retry));
    facts.emplace_back("fail_fast",
                       policy.fail_fast
                           ? "pauses the sweep after " + plural(policy.fail_fast->runs, "run") +
                                 " that all fail within " + duration_text(policy.fail_fast->within)
                           : "false");
    return facts;
}

ParamValue json_of(const Diagnostic& diagnostic) {
    return ParamMap{{"severity", std::string(to_string(diagnostic.severity))},
                    {"line", static_cast<std::int64_t>(diagnostic.line)},
                    {"column", static_cast<std::int64_t>(diagnostic.column)},
                    {"message", diagnostic.message},
                    {"hint", diagnostic.hint}};
}

int validate_json(Session& session, const SpecFile& file, bool strict) {
    const ParsedSpec parsed = parse_spec(file.text, SpecOptions{.strict = strict});
    ParamList diagnostics;
    for (const Diagnostic& diagnostic : parsed.diagnostics) {
        diagnostics.push_back(json_of(diagnostic));
    }
    ParamValue method;
    ParamValue runs;
    if (parsed.spec) {
        method = std::string(to_string(parsed.spec->method));
        const auto strategy = strategy_of(*parsed.spec, 0);
        runs = json_count(expected_runs(*parsed.spec, *strategy));
    }
    session.out.line(strict_json(ParamMap{{"valid", parsed.spec.has_value()},
                                          {"file", file.name},
                                          {"method", method},
                                          {"expected_runs", runs},
                                          {"diagnostics", std::move(diagnostics)}}));
    return parsed.spec ? kOk : kError;
}

int validate(Session& session, const Options& options) {
    const SpecFile file = read_spec_file(options.spec);
    if (options.json) return validate_json(session, file, options.strict);
    const SweepSpec spec = checked_spec(session, file, options.strict, Say::everything);
    const auto strategy = strategy_of(spec, 0);
    session.out.line(printable(file.name) + ": valid");
    for (const auto& [name, value] : facts_of(spec, expected_runs(spec, *strategy))) {
        session.out.line("  " + pad(name, 16) + printable(value));
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->spec, ValueKind::file, "SPEC",
                         "the sweep's YAML file; - is stdin");
    arguments.flag("--strict", options->strict, "unknown keys are errors, not warnings");
    arguments.flag("--json", options->json, "print one JSON object, with all diagnostics");
    return [options](Session& session) { return validate(session, *options); };
}

}  // namespace

const Verb kValidateVerb{
    .name = "validate",
    .group = "engine, without a controller",
    .summary = "say everything that is wrong with a spec, and what it will do",
    .details =
        "All errors and warnings go to stderr with file, line and column; the values in "
        "effect, defaults included, to stdout. Exit code 1 when there is an error.",
    .examples =
        "sweepctl validate sweep.yaml\n"
        "sweepctl validate --strict --json sweep.yaml",
    .declare = &declare,
};

}  // namespace sweepctl::cli

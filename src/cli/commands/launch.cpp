#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/fields.hpp"
#include "cli/follow.hpp"
#include "cli/follow_views.hpp"
#include "cli/json_view.hpp"
#include "cli/launch_request.hpp"
#include "cli/session.hpp"
#include "cli/spec_file.hpp"
#include "cli/sweep_end.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string spec;
    LaunchOptions launch;
    bool detach = false;
    bool json = false;
};

/// What the controller had to say beyond what the spec's own check said here already.
void say_created(Session& session, const ParamValue& created) {
    for (const ParamValue& warning : list_field(created, "warnings")) {
        session.messages.warning(cell_text(warning));
    }
    const std::string id = text_field(created, "id");
    const std::string name = text_field(created, "name");
    const ParamValue& runs = field(created, "expected_runs");
    const std::int64_t prior = int_field(field(created, "prior"), "runs").value_or(0);
    session.messages.note("sweep " + printable(id) +
                          (name.empty() || name == id ? "" : " (" + printable(name) + ")") +
                          " is " + printable(text_field(created, "status")) + ": " +
                          cell_text(field(created, "method")) + ", " +
                          (runs.is_null()          ? "without end"
                           : runs == ParamValue(1) ? "1 run"
                                                   : cell_text(runs) + " runs") +
                          (prior <= 0   ? ""
                           : prior == 1 ? "; it knows 1 prior run"
                                        : "; it knows " + std::to_string(prior) + " prior runs"));
}

/// Prints the result for scripts: the id, on stdout's last line.
void print_result(Session& session, const Options& options, const ParamValue& sweep) {
    session.out.line(options.json ? strict_json(reorder(sweep, sweep_fields()))
                                  : text_field(sweep, "id"));
    session.out.flush();
}

int attached(Session& session, const Options& options, const ParamValue& created) {
    const std::string id = text_field(created, "id");
    const auto view = make_view(session, session.messages.fd());
    FollowOptions follow;
    follow.catch_interrupt = true;
    FollowResult result;
    try {
        result = follow_sweep(session, id, *view, follow);
    } catch (const CliError&) {
        // The sweep is there whatever became of following it; scripts get its id.
        print_result(session, options, created);
        throw;
    }
    print_result(session, options, result.sweep.is_null() ? created : result.sweep);
    switch (result.why) {
        case FollowResult::Why::ended: break;
        case FollowResult::Why::timed_out: return kTimedOut;
        case FollowResult::Why::interrupted:
            session.messages.note("detached; the sweep goes on. 'sweepctl watch " + printable(id) +
                                  "' shows it again, 'sweepctl cancel " + printable(id) +
                                  "' ends it");
            return kInterrupted;
        case FollowResult::Why::lost: throw_lost();
        case FollowResult::Why::removed: throw_removed(id);
    }
    const SweepEnd end = end_of(session.controller(), result.sweep);
    if (end.code != kOk) {
        session.messages.note("sweep " + printable(id) + " " + end.why + "; 'sweepctl runs " +
                              printable(id) + "' shows its runs");
    }
    return end.code;
}

int launch(Session& session, const Options& options) {
    const std::vector<std::string>& priors = options.launch.priors;
    if ((options.spec == "-") + std::count(priors.begin(), priors.end(), "-") > 1)
        throw CliError(kUsage, "only one of SPEC and --prior can be stdin");
    const SpecFile file = read_spec_file(options.spec);
    // A spec with errors is refused before a controller is even started.
    const SweepSpec spec = checked_spec(session, file, options.launch.strict);
    Controller& controller = session.controller();
    const ParamValue created = controller.post(
        api_target("sweeps"),
        launch_request(session, file, spec, options.launch, controller.address()));
    say_created(session, created);
    if (!options.detach) return attached(session, options, created);
    print_result(
        session, options,
        options.json ? controller.get(id_target("sweeps", text_field(created, "id"))) : created);
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    LaunchOptions& launch_options = options->launch;
    arguments.positional(options->spec, ValueKind::file, "SPEC",
                         "the sweep's YAML file; - is stdin");
    arguments.flag("-d,--detach", options->detach, "return at once instead of following the sweep");
    arguments.option("--parallel", launch_options.parallel, "N", "at most so many runs at once");
    arguments.option("--name", launch_options.name, ValueKind::text, "NAME",
                     "what people call it; else the spec's name, else the id");
    arguments.option("--project", launch_options.project, ValueKind::text, "NAME",
                     "instead of WANDB_PROJECT or the spec's");
    arguments.option("--entity", launch_options.entity, ValueKind::text, "NAME",
                     "instead of WANDB_ENTITY or the spec's");
    arguments.option("--seed", launch_options.seed, "N",
                     "of the search, instead of the spec's or one that is drawn");
    arguments.option("--prior", launch_options.priors, ValueKind::file_or_sweep, "FILE|SWEEP",
                     "runs from before that the search is to know: a file as for 'suggest --prior', "
                     "or the ended runs of a sweep; may be repeated");
    arguments.flag("--paused", launch_options.paused, "start no run until it is resumed");
    arguments.flag("--strict", launch_options.strict, "unknown keys are errors, not warnings");
    arguments.flag("--json", options->json, "print the sweep as one JSON object, at the end");
    return [options](Session& session) { return launch(session, *options); };
}

}  // namespace

const Verb kLaunchVerb{
    .name = "launch",
    .group = "start",
    .summary = "start a sweep from a W&B sweep file, and follow it until it ends",
    .details =
        "The runs get this shell's working directory and environment, as with any command. Ctrl-C "
        "detaches (exit code 130): the sweep goes on. The last line on stdout is the sweep's id; "
        "progress goes to stderr.\n"
        "From prior runs a search that learns learns as from its own, and a grid takes their cells "
        "for done; none is run again. They are copied: the file or the sweep may go.\n"
        "Exit code 0 when all runs finished or were ended by the sweep itself (early stopping, "
        "metric.target), 6 when some did not, 5 when the sweep was cancelled, failed, crashed, or "
        "paused itself since its runs keep failing.",
    .examples =
        "sweepctl launch sweep.yaml\n"
        "sweepctl launch sweep.yaml --parallel 4 --detach\n"
        "sweepctl launch sweep.yaml --prior k3f9x2ab\n"
        "id=$(sweepctl launch -d sweep.yaml) && sweepctl wait \"$id\"",
    .declare = &declare,
};

}  // namespace sweepctl::cli

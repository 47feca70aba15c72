#include "sweepctl/spec/config_check.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include "cli/assignment.hpp"
#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/message.hpp"
#include "cli/config_words.hpp"
#include "cli/controller.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string sweep;
    std::vector<std::string> assignments;
    bool front = false;
};

int enqueue(Session& session, const Options& options) {
    std::vector<Assignment> assignments;
    for (const std::string& word : options.assignments) {
        assignments.push_back(parse_assignment(word));
    }
    Controller& controller = session.controller();
    // The spec tells whether "opt.lr" is a name of its own or lr in the group opt.
    const ParamValue sweep = controller.get(id_target("sweeps", options.sweep));
    const ParsedSpec parsed = parse_spec(text_field(sweep, "spec"), {.program_elsewhere = true});
    const SearchSpace space = parsed.spec ? parsed.spec->space : SearchSpace{};
    const Config config = config_from(assignments, space);
    const ParamMap body{{"config", config}, {"front", options.front}};
    print_message(session,
                  controller.post(api_target("sweeps/" + text_field(sweep, "id") + "/runs"), body));
    for (const ConfigFault& fault : config_faults(space, with_constants(space, config))) {
        if (fault.kind != ConfigFault::Kind::missing) continue;
        session.messages.warning("the run has no value for '" + printable(fault.parameter) + "'");
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->sweep, ValueKind::sweep, "SWEEP", "the sweep's id");
    arguments.positional(options->assignments, ValueKind::assignment, "KEY=VALUE",
                         "a parameter and its value; GROUP.KEY for one inside a group");
    arguments.flag("--front", options->front, "before what was enqueued earlier");
    return [options](Session& session) { return enqueue(session, *options); };
}

}  // namespace

const Verb kEnqueueVerb{
    .name = "enqueue",
    .group = "data",
    .summary = "add a run with a configuration of your own to a sweep",
    .details =
        "It goes before what the search suggests, which will not try that configuration "
        "again. Values are read as in YAML: 3, 0.1, true, null, [1, 2], text. They must lie in the "
        "sweep's space; its constants may be left out. What else is left out the program has to "
        "know by itself: a warning names it.",
    .examples = "sweepctl enqueue k3f9x2ab lr=0.1 layers=[64,32] optimizer.name=sgd",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/exit_codes.hpp"
#include "cli/json_view.hpp"
#include "cli/named_thing.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string id;
    bool json = false;
};

int explain(Session& session, const Options& options) {
    Controller& controller = session.controller();
    const NamedThing thing = find_sweep_or_run(controller, options.id);
    const ParamValue reply =
        controller.get(api_target(thing.collection + "/" + thing.id + "/explain"));
    if (options.json) {
        session.out.line(strict_json(reorder(reply, {"id", "summary", "lines"})));
        return kOk;
    }
    session.out.line(
        session.out.terminal().paint(Style::bold, printable(text_field(reply, "summary"))));
    for (const ParamValue& line : list_field(reply, "lines")) {
        session.out.line("  " + cell_text(line));
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->id, ValueKind::sweep_or_run, "ID", "id of a sweep or run");
    arguments.flag("--json", options->json, "print one JSON object");
    return [options](Session& session) { return explain(session, *options); };
}

}  // namespace

const Verb kExplainVerb{
    .name = "explain",
    .group = "follow",
    .summary = "say why a sweep or a run is running, or why it is not",
    .details = {},
    .examples = "sweepctl explain k3f9x2ab",
    .declare = &declare,
};

}  // namespace sweepctl::cli

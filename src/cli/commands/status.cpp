#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/fields.hpp"
#include "cli/home.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

int status(Session& session, bool json) {
    Controller* const controller = session.running_controller();
    if (controller == nullptr) {
        throw CliError(kNotFound,
                       "no controller is running for '" +
                           printable(state_directory(session.globals.home)) + "'",
                       "the first verb that needs one starts it");
    }
    const ParamValue reply = controller->get(api_target("status"));
    if (json) {
        session.out.line(strict_json(project(reply, status_fields())));
        return kOk;
    }
    const auto line = [&session](const std::string& label, const std::string& value) {
        session.out.line(session.out.terminal().paint(Style::dim, pad(label, 12)) + value);
    };
    for (const std::string_view name : status_fields()) {
        const std::string value = cell_text(field(reply, name));
        if (value == "-") continue;
        std::string label(name);
        if (label == "live_runs") label = "live runs";
        if (label == "started_at") label = "started";
        line(label, value);
    }
    if (const std::string why = cell_text(field(reply, "local_agent")); why != "-")
        line("local agent", why);
    for (const ParamValue& trouble : list_field(reply, "troubles")) {
        line("trouble", "since " + cell_text(field(trouble, "since")) + ": " +
                            cell_text(field(trouble, "message")));
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto json = std::make_shared<bool>(false);
    arguments.flag("--json", *json, "print one JSON object");
    return [json](Session& session) { return status(session, *json); };
}

}  // namespace

const Verb kStatusVerb{
    .name = "status",
    .group = "daemon",
    .summary = "say whether a controller is running, where, and what it holds",
    .details = "Exit code 3 when none is running; none is started.",
    .examples = "sweepctl status --json | jq -r .url",
    .declare = &declare,
};

}  // namespace sweepctl::cli

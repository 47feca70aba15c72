#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

// What a person can still choose from.
constexpr std::size_t kMost = 200;

void list_sweeps_or_agents(Session& session, Controller& controller, const std::string& kind) {
    std::size_t left = kMost;
    controller.each_item(kind, {}, [&](const ParamValue& item) {
        session.out.line(cell_text(field(item, "id")));
        return --left > 0;
    });
}

void list_runs(Session& session, Controller& controller) {
    std::size_t left = kMost;
    controller.each_item("sweeps", {}, [&](const ParamValue& sweep) {
        controller.each_item("sweeps/" + text_field(sweep, "id") + "/runs",
                             {{"limit", std::to_string(left)}}, [&](const ParamValue& run) {
                                 session.out.line(cell_text(field(run, "id")));
                                 return --left > 0;
                             });
        return left > 0;
    });
}

/// Silent in every case: it answers a press of the tab key.
int list_ids(Session& session, const std::vector<std::string>& kinds) {
    try {
        Controller* const controller = session.running_controller();
        if (controller == nullptr) return kOk;
        for (const std::string& kind : kinds) {
            if (kind == "runs") {
                list_runs(session, *controller);
            } else if (kind == "sweeps" || kind == "agents") {
                list_sweeps_or_agents(session, *controller, kind);
            }
        }
    } catch (const CliError& error) {
        return error.code();
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto kinds = std::make_shared<std::vector<std::string>>();
    arguments.positional(*kinds, ValueKind::text, "KIND", "sweeps, runs or agents");
    return [kinds](Session& session) { return list_ids(session, *kinds); };
}

}  // namespace

const Verb kListIdsVerb{
    .name = "list-ids",
    .group = {},
    .summary = "print ids, one a line, for the shells' completions; starts no controller",
    .details = {},
    .examples = {},
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/exit_codes.hpp"
#include "cli/fields.hpp"
#include "cli/json_array.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/sweep_view.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

Style style_of_agent(std::string_view state) {
    if (state == "online") return Style::green;
    return state == "lost" ? Style::red : Style::yellow;
}

int agents(Session& session, bool json) {
    JsonArray array(session.out);
    Table table({{"AGENT"},
                 {"HOST"},
                 {"STATE"},
                 {"BUSY", true},
                 {"SLOTS", true},
                 {"GPUS", true},
                 {"SWEEP", false, true},
                 {"HEARTBEAT", true, true}});
    const WallTime now = wall_now();
    session.controller().each_item("agents", {}, [&](const ParamValue& agent) {
        if (json) {
            array.add(project(agent, agent_fields()));
            return true;
        }
        const std::string state = text_field(agent, "state");
        const auto heartbeat = time_field(agent, "heartbeat_at");
        table.add({{cell_text(field(agent, "id")), Style::bold},
                   {cell_text(field(agent, "host"))},
                   {printable(state), style_of_agent(state)},
                   {cell_text(field(agent, "busy"))},
                   {cell_text(field(agent, "slots"))},
                   {cell_text(field(agent, "gpus"))},
                   {cell_text(field(agent, "sweep"))},
                   {heartbeat ? ago_text(*heartbeat, now) : "-"}});
        return true;
    });
    if (json) {
        array.end();
    } else if (table.empty()) {
        session.messages.note("no agents");
    } else {
        session.out.write(table.text(session.out.terminal()));
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto json = std::make_shared<bool>(false);
    arguments.flag("--json", *json, "print an array of objects");
    return [json](Session& session) { return agents(session, *json); };
}

}  // namespace

const Verb kAgentsVerb{
    .name = "agents",
    .group = "capacity",
    .summary = "list the agents",
    .details = {},
    .examples = "sweepctl agents",
    .declare = &declare,
};

}  // namespace sweepctl::cli

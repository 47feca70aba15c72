#include "cli/commands/commands.hpp"
#include "cli/commands/message.hpp"
#include "cli/controller.hpp"
#include "cli/session.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

Action declare(Arguments& arguments) {
    const auto agents = std::make_shared<std::vector<std::string>>();
    arguments.positional(*agents, ValueKind::agent, "AGENT", "ids of agents");
    return [agents](Session& session) {
        return for_each_word(session, *agents, [&](const std::string& word) {
            print_message(session, session.controller().post(id_target("agents", word, "drain")));
        });
    };
}

}  // namespace

const Verb kDrainVerb{
    .name = "drain",
    .group = "capacity",
    .summary = "give an agent no more runs; it leaves when its live ones have ended",
    .details =
        "The controller's own agent stays away until the controller is restarted. Agents that were "
        "started by hand do the work until then.",
    .examples = "sweepctl drain a5x81kfe",
    .declare = &declare,
};

}  // namespace sweepctl::cli

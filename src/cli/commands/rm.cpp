#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/message.hpp"
#include "cli/controller.hpp"
#include "cli/named_thing.hpp"
#include "cli/session.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

struct Options {
    std::vector<std::string> ids;
    bool force = false;
};

int rm(Session& session, const Options& options) {
    return for_each_word(session, options.ids, [&](const std::string& word) {
        Controller& controller = session.controller();
        const NamedThing thing = find_sweep_or_run(controller, word);
        Query query;
        if (options.force) query.emplace_back("force", "1");
        print_message(session,
                      controller.remove(api_target(thing.collection + "/" + thing.id, query)));
    });
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->ids, ValueKind::sweep_or_run, "ID", "ids of sweeps or runs");
    arguments.flag("--force", options->force, "cancel a sweep that has live runs first");
    return [options](Session& session) { return rm(session, *options); };
}

}  // namespace

const Verb kRmVerb{
    .name = "rm",
    .group = "data",
    .summary = "delete sweeps with all their runs, or single ended runs",
    .details = "A deleted run's grid cell is free again. There is no way back.",
    .examples =
        "sweepctl rm r8a2kk3p\n"
        "sweepctl rm --force k3f9x2ab",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/exit_codes.hpp"
#include "cli/follow.hpp"
#include "cli/follow_views.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/sweep_end.hpp"
#include "cli/text.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

int watch(Session& session, const std::string& sweep) {
    const ParamValue found = session.controller().get(id_target("sweeps", sweep));
    const std::string id = text_field(found, "id");
    const auto view = make_view(session, session.out.fd());
    FollowOptions follow;
    follow.catch_interrupt = true;
    const FollowResult result = follow_sweep(session, id, *view, follow);
    switch (result.why) {
        case FollowResult::Why::ended: return kOk;
        case FollowResult::Why::timed_out: return kTimedOut;
        case FollowResult::Why::interrupted: return kInterrupted;
        case FollowResult::Why::lost: throw_lost();
        case FollowResult::Why::removed:
            view->note("sweep " + printable(id) + " was removed");
            view->draw(true);
            throw_removed(id);
    }
    return kError;
}

Action declare(Arguments& arguments) {
    const auto sweep = std::make_shared<std::string>();
    arguments.positional(*sweep, ValueKind::sweep, "SWEEP", "the sweep's id");
    return [sweep](Session& session) { return watch(session, *sweep); };
}

}  // namespace

const Verb kWatchVerb{
    .name = "watch",
    .group = "follow",
    .summary = "show a sweep's progress until it ends",
    .details =
        "On a terminal a display that is drawn over and over, elsewhere lines. Ctrl-C ends "
        "the watching and nothing else.",
    .examples = "sweepctl watch k3f9x2ab",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/fields.hpp"
#include "cli/follow.hpp"
#include "cli/follow_views.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/sweep_end.hpp"
#include "cli/sweep_view.hpp"
#include "cli/text.hpp"

#include <memory>
#include <optional>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string sweep;
    std::optional<std::string> timeout;
    bool json = false;
};

std::optional<Duration> timeout_of(const Options& options) {
    if (!options.timeout) return std::nullopt;
    const auto timeout = parse_duration(*options.timeout);
    if (!timeout) {
        throw CliError(kUsage, "'" + printable(*options.timeout) + "' is not a duration",
                       "a duration is like 30s, 5m or 2h");
    }
    return timeout;
}

int wait(Session& session, const Options& options) {
    FollowOptions follow;
    follow.timeout = timeout_of(options);
    const ParamValue found = session.controller().get(id_target("sweeps", options.sweep));
    const std::string id = text_field(found, "id");
    SilentView view(session);
    const FollowResult result = follow_sweep(session, id, view, follow);
    switch (result.why) {
        case FollowResult::Why::ended: break;
        case FollowResult::Why::timed_out:
            session.messages.error("sweep " + printable(id) + " is still " +
                                   printable(text_field(result.sweep, "status")) + " after " +
                                   duration_text(*follow.timeout) + "; " +
                                   counts_text(counts_of(result.sweep)));
            return kTimedOut;
        case FollowResult::Why::interrupted: return kInterrupted;
        case FollowResult::Why::lost: throw_lost();
        case FollowResult::Why::removed: throw_removed(id);
    }
    const SweepEnd end = end_of(session.controller(), result.sweep);
    if (options.json) {
        session.out.line(strict_json(reorder(result.sweep, sweep_fields())));
    } else {
        session.out.line("sweep " + printable(id) + " " + end.why);
    }
    return end.code;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->sweep, ValueKind::sweep, "SWEEP", "the sweep's id");
    arguments.option("--timeout", options->timeout, ValueKind::duration, "DURATION",
                     "give up after so long, with exit code 124");
    arguments.flag("--json", options->json, "print the sweep as one JSON object at the end");
    return [options](Session& session) { return wait(session, *options); };
}

}  // namespace

const Verb kWaitVerb{
    .name = "wait",
    .group = "follow",
    .summary = "wait until a sweep ends",
    .details =
        "Exit code 0 when all runs finished or were ended by the sweep itself (early stopping, "
        "metric.target), 6 when some did not, 5 when the sweep was cancelled, failed, crashed, or "
        "paused itself since its runs keep failing. A paused sweep has not ended.",
    .examples =
        "sweepctl wait k3f9x2ab && ./report.sh\n"
        "sweepctl wait --timeout 2h k3f9x2ab",
    .declare = &declare,
};

}  // namespace sweepctl::cli

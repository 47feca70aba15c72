#include "cli/commands/commands.hpp"
#include "cli/commands/sweep_command.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

struct Options {
    std::vector<std::string> sweeps;
    std::optional<std::string> grace;
};

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->sweeps, ValueKind::sweep, "SWEEP", "ids of sweeps");
    arguments.option("--grace", options->grace, ValueKind::duration, "DURATION",
                     "send SIGTERM first, and SIGKILL after so long");
    return [options](Session& session) {
        return sweep_command(session, "cancel", options->sweeps, options->grace);
    };
}

}  // namespace

const Verb kCancelVerb{
    .name = "cancel",
    .group = "steer",
    .summary = "start no more runs and kill the live ones, with all that they started",
    .details =
        "SIGKILL at once, unless --grace is given. Pending runs are killed as well; ended "
        "ones stay as they are.",
    .examples =
        "sweepctl cancel k3f9x2ab\n"
        "sweepctl cancel --grace 30s k3f9x2ab",
    .declare = &declare,
};

}  // namespace sweepctl::cli

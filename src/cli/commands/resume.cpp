#include "cli/commands/commands.hpp"
#include "cli/commands/sweep_command.hpp"

namespace sweepctl::cli {

namespace {

Action declare(Arguments& arguments) {
    return declare_sweep_command(arguments, "resume");
}

}  // namespace

const Verb kResumeVerb{
    .name = "resume",
    .group = "steer",
    .summary = "start new runs again, also in a stopped, cancelled or finished sweep",
    .details = "Runs that were requeued go first, then retried, then enqueued, then new ones.",
    .examples = "sweepctl resume k3f9x2ab",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "cli/commands/commands.hpp"
#include "cli/commands/sweep_command.hpp"

namespace sweepctl::cli {

namespace {

Action declare(Arguments& arguments) {
    return declare_sweep_command(arguments, "stop");
}

}  // namespace

const Verb kStopVerb{
    .name = "stop",
    .group = "steer",
    .summary = "start no more runs; live runs go on to their end",
    .details = "No run is signalled. When this returns, no process starts for the sweep any more.",
    .examples = "sweepctl stop k3f9x2ab",
    .declare = &declare,
};

}  // namespace sweepctl::cli

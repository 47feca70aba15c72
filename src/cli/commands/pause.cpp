#include "cli/commands/commands.hpp"
#include "cli/commands/sweep_command.hpp"

namespace sweepctl::cli {

namespace {

Action declare(Arguments& arguments) {
    return declare_sweep_command(arguments, "pause");
}

}  // namespace

const Verb kPauseVerb{
    .name = "pause",
    .group = "steer",
    .summary = "start no new runs until resumed; live runs go on",
    .details = "No run is signalled. When this returns, no process starts for the sweep any more.",
    .examples = "sweepctl pause k3f9x2ab",
    .declare = &declare,
};

}  // namespace sweepctl::cli

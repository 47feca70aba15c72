#include "sweepctl/cli/daemon_entry.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/home.hpp"
#include "cli/session.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

int fsck(Session& session, bool json) {
    if (session.globals.server) {
        throw CliError(kUsage, "fsck reads a state directory, not a server", "use --home");
    }
    return run_fsck(state_directory(session.globals.home), json);
}

Action declare(Arguments& arguments) {
    const auto json = std::make_shared<bool>(false);
    arguments.flag("--json", *json, "print an array of objects {what, id, detail}");
    return [json](Session& session) { return fsck(session, *json); };
}

}  // namespace

const Verb kFsckVerb{
    .name = "fsck",
    .group = "daemon",
    .summary = "check a state directory: everything that can be known to be wrong in it",
    .details =
        "Changes nothing, and may run beside a live controller. Exit code 1 when something "
        "is wrong.",
    .examples = "sweepctl fsck --home /scratch/sweeps",
    .declare = &declare,
};

}  // namespace sweepctl::cli

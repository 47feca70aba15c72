#include "sweepctl/cli/endpoint.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/shell_text.hpp"
#include "cli/text.hpp"

#include <fstream>
#include <string>

namespace sweepctl::cli {

namespace {

/// What W&B's client needs to come here: where we are, and the key.
int wandb_env(Session& session) {
    const ParamValue status = session.controller().get(api_target("status"));
    const std::string url = text_field(status, "url");
    if (url.empty()) throw CliError(kError, "the controller has no TCP door for W&B's client");
    const std::string path = token_path(text_field(status, "home"));
    std::string key;
    std::ifstream file(path);
    if (!file || !std::getline(file, key) || key.empty()) {
        throw CliError(kError, "cannot read the key from '" + printable(path) + "'",
                       "it lies in the state directory of the controller's host");
    }
    session.out.line("export WANDB_BASE_URL=" + shell_text(url));
    session.out.line("export WANDB_API_KEY=" + shell_text(key));
    return kOk;
}

Action declare(Arguments&) {
    return [](Session& session) { return wandb_env(session); };
}

}  // namespace

const Verb kWandbEnvVerb{
    .name = "wandb-env",
    .group = "daemon",
    .summary = "print what points W&B's own client at this controller, for eval",
    .details = "The key opens the controller to whoever has it: it is printed nowhere else.",
    .examples = "eval \"$(sweepctl wandb-env)\"\nwandb sweep sweep.yaml",
    .declare = &declare,
};

}  // namespace sweepctl::cli

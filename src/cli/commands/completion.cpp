#include "cli/completion.hpp"

#include "cli/commands/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/session.hpp"

#include <memory>
#include <string>

namespace sweepctl::cli {

namespace {

Action declare(Arguments& arguments) {
    const auto shell = std::make_shared<std::string>();
    arguments.positional(*shell, {"bash", "zsh", "fish"}, "SHELL", "bash, zsh or fish");
    return [shell](Session& session) {
        session.out.write(*shell == "bash"  ? bash_completion()
                          : *shell == "zsh" ? zsh_completion()
                                            : fish_completion());
        return int{kOk};
    };
}

}  // namespace

const Verb kCompletionVerb{
    .name = "completion",
    .group = "daemon",
    .summary = "print the completion script for a shell",
    .details = {},
    .examples =
        "source <(sweepctl completion bash)\n"
        "sweepctl completion zsh > ~/.zfunc/_sweepctl\n"
        "sweepctl completion fish > ~/.config/fish/completions/sweepctl.fish",
    .declare = &declare,
};

}  // namespace sweepctl::cli

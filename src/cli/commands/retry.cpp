#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/message.hpp"
#include "cli/controller.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace sweepctl::cli {

namespace {

struct Options {
    std::vector<std::string> runs;
    std::optional<std::string> sweep;
    std::optional<std::string> state;
    bool force = false;
};

ParamList words_of(const std::string& list) {
    ParamList out;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t end = std::min(list.find(',', at), list.size());
        if (end > at) out.emplace_back(list.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

int retry(Session& session, const Options& options) {
    if (options.sweep && !options.runs.empty()) {
        throw CliError(kUsage, "give either runs or --sweep, not both");
    }
    if (options.sweep) {
        const ParamMap body{{"states", words_of(options.state.value_or("failed,crashed"))},
                            {"force", options.force}};
        const std::string target = id_target("sweeps", *options.sweep, "retry");
        with_options({{"states", "--state"}}, [&] {
            print_message(session, session.controller().post(target, body));
        });
        return kOk;
    }
    if (options.runs.empty()) {
        throw CliError(kUsage, "nothing to retry", "give runs, or --sweep SWEEP");
    }
    if (options.state) throw CliError(kUsage, "--state goes with --sweep");
    const ParamMap body{{"force", options.force}};
    return for_each_word(session, options.runs, [&](const std::string& word) {
        print_message(session, session.controller().post(id_target("runs", word, "retry"), body));
    });
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->runs, ValueKind::run, "RUN", "ids of runs", false);
    arguments.option("--sweep", options->sweep, ValueKind::sweep, "SWEEP",
                     "all of this sweep's runs in the states of --state");
    arguments.option("--state", options->state, ValueKind::text, "S,S",
                     "failed,crashed unless given; killed may be too");
    arguments.flag("--force", options->force,
                   "also a run whose agent is out of reach and might still run it");
    return [options](Session& session) { return retry(session, *options); };
}

}  // namespace

const Verb kRetryVerb{
    .name = "retry",
    .group = "steer",
    .summary = "run failed, crashed or killed runs again: same id, same configuration",
    .details = "The earlier attempts are kept. Retried runs go before new ones.",
    .examples =
        "sweepctl retry r8a2kk3p\n"
        "sweepctl retry --sweep k3f9x2ab --state failed,crashed,killed",
    .declare = &declare,
};

}  // namespace sweepctl::cli

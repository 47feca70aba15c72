#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/message.hpp"
#include "cli/controller.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>

namespace sweepctl::cli {

namespace {

struct Options {
    std::vector<std::string> runs;
    std::optional<std::string> signal;
    bool force = false;
};

/// A number goes as a number; names the controller knows.
ParamValue signal_value(const std::string& word) {
    const bool digits = !word.empty() && word.size() <= 3 &&
                        word.find_first_not_of("0123456789") == std::string::npos;
    if (digits) return static_cast<std::int64_t>(std::stoi(word));
    std::string name = word;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name.rfind("SIG", 0) == 0 ? name.substr(3) : name;
}

int stop_run(Session& session, const Options& options) {
    ParamMap body{{"signal", options.signal ? signal_value(*options.signal) : ParamValue{}},
                  {"force", options.force}};
    return for_each_word(session, options.runs, [&](const std::string& word) {
        with_options({{"signal", "--signal"}}, [&] {
            print_message(session,
                          session.controller().post(id_target("runs", word, "stop"), body));
        });
    });
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->runs, ValueKind::run, "RUN", "ids of runs");
    arguments.option("--signal", options->signal, ValueKind::text, "SIGNAL",
                     "send this one instead of SIGTERM: INT, USR1, 2");
    arguments.flag("--force", options->force, "SIGKILL at once");
    return [options](Session& session) { return stop_run(session, *options); };
}

}  // namespace

const Verb kStopRunVerb{
    .name = "stop-run",
    .group = "steer",
    .summary = "end single runs; their sweep goes on",
    .details =
        "SIGTERM to the run's processes, SIGKILL to what is left after the sweep's "
        "kill_delay. The run is then killed, whatever its exit code.",
    .examples =
        "sweepctl stop-run r8a2kk3p\n"
        "sweepctl stop-run --signal INT r8a2kk3p",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "sweepctl/cli/daemon_entry.hpp"
#include "sweepctl/wire/agent_protocol.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/controller_start.hpp"
#include "cli/home.hpp"
#include "cli/in_range.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <memory>
#include <optional>

namespace sweepctl::cli {

namespace {

struct Options {
    std::optional<std::uint64_t> slots;
    std::optional<std::uint64_t> port;
    std::optional<std::string> heartbeat_timeout;
    std::optional<std::string> log_level;
    std::optional<std::string> log_file;
    std::optional<std::uint64_t> ready_fd;
    bool background = false;
    bool foreground = false;
};

int serve_in_background(Session& session, const std::string& home, const Options& options) {
    if (find_controller(home) != nullptr) {
        throw CliError(kWrongState,
                       "a controller is running already for '" + printable(home) + "'");
    }
    std::vector<std::string> arguments;
    const auto pass = [&](const char* name, const std::optional<std::string>& value) {
        if (value) arguments.insert(arguments.end(), {name, *value});
    };
    const auto text = [](const std::optional<std::uint64_t>& number) {
        return number ? std::optional{std::to_string(*number)} : std::nullopt;
    };
    pass("--slots", text(options.slots));
    pass("--port", text(options.port));
    pass("--heartbeat-timeout", options.heartbeat_timeout);
    pass("--log-level", options.log_level);
    pass("--log-file", options.log_file);
    static_cast<void>(start_controller(session, home, arguments));
    return kOk;
}

int serve(Session& session, const Options& options) {
    if (session.globals.server) {
        throw CliError(kUsage, "--server is another controller; this verb is one");
    }
    if (options.background && options.foreground) {
        throw CliError(kUsage, "--background and --foreground exclude each other");
    }
    ServeOptions serve;
    serve.home = state_directory(session.globals.home);
    serve.slots = in_range<std::uint32_t>("--slots", options.slots, 0, kAgentSlotsMax);
    serve.port = in_range<std::uint16_t>("--port", options.port, 0);
    if (options.heartbeat_timeout) {
        serve.heartbeat_timeout = parse_duration(*options.heartbeat_timeout);
        if (!serve.heartbeat_timeout || *serve.heartbeat_timeout < std::chrono::seconds{1}) {
            throw CliError(kUsage,
                           "'" + printable(*options.heartbeat_timeout) +
                               "' is not a duration of a second or more",
                           "a duration is like 30s, 5m or 2h");
        }
    }
    serve.log_level = options.log_level.value_or(serve.log_level);
    serve.log_file = options.log_file.value_or("");
    if (const auto fd = in_range<std::int16_t>("--ready-fd", options.ready_fd, 0)) {
        serve.ready_fd = *fd;
    }
    return options.background ? serve_in_background(session, serve.home, options)
                              : run_controller(serve);
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.option("--slots", options->slots, "N",
                     "runs at once on this machine; one for each core unless given");
    arguments.option("--port", options->port, "N",
                     "of TCP on 127.0.0.1; unless given the one used last, else 9127, else any");
    arguments.option("--heartbeat-timeout", options->heartbeat_timeout, ValueKind::duration,
                     "DURATION",
                     "a run of no sweep has crashed when its W&B client is silent for so long; "
                     "5m unless given");
    arguments.flag("--foreground", options->foreground, "stay in the foreground: the default");
    arguments.flag("--background", options->background,
                   "start it as the other verbs do, and return when it is ready");
    arguments.option("--log-level", options->log_level, {"debug", "info", "warn", "error"}, "LEVEL",
                     "what is logged; info unless given");
    arguments.option("--log-file", options->log_file, ValueKind::file, "FILE",
                     "where the log goes, instead of stderr");
    arguments.option("--ready-fd", options->ready_fd, "FD", "");
    return [options](Session& session) { return serve(session, *options); };
}

}  // namespace

const Verb kServeVerb{
    .name = "serve",
    .group = "daemon",
    .summary = "be the controller of a state directory",
    .details =
        "The other verbs start one in the background when they need it; this is for "
        "systemd, for another number of slots, or to watch its log. It ends with SIGTERM or "
        "Ctrl-C; live runs go on.",
    .examples =
        "sweepctl serve --slots 4\n"
        "sweepctl serve --background --slots 0   # agents elsewhere do the work",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "sweepctl/cli/daemon_entry.hpp"
#include "sweepctl/spec/sweep_spec.hpp"
#include "sweepctl/wire/agent_protocol.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/gpu_list.hpp"
#include "cli/home.hpp"
#include "cli/in_range.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <cstdlib>
#include <memory>
#include <optional>

namespace sweepctl::cli {

namespace {

struct Options {
    std::optional<std::string> sweep;
    std::optional<std::uint64_t> slots;
    std::optional<std::string> gpus;
    std::optional<std::uint64_t> count;
    std::optional<std::uint64_t> count_successful;
    std::optional<std::uint64_t> max_consecutive_failed_runs;
    std::optional<std::string> term_timeout;
    std::optional<std::string> log_level;
    std::optional<std::string> log_file;
    bool forward_signals = false;
    bool no_forward_signals = false;
    bool local = false;
};

/// Where the agent reports to. The controller's own agent is told; a person's may have to wake the
/// controller first.
void find_server(Session& session, AgentOptions& agent) {
    const auto& given = session.globals.server;
    if (agent.local) {
        if (!given) throw CliError(kUsage, "--local goes with --server");
        agent.server = *given;
    } else {
        const Controller& controller = session.controller();
        agent.server = controller.address().describe();
        agent.token = controller.address().token;
    }
}

/// The id of the sweep that `word` names. Refuses one whose runs no agent of ours could start.
std::string sweep_to_work(Controller& controller, const std::string& word) {
    HttpCall call;
    call.target = id_target("sweeps", word);
    const Result<HttpReply, HttpError> reply = controller.http().request(call);
    if (!reply) return word;  // The agent waits for its controller; that knows what it may have.
    if (!reply->ok()) throw_problem(*reply);
    const ParamValue sweep = json_of(*reply);
    const ParsedSpec parsed = parse_spec(text_field(sweep, "spec"), {.program_elsewhere = true});
    if (parsed.spec && !parsed.spec->program.program && parsed.spec->program.command.empty()) {
        throw CliError(kError,
                       "sweep '" + printable(word) + "' names neither a program nor a command",
                       "it is for agents that bring a function: wandb.agent(..., function=...)");
    }
    return text_field(sweep, "id");
}

int agent(Session& session, const Options& options) {
    if (options.forward_signals && options.no_forward_signals) {
        throw CliError(kUsage, "--forward-signals and --no-forward-signals exclude each other");
    }
    AgentOptions agent;
    agent.home = state_directory(session.globals.home);
    if (const auto slots =
            in_range<std::uint32_t>("--slots", options.slots, 1, kAgentSlotsMax)) {
        agent.slots = *slots;
    }
    if (options.term_timeout) {
        agent.term_timeout = parse_duration(*options.term_timeout);
        if (!agent.term_timeout) {
            throw CliError(kUsage, "'" + printable(*options.term_timeout) + "' is not a duration",
                           "a duration is like 30s, 5m or 500ms");
        }
    }
    if (options.gpus) agent.gpus = parse_gpu_list(*options.gpus);
    agent.count = options.count;
    agent.count_successful = options.count_successful;
    agent.max_consecutive_failed_runs = options.max_consecutive_failed_runs;
    agent.forward_signals = !options.no_forward_signals;
    agent.local = options.local;
    agent.log_level = options.log_level.value_or(agent.log_level);
    agent.log_file = options.log_file.value_or("");
    find_server(session, agent);
    if (options.sweep) {
        agent.sweep = agent.local ? *options.sweep
                                  : sweep_to_work(session.controller(), *options.sweep);
    }
    return run_agent(agent);
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.option("--sweep", options->sweep, ValueKind::sweep, "SWEEP",
                     "run this sweep only, and leave when it is over");
    arguments.option("--slots", options->slots, "N",
                     "runs at once; one for each core, or for each GPU, unless given");
    arguments.option("--gpus", options->gpus, ValueKind::text, "LIST",
                     "GPUs to give out: 0,1,4-7, auto or none; auto unless given");
    arguments.option("--count", options->count, "N",
                     "start so many runs at most, and leave when they have ended; 0: no limit");
    arguments.option("--count-successful", options->count_successful, "N",
                     "let so many runs finish and leave: no more are started than are missing; "
                     "0: no limit");
    arguments.option("--max-consecutive-failed-runs", options->max_consecutive_failed_runs, "N",
                     "give up after so many failed runs in a row; 5 unless given, 0 never");
    arguments.option("--term-timeout", options->term_timeout, ValueKind::duration, "DURATION",
                     "how long runs may take to end once told to, before they are killed");
    arguments.flag("--forward-signals", options->forward_signals,
                   "pass SIGTERM and SIGHUP on to the runs: the default");
    arguments.flag("--no-forward-signals", options->no_forward_signals, "do not");
    arguments.option("--log-level", options->log_level, {"debug", "info", "warn", "error"}, "LEVEL",
                     "what is logged; info unless given");
    arguments.option("--log-file", options->log_file, ValueKind::file, "FILE",
                     "where the log goes, instead of stderr");
    arguments.flag("--local", options->local, "");
    return [options](Session& session) { return agent(session, *options); };
}

}  // namespace

const Verb kAgentVerb{
    .name = "agent",
    .group = "capacity",
    .summary = "run runs on this machine for a controller",
    .details =
        "The controller has an agent of its own on its machine; this is for other machines, "
        "or for one sweep. Ctrl-C waits for the live runs, a second one ends them, a third "
        "kills them. Exit code 5 when it gave up on failing runs.",
    .examples =
        "sweepctl agent --sweep k3f9x2ab --count 10\n"
        "SWEEPCTL_TOKEN=... sweepctl agent --server http://head:9127 --gpus 0-3",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "sweepctl/core/command_line.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/home.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/shell_text.hpp"
#include "cli/spec_file.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <pwd.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string spec;
    std::optional<std::uint64_t> count;
    std::optional<std::uint64_t> seed;
    std::optional<std::string> project;
    std::optional<std::string> entity;
    bool strict = false;
    bool json = false;
};

using Variables = std::vector<std::pair<std::string, std::string>>;

/// What every run of the sweep has in common.
struct Surroundings {
    std::string cwd;      ///< where it starts
    std::string files;    ///< its files' path without the ending, "HOME/sweeps/<sweep>/<run>.1"
    Variables variables;  ///< what is added to the launch environment
};

const char* own_variable(const std::string& name) {
    return std::getenv(name.c_str());
}

/// The entity of a sweep for which nobody named one.
std::string user_name() {
    const passwd* const user = ::getpwuid(::getuid());
    return user != nullptr ? user->pw_name : "uid" + std::to_string(::getuid());
}

void set(Variables& variables, const std::string& name, std::string value) {
    for (auto& [known, text] : variables) {
        if (known == name) {
            text = std::move(value);
            return;
        }
    }
    variables.emplace_back(name, std::move(value));
}

/// A run has its ids, its slot and its controller once there is one; until then their names in
/// angle brackets stand for them.
Surroundings surroundings_of(const Options& options,
                             const SweepSpec& spec,
                             const std::string& home) {
    Surroundings out;
    const std::filesystem::path launch = working_directory();
    out.cwd = spec.program.workdir ? (launch / *spec.program.workdir).lexically_normal().string()
                                   : launch.string();
    out.files = home + "/sweeps/<sweep>/<run>.1";
    Variables& variables = out.variables;
    for (const auto& [name, value] : spec.program.env)
        set(variables, name, value);

    const auto given = [&](const std::optional<std::string>& flag, const char* variable,
                           const std::optional<std::string>& key, const std::string& otherwise) {
        if (flag) return *flag;
        if (const char* value = own_variable(variable); value != nullptr && *value != '\0') {
            return std::string(value);
        }
        return key.value_or(otherwise);
    };
    const auto known = [&](const char* name) {
        return own_variable(name) != nullptr ||
               std::any_of(variables.begin(), variables.end(),
                           [&](const auto& entry) { return entry.first == name; });
    };
    set(variables, "WANDB_RUN_ID", "<run>");
    set(variables, "WANDB_SWEEP_ID", "<sweep>");
    set(variables, "WANDB_SWEEP_PARAM_PATH", out.files + ".yaml");
    set(variables, "WANDB_ENTITY", given(options.entity, "WANDB_ENTITY", spec.entity, user_name()));
    set(variables, "WANDB_PROJECT",
        given(options.project, "WANDB_PROJECT", spec.project, "uncategorized"));
    if (!known("WANDB_DIR")) set(variables, "WANDB_DIR", launch.string());
    // A pair: a program must not send its own key to this controller, nor ours elsewhere.
    if (!known("WANDB_BASE_URL") && !known("WANDB_API_KEY")) {
        set(variables, "WANDB_BASE_URL", "<url>");
        set(variables, "WANDB_API_KEY", "<key>");
    }
    set(variables, "SWEEPCTL_RUN_ID", "<run>");
    set(variables, "SWEEPCTL_SWEEP_ID", "<sweep>");
    set(variables, "SWEEPCTL_ATTEMPT", "1");
    set(variables, "SWEEPCTL_SLOT", "<slot>");
    set(variables, "SWEEPCTL_CPUS", std::to_string(spec.policy.resources.cpus));
    set(variables, "SWEEPCTL_METRICS", out.files + ".metrics.jsonl");
    set(variables, "SWEEPCTL_RUN_DIR", out.files.substr(0, out.files.rfind('.')));
    set(variables, "SWEEPCTL_HOME", home);
    if (spec.policy.resources.gpus > 0) {
        for (const char* name : {"CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES",
                                 "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "SWEEPCTL_GPUS"}) {
            set(variables, name, "<gpus>");
        }
    }
    return out;
}

std::vector<std::string> argv_of(const SweepSpec& spec,
                                 const Surroundings& around,
                                 const Config& config) {
    CommandInput input;
    input.command = spec.program.command;
    input.program = spec.program.program;
    input.interpreter = spec.program.interpreter;
    input.config = config;
    input.json_file = around.files + ".json";
    input.env = [&](std::string_view name) -> std::optional<std::string> {
        for (const auto& [known, value] : around.variables) {
            if (known == name) return value;
        }
        const char* value = own_variable(std::string(name));
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    Result<std::vector<std::string>, CommandError> argv = expand_command(input);
    if (!argv) {
        throw CliError(kError,
                       "the command's item " + std::to_string(argv.error().chunk + 1) +
                           " cannot be made: " + argv.error().message,
                       argv.error().hint);
    }
    return std::move(*argv);
}

ParamValue json_of(std::uint64_t index,
                   const Config& config,
                   const std::vector<std::string>& argv,
                   const Surroundings& around) {
    ParamMap env;
    for (const auto& [name, value] : around.variables)
        env.emplace_back(name, value);
    return ParamMap{{"index", json_count(index)},
                    {"config", config},
                    {"argv", ParamList(argv.begin(), argv.end())},
                    {"env", std::move(env)},
                    {"cwd", around.cwd}};
}

std::string text_of(std::uint64_t index,
                    const Config& config,
                    const std::vector<std::string>& argv,
                    std::uint32_t repeats) {
    const std::string repeat =
        repeats > 1 ? ", repeat " + count_text(index % repeats + 1) + " of " + count_text(repeats)
                    : "";
    return "\nrun " + count_text(index + 1) + repeat + "\n  config  " +
           printable(strict_json(config)) + "\n  argv    " + printable(shell_text(argv)) + "\n";
}

std::string common_text(const Surroundings& around) {
    std::string out = "\nin every run\n  cwd     " + printable(around.cwd) + "\n";
    bool first = true;
    for (const auto& [name, value] : around.variables) {
        out += (first ? "  env     " : "          ") + printable(name + "=" + shell_text(value)) +
               "\n";
        first = false;
    }
    return out;
}

int plan(Session& session, const Options& options) {
    const SpecFile file = read_spec_file(options.spec);
    const SweepSpec spec = checked_spec(session, file, options.strict);
    const bool seeded = uses_seed(spec);
    const bool drawn = !options.seed && !spec.seed;
    const std::uint64_t seed = options.seed ? *options.seed
                               : spec.seed  ? *spec.seed
                               : seeded     ? drawn_seed()
                                            : 0;
    const auto strategy = strategy_of(spec, seed);
    const std::string home = state_directory(session.globals.home);
    Surroundings around = surroundings_of(options, spec, home);

    const std::uint64_t wanted = options.count.value_or(10);
    const std::optional<std::uint64_t> whole = expected_runs(spec, *strategy);
    const std::uint64_t shown = whole ? std::min(*whole, wanted) : wanted;

    const std::string seed_text =
        "seed " + std::to_string(seed) +
        (drawn ? ", drawn now; --seed " + std::to_string(seed) + " gives the same again" : "");
    if (seeded && options.json) session.messages.note(seed_text);
    if (!options.json) {
        session.out.line(printable(file.name) + ": " + std::string(to_string(spec.method)) + ", " +
                         (whole ? plural(*whole, "run") : "without end") +
                         (seeded ? "; " + seed_text : ""));
    }
    if (strategy->adaptive()) {
        session.messages.note(
            "these are the first ones while none has ended; what runs log decides the others");
    }
    const auto memory = strategy->memory();
    if (options.json) session.out.write("[");
    for (std::uint64_t index = 0; index < shown; ++index) {
        const std::optional<Config> config =
            memory != nullptr ? memory->suggest(index) : strategy->suggest(index, {});
        if (!config) break;
        if (memory != nullptr) memory->observe({index, *config, RunFate::pending, std::nullopt});
        const std::uint32_t repeats = spec.policy.repeats;
        if (repeats > 1)
            set(around.variables, "SWEEPCTL_REPEAT", std::to_string(index % repeats + 1));
        const std::vector<std::string> argv = argv_of(spec, around, *config);
        if (options.json) {
            session.out.write(index == 0 ? "\n" : ",\n");
            session.out.write(strict_json(json_of(index, *config, argv, around)));
        } else {
            session.out.write(text_of(index, *config, argv, repeats));
        }
    }
    if (options.json) {
        session.out.line(shown == 0 ? "]" : "\n]");
    } else {
        if (spec.policy.repeats > 1) set(around.variables, "SWEEPCTL_REPEAT", "<repeat>");
        session.out.write(common_text(around));
        if (!whole || shown < *whole) {
            session.out.line("\n(" + (whole ? count_text(*whole - shown) + " more" : "and so on") +
                             "; -n says how many to show)");
        }
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->spec, ValueKind::file, "SPEC",
                         "the sweep's YAML file; - is stdin");
    arguments.option("-n,--count", options->count, "N", "how many configurations; 10 unless given");
    arguments.option("--seed", options->seed, "N", "instead of the spec's, or one that is drawn");
    arguments.option("--project", options->project, ValueKind::text, "NAME", "as for launch");
    arguments.option("--entity", options->entity, ValueKind::text, "NAME", "as for launch");
    arguments.flag("--strict", options->strict, "unknown keys are errors, not warnings");
    arguments.flag("--json", options->json,
                   "print an array of objects {index, config, argv, env, cwd}");
    return [options](Session& session) { return plan(session, *options); };
}

}  // namespace

const Verb kPlanVerb{
    .name = "plan",
    .group = "engine, without a controller",
    .summary = "print the configurations that a sweep begins with, and their exact argv",
    .details =
        "Nothing is run. Of the environment only what sweepctl adds or the spec sets is "
        "shown; <run>, <sweep> and the like stand for what is known at launch.",
    .examples =
        "sweepctl plan sweep.yaml\n"
        "sweepctl plan sweep.yaml -n 3 --json | jq -r '.[].argv | join(\" \")'",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "agent/run_environment.hpp"

#include "sweepctl/agent/process_launcher.hpp"
#include "sweepctl/core/command_line.hpp"

#include <charconv>
#include <map>
#include <string_view>

namespace sweepctl {

namespace {

/// Of views: it is made anew for each run, and most of it is the same each time.
using Environment = std::map<std::string_view, std::string_view>;

std::string join(const std::vector<std::string>& parts, char between) {
    std::string text;
    for (const std::string& part : parts) {
        if (!text.empty()) text.push_back(between);
        text += part;
    }
    return text;
}

/// What only this run has, for an Environment to point to.
struct OwnValues {
    OwnValues(const RunSetting& setting, const std::string& stem)
        : attempt(std::to_string(setting.order.execution.attempt)),
          repeat(std::to_string(setting.order.repeat)),
          slot(std::to_string(setting.slot)),
          cpus(std::to_string(setting.order.resources.cpus)),
          gpus(join(setting.gpu_ids, ',')),
          config_file(stem + ".yaml"),
          metrics_file(stem + ".metrics.jsonl"),
          // The same for all attempts: what a preempted program leaves there is what it goes on from.
          run_dir(stem.substr(0, stem.rfind('.'))) {}

    std::string attempt, repeat, slot, cpus, gpus;
    std::string config_file, metrics_file, run_dir;
};

/// Agent's < launch < sweepctl.env < ours; assigned GPUs last.
Environment merged_environment(const RunSetting& setting, const OwnValues& own) {
    const SweepBrief& brief = setting.brief;
    const ExecutionRef& execution = setting.order.execution;
    Environment env;
    for (const auto& [name, value] : setting.agent.env)
        env[name] = value;
    for (const auto& [name, value] : brief.launch_env)
        env[name] = value;
    for (const auto& [name, value] : brief.env)
        env[name] = value;

    env["WANDB_RUN_ID"] = execution.run.text;
    env["WANDB_SWEEP_ID"] = brief.sweep.text;
    env["WANDB_SWEEP_PARAM_PATH"] = own.config_file;
    if (!brief.entity.empty()) env["WANDB_ENTITY"] = brief.entity;
    if (!brief.project.empty()) env["WANDB_PROJECT"] = brief.project;
    env.try_emplace("WANDB_DIR", brief.launch_dir.empty() ? setting.agent.cwd : brief.launch_dir);
    // A pair: with only one of the user's own kept, a key would go to the wrong server.
    if (!setting.agent.base_url.empty() && !env.contains("WANDB_BASE_URL") &&
        !env.contains("WANDB_API_KEY")) {
        env["WANDB_BASE_URL"] = setting.agent.base_url;
        env["WANDB_API_KEY"] = setting.agent.api_key;
    }
    env["SWEEPCTL_RUN_ID"] = execution.run.text;
    env["SWEEPCTL_SWEEP_ID"] = brief.sweep.text;
    env["SWEEPCTL_ATTEMPT"] = own.attempt;
    if (setting.order.repeat != 0) env["SWEEPCTL_REPEAT"] = own.repeat;
    env["SWEEPCTL_SLOT"] = own.slot;
    env["SWEEPCTL_CPUS"] = own.cpus;
    env["SWEEPCTL_METRICS"] = own.metrics_file;
    env["SWEEPCTL_RUN_DIR"] = own.run_dir;
    env["SWEEPCTL_HOME"] = setting.agent.home;
    if (!setting.gpu_ids.empty()) {
        for (const char* name : {"CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES",
                                 "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"}) {
            env[name] = own.gpus;
        }
        env["SWEEPCTL_GPUS"] = own.gpus;
    } else {
        env.erase("SWEEPCTL_GPUS");
    }
    return env;
}

/// A sweep that W&B's client made has no directory of its own; its runs start where their agent was started.
std::string working_directory(const RunSetting& setting) {
    const std::string& cwd = setting.brief.cwd;
    if (cwd.starts_with('/')) return cwd;
    return cwd.empty() ? setting.agent.cwd : setting.agent.cwd + "/" + cwd;
}

}  // namespace

std::string run_mark(const std::string& home) {
    return "SWEEPCTL_RUN_DIR=" + home + "/sweeps/";
}

std::string run_file_stem(const std::string& home,
                          const SweepId& sweep,
                          const RunId& run,
                          std::uint32_t attempt) {
    return home + "/sweeps/" + sweep.text + "/" + run.text + "." + std::to_string(attempt);
}

SweepId sweep_of_stem(std::string_view stem) {
    const std::string_view folder = stem.substr(0, stem.rfind('/'));
    return SweepId{std::string(folder.substr(folder.rfind('/') + 1))};
}

Result<LaunchRequest, std::string> launch_request(const RunSetting& setting) {
    const SweepBrief& brief = setting.brief;
    const StartOrder& order = setting.order;
    const std::string stem = run_file_stem(setting.agent.home, brief.sweep, order.execution.run,
                                           order.execution.attempt);
    const OwnValues own(setting, stem);
    const Environment env = merged_environment(setting, own);

    CommandInput input;
    input.command = brief.command;
    input.program = brief.program;
    input.interpreter = brief.interpreter;
    input.config = order.config;
    input.json_file = stem + ".json";
    input.env = [&env](std::string_view name) -> std::optional<std::string> {
        const auto found = env.find(name);
        if (found == env.end()) return std::nullopt;
        return std::string(found->second);
    };
    auto argv = expand_command(input);
    if (!argv)
        return Failure{"command item " + std::to_string(argv.error().chunk + 1) + ": " +
                       argv.error().message};
    if ((*argv).empty()) return Failure{std::string("the command expands to nothing")};

    LaunchRequest request;
    request.run = order.execution.run;
    request.attempt = order.execution.attempt;
    request.fence = order.execution.fence;
    request.argv = std::move(argv).value();
    request.env.reserve(env.size());
    for (const auto& [name, value] : env) {
        std::string& entry = request.env.emplace_back();
        entry.reserve(name.size() + 1 + value.size());
        entry.append(name).append(1, '=').append(value);
    }
    request.cwd = working_directory(setting);
    request.output_path = stem + ".log";
    request.files.push_back({own.config_file, param_file(order.config)});
    if (uses_json_file(brief.command))
        request.files.push_back({stem + ".json", python_json(ParamValue(order.config))});
    request.kill_delay = brief.kill_delay;
    request.straggler_grace = brief.straggler_grace;
    return request;
}

Placement placement_of(const std::vector<std::string>& environment) {
    Placement placement;
    const auto number = [](std::string_view text, auto otherwise) {
        std::from_chars(text.data(), text.data() + text.size(), otherwise);
        return otherwise;
    };
    for (const std::string& entry : environment) {
        const std::string_view line(entry);
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = line.substr(0, equals);
        std::string_view value = line.substr(equals + 1);
        if (name == "SWEEPCTL_SLOT") placement.slot = number(value, -1);
        if (name == "SWEEPCTL_CPUS") placement.resources.cpus = number(value, std::uint32_t{1});
        if (name == "SWEEPCTL_SWEEP_ID") placement.sweep = SweepId{std::string(value)};
        if (name != "SWEEPCTL_GPUS") continue;
        while (!value.empty()) {
            const std::size_t comma = value.find(',');
            placement.gpu_ids.emplace_back(value.substr(0, comma));
            value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
        }
    }
    placement.resources.gpus = static_cast<std::uint32_t>(placement.gpu_ids.size());
    return placement;
}

}  // namespace sweepctl

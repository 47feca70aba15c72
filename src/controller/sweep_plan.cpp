#include "sweepctl/controller/sweep_plan.hpp"

#include "sweepctl/search/strategies.hpp"

#include <filesystem>
#include <utility>

namespace sweepctl {

namespace {

/// Where the programs are started: `workdir` as seen from the launch directory.
std::string directory_of(const std::optional<std::string>& workdir, const std::string& cwd) {
    if (!workdir || workdir->empty()) return cwd;
    return (std::filesystem::path(cwd) / *workdir).lexically_normal().string();
}

SweepBrief brief_of(const SweepSpec& spec, const NewSweep& sweep) {
    const ProgramSpec& program = spec.program;
    SweepBrief brief;
    brief.sweep = sweep.record.id;
    brief.project = sweep.record.project;
    brief.entity = sweep.record.entity;
    brief.program = program.program;
    brief.command = program.command;
    brief.interpreter = program.interpreter;
    brief.cwd = directory_of(program.workdir, sweep.origin.cwd);
    brief.launch_dir = sweep.origin.cwd;
    brief.launch_env = sweep.origin.env;
    brief.env = program.env;
    brief.kill_delay = program.kill_delay;
    brief.straggler_grace = program.straggler_grace;
    brief.forward_signals = program.forward_signals;
    brief.stdout_metrics = program.stdout_metrics;
    return brief;
}

}  // namespace

SweepSetup setup_of(const SweepSpec& spec, std::uint64_t seed) {
    return {spec.policy, make_strategy(spec.space, spec.search_options(seed))};
}

std::optional<SweepPlan> plan_of(const NewSweep& sweep) {
    const ParsedSpec parsed = parse_spec(
        sweep.origin.spec, {.program_elsewhere = sweep.record.needs_own_agent});
    if (!parsed.spec) return std::nullopt;
    SweepPlan plan{setup_of(*parsed.spec, sweep.origin.seed), brief_of(*parsed.spec, sweep)};
    plan.setup.policy.parallel = sweep.record.parallel;
    plan.setup.policy.run_cap = sweep.record.run_cap;
    return plan;
}

}  // namespace sweepctl

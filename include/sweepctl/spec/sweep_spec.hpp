#pragma once

#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/core/metrics.hpp"
#include "sweepctl/core/search_options.hpp"
#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/sweep_policy.hpp"
#include "sweepctl/core/time.hpp"
#include "sweepctl/spec/diagnostic.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A sweep's YAML spec, read and validated: the W&B keys and our own under `sweepctl:`.

namespace sweepctl {

/// How a run's program is started.
struct ProgramSpec {
    std::optional<std::string> program;
    std::vector<std::string> command;  ///< empty: the default command
    std::string interpreter = "python";
    std::vector<std::pair<std::string, std::string>> env;  ///< sweepctl.env, in the order written
    std::optional<std::string> workdir;                    ///< relative to the launch directory
    Duration kill_delay = std::chrono::seconds{30};
    Duration straggler_grace = std::chrono::seconds{5};
    bool forward_signals = true;
    StdoutMetrics stdout_metrics = StdoutMetrics::none;
};

/// Valid and not changed any more.
struct SweepSpec {
    std::string text;  ///< as given
    Method method = Method::random;
    SearchSpace space;
    SweepPolicy policy;
    ProgramSpec program;
    std::optional<std::string> name;
    std::optional<std::string> description;
    std::optional<std::string> project;
    std::optional<std::string> entity;
    std::optional<std::uint64_t> seed;
    GridOrder order = GridOrder::listed;
    bool grid_exclusive = false;  ///< q_uniform grids leave max out, as W&B's do
    /// `metric.impute`; none: not written, so the search's own rule holds.
    std::optional<Impute> impute;
    /// `metric.impute_while_running`; none: running runs are pending points.
    std::optional<Impute> impute_while_running;

    /// For make_strategy. `seed` is what the launch drew or the spec's own.
    [[nodiscard]] SearchOptions search_options(std::uint64_t used_seed) const {
        const bool maximize = policy.metric && policy.metric->goal == Goal::maximize;
        return {method,   order,  grid_exclusive,      used_seed, policy.repeats,
                maximize, impute, impute_while_running};
    }
};

struct SpecOptions {
    bool strict = false;  ///< unknown top-level keys are errors instead of warnings
    /// `program` may be missing beside the default command: W&B's function agents run what they have.
    bool program_elsewhere = false;
};

struct ParsedSpec {
    std::optional<SweepSpec> spec;  ///< absent exactly when there is an error among the diagnostics
    std::vector<Diagnostic> diagnostics;  ///< all of the file's, in file order
};

/// Reads a spec. Never throws for bad input; inputs above 4 MiB, nested deeper than 64 levels or
/// whose aliases expand beyond a million nodes are refused as errors.
[[nodiscard]] ParsedSpec parse_spec(std::string_view text, const SpecOptions& options = {});

}  // namespace sweepctl

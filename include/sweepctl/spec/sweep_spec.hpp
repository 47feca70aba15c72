#pragma once

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

enum class Method : std::uint8_t { grid, random, bayes, custom };
[[nodiscard]] std::string_view to_string(Method method);

enum class GridOrder : std::uint8_t { listed, random };

/// `early_terminate`, as written and checked.
struct Hyperband {
    std::optional<std::uint64_t> min_iter;
    std::optional<std::uint64_t> max_iter;
    std::optional<std::uint32_t> s;
    double eta = 3.0;
    bool strict = true;
};

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
    enum class StdoutMetrics : std::uint8_t { none, json, kv } stdout_metrics = StdoutMetrics::none;
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
    std::optional<Hyperband> early_terminate;
    std::optional<std::uint64_t> seed;
    GridOrder order = GridOrder::listed;
    bool grid_exclusive = false;  ///< q_uniform grids leave max out, as W&B's do
};

struct SpecOptions {
    bool strict = false;  ///< unknown top-level keys are errors instead of warnings
};

struct ParsedSpec {
    std::optional<SweepSpec> spec;  ///< absent exactly when there is an error among the diagnostics
    std::vector<Diagnostic> diagnostics;  ///< all of the file's, in file order
};

/// Reads a spec. Never throws for bad input; inputs above 4 MiB, nested deeper than 64 levels or
/// whose aliases expand beyond a million nodes are refused as errors.
[[nodiscard]] ParsedSpec parse_spec(std::string_view text, const SpecOptions& options = {});

/// The edit distance suggestion: the nearest of `known` within two edits (one for short words), or
/// empty.
[[nodiscard]] std::string_view did_you_mean(std::string_view word,
                                            const std::vector<std::string_view>& known);

}  // namespace sweepctl

#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/value.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// From a spec's `command` and one configuration to the exact argv of a run (sweep-semantics 4.8).

namespace sweepctl {

/// What one run's argv is made from.
struct CommandInput {
    std::vector<std::string> command;    ///< the spec's chunks; empty: the default command
    std::optional<std::string> program;  ///< `${program}`
    std::string interpreter = "python";  ///< `${interpreter}`
    Config config;
    std::string json_file;  ///< path that `${args_json_file}` becomes; the caller writes the file
    /// Looks up `${envvar:NAME}` in the run's merged environment; nullopt when unset.
    std::function<std::optional<std::string>(std::string_view)> env;
};

struct CommandError {
    std::size_t chunk = 0;  ///< index into `command`
    std::string message;
};

/// The argv, or the first chunk that cannot be expanded and why.
[[nodiscard]] Result<std::vector<std::string>, CommandError> expand_command(
    const CommandInput& input);

/// Whether `command` (or the default command when empty) uses `${args_json_file}`.
[[nodiscard]] bool uses_json_file(const std::vector<std::string>& command);

/// The chunks `[${env}, ${interpreter}, ${program}, ${args}]`.
[[nodiscard]] const std::vector<std::string>& default_command();

/// Python's str(value), as W&B puts it on command lines: True, None, 1e-05, {'lr': 0.1}.
[[nodiscard]] std::string python_str(const ParamValue& value);
/// Python's repr of a float: shortest round trip, exponent form below 1e-4 and from 1e16.
[[nodiscard]] std::string python_float(double value);
/// json.dumps(value) of Python: ", " and ": ", non-ASCII escaped, NaN and Infinity as such.
[[nodiscard]] std::string python_json(const ParamValue& value);

/// The text of the file at WANDB_SWEEP_PARAM_PATH: `wandb_version: 1`, a blank line, then `name:`
/// and `  value: v` per parameter, as YAML that wandb.init reads back to the same values.
[[nodiscard]] std::string param_file(const Config& config);

}  // namespace sweepctl

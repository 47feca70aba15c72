#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/value.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// From a spec's `command` and one configuration to the exact argv of a run (sweep-semantics 4.8).
//
// A chunk that is one macro becomes 0..n arguments: ${env} ${interpreter} ${program} ${args}
// ${args_no_equals} ${args_no_hyphens} ${args_no_boolean_flags} ${args_dotted} ${args_json}
// ${args_json_file} ${args_append_hydra} ${args_override_hydra}. Anywhere in a chunk ${NAME} is the
// text of a parameter (a dotted path for one inside a group; a name with dots in it goes first),
// ${envvar:X} an environment variable, ${envvar:X:-default} the same with a text for when it is
// unset or empty, and $${ a literal ${. Any other ${...} inside a longer chunk stays as it is (it
// may be the program's own, such as Hydra's); as a whole chunk it is an error.

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
    std::string hint;  ///< what would be right; empty: nothing to say
};

/// The argv, or the first chunk that cannot be expanded and why.
[[nodiscard]] Result<std::vector<std::string>, CommandError> expand_command(
    const CommandInput& input);

/// What is known of a command before there is a configuration.
struct CommandShape {
    std::vector<std::string> command;  ///< empty: the default command
    bool has_program = false;
    /// Every parameter's path, groups not included: {"opt", "lr"}.
    std::vector<std::vector<std::string>> parameters;
};

struct CommandRemark {
    bool error = false;  ///< expand_command would refuse every configuration; else a warning
    CommandError what;
};

/// All that is wrong or odd with the chunks themselves. Whether an environment variable is set is
/// seen by expand_command only.
[[nodiscard]] std::vector<CommandRemark> check_command(const CommandShape& shape);

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

#include "cli/commands/sweep_command.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/message.hpp"
#include "cli/controller.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <memory>
#include <utility>

namespace sweepctl::cli {

int sweep_command(Session& session,
                  std::string_view command,
                  const std::vector<std::string>& sweeps,
                  std::optional<std::string> grace) {
    ParamMap body;
    if (grace) {
        const auto duration = parse_duration(*grace);
        if (!duration) {
            throw CliError(kUsage, "'" + printable(*grace) + "' is not a duration",
                           "a duration is like 30s, 5m or 500ms");
        }
        body.emplace_back("grace_ms", static_cast<std::int64_t>(duration->count()));
    }
    return for_each_word(session, sweeps, [&](const std::string& word) {
        const std::string target = id_target("sweeps", word, command);
        const ParamValue reply = session.controller().post(target, body);
        print_message(session, reply);
    });
}

Action declare_sweep_command(Arguments& arguments, std::string_view command) {
    const auto sweeps = std::make_shared<std::vector<std::string>>();
    arguments.positional(*sweeps, ValueKind::sweep, "SWEEP", "ids of sweeps");
    return [sweeps, command](Session& session) { return sweep_command(session, command, *sweeps); };
}

}  // namespace sweepctl::cli

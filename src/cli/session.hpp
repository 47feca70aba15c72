#pragma once

#include "cli/output.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sweepctl::cli {

class Controller;

/// What every verb takes.
struct GlobalOptions {
    std::optional<std::string> server;  ///< instead of SWEEPCTL_SERVER
    std::optional<std::string> home;    ///< instead of SWEEPCTL_HOME
};

/// One invocation: its streams, and the way to the controller.
class Session {
public:
    Session();
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    GlobalOptions globals;
    Output out;
    Messages messages;

    /// The controller, found or started the first time. Throws CliError when there is none.
    [[nodiscard]] Controller& controller();
    /// The same, but null where none is running (or, with a remote server, none answers).
    [[nodiscard]] Controller* running_controller();
    /// The same, and null as well for one that does not answer: for whoever follows something and
    /// tries again.
    [[nodiscard]] Controller* reachable_controller();
    /// The next use looks for it anew: it was restarted, maybe at another address.
    void forget_controller();

private:
    std::unique_ptr<Controller> controller_;
};

}  // namespace sweepctl::cli

#include "cli/session.hpp"

#include "cli/cli_error.hpp"
#include "cli/controller.hpp"
#include "cli/controller_start.hpp"
#include "cli/home.hpp"
#include "cli/text.hpp"

#include <cstdlib>
#include <utility>

#include <unistd.h>

namespace sweepctl::cli {

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string(value);
}

/// The server that --server or SWEEPCTL_SERVER names; null when neither is given. --home on the
/// command line is closer than a variable.
std::unique_ptr<Controller> named_server(const GlobalOptions& globals) {
    std::string url = globals.server.value_or("");
    if (url.empty() && !globals.home) url = variable("SWEEPCTL_SERVER");
    if (url.empty()) return nullptr;
    auto address = ServerAddress::parse(url, variable("SWEEPCTL_TOKEN"));
    if (!address) throw CliError(kUsage, printable(address.error()));
    return std::make_unique<Controller>(std::move(*address), std::string{});
}

}  // namespace

Session::Session() : out(STDOUT_FILENO), messages(STDERR_FILENO) {}
Session::~Session() = default;

Controller* Session::running_controller() {
    if (!controller_) controller_ = named_server(globals);
    if (!controller_) controller_ = find_controller(state_directory(globals.home));
    return controller_.get();
}

Controller* Session::reachable_controller() {
    try {
        return running_controller();
    } catch (const CliError&) {
        return nullptr;
    }
}

void Session::forget_controller() {
    controller_.reset();
}

Controller& Session::controller() {
    if (running_controller() != nullptr) return *controller_;
    const std::string home = state_directory(globals.home);
    if (!variable("SWEEPCTL_RUN_ID").empty()) {
        throw CliError(kError, "no controller is running for '" + printable(home) + "'",
                       "none is started from inside a run");
    }
    controller_ = start_controller(*this, home, {});
    return *controller_;
}

}  // namespace sweepctl::cli

#include "sweepctl/base/unique_fd.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/commands/message.hpp"
#include "cli/controller.hpp"
#include "cli/home.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <chrono>
#include <memory>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

constexpr std::chrono::seconds kLeaveTimeout{60};

/// A descriptor that is readable once the process is gone. Not valid for one that is gone already,
/// and on kernels before 5.3.
UniqueFd open_process(std::int64_t pid) {
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
}

int shutdown(Session& session, bool cancel) {
    Controller* const controller = session.running_controller();
    if (controller == nullptr) {
        session.messages.note("no controller is running for '" +
                              printable(state_directory(session.globals.home)) + "'");
        return kOk;
    }
    const std::int64_t pid = int_field(controller->get(api_target("status")), "pid").value_or(0);
    // Opened before the order, so that a new process with the same number is not waited for.
    const UniqueFd process =
        !controller->home().empty() && pid > 0 ? open_process(pid) : UniqueFd();
    print_message(session, controller->post(api_target("shutdown"), ParamMap{{"cancel", cancel}}));
    session.out.flush();
    if (!process.valid()) return kOk;
    pollfd gone{process.get(), POLLIN, 0};
    const auto timeout = std::chrono::milliseconds(kLeaveTimeout);
    // With --cancel it first sees every run dead, which takes as long as it takes.
    if (::poll(&gone, 1, cancel ? -1 : static_cast<int>(timeout.count())) == 0) {
        throw CliError(kError, "the controller (pid " + std::to_string(pid) +
                                   ") is still there after " + duration_text(kLeaveTimeout));
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto cancel = std::make_shared<bool>(false);
    arguments.flag("--cancel", *cancel, "cancel all sweeps first, which kills their runs");
    return [cancel](Session& session) { return shutdown(session, *cancel); };
}

}  // namespace

const Verb kShutdownVerb{
    .name = "shutdown",
    .group = "daemon",
    .summary = "end the controller; live runs go on, and the next controller finds them",
    .details = "Returns when the controller is gone.",
    .examples =
        "sweepctl shutdown\n"
        "sweepctl shutdown --cancel",
    .declare = &declare,
};

}  // namespace sweepctl::cli

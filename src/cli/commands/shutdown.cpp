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

void wait_for_end(const UniqueFd& process, std::int64_t pid) {
    if (!process.valid()) return;
    pollfd gone{process.get(), POLLIN, 0};
    const auto timeout = std::chrono::milliseconds(kLeaveTimeout);
    if (::poll(&gone, 1, static_cast<int>(timeout.count())) == 0) {
        throw CliError(kError, "the controller (pid " + std::to_string(pid) +
                                   ") is still there after " + duration_text(kLeaveTimeout));
    }
}

/// Whether there was ever a controller that may have left runs behind.
bool has_state(const std::string& home) {
    return ::access((home + "/sweepctl.db").c_str(), F_OK) == 0;
}

int shutdown(Session& session, bool cancel) {
    Controller* controller = session.running_controller();
    if (controller == nullptr) {
        const std::string home = state_directory(session.globals.home);
        if (!cancel || !has_state(home)) {
            session.messages.note("no controller is running for '" + printable(home) + "'");
            return kOk;
        }
        // Runs outlive their controller: only another one knows them, and their agents.
        controller = &session.controller();
    }
    const std::int64_t pid = int_field(controller->get(api_target("status")), "pid").value_or(0);
    // Opened before the order, so that a new process with the same number is not waited for.
    const UniqueFd process =
        !controller->home().empty() && pid > 0 ? open_process(pid) : UniqueFd();
    // With --cancel the answer comes when every run has ended, which takes as long as it takes.
    const ParamValue reply =
        controller->post(api_target("shutdown"), ParamMap{{"cancel", cancel}});
    print_message(session, reply);
    session.out.flush();
    wait_for_end(process, pid);
    const std::int64_t live_runs = int_field(reply, "live_runs").value_or(0);
    if (!cancel || live_runs == 0) return kOk;
    throw CliError(kError,
                   count_text(static_cast<std::uint64_t>(live_runs)) +
                       (live_runs == 1 ? " run" : " runs") + " may be alive",
                   "the next controller ends them when their agents are back");
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
    .details =
        "Returns when the controller is gone. With --cancel that is when every live run has ended "
        "and the end is recorded; runs that a killed controller left behind are among them.",
    .examples =
        "sweepctl shutdown\n"
        "sweepctl shutdown --cancel",
    .declare = &declare,
};

}  // namespace sweepctl::cli

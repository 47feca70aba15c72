#include "sweepctl/controller/local_agent.hpp"

#include "sweepctl/aio/timer.hpp"
#include "sweepctl/base/lock_file.hpp"
#include "sweepctl/base/log.hpp"
#include "sweepctl/base/unique_fd.hpp"

// Boost.Process 1.81 needs the first of these before it when it is to use std::filesystem.
// clang-format off
#include <filesystem>
#include <iomanip>
#include <memory>
#include <optional>
#include <type_traits>
#include <boost/optional.hpp>
#include <boost/type_traits/remove_pointer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/detail/throw_error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/stdio.hpp>
#include <boost/process/v2/src.hpp>
// clang-format on

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sweepctl {

namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;

constexpr std::chrono::milliseconds kFirstRetry{100};
constexpr std::chrono::milliseconds kRetryMax{10'000};
/// An agent that lived this long was well: the next one is started at once.
constexpr std::chrono::seconds kLivedWell{10};
/// How often the lock of an agent that is not our child is looked at.
constexpr std::chrono::seconds kLookAgain{2};
/// What an agent that was told to end may take for it. Its runs go on whichever way it ends.
constexpr std::chrono::seconds kEndPatience{10};

/// Runs in the child, before exec.
struct OwnSession {
    template <typename Launcher>
    process::error_code on_exec_setup(Launcher&,
                                      const process::filesystem::path&,
                                      const char* const*&) const {
        ::setsid();
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        return {};
    }
};

/// Boost's process object kills its child when it goes; ours is to outlive the controller. So its
/// launcher is used, on an io_context of its own (it registers every descriptor of the reactor anew
/// in the child), and the pid alone is kept.
pid_t spawn(const LocalAgentOptions& options) {
    asio::io_context context;
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    UniqueFd errors(
        ::open(options.error_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!null.valid()) throw std::system_error(errno, std::generic_category(), "open /dev/null");
    const int error_fd = errors.valid() ? errors.get() : null.get();
    process::process_stdio stdio{null.get(), null.get(), error_fd};
    process::posix::default_launcher launcher;
    boost::system::error_code error;
    process::process child = launcher(context, error, process::filesystem::path(options.program),
                                      options.arguments, std::move(stdio), OwnSession{});
    if (error)
        throw std::system_error(error.value(), std::generic_category(), "start " + options.program);
    const auto pid = static_cast<pid_t>(child.id());
    child.detach();
    return pid;
}

}  // namespace

struct LocalAgent::State : std::enable_shared_from_this<LocalAgent::State> {
    State(asio::io_context& io, LocalAgentOptions given)
        : context(io), options(std::move(given)), timer(io), pidfd(io) {}

    asio::io_context& context;
    LocalAgentOptions options;
    Timer timer;
    asio::posix::stream_descriptor pidfd;
    pid_t pid = -1;      ///< of the agent that is watched
    bool child = false;  ///< or an earlier controller's
    std::chrono::steady_clock::time_point since;
    std::chrono::milliseconds retry = kFirstRetry;
    bool ending = false;
    std::function<void()> ended;

    /// By its descriptor, since an earlier controller's child may be reaped by others at any time.
    void signal(int number) {
        if (pid > 0)
            ::syscall(SYS_pidfd_send_signal, pidfd.native_handle(), number, nullptr, 0);
    }

    void look_again(std::chrono::milliseconds delay) {
        timer.after(delay, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->start();
        });
    }

    void start() {
        if (pid > 0 || ending) return;
        if (is_lock_held(options.lock_path)) {
            // An earlier controller's agent lives; it comes to us.
            if (!adopt()) look_again(kLookAgain);
            return;
        }
        if (options.wanted && !options.wanted()) {
            log_info("no local agent is wanted any more");
            return;
        }
        try {
            pid = spawn(options);
            child = true;
            const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
            if (fd < 0) throw std::system_error(errno, std::generic_category(), "pidfd_open");
            pidfd.assign(fd);
        } catch (const std::system_error& error) {
            log_error("cannot start the local agent: ", error.what(), ", trying again");
            pid = -1;
            back_off();
            return;
        }
        since = std::chrono::steady_clock::now();
        log_info("local agent started, pid ", pid);
        wait();
    }

    /// False: it cannot be told which process it is.
    bool adopt() {
        std::optional<LockHolder> holder = find_lock_holder(options.lock_path);
        if (!holder) return false;
        pid = holder->pid;
        child = false;
        pidfd.assign(holder->pidfd.release());
        since = std::chrono::steady_clock::now();
        log_info("the local agent of an earlier controller goes on, pid ", pid);
        wait();
        return true;
    }

    void back_off() {
        look_again(retry);
        retry = std::min(retry * 2, kRetryMax);
    }

    void wait() {
        pidfd.async_wait(asio::posix::stream_descriptor::wait_read,
                         [weak = weak_from_this()](boost::system::error_code error) {
                             const auto self = weak.lock();
                             if (self && !error) self->exited();
                         });
    }

    void exited() {
        pollfd gone{pidfd.native_handle(), POLLIN, 0};
        if (::poll(&gone, 1, 0) == 0) {
            wait();  // Asio calls for any event, and there are others.
            return;
        }
        int status = 0;
        if (child) ::waitpid(pid, &status, WNOHANG);
        // Out of epoll before it is closed: a descriptor that a child still holds is not taken out
        // by closing.
        const UniqueFd closing(pidfd.release());
        pid = -1;
        if (ending) {
            if (ended) ended();
            return;
        }
        if (!child) {
            log_warn("local agent has ended; its runs go on");
        } else if (WIFSIGNALED(status)) {
            log_warn("local agent was killed by signal ", WTERMSIG(status), "; its runs go on");
        } else {
            log_warn("local agent exited with code ", WEXITSTATUS(status), "; its runs go on");
        }
        if (options.died) options.died();
        if (std::chrono::steady_clock::now() - since >= kLivedWell) retry = kFirstRetry;
        back_off();
    }
};

LocalAgent::LocalAgent(asio::io_context& context, LocalAgentOptions options)
    : state_(std::make_shared<State>(context, std::move(options))) {}

LocalAgent::~LocalAgent() {
    state_->timer.cancel();
    if (state_->pidfd.is_open()) ::close(state_->pidfd.release());
}

void LocalAgent::keep_alive() {
    state_->start();
}

void LocalAgent::end(std::function<void()> ended) {
    state_->ending = true;
    state_->timer.cancel();
    if (state_->pid <= 0 && !state_->adopt()) {
        if (is_lock_held(state_->options.lock_path))
            log_warn("it cannot be told which process the local agent is, leaving it alive");
        ended();
        return;
    }
    state_->ended = std::move(ended);
    state_->signal(SIGTERM);
    state_->signal(SIGCONT);  // One that is stopped would not notice.
    state_->timer.after(kEndPatience, [weak = std::weak_ptr(state_)] {
        if (const auto self = weak.lock()) self->signal(SIGKILL);
    });
}

}  // namespace sweepctl

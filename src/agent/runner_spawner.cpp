#include "agent/runner_spawner.hpp"

#include "sweepctl/agent/exit_journal.hpp"
#include "sweepctl/base/log.hpp"
#include "sweepctl/runner/contract.hpp"

#include "agent/runner_params.hpp"
#include "agent/vfork_clone.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/close_range.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sweepctl {

namespace {

// The runner's own descriptors come first, so those to copy from must lie above.
constexpr int kLowest = contract::kJournalFd + 1;

std::atomic<int> highest_low{kLowest};

UniqueFd duplicate_low(int file) {
    UniqueFd low(::fcntl(file, F_DUPFD_CLOEXEC, kLowest));
    if (!low.valid()) throw std::system_error(errno, std::system_category(), "cannot start runs");
    int seen = highest_low.load();
    while (low.get() > seen && !highest_low.compare_exchange_weak(seen, low.get())) {
    }
    return low;
}

UniqueFd open_null() {
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null.valid())
        throw std::system_error(errno, std::system_category(), "cannot open '/dev/null'");
    return duplicate_low(null.get());
}

/// Opens for writing, readable by the owner only; makes the folder when that is what is missing.
UniqueFd open_private(const std::string& path, int flags) {
    constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
    flags |= O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;
    UniqueFd file(::open(path.c_str(), flags, kOwnerOnly));
    if (file.valid() || errno != ENOENT) return file;
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    if (error) {
        errno = error.value();
        return file;
    }
    file.reset(::open(path.c_str(), flags, kOwnerOnly));
    return file;
}

/// 0, or errno.
int write_file(const LaunchFile& file) {
    const UniqueFd fd = open_private(file.path, O_TRUNC);
    if (!fd.valid()) return errno;
    const char* data = file.content.data();
    std::size_t left = file.content.size();
    while (left != 0) {
        const ssize_t written = ::write(fd.get(), data, left);
        if (written < 0) {
            const int error = errno;
            ::unlink(file.path.c_str());  // Half a file is worse than none.
            return error;
        }
        data += written;
        left -= static_cast<std::size_t>(written);
    }
    return 0;
}

/// What the runner is executed with. Everything is put together before there is a child.
struct RunnerExec {
    const char* path = nullptr;
    char** argv = nullptr;
    char** environment = nullptr;
    int null = -1;
    int output = -1;
    int journal = -1;
    unsigned close_from = 0;
    int error = 0;            ///< errno of what failed in the child
    bool no_sharing = false;  ///< it was that this kernel cannot unshare descriptors
};

/// Between clone3 and exec. Sanitizers must not leave marks on the stack, which goes on serving the
/// parent.
__attribute__((no_sanitize("address", "undefined"))) void become_runner(void* argument) {
    auto& exec = *static_cast<RunnerExec*>(argument);
    // First of all: until then the parent's descriptors are ours, and the other way round.
    if (::syscall(SYS_close_range, exec.close_from, ~0U, CLOSE_RANGE_UNSHARE) != 0) {
        exec.error = errno;
        exec.no_sharing = errno == ENOSYS || errno == EINVAL || errno == EPERM;
    } else {
        ::syscall(SYS_setsid);
        ::syscall(SYS_dup3, exec.null, 0, 0);
        ::syscall(SYS_dup3, exec.output, 1, 0);
        ::syscall(SYS_dup3, exec.output, 2, 0);
        ::syscall(SYS_dup3, exec.journal, contract::kJournalFd, 0);
        ::syscall(SYS_close_range, kLowest, ~0U, 0);  // Not everybody uses O_CLOEXEC.
        ::syscall(SYS_execve, exec.path, exec.argv, exec.environment);
        exec.error = errno;
    }
    for (;;)
        ::syscall(SYS_exit, 127);
}

void reap(int pidfd) {
    siginfo_t info;
    while (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) != 0 && errno == EINTR) {
    }
}

Result<SpawnedRunner, int> spawn_by_clone3(RunnerExec& exec) {
    int pidfd = -1;
    clone_args arguments{};
    arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
    arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    const long pid = vfork_clone(arguments, become_runner, &exec);
    if (pid < 0) return Failure{static_cast<int>(-pid)};
    SpawnedRunner runner{static_cast<int>(pid), UniqueFd(pidfd)};
    if (exec.error != 0) {
        reap(pidfd);
        return Failure{exec.error};
    }
    return runner;
}

/// For posix_spawn's C structures.
class SpawnActions {
public:
    explicit SpawnActions(const RunnerExec& exec) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_adddup2(&actions_, exec.null, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, exec.output, 1);
        ::posix_spawn_file_actions_adddup2(&actions_, exec.output, 2);
        ::posix_spawn_file_actions_adddup2(&actions_, exec.journal, contract::kJournalFd);
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, kLowest);
        ::posix_spawnattr_init(&attributes_);
        sigset_t all;
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &all);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~SpawnActions() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    SpawnActions(const SpawnActions&) = delete;
    SpawnActions& operator=(const SpawnActions&) = delete;

    [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
    [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

Result<SpawnedRunner, int> spawn_by_posix_spawn(const RunnerExec& exec) {
    // Kept free for the pidfd: a runner that lives and cannot be watched helps nobody.
    UniqueFd reserve(::fcntl(exec.null, F_DUPFD_CLOEXEC, kLowest));
    if (!reserve.valid()) return Failure{errno};
    const SpawnActions spawn(exec);
    pid_t pid = 0;
    if (const int error = ::posix_spawn(&pid, exec.path, spawn.actions(), spawn.attributes(),
                                        exec.argv, exec.environment))
        return Failure{error};
    reserve.reset();
    return SpawnedRunner{pid, UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))};
}

bool means_no_clone3(int error) {
    // EPERM is what older seccomp filters of containers say to calls that they do not know.
    return error == ENOSYS || error == EPERM || error == EINVAL;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 3);
    for (std::string& text : texts)
        pointers.push_back(text.data());
    return pointers;
}

}  // namespace

SpawnSetting::SpawnSetting(std::string runner, bool without_clone3)
    : runner_path(std::move(runner)),
      boot(boot_id()),
      agent_pid(::getpid()),
      null(open_null()),
      use_posix_spawn(without_clone3) {}

LowFd::LowFd(int null) : fd_(duplicate_low(null)) {}

void LowFd::refer_to(int file) const {
    ::dup3(file, fd_.get(), O_CLOEXEC);
}

int LowFd::limit() {
    return highest_low.load() + 1;
}

RunnerSpawner::RunnerSpawner(SpawnSetting& setting)
    : setting_(setting), output_(setting.null.get()) {}

Result<SpawnedRunner, LaunchFailure> RunnerSpawner::spawn(LaunchRequest& request, int journal) {
    const auto failed = [](LaunchStage stage, int error, std::string path = {}) {
        return Failure{LaunchFailure{stage, error, std::move(path)}};
    };
    std::optional<std::string> params = runner_params(request, setting_.agent_pid, setting_.boot);
    if (!params || request.argv.empty()) return failed(LaunchStage::runner, EINVAL);

    for (const LaunchFile& file : request.files) {
        if (const int error = write_file(file)) return failed(LaunchStage::file, error, file.path);
    }
    {
        const UniqueFd output = open_private(request.output_path, O_APPEND);
        if (!output.valid()) return failed(LaunchStage::output, errno, request.output_path);
        output_.refer_to(output.get());
    }

    std::string name = "sweepctl-runner";
    std::vector<char*> argv = pointers_to(request.argv);
    argv.insert(argv.begin(), {name.data(), params->data()});
    argv.push_back(nullptr);
    std::vector<char*> environment = pointers_to(request.env);
    environment.push_back(nullptr);

    RunnerExec exec;
    exec.path = setting_.runner_path.c_str();
    exec.argv = argv.data();
    exec.environment = environment.data();
    exec.null = setting_.null.get();
    exec.output = output_.get();
    exec.journal = journal;
    exec.close_from = static_cast<unsigned>(LowFd::limit());

    const auto spawn = [&]() -> Result<SpawnedRunner, int> {
        if (!setting_.use_posix_spawn) {
            Result<SpawnedRunner, int> runner = spawn_by_clone3(exec);
            const bool unknown =
                !runner && (exec.error == 0 ? means_no_clone3(runner.error()) : exec.no_sharing);
            if (!unknown) return runner;
            log_warn("this kernel or container refuses clone3; starting runs by posix_spawn");
            setting_.use_posix_spawn = true;
        }
        return spawn_by_posix_spawn(exec);
    };
    Result<SpawnedRunner, int> runner = spawn();
    output_.refer_to(setting_.null.get());  // Nobody but the run shall keep its output file open.
    if (!runner) return failed(LaunchStage::runner, runner.error(), setting_.runner_path);
    return std::move(*runner);
}

}  // namespace sweepctl

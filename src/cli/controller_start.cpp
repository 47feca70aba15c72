#include "cli/controller_start.hpp"

#include "sweepctl/base/lock_file.hpp"
#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/cli/endpoint.hpp"

#include "cli/cli_error.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLockTimeout{120};
// Recovery after a crash reads the whole state; a disk may be slow.
constexpr std::chrono::seconds kReadyTimeout{120};
constexpr std::chrono::milliseconds kLockRetry{20};
constexpr std::size_t kLogLinesShown = 20;
constexpr off_t kLogBytesShown = 16384;
constexpr int kReadyFd = 3;

[[noreturn]] void throw_errno(const std::string& what, int error) {
    throw CliError(kError, what + ": " + std::strerror(error));
}

/// The token of the TCP door; empty when it cannot be read.
std::string read_token(const std::string& home) {
    const UniqueFd file(::open(token_path(home).c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 256> buffer{};
    const ssize_t got = file.valid() ? ::read(file.get(), buffer.data(), buffer.size()) : 0;
    std::string token(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    token.erase(std::min(token.find_first_of("\r\n"), token.size()));
    return token;
}

enum class Health { answers, nobody, silent };

Health health_of(const ServerAddress& address, std::chrono::milliseconds patience) {
    HttpClient http(address);
    HttpCall call;
    call.target = api_target("health");
    call.timeout = patience;
    const Result<HttpReply, HttpError> reply = http.request(call);
    if (reply) return Health::answers;
    switch (reply.error().kind) {
        case HttpError::Kind::no_server: return Health::nobody;
        // It is on its way down, or its socket was somebody else's: try the next door.
        case HttpError::Kind::broken:
        case HttpError::Kind::bad_reply:
        case HttpError::Kind::cancelled: return Health::nobody;
        case HttpError::Kind::timeout: return Health::silent;
    }
    return Health::nobody;
}

/// The ways to a controller, the better first. The socket may have been swept away with the login
/// session that it was made in; TCP is still there then. A port that a dead controller left may be
/// another's by now, who must not get our token: it is tried only while ours lives.
std::vector<ServerAddress> doors_of(const std::string& home, const Endpoint& endpoint) {
    std::vector<ServerAddress> doors;
    const auto add = [&](const std::string& url, const std::string& token) {
        if (url.empty()) return;
        auto address = ServerAddress::parse(url, token);
        if (address) doors.push_back(std::move(*address));
    };
    add(endpoint.socket, {});
    if (is_lock_held(controller_lock_path(home))) add(endpoint.url, read_token(home));
    return doors;
}

void make_home(const std::string& home) {
    std::error_code error;
    const std::filesystem::path path(home);
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
    if (::mkdir(home.c_str(), 0700) != 0 && errno != EEXIST) {
        throw_errno("cannot make the state directory '" + printable(home) + "'", errno);
    }
}

/// Held by the one who starts a controller; let go when it closes.
UniqueFd take_start_lock(const std::string& home) {
    const std::string path = home + "/start.lock";
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.valid()) throw_errno("cannot open '" + printable(path) + "'", errno);
    const auto deadline = Clock::now() + kLockTimeout;
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            throw_errno("cannot lock '" + printable(path) + "'", errno);
        }
        if (Clock::now() > deadline) {
            throw CliError(kError,
                           "somebody else has been starting a controller for " +
                               duration_text(kLockTimeout) + ", and it is not there yet",
                           "its log is '" + printable(home) + "/controller.log'");
        }
        // flock() has no timeout.
        ::poll(nullptr, 0, static_cast<int>(kLockRetry.count()));
    }
    return file;
}

off_t size_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

/// The last lines of `path` after `offset`, indented.
std::string tail_of(const std::string& path, off_t offset) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return {};
    const off_t size = size_of(path);
    // It may have been begun anew meanwhile.
    off_t begin = size < offset ? 0 : offset;
    begin = std::max(begin, size - kLogBytesShown);
    std::string text(static_cast<std::size_t>(kLogBytesShown), '\0');
    const ssize_t got = ::pread(file.get(), text.data(), text.size(), begin);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back("  " + printable(text.substr(at, end - at)));
        at = end + 1;
    }
    if (lines.size() > kLogLinesShown) {
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kLogLinesShown));
    }
    std::string out;
    for (const std::string& line : lines)
        out += "\n" + line;
    return out;
}

/// Ours, but for what names another controller, and with the state directory in it.
std::vector<std::string> daemon_environment(const std::string& home) {
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (text.rfind("SWEEPCTL_SERVER=", 0) == 0 || text.rfind("SWEEPCTL_TOKEN=", 0) == 0 ||
            text.rfind("SWEEPCTL_HOME=", 0) == 0) {
            continue;
        }
        out.emplace_back(text);
    }
    out.push_back("SWEEPCTL_HOME=" + home);
    return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> out;
    out.reserve(words.size() + 1);
    for (std::string& word : words)
        out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

/// This program's own file; it may have been replaced since by a newer one.
std::string own_program() {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
    return !error && std::filesystem::exists(path, error) ? path.string() : "/proc/self/exe";
}

struct Spawned {
    pid_t pid = -1;
    UniqueFd ready;  ///< says "ready\n", or ends without a word
};

/// In a session of its own, with nothing of ours open but the log and the pipe.
Spawned spawn_daemon(const std::string& home,
                     const std::vector<std::string>& arguments,
                     const std::string& stderr_path) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("cannot make a pipe", errno);
    UniqueFd read_end(ends[0]);
    const UniqueFd write_end(ends[1]);

    std::vector<std::string> words{"sweepctl",   "serve",
                                   "--home",     home,
                                   "--log-file", home + "/controller.log",
                                   "--ready-fd", std::to_string(kReadyFd)};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> environment = daemon_environment(home);

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    // First the pipe, since one of its ends may lie below 3 where ours were closed.
    ::posix_spawn_file_actions_adddup2(&actions, write_end.get(), kReadyFd);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 2, stderr_path.c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, kReadyFd + 1);
    // A daemon keeps no directory busy.
    ::posix_spawn_file_actions_addchdir_np(&actions, "/");
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(
        &attributes,
        static_cast<short>(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));

    Spawned out;
    const std::string program = own_program();
    const int error = ::posix_spawn(&out.pid, program.c_str(), &actions, &attributes,
                                    pointers_to(words).data(), pointers_to(environment).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) throw_errno("cannot start '" + printable(program) + "' serve", error);
    out.ready = std::move(read_end);
    return out;
}

enum class Readiness { ready, died, late };

Readiness wait_until_ready(Session& session, int fd) {
    const auto begin = Clock::now();
    bool told = false;
    std::string said;
    while (Clock::now() < begin + kReadyTimeout) {
        pollfd waiting{fd, POLLIN, 0};
        const int polled = ::poll(&waiting, 1, 1000);
        if (polled < 0 && errno != EINTR) throw_errno("cannot wait for the controller", errno);
        if (polled <= 0) {
            if (!told && Clock::now() > begin + std::chrono::seconds{5}) {
                session.messages.note("the controller is still reading its state");
                told = true;
            }
            continue;
        }
        std::array<char, 64> buffer{};
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return Readiness::died;
        said.append(buffer.data(), static_cast<std::size_t>(got));
        if (said.find("ready\n") != std::string::npos) return Readiness::ready;
    }
    return Readiness::late;
}

std::string end_of(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return "it ended";
    }
    if (WIFSIGNALED(status)) {
        return "it was killed by signal " + std::to_string(WTERMSIG(status));
    }
    return "it ended with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

std::unique_ptr<Controller> find_controller(const std::string& home,
                                            std::chrono::milliseconds patience) {
    const std::optional<Endpoint> endpoint = read_endpoint(home);
    if (!endpoint) return nullptr;
    for (const ServerAddress& door : doors_of(home, *endpoint)) {
        switch (health_of(door, patience)) {
            case Health::answers: return std::make_unique<Controller>(door, home);
            case Health::nobody: break;
            case Health::silent:
                throw CliError(kError, "the controller (pid " + std::to_string(endpoint->pid) +
                                           ") at " + printable(door.describe()) +
                                           " has not answered for " + duration_text(patience));
        }
    }
    return nullptr;
}

std::unique_ptr<Controller> start_controller(Session& session,
                                             const std::string& home,
                                             const std::vector<std::string>& arguments) {
    make_home(home);
    const UniqueFd lock = take_start_lock(home);
    if (auto controller = find_controller(home)) return controller;

    const std::string log = home + "/controller.log";
    const std::string stderr_path = home + "/controller.stderr";
    const off_t log_size = size_of(log);
    const Spawned daemon = spawn_daemon(home, arguments, stderr_path);
    const auto what_it_said = [&] { return tail_of(stderr_path, 0) + tail_of(log, log_size); };
    switch (wait_until_ready(session, daemon.ready.get())) {
        case Readiness::ready: break;
        case Readiness::died: {
            const std::string how = end_of(daemon.pid);
            // Somebody may have started one by hand just now, so that ours found the place taken.
            if (auto controller = find_controller(home)) return controller;
            throw CliError(kError, "the controller did not start: " + how + what_it_said());
        }
        case Readiness::late:
            throw CliError(kError,
                           "the controller (pid " + std::to_string(daemon.pid) +
                               ") is not ready after " + duration_text(kReadyTimeout) +
                               what_it_said(),
                           "it may still come up; its log is '" + printable(log) + "'");
    }
    // It outlives us; should it end before we do, its parent must not keep it as a zombie.
    ::signal(SIGCHLD, SIG_IGN);
    auto controller = find_controller(home);
    if (!controller) {
        throw CliError(kError, "the controller started, but does not answer" + what_it_said());
    }
    session.messages.note("started the controller for '" + printable(home) + "' (pid " +
                          std::to_string(daemon.pid) + "; 'sweepctl shutdown' ends it)");
    return controller;
}

}  // namespace sweepctl::cli

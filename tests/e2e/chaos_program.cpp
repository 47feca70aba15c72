// A run's program for the tests: lives and ends as its arguments say, and keeps a log of its own
// that owes nothing to sweepctl: one line for each start and each end, appended in one write.
//
//   chaos_program LOG MILLISECONDS KIND
//
// KIND: exit:N, signal:N, stubborn (ignores SIGTERM), graceful (SIGTERM: exit 0), child (leaves a
// child behind that outlives it), daemon (a child with its own session and no environment).

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

namespace {

volatile std::sig_atomic_t asked_to_end = 0;

void log_line(const char* path, const std::string& what) {
    const char* run = std::getenv("SWEEPCTL_RUN_ID");
    const char* attempt = std::getenv("SWEEPCTL_ATTEMPT");
    const std::string line = what + " " + (run != nullptr ? run : "-") + " " +
                             (attempt != nullptr ? attempt : "-") + " " +
                             std::to_string(::getpid()) + "\n";
    const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0 || ::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        std::_Exit(99);
    ::close(file);
}

/// Lives for a time, or until SIGTERM when that is heeded.
void live(long milliseconds) {
    timespec until{};
    ::clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1'000'000;
    if (until.tv_nsec >= 1'000'000'000) {
        ++until.tv_sec;
        until.tv_nsec -= 1'000'000'000;
    }
    while (asked_to_end == 0 &&
           ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
}

void leave_child(bool own_session) {
    if (::fork() != 0) return;
    if (own_session) {
        ::setsid();
        if (::fork() != 0) std::_Exit(0);
        // Without an environment: nothing tells whose it was.
        char name[] = "sleep";
        char time[] = "600";
        char* arguments[] = {name, time, nullptr};
        char* nothing[] = {nullptr};
        ::execve("/bin/sleep", arguments, nothing);
        std::_Exit(98);
    }
    ::execl("/bin/sleep", "sleep", "600", nullptr);
    std::_Exit(98);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: chaos_program LOG MILLISECONDS KIND\n");
        return 97;
    }
    const char* const path = argv[1];
    const long milliseconds = std::strtol(argv[2], nullptr, 10);
    const std::string_view kind(argv[3]);
    if (kind == "stubborn") std::signal(SIGTERM, SIG_IGN);
    if (kind == "graceful") std::signal(SIGTERM, [](int) { asked_to_end = 1; });
    log_line(path, "start");
    if (kind == "child" || kind == "daemon") leave_child(kind == "daemon");
    live(milliseconds);
    if (kind.starts_with("signal:")) {
        const int signal = std::atoi(argv[3] + 7);
        log_line(path, "signal:" + std::to_string(signal));
        std::signal(signal, SIG_DFL);
        ::raise(signal);
    }
    const int code = kind.starts_with("exit:") ? std::atoi(argv[3] + 5) : 0;
    log_line(path, "exit:" + std::to_string(code));
    return code;
}

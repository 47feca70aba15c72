// The program of the tests' runs: well behaved or hostile, as its first argument says. Modes that
// take LOCK keep a shared lock on that file; so does every process that comes from them, and the
// lock can only be had exclusively when all of them are gone.

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void say(std::string line) {
    line += '\n';
    if (::write(1, line.data(), line.size()) < 0) std::_Exit(99);
}

void lock(const char* path) {
    const int file = ::open(path, O_RDWR | O_CREAT, 0600);
    if (file < 0 || ::flock(file, LOCK_SH) != 0) std::_Exit(98);
}

[[noreturn]] void live_on() {
    for (;;)
        ::pause();
}

void pass_milliseconds(int span) {
    ::poll(nullptr, 0, span);
}

void ignore_all_signals() {
    for (int signal = 1; signal <= 64; ++signal)
        std::signal(signal, SIG_IGN);
    std::signal(SIGCHLD, SIG_DFL);
}

/// A child that becomes somebody else's.
template <typename Body>
void start(Body body) {
    if (::fork() == 0) {
        body();
        std::_Exit(0);
    }
}

/// Forks, and the parent exits, every five milliseconds.
[[noreturn]] void hop(bool new_session_each_time) {
    for (;;) {
        pass_milliseconds(5);
        if (new_session_each_time) ::setsid();
        if (::fork() != 0) std::_Exit(0);
    }
}

void clear_environment(char** argv, const char* lock_path) {
    char mode[] = "live-on";
    char* arguments[] = {argv[0], mode, const_cast<char*>(lock_path), nullptr};
    char* nothing[] = {nullptr};
    ::execve(argv[0], arguments, nothing);
}

/// Everything that was ever seen to survive a kill.
void start_hostile_tree(char** argv, const char* lock_path) {
    start([] { live_on(); });
    start([] {
        ::setpgid(0, 0);
        live_on();
    });
    start([] {
        ::setsid();
        live_on();
    });
    start([] {  // The classic daemon.
        ::setsid();
        if (::fork() == 0) live_on();
    });
    start([] { hop(false); });
    start([] {
        ::setsid();
        hop(true);
    });
    start([=] {
        ::setsid();
        if (::fork() == 0) clear_environment(argv, lock_path);
    });
    start([] {  // Keeps its orphans to itself.
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        start([] {
            ::setsid();
            if (::fork() == 0) live_on();
        });
        live_on();
    });
    start([] {
        ::setsid();
        ignore_all_signals();
        live_on();
    });
    start([] {
        ::raise(SIGSTOP);
        live_on();
    });
    start([] {  // Into the runner's own group.
        ::setpgid(0, ::getsid(0));
        live_on();
    });
}

volatile std::sig_atomic_t last_signal = 0;
void note_signal(int signal) {
    last_signal = signal;
}

/// Says every signal that comes, and ends with `code` at one of them.
int note_signals(int end_at, int code) {
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
    for (int signal = 1; signal <= 31; ++signal) {
        if (signal != SIGCHLD) std::signal(signal, note_signal);
    }
    say("ready");
    for (;;) {
        last_signal = 0;
        ::sigsuspend(&none);
        say("signal " + std::to_string(last_signal));
        if (last_signal == end_at) return code;
    }
}

/// Everything that a program inherits.
void describe(int argc, char** argv, char** environment) {
    for (int i = 2; i < argc; ++i)
        say(std::string("argument ") + argv[i]);
    for (char** entry = environment; *entry != nullptr; ++entry)
        say(std::string("environment ") + *entry);
    std::array<char, 4096> cwd;
    say(std::string("cwd ") + ::getcwd(cwd.data(), cwd.size()));
    say(::getpgrp() == ::getpid() ? "leads its group" : "is in another's group");
    say(::getsid(0) == ::getppid() ? "is in the runner's session" : "is in another session");
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    for (int signal = 1; signal <= 64; ++signal) {
        if (::sigismember(&mask, signal) == 1) say("blocked " + std::to_string(signal));
        struct sigaction action {};
        if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_DFL)
            say("not default " + std::to_string(signal));
    }
    for (int fd = 0; fd < 1024; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) say("descriptor " + std::to_string(fd));
    }
    char byte = 0;
    say(::read(0, &byte, 1) == 0 ? "nothing on stdin" : "something on stdin");
}

void start_many(int count) {
    for (int i = 0; i < count; ++i) {
        const pid_t child = ::fork();
        if (child < 0) std::_Exit(97);
        if (child == 0) {
            if (i % 2 == 0) ::setsid();
            live_on();
        }
    }
}

}  // namespace

int main(int argc, char** argv, char** environment) {
    const std::string_view mode = argc > 1 ? argv[1] : "";
    const char* second = argc > 2 ? argv[2] : "";
    const int number = std::atoi(second);
    if (mode == "exit") return number;
    if (mode == "raise") {
        std::signal(number, SIG_DFL);
        ::raise(number);
        return 96;
    }
    if (mode == "describe") {
        describe(argc, argv, environment);
        return 0;
    }
    if (mode == "note-signals") return note_signals(number, argc > 3 ? std::atoi(argv[3]) : 0);
    if (mode == "live-on") {
        if (*second != '\0') lock(second);
        say("ready");
        live_on();
    }
    if (mode == "ignore-all") {
        lock(second);
        ignore_all_signals();
        say("ready");
        live_on();
    }
    if (mode == "hostile") {  // LOCK: never ends by itself; with a third argument: it does.
        lock(second);
        ignore_all_signals();
        start_hostile_tree(argv, second);
        pass_milliseconds(20);
        say("ready");
        if (argc > 3) return std::atoi(argv[3]);
        live_on();
    }
    if (mode == "daemon") {  // LOCK MILLISECONDS CODE: a daemon outlives it by so long.
        lock(second);
        pollfd program{static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)), POLLIN, 0};
        start([&] {
            ::setsid();
            start([&] {
                ::poll(&program, 1, -1);
                pass_milliseconds(std::atoi(argv[3]));
                say("daemon ends");
            });
        });
        while (::wait(nullptr) > 0) {
        }
        return std::atoi(argv[4]);
    }
    if (mode == "many") {  // LOCK COUNT
        lock(second);
        start_many(std::atoi(argv[3]));
        say("ready");
        live_on();
    }
    if (mode == "spin") {  // MILLISECONDS of user time
        const std::clock_t end = std::clock() + number * (CLOCKS_PER_SEC / 1000);
        while (std::clock() < end) {
        }
        return 0;
    }
    return 95;
}

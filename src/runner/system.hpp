#pragma once

#include "runner/raw_syscall.hpp"

#include <cstddef>
#include <cstdint>

#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/time.h>
#include <linux/wait.h>

// The system calls that the runner needs, with types. They return what the kernel returns: -errno
// when they fail.

namespace sweepctl::runner {

using Milliseconds = std::int64_t;

[[noreturn]] inline void exit_process(int code) {
    for (;;)
        raw_syscall(__NR_exit_group, code);
}

inline long open_for_reading(const char* path) {
    return raw_syscall(__NR_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
}
inline long read(long fd, char* buffer, std::size_t size) {
    return raw_syscall(__NR_read, fd, reinterpret_cast<long>(buffer), static_cast<long>(size));
}
inline long write(long fd, const char* buffer, std::size_t size) {
    return raw_syscall(__NR_write, fd, reinterpret_cast<long>(buffer), static_cast<long>(size));
}
inline long close(long fd) {
    return raw_syscall(__NR_close, fd);
}
inline long read_directory(long fd, char* buffer, std::size_t size) {
    return raw_syscall(__NR_getdents64, fd, reinterpret_cast<long>(buffer),
                       static_cast<long>(size));
}
inline void close_on_exec(int fd) {
    raw_syscall(__NR_fcntl, fd, F_SETFD, FD_CLOEXEC);
}

inline int own_pid() {
    return static_cast<int>(raw_syscall(__NR_getpid));
}
inline int parent_pid() {
    return static_cast<int>(raw_syscall(__NR_getppid));
}
inline long group_of(int pid) {
    return raw_syscall(__NR_getpgid, pid);
}
inline long set_group(int pid, int group) {
    return raw_syscall(__NR_setpgid, pid, group);
}
inline long process_option(int option, long value) {
    return raw_syscall(__NR_prctl, option, value);
}
inline long change_directory(const char* path) {
    return raw_syscall(__NR_chdir, reinterpret_cast<long>(path));
}
inline long execute(const char* path, char** argv, char** environment) {
    return raw_syscall(__NR_execve, reinterpret_cast<long>(path), reinterpret_cast<long>(argv),
                       reinterpret_cast<long>(environment));
}

/// To a process, or to a group when `target` is negative.
inline long send_signal(int target, int signal) {
    return raw_syscall(__NR_kill, target, signal);
}

using SignalSet = std::uint64_t;  // Bit n - 1 is signal n.

constexpr SignalSet bit_of(int signal) {
    return SignalSet{1} << static_cast<unsigned>(signal - 1);
}
inline void set_blocked_signals(SignalSet set) {
    raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&set), 0, sizeof set);
}
/// Gives `signal` back its default effect.
inline void restore_default(int signal) {
    // The kernel's struct sigaction is at most four words, and zero means default.
    const std::uint64_t action[4] = {0, 0, 0, 0};
    raw_syscall(__NR_rt_sigaction, signal, reinterpret_cast<long>(&action), 0, sizeof(SignalSet));
}

/// Waits for one of `set`, all of which are blocked. A negative `timeout` is none.
inline long wait_for_signal(SignalSet set, siginfo_t& info, Milliseconds timeout) {
    const __kernel_timespec limit{timeout / 1000, (timeout % 1000) * 1'000'000};
    return raw_syscall(__NR_rt_sigtimedwait, reinterpret_cast<long>(&set),
                       reinterpret_cast<long>(&info),
                       timeout < 0 ? 0 : reinterpret_cast<long>(&limit), sizeof set);
}

/// `which` is P_ALL or P_PID. 0 with info.si_pid == 0: none is ready (WNOHANG).
inline long wait_for_child(
    int which, int pid, siginfo_t& info, int options, struct rusage* usage = nullptr) {
    info.si_pid = 0;
    return raw_syscall(__NR_waitid, which, pid, reinterpret_cast<long>(&info), options,
                       reinterpret_cast<long>(usage));
}

inline Milliseconds clock_ms(int clock) {
    __kernel_timespec now{};
    raw_syscall(__NR_clock_gettime, clock, reinterpret_cast<long>(&now));
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}
inline Milliseconds wall_ms() {
    return clock_ms(CLOCK_REALTIME);
}
inline Milliseconds monotonic_ms() {
    return clock_ms(CLOCK_MONOTONIC);
}

extern "C" {
/// Runs `child(argument)`, which must not return, in a child that shares this memory; the parent
/// goes on when the child has executed another program or has ended. The child's pid.
long vfork_call(void (*child)(void*), void* argument);
}

}  // namespace sweepctl::runner

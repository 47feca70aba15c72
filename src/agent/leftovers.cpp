#include "agent/leftovers.hpp"

#include "sweepctl/base/log.hpp"

#include "agent/process_table.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <unordered_set>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace sweepctl {

LeftoverHunt::LeftoverHunt(RunId run,
                           std::uint32_t attempt,
                           std::string mark,
                           std::optional<int> session)
    : run_(std::move(run)), attempt_(attempt), mark_(std::move(mark)), session_(session) {}

bool LeftoverHunt::pass(const std::function<bool(int)>& is_runner) {
    const int self = ::getpid();
    const StartedWith ours{
        {"SWEEPCTL_RUN_ID=" + run_.text, "SWEEPCTL_ATTEMPT=" + std::to_string(attempt_)}, mark_};
    bool found = end_children(is_runner);
    std::vector<ProcessEntry> processes = list_processes();
    // Parents first, so that one way through finds whole families.
    std::sort(processes.begin(), processes.end(), [](const ProcessEntry& a, const ProcessEntry& b) {
        return std::pair(a.start_time, a.pid) < std::pair(b.start_time, b.pid);
    });

    std::unordered_set<int> family;
    std::unordered_set<int> groups;
    for (const ProcessEntry& process : processes) {
        if (process.pid == self || process.pid == 1 || is_runner(process.pid)) continue;
        const bool child = process.parent == self;
        if (process.dead()) {
            if (child && reap(process.pid)) found = true;
            continue;
        }
        if (!child && !(session_ && process.session == *session_) &&
            !family.contains(process.parent) && !started_with(process.pid, ours))
            continue;
        family.insert(process.pid);
        if (end(process, groups)) found = true;
    }
    empty_passes_ = found ? 0 : empty_passes_ + 1;
    // /proc is not read in one moment: one that forks and exits all the time can be missed in a
    // pass, and on a busy machine in two.
    constexpr int kEmptyPasses = 4;
    return empty_passes_ >= kEmptyPasses;
}

/// One that forks and exits all the time is gone before all of /proc is read on a busy machine. Our
/// own children are listed quickly enough to meet it alive; that we reap one tells that it goes on.
bool LeftoverHunt::end_children(const std::function<bool(int)>& is_runner) {
    constexpr int kRounds = 100;
    bool found = false;
    for (int round = 0; round < kRounds; ++round) {
        bool news = false;
        std::unordered_set<int> groups;
        for (const int pid : list_children()) {
            if (is_runner(pid)) continue;
            if (reap(pid)) {
                news = true;
                continue;
            }
            const std::optional<ProcessEntry> process = read_process(pid);
            if (process && !process->dead() && end(*process, groups)) news = true;
        }
        if (!news) break;
        found = true;
    }
    return found;
}

bool LeftoverHunt::reap(int pid) {
    siginfo_t info{};
    const auto id = static_cast<id_t>(pid);
    if (::waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
        return false;
    // Perhaps with its group, before it was met itself.
    const std::optional<ProcessEntry> dead = read_process(pid);
    if (dead && info.si_code != CLD_EXITED && info.si_status == SIGKILL)
        killed_.emplace(dead->pid, dead->start_time);
    ::waitid(P_PID, id, &info, WEXITED | WNOHANG);
    return true;
}

/// False: it is not there any more, or not ours to kill.
bool LeftoverHunt::end(const ProcessEntry& process, std::unordered_set<int>& groups) {
    const std::pair identity(process.pid, process.start_time);
    if (spared_.contains(identity)) return false;
    // A group is killed at once, so that nothing slips away by forking meanwhile. The group of
    // a leftover consists of leftovers: groups do not reach beyond a session, and the session
    // was begun by the run.
    const bool with_group = process.group > 1 && process.group != ::getpgrp();
    if (with_group && groups.insert(process.group).second) ::kill(-process.group, SIGKILL);
    // Its parent may have reaped it between the two.
    if (::kill(process.pid, SIGKILL) == 0 || (errno == ESRCH && with_group)) {
        killed_.insert(identity);
        return true;
    }
    if (errno == EPERM) {
        spared_.insert(identity);
        log_warn("run ", run_.text, ": process ", process.pid,
                 ", which it left behind, belongs to another user and cannot be killed");
    }
    return false;
}

}  // namespace sweepctl

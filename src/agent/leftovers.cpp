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
    std::vector<ProcessEntry> processes = list_processes();
    // Parents first, so that one way through finds whole families.
    std::sort(processes.begin(), processes.end(), [](const ProcessEntry& a, const ProcessEntry& b) {
        return std::pair(a.start_time, a.pid) < std::pair(b.start_time, b.pid);
    });

    std::unordered_set<int> family;
    std::unordered_set<int> groups;
    bool found = false;
    for (const ProcessEntry& process : processes) {
        if (process.pid == self || process.pid == 1 || is_runner(process.pid)) continue;
        const bool child = process.parent == self;
        const bool dead = process.state == 'Z' || process.state == 'X';
        if (dead) {
            // One that forks and exits all the time is hardly ever met alive on a busy machine;
            // what it was a moment ago tells that it goes on.
            siginfo_t info{};
            if (child &&
                ::waitid(P_PID, static_cast<id_t>(process.pid), &info, WEXITED | WNOHANG) == 0 &&
                info.si_pid != 0)
                found = true;
            continue;
        }
        if (!child && !(session_ && process.session == *session_) &&
            !family.contains(process.parent) && !started_with(process.pid, ours))
            continue;
        family.insert(process.pid);
        const std::pair identity(process.pid, process.start_time);
        if (spared_.contains(identity)) continue;
        // A group is killed at once, so that nothing slips away by forking meanwhile. The group of
        // a leftover consists of leftovers: groups do not reach beyond a session, and the session
        // was begun by the run.
        if (process.group > 1 && process.group != ::getpgrp() &&
            groups.insert(process.group).second)
            ::kill(-process.group, SIGKILL);
        if (::kill(process.pid, SIGKILL) == 0) {
            killed_.insert(identity);
            found = true;
        } else if (errno == EPERM) {
            spared_.insert(identity);
            log_warn("run ", run_.text, ": process ", process.pid,
                     ", which it left behind, belongs to another user and cannot be killed");
        }
    }
    empty_passes_ = found ? 0 : empty_passes_ + 1;
    // /proc is not read in one moment: one that forks and exits all the time can be missed in a
    // pass, and on a busy machine in two.
    constexpr int kEmptyPasses = 4;
    return empty_passes_ >= kEmptyPasses;
}

}  // namespace sweepctl

#include "runner/process_tree.hpp"

#include "runner/proc_stat.hpp"
#include "runner/system.hpp"
#include "runner/text.hpp"

namespace sweepctl::runner {

namespace {

/// The last few process groups that were killed, so that a thousand members of one do not cost a
/// thousand times killing a thousand.
class RecentGroups {
public:
    bool add(int group) {
        for (const int seen : groups_) {
            if (seen == group) return false;
        }
        groups_[next_] = group;
        next_ = (next_ + 1) % kSize;
        return true;
    }

private:
    static constexpr std::size_t kSize = 16;
    int groups_[kSize] = {};
    std::size_t next_ = 0;
};

/// A set of pids. When it is full it forgets to remember, which costs the caller one more round.
class PidSet {
public:
    void clear() {
        for (std::uint32_t& slot : slots_)
            slot = 0;
        count_ = 0;
    }
    void insert(int pid) {
        if (count_ == kSize / 2) return;
        std::uint32_t& slot = slots_[find(pid)];
        if (slot == 0) ++count_;
        slot = static_cast<std::uint32_t>(pid);
    }
    [[nodiscard]] bool contains(int pid) const { return slots_[find(pid)] != 0; }

private:
    [[nodiscard]] std::size_t find(int pid) const {
        auto i = static_cast<std::uint32_t>(pid) * 2654435761U % kSize;
        while (slots_[i] != 0 && slots_[i] != static_cast<std::uint32_t>(pid))
            i = (i + 1) % kSize;
        return i;
    }

    static constexpr std::size_t kSize = 8192;
    std::uint32_t slots_[kSize] = {};
    std::size_t count_ = 0;
};

// Static: it costs memory only when it is used.
constinit PidSet descendants;

/// An entry of getdents64.
struct DirectoryEntry {
    std::uint64_t inode;
    std::int64_t offset;
    std::uint16_t size;
    std::uint8_t type;
    char name[1];  // And more.
};

}  // namespace

bool anything_alive() {
    // Asked for stopped children only, the kernel answers ECHILD when all children are zombies, and
    // takes none of them away.
    siginfo_t info;
    return wait_for_child(P_ALL, 0, info, WSTOPPED | WNOHANG | WNOWAIT) != -ECHILD;
}

void ProcessTree::reap() {
    siginfo_t info;
    while (wait_for_child(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        if (info.si_pid == program_pid_) {  // It hides the others from us.
            visit_children(false);
            return;
        }
        reap_one(info.si_pid);
    }
}

void ProcessTree::kill_children() {
    if (!visit_children(true)) kill_descendants();
}

bool ProcessTree::reap_one(int pid) {
    siginfo_t info;
    if (pid == program_pid_ || wait_for_child(P_PID, pid, info, WEXITED | WNOHANG) != 0 ||
        info.si_pid == 0)
        return false;
    if (info.si_code != CLD_EXITED && info.si_status == SIGKILL) ++killed_;
    return true;
}

/// Reaps the dead ones and, if told so, kills the others. False: this kernel has no such list.
bool ProcessTree::visit_children(bool kill) {
    const long file = open_for_reading("/proc/thread-self/children");
    if (file < 0) return false;
    RecentGroups groups;
    char buffer[1024];
    std::uint64_t pid = 0;  // A number may lie across two pieces.
    for (;;) {
        const long size = read(file, buffer, sizeof buffer);
        if (size <= 0) break;
        for (long i = 0; i < size; ++i) {
            if (is_digit(buffer[i])) {
                pid = pid * 10 + static_cast<std::uint64_t>(buffer[i] - '0');
                continue;
            }
            const int child = static_cast<int>(pid);
            pid = 0;
            if (child == 0 || reap_one(child) || !kill) continue;
            const int group = static_cast<int>(group_of(child));
            kill_with_group(child, groups.add(group) ? group : 0);
        }
    }
    close(file);
    return true;
}

void ProcessTree::kill_with_group(int pid, int group) {
    // Our own group is out of bounds: a descendant may have moved into it.
    if (group > 1 && group != own_pid_) send_signal(-group, SIGKILL);
    send_signal(pid, SIGKILL);
}

void ProcessTree::kill_descendants() {
    const long proc = raw_syscall(__NR_openat, AT_FDCWD, reinterpret_cast<long>("/proc"),
                                  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) return;
    // Listed in ascending order, parents mostly come before their children, so one reading finds
    // nearly all; a killed one's children are ours in the next.
    descendants.clear();
    descendants.insert(own_pid_);
    RecentGroups groups;
    alignas(DirectoryEntry) char buffer[4096];
    for (;;) {
        const long size = read_directory(proc, buffer, sizeof buffer);
        if (size <= 0) break;
        for (long at = 0; at < size;) {
            const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
            at += entry->size;
            const char* cursor = entry->name;
            std::uint64_t number = 0;
            if (!read_number(cursor, number) || *cursor != '\0') continue;
            const int pid = static_cast<int>(number);
            ProcStat stat;
            if (pid == own_pid_ || !read_proc_stat(pid, stat)) continue;
            if (!descendants.contains(stat.parent)) continue;
            descendants.insert(pid);
            if (stat.parent == own_pid_ && reap_one(pid)) continue;
            kill_with_group(pid, groups.add(stat.group) ? stat.group : 0);
        }
    }
    close(proc);
}

}  // namespace sweepctl::runner

#pragma once

#include <cstdint>

// All that the program has started. The runner is a subreaper: whoever loses its parent becomes the
// runner's child. So as long as anything lives, a child of the runner lives, and what is killed
// hands its own children over to the next round.

namespace sweepctl::runner {

/// Something that the program started, or the program itself, is alive.
[[nodiscard]] bool anything_alive();

class ProcessTree {
public:
    /// The program is never reaped here: its zombie keeps its group's id from being given to
    /// strangers, and how it ended is for the supervisor to read.
    ProcessTree(int own_pid, int program_pid) : own_pid_(own_pid), program_pid_(program_pid) {}

    /// Reaps the children that ended.
    void reap();

    /// Reaps those that ended and kills all others, each with its process group. That hits no
    /// stranger: only we can reap a child, so neither its pid nor its group's id was given anew.
    void kill_children();

    /// Kills all descendants that /proc shows, with their groups. Takes as long as the machine has
    /// processes; needed when a child cannot die at once (it waits for a disk, say) but its
    /// children can, and on kernels that do not list a process' children.
    void kill_descendants();

    /// How many of those reaped had been killed.
    [[nodiscard]] std::uint32_t killed() const { return killed_; }

private:
    bool visit_children(bool kill);
    bool reap_one(int pid);
    void kill_with_group(int pid, int group);

    int own_pid_;
    int program_pid_;
    std::uint32_t killed_ = 0;
};

}  // namespace sweepctl::runner

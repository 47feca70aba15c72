#pragma once

#include "sweepctl/core/ids.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

// Takes the files of deleted sweeps and runs away: outputs, parameter and metrics files, and what
// the programs left in their SWEEPCTL_RUN_DIR. On a thread of its own, since there may be millions.

namespace sweepctl {

class FileRemoval {
public:
    /// Also goes on with what an earlier controller did not get done.
    explicit FileRemoval(std::string home);
    /// Ends between two files; the next controller goes on.
    ~FileRemoval();
    FileRemoval(const FileRemoval&) = delete;
    FileRemoval& operator=(const FileRemoval&) = delete;

    /// The sweep's directory is out of the way when this returns, and its files are gone later.
    void sweep(const SweepId& sweep);
    void run(const SweepId& sweep, const RunId& run);

private:
    struct Order {
        std::string directory;
        std::string run;  ///< empty: the directory with everything in it
    };
    void order(Order order);
    void work();
    bool remove_tree(const std::string& path);
    void remove_run(const Order& order);
    [[nodiscard]] bool ending();

    const std::string home_;
    const std::string deleted_;  ///< where the directories of deleted sweeps wait for their end

    // Orders go from the loop to the thread; nothing else is shared.
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Order> orders_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace sweepctl

#pragma once

#include "store/sqlite.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

// Copies the write-ahead log into the database on a thread and a connection of its own, while
// commits go on. It never holds a commit up: what it cannot copy because somebody still writes or
// reads stays in the log.

namespace sweepctl {

class Checkpointer {
public:
    explicit Checkpointer(const std::string& path);
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;
    ~Checkpointer();

    /// Begins one soon, unless one is under way.
    void request();

private:
    void work();

    sqlite::Database database_;  // Of the thread, once it runs.
    std::mutex mutex_;
    std::condition_variable changed_;
    bool requested_ = false;
    bool leaving_ = false;
    std::thread thread_;
};

}  // namespace sweepctl

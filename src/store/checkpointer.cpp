#include "store/checkpointer.hpp"

#include "sweepctl/base/log.hpp"

namespace sweepctl {

Checkpointer::Checkpointer(const std::string& path)
    : database_(path, sqlite::Access::read_write), thread_([this] { work(); }) {}

Checkpointer::~Checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        leaving_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Checkpointer::request() {
    {
        const std::lock_guard lock(mutex_);
        requested_ = true;
    }
    changed_.notify_one();
}

void Checkpointer::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return requested_ || leaving_; });
        if (leaving_) return;
        requested_ = false;
        lock.unlock();
        try {
            database_.checkpoint(sqlite::CheckpointMode::passive);
        } catch (const sqlite::Error& error) {
            // Nothing is lost: the log keeps growing, and a commit says so when the disk is full.
            log_warn("checkpoint of the database failed (", error.what(), "), ignoring");
        }
        lock.lock();
    }
}

}  // namespace sweepctl

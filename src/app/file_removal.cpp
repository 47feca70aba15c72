#include "app/file_removal.hpp"

#include "sweepctl/base/log.hpp"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace sweepctl {

namespace fs = std::filesystem;

FileRemoval::FileRemoval(std::string home)
    : home_(std::move(home)), deleted_(home_ + "/deleted"), thread_([this] { work(); }) {
    std::error_code error;
    for (fs::directory_iterator entry(deleted_, error), end; !error && entry != end;
         entry.increment(error)) {
        order({entry->path().string(), {}});
    }
}

FileRemoval::~FileRemoval() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void FileRemoval::sweep(const SweepId& sweep) {
    const std::string directory = home_ + "/sweeps/" + sweep.text;
    const std::string waiting = deleted_ + "/" + sweep.text;
    std::error_code error;
    fs::create_directory(deleted_, error);
    fs::rename(directory, waiting, error);
    if (error == std::errc::no_such_file_or_directory) return;  // No run of it began here.
    // Where it cannot be put aside it is emptied in its place.
    order({error ? directory : waiting, {}});
}

void FileRemoval::run(const SweepId& sweep, const RunId& run) {
    order({home_ + "/sweeps/" + sweep.text, run.text});
}

void FileRemoval::order(Order order) {
    {
        const std::lock_guard lock(mutex_);
        orders_.push_back(std::move(order));
    }
    changed_.notify_one();
}

bool FileRemoval::ending() {
    const std::lock_guard lock(mutex_);
    return ending_;
}

void FileRemoval::work() {
    for (;;) {
        Order next;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return ending_ || !orders_.empty(); });
            if (ending_) return;
            next = std::move(orders_.front());
            orders_.pop_front();
        }
        if (next.run.empty()) {
            remove_tree(next.directory);
        } else {
            remove_run(next);
        }
    }
}

/// Symbolic links are removed and not followed. False: something stays, and the log says what.
bool FileRemoval::remove_tree(const std::string& path) {
    std::error_code error;
    if (fs::is_directory(fs::symlink_status(path, error))) {
        // Names first: what readdir says of a directory that changes meanwhile is not defined.
        std::vector<std::string> entries;
        for (fs::directory_iterator entry(path, error), end; !error && entry != end;
             entry.increment(error)) {
            entries.push_back(entry->path().string());
        }
        bool empty = true;
        for (const std::string& entry : entries) {
            if (ending()) return false;
            empty = remove_tree(entry) && empty;
        }
        if (!empty) return false;
    }
    fs::remove(path, error);
    if (error) log_warn("'", path, "' of what was deleted stays: ", error.message());
    return !error;
}

void FileRemoval::remove_run(const Order& order) {
    const std::string prefix = order.run + ".";
    std::vector<std::string> entries;
    std::error_code error;
    for (fs::directory_iterator entry(order.directory, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name == order.run || name.starts_with(prefix))
            entries.push_back(entry->path().string());
    }
    for (const std::string& entry : entries)
        remove_tree(entry);
}

}  // namespace sweepctl

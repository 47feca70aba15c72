#include "sweepctl/agent/run_files.hpp"

#include "sweepctl/agent/process_launcher.hpp"
#include "sweepctl/aio/timer.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sweepctl {

namespace {

namespace asio = boost::asio;

std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

/// The whole of a small file of /proc.
std::string read_all(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    if (!file.valid()) return text;
    std::array<char, 16384> piece{};
    for (;;) {
        const ssize_t got = ::read(file.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

/// Up to `limit` bytes from `offset`.
std::string read_piece(int file, std::uint64_t offset, std::size_t limit) {
    std::string bytes(limit, '\0');
    std::size_t have = 0;
    while (have < limit) {
        const ssize_t got =
            ::pread(file, bytes.data() + have, limit - have, static_cast<off_t>(offset + have));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

/// Lines from one piece of the file, or one line that is longer than a piece.
MetricsChunk read_lines(
    int file, std::uint64_t offset, std::uint64_t size, MetricsFormat format, bool final) {
    const std::string bytes = read_piece(file, offset, kMetricsPiece);
    const bool whole = offset + bytes.size() >= size;
    MetricsChunk chunk = metrics_lines(bytes, offset, final && whole, format);
    if (chunk.offset_end > offset || whole) return chunk;
    const std::string longer = read_piece(file, offset, kMetricsLineMax);
    return metrics_lines(longer, offset, final && offset + longer.size() >= size, format);
}

/// A folder's watch says when the metrics file of one of its runs appears, that file's own watch
/// when it grows. Output may be written a thousand times a second: its watch speaks once.
class InotifyRunFiles : public RunFiles {
public:
    InotifyRunFiles(asio::io_context& context, RunFilesEvents events)
        : events_(std::move(events)), inotify_(context), next_look_(context), next_follow_(context) {
        const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (fd < 0) {
            warn("cannot follow metrics files");
            return;
        }
        inotify_.assign(fd);
        wait();
    }

    void follow(const RunId& run, std::uint32_t attempt, const std::string& path) override {
        if (!inotify_.is_open()) return;
        const Key key{run, attempt};
        followed_[key].path = path;
        by_path_[path] = key;
        if (fresh_.empty()) next_follow_.after(kBeforeFollowing, [this] { follow_fresh(); });
        fresh_.push_back(key);
    }

    void unfollow(const RunId& run, std::uint32_t attempt) override {
        const auto found = followed_.find({run, attempt});
        if (found == followed_.end()) return;
        if (found->second.watch >= 0) {
            ::inotify_rm_watch(inotify_.native_handle(), found->second.watch);
            by_file_watch_.erase(found->second.watch);
        }
        if (const int output = found->second.output_watch; output >= 0) {
            ::inotify_rm_watch(inotify_.native_handle(), output);
            by_output_watch_.erase(output);
        }
        by_path_.erase(found->second.path);
        if (found->second.in_folder) leave_folder(folder_of(found->second.path));
        followed_.erase(found);
    }

    void follow_output(const RunId& run, std::uint32_t attempt, const std::string& path) override {
        const auto found = followed_.find({run, attempt});
        if (found == followed_.end()) return;
        // One that has not spoken yet is the same again.
        const int watch =
            ::inotify_add_watch(inotify_.native_handle(), path.c_str(), IN_MODIFY | IN_ONESHOT);
        found->second.output_watch = watch;
        if (watch >= 0) by_output_watch_[watch] = found->first;
    }

    MetricsChunk read_metrics(const std::string& path,
                              std::uint64_t offset,
                              MetricsFormat format,
                              bool final) override {
        const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        MetricsChunk chunk;
        chunk.offset_end = offset;
        struct stat info {};
        if (!file.valid() || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
            return chunk;
        const auto size = static_cast<std::uint64_t>(info.st_size);
        chunk.truncated = size < offset;
        if (chunk.truncated) chunk.offset_end = 0;
        const std::uint64_t stretch =
            chunk.offset_end +
            (format == MetricsFormat::metrics_file ? kMetricsPiece : kOutputStretch);
        std::size_t taken = 0;
        while (chunk.offset_end < std::min(size, stretch) && taken < kMetricsPiece) {
            MetricsChunk piece = read_lines(file.get(), chunk.offset_end, size, format, final);
            if (piece.offset_end == chunk.offset_end) break;
            chunk.offset_end = piece.offset_end;
            chunk.preempting = chunk.preempting || piece.preempting;
            if (!chunk.invalid) chunk.invalid = std::move(piece.invalid);
            for (std::string& line : piece.lines) {
                taken += line.size();
                chunk.lines.push_back(std::move(line));
            }
        }
        return chunk;
    }

    std::string locate(const std::string& sweeps_dir,
                       const RunId& run,
                       std::uint32_t attempt) override {
        const std::string name = run.text + "." + std::to_string(attempt);
        std::error_code error;
        for (std::filesystem::directory_iterator entry(sweeps_dir, error), end;
             !error && entry != end; entry.increment(error)) {
            std::string stem = entry->path().string() + "/" + name;
            if (::access((stem + ".log").c_str(), F_OK) == 0) return stem;
        }
        return {};
    }

    LogChunk read_log(const std::string& path, std::uint64_t offset, std::uint32_t limit) override {
        LogChunk chunk;
        const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat info {};
        if (!file.valid() || ::fstat(file.get(), &info) != 0) {
            chunk.error = "cannot read '" + path + "': " + std::strerror(errno);
            return chunk;
        }
        chunk.size = static_cast<std::uint64_t>(info.st_size);
        chunk.bytes =
            read_piece(file.get(), offset, std::min<std::size_t>(limit, std::size_t{1} << 20));
        return chunk;
    }

    std::vector<std::string> environment_of(int pid) override {
        const std::string text = read_all("/proc/" + std::to_string(pid) + "/environ");
        std::vector<std::string> entries;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\0', at), text.size());
            entries.push_back(text.substr(at, end - at));
            at = end + 1;
        }
        return entries;
    }

    std::optional<int> program_pid(int runner_pid) override { return program_pid_of(runner_pid); }

private:
    using Key = std::pair<RunId, std::uint32_t>;
    struct Followed {
        std::string path;
        bool in_folder = false;  ///< counted in its folder's `runs`
        int watch = -1;
        int output_watch = -1;
    };
    /// Runs whose files grew.
    struct Grown {
        std::set<Key> metrics;
        std::set<Key> output;
    };
    struct Folder {
        int watch = -1;
        std::size_t runs = 0;
    };
    /// Every run makes files beside its metrics; with short ones each would wake the agent, to
    /// learn nothing.
    static constexpr std::chrono::milliseconds kBetweenLooks{10};
    /// What a shorter run has written is read at its end; following it would wake the agent for
    /// each file that is made for it.
    static constexpr std::chrono::milliseconds kBeforeFollowing{20};

    void warn(const std::string& what) {
        if (events_.warn)
            events_.warn(what + " (" + std::strerror(errno) + "), metrics come when a run ends");
    }

    void follow_fresh() {
        std::vector<Key> written;
        for (const Key& key : std::exchange(fresh_, {})) {
            const auto found = followed_.find(key);
            if (found == followed_.end() || found->second.in_folder) continue;
            enter_folder(folder_of(found->second.path));
            found->second.in_folder = true;
            watch_file(found->second, key);
            if (found->second.watch >= 0) written.push_back(key);  // Before the watch was there.
        }
        for (const auto& [run, attempt] : written)
            events_.metrics_changed(run, attempt);
    }

    void enter_folder(const std::string& folder) {
        Folder& watched = folders_[folder];
        if (watched.runs++ > 0 || watched.watch >= 0) return;
        std::error_code ignored;
        std::filesystem::create_directories(folder, ignored);
        watched.watch = ::inotify_add_watch(inotify_.native_handle(), folder.c_str(),
                                            IN_CREATE | IN_MOVED_TO);
        if (watched.watch < 0) {
            warn("cannot follow '" + folder + "'");
            return;
        }
        by_folder_watch_[watched.watch] = folder;
    }

    void leave_folder(const std::string& folder) {
        const auto watched = folders_.find(folder);
        if (--watched->second.runs > 0) return;
        // Each file that is made there would go on waking the agent.
        if (watched->second.watch >= 0) {
            ::inotify_rm_watch(inotify_.native_handle(), watched->second.watch);
            by_folder_watch_.erase(watched->second.watch);
        }
        folders_.erase(watched);
    }

    void watch_file(Followed& followed, const Key& key) {
        if (followed.watch >= 0) return;
        followed.watch =
            ::inotify_add_watch(inotify_.native_handle(), followed.path.c_str(), IN_MODIFY);
        if (followed.watch >= 0) by_file_watch_[followed.watch] = key;
    }

    void wait() {
        inotify_.async_wait(asio::posix::stream_descriptor::wait_read,
                            [this](boost::system::error_code error) {
                                if (error) return;
                                drain();
                                next_look_.after(kBetweenLooks, [this] { wait(); });
                            });
    }

    void drain() {
        alignas(inotify_event) std::array<char, 65536> buffer{};
        Grown grown;
        for (;;) {
            const ssize_t got = ::read(inotify_.native_handle(), buffer.data(), buffer.size());
            if (got <= 0) break;
            for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
                inotify_event event{};
                std::memcpy(&event, buffer.data() + at, sizeof event);
                const char* const name = buffer.data() + at + sizeof event;
                take(event, event.len > 0 ? std::string_view(name) : std::string_view{}, grown);
                at += sizeof event + event.len;
            }
        }
        for (const auto& [run, attempt] : grown.metrics)
            events_.metrics_changed(run, attempt);
        for (const auto& [run, attempt] : grown.output)
            events_.output_changed(run, attempt);
    }

    void take(const inotify_event& event, std::string_view name, Grown& grown) {
        if ((event.mask & IN_Q_OVERFLOW) != 0) {  // Some were lost: look at all.
            for (auto& [key, followed] : followed_) {
                watch_file(followed, key);
                grown.metrics.insert(key);
                grown.output.insert(key);
            }
            return;
        }
        if (const auto file = by_file_watch_.find(event.wd); file != by_file_watch_.end()) {
            grown.metrics.insert(file->second);
            return;
        }
        if (const auto file = by_output_watch_.find(event.wd); file != by_output_watch_.end()) {
            grown.output.insert(file->second);
            followed_[file->second].output_watch = -1;
            by_output_watch_.erase(file);
            return;
        }
        const auto folder = by_folder_watch_.find(event.wd);
        if (folder == by_folder_watch_.end() || !name.ends_with(".metrics.jsonl")) return;
        const auto key = by_path_.find(folder->second + "/" + std::string(name));
        if (key == by_path_.end()) return;
        watch_file(followed_[key->second], key->second);
        grown.metrics.insert(key->second);  // What was written before the watch was there.
    }

    RunFilesEvents events_;
    asio::posix::stream_descriptor inotify_;
    Timer next_look_;
    Timer next_follow_;
    std::vector<Key> fresh_;  ///< followed from the next look on
    std::map<Key, Followed> followed_;
    std::unordered_map<std::string, Folder> folders_;
    std::unordered_map<int, Key> by_file_watch_;
    std::unordered_map<int, Key> by_output_watch_;
    std::unordered_map<int, std::string> by_folder_watch_;
    std::unordered_map<std::string, Key> by_path_;
};

}  // namespace

std::unique_ptr<RunFiles> make_run_files(asio::io_context& context, RunFilesEvents events) {
    return std::make_unique<InotifyRunFiles>(context, std::move(events));
}

}  // namespace sweepctl

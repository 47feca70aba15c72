#pragma once

#include "sweepctl/agent/exit_journal.hpp"

#include "agent/runner_spawner.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sweepctl {

/// The journals of an agent: the one that new runners write to, and older ones that are still
/// needed. A journal is needed while a run that it tells about has not been released.
class JournalShelf {
public:
    /// `on_begun` is called with the path of each journal that will be written to.
    JournalShelf(std::string directory,
                 std::uint64_t bytes_max,
                 int null,
                 std::function<void(const std::string&)> on_begun);

    [[nodiscard]] const std::string& directory() const { return directory_; }
    [[nodiscard]] std::string path(std::uint64_t journal) const {
        return journal_path(directory_, journal);
    }

    using RecordSink = std::function<void(std::uint64_t journal, JournalRecord record)>;

    /// Reads the journals that are there, oldest first, and deletes those that tell about nothing.
    /// Throws std::system_error.
    void recover(const RecordSink& sink);
    /// Reads what was written since, where there is somebody who writes. Throws std::system_error.
    void read_new(const RecordSink& sink);

    struct Current {
        std::uint64_t number = 0;
        int fd = -1;  ///< a LowFd's
    };
    /// The journal for the next launch, which counts as a run held, a writer and a launch from now
    /// on. Begins a new journal when need be. Throws std::system_error.
    [[nodiscard]] Current take();
    /// The launch is over, so that its descriptor number may come to mean another journal.
    void launched(std::uint64_t number);
    void add_writer(std::uint64_t number);
    void remove_writer(std::uint64_t number);
    /// A run more whose records are in that journal.
    void hold(std::uint64_t number);
    /// One less; with the last one goes the journal, unless it is the current one.
    void release(std::uint64_t number);

private:
    struct Journal {
        explicit Journal(const std::string& path) : reader(path) {}
        JournalReader reader;
        int runs = 0;      ///< that are held
        int writers = 0;   ///< runners that live or will live
        int launches = 0;  ///< of those, the ones that are just being started
    };

    void begin(std::uint64_t number);
    void drop_if_done(std::uint64_t number);
    void read(std::uint64_t number, Journal& journal, const RecordSink& sink);

    std::string directory_;
    std::uint64_t bytes_max_;
    std::function<void(const std::string&)> on_begun_;
    std::map<std::uint64_t, Journal> journals_;
    std::optional<std::uint64_t> current_;
    std::uint64_t last_ = 0;  ///< highest number ever seen
    LowFd slots_[2];  ///< taken in turns, so that a launch under way keeps the journal it was given
};

}  // namespace sweepctl

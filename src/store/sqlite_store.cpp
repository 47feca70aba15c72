#include "sweepctl/store/sqlite_store.hpp"

#include "sweepctl/base/log.hpp"

#include "store/change_writer.hpp"
#include "store/checkpointer.hpp"
#include "store/load.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace sweepctl {

namespace {

/// Pages in the log (of 4 KiB) from which it is copied into the database by the checkpointer, and
/// from which the writer itself makes a pause to bring that to an end, so that the log can begin
/// anew. In between only a quiet moment is used for it.
constexpr std::uint32_t kLogPagesSoft = 1'000;
constexpr std::uint32_t kLogPagesHard = 16'000;
constexpr std::chrono::milliseconds kQuiet{200};

class SqliteStore final : public Store {
public:
    SqliteStore(const std::string& path,
                std::function<void()> wake,
                const SqliteStoreOptions& options)
        : path_(path),
          wake_(std::move(wake)),
          writing_database_(open_for_writing(path)),
          reading_database_(open_for_reading(path)),
          change_writer_(writing_database_),
          checkpointer_(path) {
        if (options.pages_max != 0) {
            writing_database_.execute("PRAGMA max_page_count = " +
                                      std::to_string(options.pages_max));
        }
        thread_ = std::thread([this] { work(); });
    }

    SqliteStore(const SqliteStore&) = delete;
    SqliteStore& operator=(const SqliteStore&) = delete;

    /// What was handed in is written before.
    ~SqliteStore() override {
        {
            const std::lock_guard lock(mutex_);
            leaving_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }

    Snapshot load() override {
        return reading([&] { return load_snapshot(reading_database_); });
    }

    void commit(Changes changes, std::function<void(std::optional<StoreError>)> done) override {
        {
            const std::lock_guard lock(mutex_);
            queue_.push_back(Commit{std::move(changes), std::move(done), epoch_});
        }
        changed_.notify_one();
    }

    void poll() override {
        std::vector<Finished> finished;
        {
            const std::lock_guard lock(mutex_);
            finished.swap(finished_);
        }
        for (Finished& commit : finished) {
            if (commit.error) {
                // From here on the caller knows: what it hands in now is meant to follow.
                const std::lock_guard lock(mutex_);
                ++epoch_;
            }
            commit.done(std::move(commit.error));
        }
    }

    std::optional<Run> find_run(const RunId& id) override {
        return reading([&] { return load_run(reading_database_, id); });
    }

    std::optional<Run> find_run_named(const std::string& entity,
                                      const std::string& project,
                                      const std::string& name) override {
        return reading([&] { return load_run_named(reading_database_, entity, project, name); });
    }

    std::optional<BestRun> best_without(const SweepId& sweep, const RunId& without) override {
        return reading([&] { return load_best_without(reading_database_, sweep, without); });
    }

private:
    struct Commit {
        Changes changes;
        std::function<void(std::optional<StoreError>)> done;
        std::uint64_t epoch = 0;
    };
    struct Finished {
        std::function<void(std::optional<StoreError>)> done;
        std::optional<StoreError> error;
    };
    /// Why a commit failed, and the last epoch whose commits must not overtake it.
    struct Failed {
        std::uint64_t epoch = 0;
        StoreError error;
    };

    /// `read()` once every commit that was handed in is done, with errors for a person.
    template <typename Read>
    std::invoke_result_t<const Read&> reading(const Read& read) {
        {
            std::unique_lock lock(mutex_);
            written_.wait(lock, [&] { return queue_.empty() && !writing_; });
        }
        try {
            return read();
        } catch (const sqlite::Error& error) {
            throw std::runtime_error(explain(error, path_));
        } catch (const std::runtime_error& error) {
            throw std::runtime_error("database '" + path_ + "': " + error.what());
        }
    }

    // --- From here on: the writing thread.

    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            if (!queue_.empty()) {
                std::vector<Commit> batch;
                batch.swap(queue_);
                writing_ = true;
                lock.unlock();
                std::vector<Finished> finished = write(batch);
                batch.clear();
                lock.lock();
                writing_ = false;
                for (Finished& commit : finished)
                    finished_.push_back(std::move(commit));
                lock.unlock();
                written_.notify_all();
                wake_();
                keep_log_short(false);
                lock.lock();
                continue;
            }
            if (leaving_) return;
            if (purge_due_) {
                lock.unlock();
                purge();
                lock.lock();
                continue;
            }
            const auto news = [&] { return leaving_ || !queue_.empty(); };
            if (!log_due_) {
                changed_.wait(lock, news);
            } else if (!changed_.wait_for(lock, kQuiet, news)) {
                lock.unlock();
                keep_log_short(true);
                lock.lock();
            }
        }
    }

    /// One transaction for all of them; when that fails one for each, as far as they go.
    std::vector<Finished> write(std::vector<Commit>& batch) {
        std::vector<Finished> finished;
        finished.reserve(batch.size());
        // The epochs of a batch only grow.
        if (batch.size() > 1 && !held_up(batch.front()) && !try_write(batch.data(), batch.size())) {
            for (Commit& commit : batch)
                finished.push_back(Finished{std::move(commit.done), std::nullopt});
            return finished;
        }
        for (Commit& commit : batch) {
            std::optional<StoreError> error;
            if (held_up(commit)) {
                error = failed_->error;
                error->message = "not tried, since an earlier commit failed: " + error->message;
            } else if ((error = try_write(&commit, 1))) {
                failed_ = Failed{commit.epoch, *error};
            }
            if (error) error->changes = std::move(commit.changes);
            finished.push_back(Finished{std::move(commit.done), std::move(error)});
        }
        return finished;
    }

    [[nodiscard]] bool held_up(const Commit& commit) const {
        return failed_ && commit.epoch <= failed_->epoch;
    }

    /// Returns why not.
    std::optional<StoreError> try_write(const Commit* commits, std::size_t count) {
        try {
            sqlite::Transaction transaction(writing_database_, sqlite::Transaction::Kind::write);
            for (std::size_t i = 0; i < count; ++i)
                change_writer_.write(commits[i].changes);
            transaction.commit();
        } catch (const sqlite::Error& error) {
            change_writer_.forget();
            return StoreError{error.disk(), explain(error, path_)};
        } catch (const std::exception& error) {
            change_writer_.forget();
            return StoreError{false, "database '" + path_ + "': " + error.what()};
        }
        for (std::size_t i = 0; i < count; ++i)
            purge_due_ = purge_due_ || !commits[i].changes.deleted_sweeps.empty();
        return std::nullopt;
    }

    /// Removes a little of what deleted sweeps left behind.
    void purge() {
        try {
            sqlite::Transaction transaction(writing_database_, sqlite::Transaction::Kind::write);
            purge_due_ = change_writer_.purge();
            transaction.commit();
        } catch (const std::exception& error) {
            // Nobody sees these rows; the next start, or the next deletion, goes on.
            purge_due_ = false;
            log_warn("rows of deleted sweeps cannot be removed now (", error.what(), "), ignoring");
        }
        keep_log_short(false);
    }

    void keep_log_short(bool quiet) {
        const std::uint32_t pages = writing_database_.log_pages();
        log_due_ = pages >= kLogPagesSoft && !quiet;
        if (pages < log_pages_seen_) log_pages_seen_ = 0;  // The log has begun anew.
        if (quiet ? pages < kLogPagesSoft : pages - log_pages_seen_ < kLogPagesSoft) return;
        log_pages_seen_ = pages;
        if (!quiet && pages < kLogPagesHard) {
            checkpointer_.request();
            return;
        }
        try {
            writing_database_.checkpoint(sqlite::CheckpointMode::passive);
        } catch (const sqlite::Error& error) {
            log_warn("checkpoint of the database failed (", error.what(), "), ignoring");
        }
    }

    const std::string path_;
    const std::function<void()> wake_;
    sqlite::Database writing_database_;  // Of the writing thread, once it runs.
    sqlite::Database reading_database_;  // Of the caller's thread.
    ChangeWriter change_writer_;         // As writing_database_; the same below.
    std::optional<Failed> failed_;
    bool purge_due_ = true;
    bool log_due_ = false;              // The log is long, and worth a quiet moment.
    std::uint32_t log_pages_seen_ = 0;  // When something was last done about its length.
    Checkpointer checkpointer_;

    std::mutex mutex_;
    std::condition_variable changed_;  // For the writing thread: something to do.
    std::condition_variable written_;  // For the caller: nothing is left to do.
    std::vector<Commit> queue_;
    std::vector<Finished> finished_;
    std::uint64_t epoch_ = 0;  // Counts the failures that the caller knows of.
    bool writing_ = false;
    bool leaving_ = false;

    std::thread thread_;  // Last: begun when all else is there.
};

}  // namespace

std::unique_ptr<Store> open_sqlite_store(const std::string& path,
                                         std::function<void()> wake,
                                         const SqliteStoreOptions& options) {
    try {
        return std::make_unique<SqliteStore>(path, std::move(wake), options);
    } catch (const sqlite::Error& error) {
        throw std::runtime_error(explain(error, path));
    }
}

}  // namespace sweepctl

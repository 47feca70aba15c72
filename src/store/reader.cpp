#include "sweepctl/store/reader.hpp"

#include "store/read_session.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace sweepctl {

namespace {

struct Job {
    std::function<void(ReadSession&)> query;
    std::function<void(const ReadError*)> done;
};

struct Finished {
    std::function<void(const ReadError*)> done;
    std::optional<ReadError> error;
};

/// `query` in a transaction of its own; why it gave nothing.
std::optional<ReadError> run_query(sqlite::Database& database,
                                   ReadSession& session,
                                   const std::function<void(ReadSession&)>& query,
                                   const std::string& path) {
    try {
        sqlite::Transaction moment(database, sqlite::Transaction::Kind::read);
        query(session);
        return std::nullopt;
    } catch (const sqlite::Error& error) {
        return ReadError{explain(error, path)};
    } catch (const std::exception& error) {
        return ReadError{"database '" + path + "': " + error.what()};
    }
}

/// One connection with its thread. Calls `report` from there.
class Lane {
public:
    Lane(const std::string& path,
         const std::atomic<bool>& stopping,
         std::function<void(Finished)> report)
        : path_(path),
          stopping_(stopping),
          report_(std::move(report)),
          database_(open_for_reading(path)),
          session_(database_) {
        database_.stop_when(stopping_);
        thread_ = std::thread([this] { work(); });
    }
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
    /// `stopping` must be true by now.
    ~Lane() {
        {
            const std::lock_guard lock(mutex_);  // So that the thread is not just about to wait.
        }
        changed_.notify_one();
        thread_.join();
    }

    void submit(Job job) {
        {
            const std::lock_guard lock(mutex_);
            jobs_.push_back(std::move(job));
        }
        changed_.notify_one();
    }

private:
    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return stopping_.load() || !jobs_.empty(); });
            if (stopping_.load()) return;
            Job job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            Finished finished{std::move(job.done),
                              run_query(database_, session_, job.query, path_)};
            job.query = nullptr;
            report_(std::move(finished));
            lock.lock();
        }
    }

    const std::string path_;
    const std::atomic<bool>& stopping_;
    const std::function<void(Finished)> report_;
    sqlite::Database database_;  // Of the thread, once it runs; the same for the session.
    ReadSession session_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    std::thread thread_;  // Last: begun when all else is there.
};

class SqliteReader final : public Reader {
public:
    SqliteReader(const std::string& path, std::function<void()> wake)
        : wake_(std::move(wake)),
          quick_(path, stopping_, [this](Finished finished) { report(std::move(finished)); }),
          slow_(path, stopping_, [this](Finished finished) { report(std::move(finished)); }) {}
    SqliteReader(const SqliteReader&) = delete;
    SqliteReader& operator=(const SqliteReader&) = delete;
    ~SqliteReader() override { stopping_ = true; }

    void poll() override {
        std::vector<Finished> finished;
        {
            const std::lock_guard lock(mutex_);
            finished.swap(finished_);
        }
        for (Finished& one : finished)
            one.done(one.error ? &*one.error : nullptr);
    }

protected:
    void submit(Pace pace,
                std::function<void(ReadSession&)> query,
                std::function<void(const ReadError*)> done) override {
        Lane& lane = pace == Pace::quick ? quick_ : slow_;
        lane.submit(Job{std::move(query), std::move(done)});
    }

private:
    void report(Finished finished) {
        {
            const std::lock_guard lock(mutex_);
            finished_.push_back(std::move(finished));
        }
        wake_();
    }

    const std::function<void()> wake_;
    std::mutex mutex_;
    std::vector<Finished> finished_;
    std::atomic<bool> stopping_ = false;
    Lane quick_;
    Lane slow_;
};

}  // namespace

std::unique_ptr<Reader> open_reader(const std::string& path, std::function<void()> wake) {
    return std::make_unique<SqliteReader>(path, std::move(wake));
}

void read_database(const std::string& path, const std::function<void(ReadSession&)>& query) {
    sqlite::Database database = open_for_reading(path);
    ReadSession session(database);
    if (const auto error = run_query(database, session, query, path)) {
        throw std::runtime_error(error->message);
    }
}

}  // namespace sweepctl

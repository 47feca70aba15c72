// The references of the benchmark: what the machine itself can do, and what is inside of sweepctl.
//
//   bench_tool spawn N J PROGRAM...     posix_spawn loop, J at a time: "SECONDS CPU_SECONDS"
//   bench_tool kill N                   kills N sleeping processes in sessions of their own and
//   reaps: "SECONDS" bench_tool start N PROGRAM...       N starts one after the other: median
//   "SECONDS" bench_tool next-point grid|random   time of a suggestion after 100,000 ended runs:
//   "MICROSECONDS" bench_tool fill DATABASE ENDED LIVE makes a database with one sweep of so many
//   runs bench_tool scan DATABASE            reads every column of every run: "SECONDS" bench_tool
//   page DATABASE N          N keyset pages of 100 runs, raw: median "SECONDS"

#include "sweepctl/core/coverage.hpp"
#include "sweepctl/core/ids.hpp"
#include "sweepctl/search/strategies.hpp"
#include "sweepctl/store/sqlite_store.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace {

using namespace sweepctl;

double seconds_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

pid_t start(char** program, bool own_session) {
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    if (own_session)
        ::posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSID));
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, program[0], nullptr, &attributes, program, environ);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        std::fprintf(stderr, "bench_tool: cannot start %s: %s\n", program[0], std::strerror(error));
        std::exit(1);
    }
    return pid;
}

int spawn(long count, long at_once, char** program) {
    const double begin = seconds_now();
    long running = 0;
    for (long started = 0; started < count;) {
        while (running < at_once && started < count) {
            start(program, false);
            ++started;
            ++running;
        }
        ::wait(nullptr);
        --running;
    }
    while (running-- > 0)
        ::wait(nullptr);
    const double took = seconds_now() - begin;
    rusage children{};
    ::getrusage(RUSAGE_CHILDREN, &children);
    const auto cpu = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    std::printf("%.6f %.6f\n", took, cpu(children.ru_utime) + cpu(children.ru_stime));
    return 0;
}

int kill_all(long count) {
    char name[] = "sleep";
    char time[] = "600";
    char* program[] = {name, time, nullptr};
    std::vector<pid_t> pids;
    for (long i = 0; i < count; ++i)
        pids.push_back(start(program, true));
    const double begin = seconds_now();
    for (const pid_t pid : pids)
        ::kill(-pid, SIGKILL);
    for (const pid_t pid : pids)
        ::waitpid(pid, nullptr, 0);
    std::printf("%.6f\n", seconds_now() - begin);
    return 0;
}

int start_one_by_one(long count, char** program) {
    const int null = ::open("/dev/null", O_WRONLY);
    const int out = ::dup(1);
    ::dup2(null, 1);
    std::vector<double> times;
    for (long i = 0; i < count; ++i) {
        const double begin = seconds_now();
        const pid_t pid = start(program, false);
        ::waitpid(pid, nullptr, 0);
        times.push_back(seconds_now() - begin);
    }
    ::dup2(out, 1);
    std::printf("%.7f\n", median(std::move(times)));
    return 0;
}

int next_point(std::string_view method) {
    constexpr std::uint64_t kEnded = 100'000;
    SearchSpace space;
    for (const char* name : {"a", "b", "c"})
        space.parameters.push_back({{name}, IntUniform{1, 1000}});
    const std::unique_ptr<SearchStrategy> strategy =
        method == "grid" ? make_grid(space, {}) : make_random(space, 1);
    Coverage coverage;
    for (std::uint64_t number = 0; number < kEnded; ++number)
        coverage.cover(number);
    constexpr int kPoints = 20'000;
    const double begin = seconds_now();
    std::size_t parameters = 0;
    for (int i = 0; i < kPoints; ++i) {
        const std::uint64_t number = coverage.next(strategy->size()).value();
        parameters += strategy->suggest(number, {}).value().size();
        coverage.cover(number);
    }
    std::printf("%.4f\n", (seconds_now() - begin) / kPoints * 1e6);
    return parameters == 3 * kPoints ? 0 : 1;
}

/// A store whose commits are waited for.
class WaitingStore {
public:
    explicit WaitingStore(const std::string& path)
        : store_(open_sqlite_store(path, [this] {
              const std::lock_guard lock(mutex_);
              woken_ = true;
              changed_.notify_one();
          })) {}
    Snapshot load() { return store_->load(); }
    void commit(Changes changes) {
        bool done = false;
        store_->commit(std::move(changes), [&](std::optional<StoreError> error) {
            if (error) {
                std::fprintf(stderr, "bench_tool: %s\n", error->message.c_str());
                std::exit(1);
            }
            done = true;
        });
        while (!done) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return woken_; });
            woken_ = false;
            lock.unlock();
            store_->poll();
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
    std::unique_ptr<Store> store_;
};

int fill(const std::string& path, std::uint64_t ended, std::uint64_t live) {
    WaitingStore store(path);
    const Snapshot empty = store.load();
    Serials serials = empty.serials;
    const WallTime now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    AgentRecord agent;
    agent.id = AgentId{"bench000"};
    agent.host = "elsewhere";
    agent.slots = static_cast<std::uint32_t>(live + 1);

    NewSweep sweep;
    sweep.record.id = SweepId{id_text(serials.next_sweep++, empty.id_key ^ 0x73776565U)};
    sweep.record.name = "history";
    sweep.record.status = SweepStatus::paused;
    sweep.record.created_at = now;
    sweep.record.next_number = ended + live + 1;
    sweep.record.metric_name = "loss";
    sweep.record.coverage.cursor = ended + live;
    sweep.record.counts[RunState::finished] = ended;
    sweep.record.counts[RunState::running] = live;
    sweep.origin.method = "random";
    sweep.origin.seed = 1;
    sweep.origin.cwd = "/tmp";
    sweep.origin.spec =
        "method: random\nprogram: train.py\nmetric: {name: loss}\nsweepctl: {heartbeat_timeout: "
        "24h}\n"
        "parameters: {lr: {min: 0.0, max: 1.0}, layers: {values: [1, 2, 3]}}\n";
    const SweepId id = sweep.record.id;
    {
        Changes changes;
        changes.serials = serials;
        changes.agents.push_back(agent);
        changes.sweeps.push_back(sweep.record);
        changes.new_sweeps.push_back(std::move(sweep));
        store.commit(std::move(changes));
    }
    for (std::uint64_t number = 1; number <= ended + live;) {
        Changes changes;
        for (int i = 0; i < 5000 && number <= ended + live; ++i, ++number) {
            Run run;
            run.id = RunId{id_text(serials.next_run++, empty.id_key)};
            run.sweep = id;
            run.number = number;
            run.name = "history-" + std::to_string(number);
            run.suggestion = number - 1;
            run.config = {{"layers", ParamValue(static_cast<std::int64_t>(number % 3 + 1))},
                          {"lr", ParamValue(static_cast<double>(number) * 1e-7)}};
            run.created_at = now;
            run.started_at = now;
            run.heartbeat_at = now;
            run.host = agent.host;
            run.agent = agent.id;
            run.pid = 1;
            MetricSummary loss;
            loss.name = "loss";
            loss.count = 1;
            loss.first = loss.min = loss.max = loss.latest = 1.0 / static_cast<double>(number);
            loss.last = ParamValue(loss.latest);
            run.summary.push_back(std::move(loss));
            if (number > ended) {
                run.state = RunState::running;
                run.claim = Claim{agent.id, serials.next_fence++, ClaimPhase::started, false};
            } else {
                run.state = RunState::finished;
                run.end_reason = EndReason::exit;
                run.exit_code = 0;
                run.ended_at = now;
            }
            changes.runs.push_back({std::move(run), true});
        }
        changes.serials = serials;
        store.commit(std::move(changes));
    }
    std::printf("%s\n", id.text.c_str());
    return 0;
}

/// One connection, no copy of what is read.
class Rows {
public:
    Rows(const std::string& path, const char* sql) {
        if (::sqlite3_open_v2(path.c_str(), &database_, SQLITE_OPEN_READONLY, nullptr) !=
                SQLITE_OK ||
            ::sqlite3_prepare_v2(database_, sql, -1, &statement_, nullptr) != SQLITE_OK) {
            std::fprintf(stderr, "bench_tool: %s\n", ::sqlite3_errmsg(database_));
            std::exit(1);
        }
    }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    ~Rows() {
        ::sqlite3_finalize(statement_);
        ::sqlite3_close(database_);
    }
    void bind(std::int64_t value) { ::sqlite3_bind_int64(statement_, 1, value); }
    std::size_t read() {
        std::size_t bytes = 0;
        while (::sqlite3_step(statement_) == SQLITE_ROW) {
            for (int column = 0; column < ::sqlite3_column_count(statement_); ++column) {
                ::sqlite3_column_text(statement_, column);
                bytes += static_cast<std::size_t>(::sqlite3_column_bytes(statement_, column));
            }
        }
        ::sqlite3_reset(statement_);
        return bytes;
    }

private:
    sqlite3* database_ = nullptr;
    sqlite3_stmt* statement_ = nullptr;
};

int scan(const std::string& path) {
    const double begin = seconds_now();
    Rows rows(path, "SELECT * FROM runs");
    const std::size_t bytes = rows.read();
    std::printf("%.6f\n", seconds_now() - begin);
    return bytes > 0 ? 0 : 1;
}

int page(const std::string& path, long count) {
    Rows rows(path,
              "SELECT * FROM runs WHERE sweep = (SELECT key FROM sweeps LIMIT 1) AND number > ?1 "
              "ORDER BY number LIMIT 100");
    std::vector<double> times;
    for (long i = 0; i < count; ++i) {
        const double begin = seconds_now();
        rows.bind(i * 997 % 900'000);
        if (rows.read() == 0) return 1;
        times.push_back(seconds_now() - begin);
    }
    std::printf("%.7f\n", median(std::move(times)));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    const auto number = [&](int index) { return std::strtol(argv[index], nullptr, 10); };
    if (what == "spawn" && argc > 4) return spawn(number(2), number(3), argv + 4);
    if (what == "kill" && argc == 3) return kill_all(number(2));
    if (what == "start" && argc > 3) return start_one_by_one(number(2), argv + 3);
    if (what == "next-point" && argc == 3) return next_point(argv[2]);
    if (what == "fill" && argc == 5) {
        return fill(argv[2], static_cast<std::uint64_t>(number(3)),
                    static_cast<std::uint64_t>(number(4)));
    }
    if (what == "scan" && argc == 3) return scan(argv[2]);
    if (what == "page" && argc == 4) return page(argv[2], number(3));
    std::fprintf(stderr, "usage: see the head of bench_tool.cpp\n");
    return 2;
}

#pragma once

#include "sweepctl/agent/launcher.hpp"

#include "agent/exit_watch.hpp"
#include "agent/runner_spawner.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

// The threads that launch. Starting a process blocks until it executes its program, which takes
// 0.1 ms on a quiet machine and 2 ms beside busy ones; the agent's own thread has better to do.

namespace sweepctl {

class LaunchPool {
public:
    struct Result {
        std::uint64_t number = 0;  ///< as submitted
        /// Its pidfd is in the ExitWatch under that number; invalid when it could not be had or
        /// watched.
        SpawnedRunner runner;
        std::optional<LaunchFailure> failure;  ///< then there is no runner
    };

    /// `on_results` is called on one of the threads when a result needs to be looked at: because
    /// something failed, or because wake_me() was called. For a runner that was started the first
    /// news of it is early enough. Throws std::system_error.
    LaunchPool(SpawnSetting& setting,
               const ExitWatch& watch,
               int threads,
               std::function<void()> on_results);
    /// Drops what was not begun, finishes what was.
    ~LaunchPool();
    LaunchPool(const LaunchPool&) = delete;
    LaunchPool& operator=(const LaunchPool&) = delete;

    /// `journal` is a LowFd's number and must mean the same file until the result is there.
    void submit(LaunchRequest request, std::uint64_t number, int journal);
    [[nodiscard]] std::vector<Result> take_results();
    /// The next result is waited for.
    void wake_me();
    /// That process is a runner whose result waits to be taken.
    [[nodiscard]] bool has_started(int pid);

    /// No launch begins until resume(); returns when none is under way. The threads stay.
    void pause();
    void resume();

private:
    struct Order {
        LaunchRequest request;
        std::uint64_t number;
        int journal;
    };

    void work(RunnerSpawner& spawner);

    const ExitWatch& watch_;
    std::function<void()> on_results_;
    std::mutex mutex_;
    std::condition_variable work_to_do_;  ///< or stopping
    std::condition_variable idle_;        ///< active_ became 0
    std::deque<Order> orders_;
    std::vector<Result> results_;
    bool wake_wanted_ = false;
    int active_ = 0;
    bool paused_ = false;
    bool stopping_ = false;
    std::vector<RunnerSpawner> spawners_;  ///< one a thread
    std::vector<std::thread> threads_;
};

}  // namespace sweepctl

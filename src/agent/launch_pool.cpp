#include "agent/launch_pool.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <pthread.h>

namespace sweepctl {

namespace {

/// Signals are for the agent's thread; and a child must not run our handlers in our memory.
class AllSignalsBlocked {
public:
    AllSignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

private:
    sigset_t before_{};
};

}  // namespace

LaunchPool::LaunchPool(SpawnSetting& setting,
                       const ExitWatch& watch,
                       int threads,
                       std::function<void()> on_results)
    : watch_(watch), on_results_(std::move(on_results)) {
    const int count = std::max(threads, 1);
    spawners_.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
        spawners_.emplace_back(setting);
    const AllSignalsBlocked blocked;  // Threads inherit it.
    for (RunnerSpawner& spawner : spawners_)
        threads_.emplace_back([this, &spawner] { work(spawner); });
}

LaunchPool::~LaunchPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        orders_.clear();
    }
    work_to_do_.notify_all();
    for (std::thread& thread : threads_)
        thread.join();
}

void LaunchPool::submit(LaunchRequest request, std::uint64_t number, int journal) {
    {
        const std::lock_guard lock(mutex_);
        orders_.push_back({std::move(request), number, journal});
    }
    work_to_do_.notify_one();
}

std::vector<LaunchPool::Result> LaunchPool::take_results() {
    const std::lock_guard lock(mutex_);
    return std::exchange(results_, {});
}

void LaunchPool::wake_me() {
    const std::lock_guard lock(mutex_);
    wake_wanted_ = true;
}

bool LaunchPool::has_started(int pid) {
    const std::lock_guard lock(mutex_);
    return std::any_of(results_.begin(), results_.end(),
                       [pid](const Result& result) { return result.runner.pid == pid; });
}

void LaunchPool::pause() {
    std::unique_lock lock(mutex_);
    paused_ = true;
    idle_.wait(lock, [this] { return active_ == 0; });
}

void LaunchPool::resume() {
    {
        const std::lock_guard lock(mutex_);
        paused_ = false;
    }
    work_to_do_.notify_all();
}

void LaunchPool::work(RunnerSpawner& spawner) {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_to_do_.wait(lock, [this] { return stopping_ || (!paused_ && !orders_.empty()); });
        if (stopping_) return;
        Order order = std::move(orders_.front());
        orders_.pop_front();
        ++active_;
        lock.unlock();

        Result result{order.number, {}, {}};
        if (auto runner = spawner.spawn(order.request, order.journal)) {
            result.runner = std::move(*runner);
        } else {
            result.failure = runner.error();
        }

        lock.lock();
        // Watched under the lock: whoever is told of its end finds its result.
        UniqueFd& pidfd = result.runner.pidfd;
        if (pidfd.valid() && watch_.add(pidfd.get(), order.number) != 0) pidfd.reset();
        const bool wake = std::exchange(wake_wanted_, false) || !pidfd.valid();
        results_.push_back(std::move(result));
        if (--active_ == 0) idle_.notify_all();
        if (wake) {
            lock.unlock();
            on_results_();
            lock.lock();
        }
    }
}

}  // namespace sweepctl

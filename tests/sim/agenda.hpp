#pragma once

#include "sweepctl/core/time.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

// Time and chance of one simulation: everything that will happen, in the order in which it will.
// One thread, one seed: the same seed is the same history to the last step.

namespace sweepctl::sim {

/// A promise was broken: what and when.
class Foul : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// 0 .. below - 1
    std::uint64_t pick(std::uint64_t below) { return engine_() % below; }
    bool chance(double percent) {
        return static_cast<double>(engine_() % 100'000) < percent * 1000;
    }
    /// from .. to
    Duration between(Duration from, Duration to) {
        return from +
               Duration{static_cast<std::int64_t>(pick(std::uint64_t((to - from).count()) + 1))};
    }
    template <typename List>
    auto& one_of(List& list) {
        auto at = list.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(pick(list.size())));
        return *at;
    }

private:
    std::mt19937_64 engine_;
};

/// Exists as long as the process it belongs to: what was to happen to a dead one does not.
using Life = std::shared_ptr<int>;
using LifeRef = std::weak_ptr<int>;

class Agenda {
public:
    using Task = std::function<void()>;

    Agenda(std::uint64_t seed, bool traced) : random(seed), traced_(traced) {}

    void after(Duration delay, Task task) {
        // Things due at the same moment happen in an order that only the seed knows.
        tasks_.emplace(std::pair{elapsed_ + delay, random.pick(1'000'000)}, std::move(task));
    }
    void after(Duration delay, LifeRef life, Task task) {
        after(delay, [life = std::move(life), task = std::move(task)] {
            if (!life.expired()) task();
        });
    }
    /// Does the next thing; false when there is none.
    bool step() {
        if (tasks_.empty()) return false;
        const auto next = tasks_.begin();
        elapsed_ = next->first.first;
        const Task task = std::move(next->second);
        tasks_.erase(next);
        task();
        return true;
    }

    [[nodiscard]] Duration elapsed() const { return elapsed_; }
    [[nodiscard]] Now now() const {
        return {WallTime{std::chrono::seconds{1'700'000'000}} + elapsed_ + wall_offset_,
                SteadyTime{std::chrono::seconds{50'000}} + elapsed_};
    }
    [[nodiscard]] std::int64_t boottime_ms() const { return 90'000'000 + elapsed_.count(); }
    void jump_wall_clock(Duration by) { wall_offset_ += by; }

    /// A line of the history, for people who ask for one.
    template <typename... Parts>
    void trace(const Parts&... parts) {
        if (traced_) print((std::string() + ... + parts));
    }

    [[nodiscard]] bool traced() const { return traced_; }

    /// So that it can be seen whether all of this world's bad luck really happens.
    void count(const std::string& what) { ++happened_[what]; }
    [[nodiscard]] const std::map<std::string, std::uint64_t>& happened() const { return happened_; }

    Random random;

private:
    void print(const std::string& line) const;

    std::multimap<std::pair<Duration, std::uint64_t>, Task> tasks_;
    Duration elapsed_{0};
    Duration wall_offset_{0};
    bool traced_;
    std::map<std::string, std::uint64_t> happened_;
};

}  // namespace sweepctl::sim

#include "sweepctl/aio/event_loop.hpp"

#include "sweepctl/aio/signal_watch.hpp"
#include "sweepctl/aio/timer.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <signal.h>

using namespace sweepctl;
using namespace std::chrono_literals;

TEST_CASE("event loop: tasks of other threads run on its own, in order", "[aio]") {
    EventLoop loop;
    std::vector<int> order;
    std::thread::id where;
    std::thread other([&] {
        for (int i = 0; i < 100; ++i)
            loop.post([&order, i] { order.push_back(i); });
        loop.post([&] { where = std::this_thread::get_id(); });
    });
    other.join();
    loop.run();  // Ends when nothing is left.
    CHECK(where == std::this_thread::get_id());
    REQUIRE(order.size() == 100);
    for (int i = 0; i < 100; ++i)
        CHECK(order[static_cast<std::size_t>(i)] == i);
    loop.post([&] { order.clear(); });
    loop.run();
    CHECK(order.empty());
}

TEST_CASE("event loop: a stop that comes before the run counts", "[aio]") {
    EventLoop loop;
    bool ran = false;
    loop.post([&] { ran = true; });
    loop.stop();
    loop.run();
    CHECK_FALSE(ran);
    loop.run();
    CHECK(ran);
}

TEST_CASE("timer: it calls back once, not before its time, in the order of the times", "[aio]") {
    EventLoop loop;
    std::vector<int> order;
    const auto started = Timer::Clock::now();
    Timer late(loop.context());
    Timer early(loop.context());
    late.after(20ms, [&] { order.push_back(2); });
    early.at(started + 10ms, [&] { order.push_back(1); });
    CHECK(late.armed());
    loop.run();
    CHECK(order == std::vector<int>{1, 2});
    CHECK(Timer::Clock::now() - started >= 20ms);
    CHECK_FALSE(late.armed());
}

TEST_CASE("timer: arming anew, cancelling and destroying take a former time back", "[aio]") {
    EventLoop loop;
    int calls = 0;
    Timer again(loop.context());
    again.after(0ms, [&] { calls += 100; });
    again.after(1ms, [&] { ++calls; });
    Timer cancelled(loop.context());
    cancelled.after(0ms, [&] { calls += 100; });
    auto destroyed = std::make_unique<Timer>(loop.context());
    destroyed->after(0ms, [&] { calls += 100; });
    // All of them are due already when the loop comes to cancelling.
    loop.post([&] {
        std::this_thread::yield();
        cancelled.cancel();
        destroyed.reset();
    });
    loop.run();
    CHECK(calls == 1);
    Timer moved = std::move(cancelled);
    moved.after(0ms, [&] { ++calls; });
    loop.run();
    CHECK(calls == 2);
}

TEST_CASE("timer: it may be armed, replaced and destroyed from its own callback", "[aio]") {
    EventLoop loop;
    int calls = 0;
    auto timer = std::make_unique<Timer>(loop.context());
    std::function<void()> again = [&] {
        if (++calls < 3) {
            timer->after(0ms, again);
        } else {
            timer.reset();
        }
    };
    timer->after(0ms, again);
    loop.run();
    CHECK(calls == 3);
    CHECK_FALSE(timer);
}

TEST_CASE("signal watch: signals become calls, until it is gone", "[aio]") {
    EventLoop loop;
    std::vector<int> seen;
    std::unique_ptr<SignalWatch> watch;
    watch = std::make_unique<SignalWatch>(loop.context(), std::vector<int>{SIGUSR1, SIGUSR2},
                                          [&](int signal) {
                                              seen.push_back(signal);
                                              if (signal == SIGUSR1) {
                                                  ::raise(SIGUSR2);
                                              } else {
                                                  watch.reset();
                                              }
                                          });
    ::raise(SIGUSR1);
    loop.run();
    CHECK(seen == std::vector<int>{SIGUSR1, SIGUSR2});
}

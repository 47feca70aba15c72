#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace sweepctl {

/// Calls back once, on the loop's thread, when its time has come. Arming it again forgets the
/// former time. After cancel() and after its destruction it never calls back. Use it on the loop's
/// thread only.
class Timer {
public:
    using Clock = std::chrono::steady_clock;

    explicit Timer(boost::asio::io_context& context);
    ~Timer();
    Timer(Timer&&) noexcept;
    Timer& operator=(Timer&&) noexcept;

    void at(Clock::time_point when, std::function<void()> callback);
    void after(Clock::duration delay, std::function<void()> callback);
    void cancel();
    [[nodiscard]] bool armed() const;

private:
    struct State;
    std::shared_ptr<State> state_;  // Shared with the completion that may still be queued.
};

}  // namespace sweepctl

#include "sweepctl/aio/timer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <utility>

namespace sweepctl {

struct Timer::State {
    explicit State(boost::asio::io_context& context) : timer(context) {}

    boost::asio::basic_waitable_timer<Clock,
                                      boost::asio::wait_traits<Clock>,
                                      boost::asio::io_context::executor_type>
        timer;
    std::function<void()> callback;  // Set exactly while armed.
    // A completion that was queued before the timer was armed anew or cancelled must not count, and
    // Asio does not take it back.
    std::uint64_t arming = 0;
};

Timer::Timer(boost::asio::io_context& context) : state_(std::make_shared<State>(context)) {}

Timer::~Timer() {
    if (state_) cancel();
}

Timer::Timer(Timer&&) noexcept = default;

Timer& Timer::operator=(Timer&& other) noexcept {
    if (this != &other) {
        if (state_) cancel();
        state_ = std::move(other.state_);
    }
    return *this;
}

void Timer::at(Clock::time_point when, std::function<void()> callback) {
    state_->callback = std::move(callback);
    const auto arming = ++state_->arming;
    state_->timer.expires_at(when);
    state_->timer.async_wait([state = state_, arming](const boost::system::error_code&) {
        if (arming != state->arming || !state->callback) return;
        auto due = std::exchange(state->callback, nullptr);
        due();
    });
}

void Timer::after(Clock::duration delay, std::function<void()> callback) {
    at(Clock::now() + delay, std::move(callback));
}

void Timer::cancel() {
    state_->callback = nullptr;
    ++state_->arming;
    state_->timer.cancel();
}

bool Timer::armed() const {
    return state_->callback != nullptr;
}

}  // namespace sweepctl

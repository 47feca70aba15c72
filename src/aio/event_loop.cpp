#include "sweepctl/aio/event_loop.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace sweepctl {

// One thread runs it, others may post to it: the hint 1 keeps the locks and drops the wake-ups.
EventLoop::EventLoop() : context_(std::make_unique<boost::asio::io_context>(1)) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
    context_->run();
    context_->restart();  // After, not before: a stop() that came early counts.
}

void EventLoop::stop() {
    context_->stop();
}

void EventLoop::post(std::function<void()> task) {
    sweepctl::post(*context_, std::move(task));
}

void post(boost::asio::io_context& context, std::function<void()> task) {
    boost::asio::post(context, std::move(task));
}

}  // namespace sweepctl

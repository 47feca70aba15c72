#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace sweepctl {

/// One thread's loop: sockets, timers and signals call back from run(), one at a time. Whoever
/// needs Asio itself takes context(); everybody else needs no Asio header.
class EventLoop {
public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Serves until stop(), or until nothing is left that could call back. May be called again.
    void run();
    /// Makes run() return after the callback in progress. From any thread.
    void stop();
    /// Runs `task` on the loop's thread, later, in the order of the calls. From any thread.
    void post(std::function<void()> task);

    [[nodiscard]] boost::asio::io_context& context() { return *context_; }

private:
    std::unique_ptr<boost::asio::io_context> context_;
};

/// The same as EventLoop::post, for who was handed only the context.
void post(boost::asio::io_context& context, std::function<void()> task);

}  // namespace sweepctl

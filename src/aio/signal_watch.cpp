#include "sweepctl/aio/signal_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <utility>

namespace sweepctl {

struct SignalWatch::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& context, std::function<void(int)> on_signal)
        : set(context), callback(std::move(on_signal)) {}

    void wait() {
        set.async_wait(
            [self = shared_from_this()](const boost::system::error_code& error, int signal) {
                if (error || self->over) return;
                self->wait();
                self->callback(signal);
            });
    }

    boost::asio::signal_set set;
    std::function<void(int)> callback;
    bool over = false;
};

SignalWatch::SignalWatch(boost::asio::io_context& context,
                         const std::vector<int>& signals,
                         std::function<void(int)> callback)
    : state_(std::make_shared<State>(context, std::move(callback))) {
    for (const int signal : signals)
        state_->set.add(signal);
    state_->wait();
}

SignalWatch::~SignalWatch() {
    state_->over = true;
    boost::system::error_code ignored;
    state_->set.cancel(ignored);
    state_->set.clear(ignored);  // Now, not when the queued completion is destroyed.
}

}  // namespace sweepctl

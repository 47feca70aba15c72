#pragma once

#include <functional>
#include <memory>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace sweepctl {

/// Calls back on the loop's thread for each of the given signals that arrives; several of one kind
/// may be told as one. While it lives, the signals lose their default effect.
class SignalWatch {
public:
    SignalWatch(boost::asio::io_context& context,
                const std::vector<int>& signals,
                std::function<void(int signal)> callback);
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;  // Shared with the completion that may still be queued.
};

}  // namespace sweepctl

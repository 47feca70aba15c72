#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// The agent that a controller starts on its own host, as a process of its own in its own session,
// and starts again when it dies. One that an earlier controller started is found by its lock, and
// is treated as its own from then on.

namespace boost::asio {
class io_context;
}

namespace sweepctl {

struct LocalAgentOptions {
    std::string program;                 ///< sweepctl itself
    std::vector<std::string> arguments;  ///< after the program's name
    std::string lock_path;               ///< held by a live agent
    std::string error_path;              ///< its stderr
    std::function<void()> died;          ///< it was seen to die
    /// Asked before one is started; once it says no, none is started any more.
    std::function<bool()> wanted;
};

class LocalAgent {
public:
    LocalAgent(boost::asio::io_context& context, LocalAgentOptions options);
    /// Leaves the agent alive.
    ~LocalAgent();
    LocalAgent(const LocalAgent&) = delete;
    LocalAgent& operator=(const LocalAgent&) = delete;

    /// Starts one unless one is alive, and again when that has died, for as long as one is wanted.
    void keep_alive();
    /// Ends it, and does not start another; its runs go on. `ended` is called when it is gone.
    void end(std::function<void()> ended);

private:
    struct State;
    std::shared_ptr<State> state_;  // Shared with the waits that may still be queued.
};

}  // namespace sweepctl

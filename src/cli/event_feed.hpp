#pragma once

#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/core/value.hpp"
#include "sweepctl/wire/server_address.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sweepctl::cli {

/// What a feed has to say.
struct FeedItem {
    enum class Kind {
        event,
        lost,     ///< the controller is gone; the feed waits for it to come back
        back,     ///< it is back, and what was missed follows
        gave_up,  ///< it has not come back for too long; nothing follows
        refused,  ///< it does not know what is followed (any more); nothing follows
    };
    Kind kind = Kind::event;
    ParamValue event;  ///< of Kind::event
};

/// Follows the controller's events on a thread of its own, across restarts of the controller, so
/// that a verb can wait for events, signals and time at once. The thread and its owner share
/// nothing but the queue.
class EventFeed {
public:
    /// Where the controller is now; nullopt while there is none. Called on the feed's thread.
    using Find = std::function<std::optional<ServerAddress>()>;

    /// Follows GET `target` from after the event with id `after` (empty: from now).
    EventFeed(Find find, std::string target, std::string after, std::chrono::milliseconds patience);
    ~EventFeed();
    EventFeed(const EventFeed&) = delete;
    EventFeed& operator=(const EventFeed&) = delete;

    /// Readable while there are items.
    [[nodiscard]] int fd() const { return news_.get(); }
    [[nodiscard]] std::vector<FeedItem> take();

private:
    void run();
    /// False: it ends here.
    bool follow(const ServerAddress& address);
    /// False: it has not come back, or the owner does not care any more.
    bool wait_for_return();
    bool cancelled_within(std::chrono::milliseconds time) const;
    void push(FeedItem item);

    Find find_;
    std::string target_;
    std::string last_id_;
    std::chrono::milliseconds patience_;
    UniqueFd news_;
    UniqueFd cancel_;

    std::mutex mutex_;  // guards the two below; the socket's reading must not wait for the screen
    std::condition_variable room_;
    std::deque<FeedItem> items_;
    bool closing_ = false;

    std::thread thread_;
};

}  // namespace sweepctl::cli

#pragma once

#include "sweepctl/core/time.hpp"
#include "sweepctl/core/value.hpp"

#include "cli/event_feed.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sweepctl::cli {

class Session;

/// Shows a sweep that is being followed.
class FollowView {
public:
    virtual ~FollowView() = default;

    /// Its latest state, now and then.
    virtual void sweep(const ParamValue& sweep) = 0;
    /// Each of its events.
    virtual void event(const ParamValue& event) = 0;
    /// Something about the following itself.
    virtual void note(const std::string& text) = 0;
    /// Time to show what has come; `last`: nothing more comes, so show all of it.
    virtual void draw(bool last) = 0;
    /// How long may pass between two draws while nothing comes; nullopt: draw on news only.
    [[nodiscard]] virtual std::optional<std::chrono::milliseconds> period() const = 0;
};

struct FollowOptions {
    std::optional<Duration> timeout;
    bool catch_interrupt = false;  ///< SIGINT ends the following, not the process
};

struct FollowResult {
    enum class Why {
        ended,  ///< see end_of()
        timed_out,
        interrupted,
        lost,     ///< the controller has not come back
        removed,  ///< somebody deleted the sweep
    };
    Why why = Why::ended;
    ParamValue sweep;  ///< as last seen
};

/// Follows a sweep (by its whole id) until nothing more happens in it by itself.
[[nodiscard]] FollowResult follow_sweep(Session& session,
                                        const std::string& sweep,
                                        FollowView& view,
                                        const FollowOptions& options);

[[noreturn]] void throw_lost();
[[noreturn]] void throw_removed(const std::string& sweep);

/// Where the session's controller is now, asked again each time: for an EventFeed.
[[nodiscard]] EventFeed::Find controller_finder(Session& session);

/// How long a follower waits for a controller to come back.
inline constexpr std::chrono::minutes kPatience{5};

}  // namespace sweepctl::cli

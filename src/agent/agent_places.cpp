// How many runs the agent starts at a time, where that is less than its slots: no more than are still
// to finish, and no more than its host has room for. What it holds beyond that it gives back, so that
// others may start it.
//
// A shortage (no space, no processes, no descriptors) is not a run's fault. The run goes back, and the
// agent makes do with what it has started already. After a pause it tries one more; when that works
// another one, until all of its slots are in use again, or until nothing has come for a while that it
// could try.

#include "sweepctl/agent/agent.hpp"

#include <algorithm>
#include <limits>

namespace sweepctl {

namespace {

constexpr Duration kFirstPause = std::chrono::seconds{1};
constexpr Duration kLongestPause = std::chrono::seconds{30};

}  // namespace

/// How many may be started at a time; nullopt: as many as there are slots.
std::optional<std::uint64_t> Agent::places() const {
    std::optional<std::uint64_t> most;
    if (settings_.successes_max)
        most = *settings_.successes_max - std::min(succeeded_, *settings_.successes_max);
    if (shortage_) most = std::min(most.value_or(shortage_->places), shortage_->places);
    return most;
}

std::uint64_t Agent::started() const {
    return static_cast<std::uint64_t>(
        std::count_if(executions_.begin(), executions_.end(), [](const auto& entry) {
            const Phase phase = entry.second.phase;
            return phase == Phase::launching || phase == Phase::live;
        }));
}

bool Agent::has_place() const {
    const std::optional<std::uint64_t> most = places();
    return !most || started() < *most;
}

/// The controller counts what has ended until nothing of it is alive.
std::optional<std::uint32_t> Agent::claims_max() const {
    const std::optional<std::uint64_t> most = places();
    if (!most) return std::nullopt;
    const auto ending =
        std::count_if(executions_.begin(), executions_.end(), [](const auto& entry) {
            const Execution& execution = entry.second;
            return execution.phase == Phase::ended &&
                   !(execution.end_reported && execution.drained);
        });
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(
        std::min(std::min(*most, kMost) + static_cast<std::uint64_t>(ending), kMost));
}

void Agent::keep_to_places() {
    if (!draining_ && done_enough()) drain();
    const std::optional<std::uint64_t> most = places();
    if (!most) return;
    const std::uint64_t room = *most - std::min(*most, started());
    while (queue_.size() > room)
        give_back(executions_.at(queue_.back()));
}

void Agent::run_short(std::string message) {
    const AgentClockReading now = clock_.now();
    if (!shortage_) shortage_ = Shortage{{now.wall, {}}, 0, kFirstPause, {}, true};
    shortage_->told.message = std::move(message);
    shortage_->places = started();
    if (!std::exchange(shortage_->trying, false)) return;  // It failed with the others.
    shortage_->until = now.steady + shortage_->pause;
    shortage_->pause = std::min(2 * shortage_->pause, kLongestPause);
}

void Agent::try_again_when_due() {
    if (!shortage_) return;
    const SteadyTime now = clock_.now().steady;
    if (shortage_->trying) {
        // There is nothing to try it with.
        if (!executions_.empty() || now < shortage_->until + kLongestPause) return;
        shortage_.reset();
        places_untold_ = true;
        return;
    }
    if (now < shortage_->until) return;
    shortage_->trying = true;
    ++shortage_->places;
    places_untold_ = true;
}

/// A run was started.
void Agent::ease_shortage() {
    if (!shortage_ || !shortage_->trying) return;
    if (++shortage_->places > settings_.record.slots) shortage_.reset();
    places_untold_ = true;
}

}  // namespace sweepctl

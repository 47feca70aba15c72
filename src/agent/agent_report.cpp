// What the agent says, and when: one report under way, everything that happens meanwhile in the
// next.

#include "sweepctl/agent/agent.hpp"

#include <algorithm>
#include <iterator>

namespace sweepctl {

namespace {

/// A report is held back this long while enough held runs keep the slots busy: fewer transactions.
constexpr Duration kHoldBack = std::chrono::milliseconds{10};
constexpr std::uint32_t kWindowMax = 128;
/// Reading /proc for a pid costs more than a short run is worth.
constexpr Duration kPidAfter = std::chrono::milliseconds{20};

template <typename T>
void append(std::vector<T>& to, std::vector<T>& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    from.clear();
}

}  // namespace

bool Agent::anything_to_report() const {
    return !pending_.started.empty() || !pending_.ended.empty() || !pending_.drained.empty() ||
           !pending_.returned.empty();
}

/// Twice what ends from one report's acknowledgement to the next one's, and never less than one
/// more per slot. Holding back works only while more than half of the window is there, so that time
/// counts several times: with less, short runs would be reported one by one, a transaction each.
std::uint32_t Agent::window() const {
    constexpr double kHeldBackTimes = 4.0;
    const double seconds =
        ack_seconds_ + kHeldBackTimes * std::chrono::duration<double>(kHoldBack).count();
    const auto ahead =
        static_cast<std::uint32_t>(std::min(2.0 * ends_per_second_ * seconds, double{kWindowMax}));
    const std::uint32_t wanted = std::max(ahead, settings_.record.slots);
    if (!starts_left_) return wanted;
    // It asks for nothing that it will not start.
    const std::uint64_t places = slots_taken_ + *starts_left_;
    const std::uint64_t beyond = places - std::min<std::uint64_t>(places, settings_.record.slots);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, beyond));
}

AgentReport Agent::merge_reports() {
    AgentReport merged = std::move(in_flight_).value_or(AgentReport{});
    in_flight_.reset();
    held_back_until_.reset();  // What was held back is in it.
    append(merged.started, pending_.started);
    append(merged.ended, pending_.ended);
    append(merged.drained, pending_.drained);
    append(merged.returned, pending_.returned);
    merged.agent = settings_.record.id;
    merged.sequence = ++sequence_;
    merged.window = window();
    merged.claims_max = claims_max();
    merged.shortage = shortage_ ? std::optional(shortage_->told) : std::nullopt;
    merged.draining = draining_;
    drain_untold_ = places_untold_ = false;
    return merged;
}

void Agent::flush() {
    const bool news = anything_to_report() || drain_untold_ || places_untold_;
    if (!welcomed_ || in_flight_ || !news) return;
    const AgentClockReading now = clock_.now();
    // As long as half of what is held is there, the slots stay busy without news from the
    // controller.
    const bool only_ends = pending_.returned.empty();
    if (only_ends && queue_.size() * 2 > window()) {
        if (!held_back_until_) held_back_until_ = now.steady + kHoldBack;
        if (now.steady < *held_back_until_) return;
    }
    const std::chrono::duration<double> measured = now.steady - rate_since_;
    if (measured.count() >= 0.05) {
        const double rate = static_cast<double>(ends_counted_) / measured.count();
        ends_per_second_ += 0.5 * (rate - ends_per_second_);
        ends_counted_ = 0;
        rate_since_ = now.steady;
    }
    in_flight_ = merge_reports();
    in_flight_since_ = now.steady;
    awaiting_ack_.push_back(now.boottime_ms);
    link_.send(*in_flight_);
}

void Agent::send_heartbeat() {
    AgentHeartbeat heartbeat;
    heartbeat.agent = settings_.record.id;
    const AgentClockReading now = clock_.now();
    for (auto& [key, execution] : executions_) {
        if (execution.phase != Phase::live) continue;
        if (!execution.pid && execution.runner_pid && now.steady - execution.since >= kPidAfter) {
            execution.pid = files_.program_pid(*execution.runner_pid);
        }
        heartbeat.live.emplace_back(execution.ref, execution.pid);
    }
    awaiting_ack_.push_back(now.boottime_ms);
    last_heartbeat_ = now.steady;
    link_.send(heartbeat);
}

SteadyTime Agent::next_heartbeat() const {
    return last_heartbeat_ + (queue_.empty() ? kAgentHeartbeat : kAgentHeartbeatWithHeld);
}

std::optional<SteadyTime> Agent::next_deadline() const {
    if (!welcomed_) return std::nullopt;
    SteadyTime next = next_heartbeat();
    if (held_back_until_ && !in_flight_) next = std::min(next, *held_back_until_);
    if (next_look_) next = std::min(next, *next_look_);
    if (shortage_ && !shortage_->trying) next = std::min(next, shortage_->until);
    return next;
}

void Agent::tick() {
    if (!welcomed_) return;
    const SteadyTime now = clock_.now().steady;
    if (now >= next_heartbeat()) send_heartbeat();
    if (next_look_ && now >= *next_look_) look_again();
    try_again_when_due();
    start_what_fits();
    flush();
}

}  // namespace sweepctl

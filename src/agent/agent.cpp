#include "sweepctl/agent/agent.hpp"

#include "sweepctl/base/check.hpp"

#include "agent/run_environment.hpp"

#include <algorithm>

namespace sweepctl {

Agent::Agent(AgentSettings settings,
             Launcher& launcher,
             RunFiles& files,
             AgentLink& link,
             const AgentClock& clock)
    : settings_(std::move(settings)),
      launcher_(launcher),
      files_(files),
      link_(link),
      clock_(clock) {
    for (std::size_t gpu = 0; gpu < settings_.gpu_ids.size(); ++gpu)
        free_gpus_.insert(gpu);
    for (std::uint32_t slot = 0; slot < settings_.record.slots; ++slot)
        free_slot_numbers_.insert(static_cast<int>(slot));
    settings_.record.gpus = static_cast<std::uint32_t>(settings_.gpu_ids.size());
    starts_left_ = settings_.starts_max;
    rate_since_ = clock_.now().steady;
}

// --- The link
// ---------------------------------------------------------------------------------------

void Agent::connected() {
    connected_ = true;
    welcomed_ = false;
    last_claim_ = 0;
    awaiting_ack_.clear();
    AgentHello hello;
    hello.agent = settings_.record;
    hello.report = merge_reports();
    const auto reported = [&](const Execution& execution) {
        return std::any_of(hello.report.ended.begin(), hello.report.ended.end(),
                           [&](const RunEnded& ended) {
                               return ended.execution.fence == execution.ref.fence && ended.drained;
                           });
    };
    for (const auto& [key, execution] : executions_) {
        if (execution.phase == Phase::held || execution.phase == Phase::launching) {
            hello.held.push_back(execution.ref);
        } else if (!reported(execution) && !(execution.end_reported && execution.drained)) {
            hello.live.push_back(execution.ref);
        }
    }
    for (auto& [key, execution] : executions_) {
        execution.metrics_in_flight = false;
        for (Reading* reading : {&execution.metrics, &execution.output}) {
            reading->read = reading->acked;  // What was under way may be lost.
            reading->mistake_told = false;
        }
    }
    in_flight_ = hello.report;
    in_flight_since_ = clock_.now().steady;
    awaiting_ack_.push_back(clock_.now().boottime_ms);
    last_heartbeat_ = clock_.now().steady;
    link_.send(hello);
}

void Agent::disconnected() {
    connected_ = false;
    welcomed_ = false;
    awaiting_ack_.clear();
}

void Agent::order(const AgentOrder& order) {
    std::visit([this](const auto& known) { on(known); }, order);
}

void Agent::contact() {
    if (awaiting_ack_.empty()) return;
    // Counted from when we asked, which is earlier than when the controller heard: so we never
    // believe in a lease that it has given up.
    lease_start_ms_ = awaiting_ack_.front();
    awaiting_ack_.pop_front();
}

bool Agent::lease_holds(const AgentClockReading& now) const {
    return now.boottime_ms - lease_start_ms_ < kClaimLease.count();
}

void Agent::on(const WelcomeOrder& order) {
    welcomed_ = true;
    contact();
    if (in_flight_ && in_flight_->sequence <= order.sequence) {
        acknowledged(*in_flight_);
        in_flight_.reset();
    }
    for (auto& [key, execution] : executions_) {
        if (execution.phase == Phase::live || execution.phase == Phase::ended)
            pump_metrics(execution);
    }
    flush();
}

void Agent::on(const AckOrder& order) {
    contact();
    if (in_flight_ && in_flight_->sequence <= order.sequence) {
        const std::chrono::duration<double> took = clock_.now().steady - in_flight_since_;
        ack_seconds_ += 0.2 * (took.count() - ack_seconds_);
        acknowledged(*in_flight_);
        in_flight_.reset();
    }
    start_what_fits();
    flush();
}

/// The controller has this durably: what is over can be forgotten.
void Agent::acknowledged(const AgentReport& report) {
    const auto over = [this](const ExecutionRef& ref) {
        Execution* execution = find(ref);
        if (execution == nullptr || !execution->end_reported || !execution->drained) return;
        erase({ref.run, ref.attempt});
    };
    for (const RunEnded& ended : report.ended) {
        if (ended.drained) over(ended.execution);
    }
    for (const ExecutionRef& ref : report.drained)
        over(ref);
}

void Agent::on(const SweepBrief& brief) {
    briefs_.insert_or_assign(brief.sweep, brief);
}

void Agent::on(const StartOrder& order) {
    const Key key{order.execution.run, order.execution.attempt};
    if (Execution* known = find(order.execution)) {
        // The order came twice: say again what we know.
        if (known->phase == Phase::live || known->phase == Phase::ended) {
            pending_.started.push_back({known->ref, clock_.now().wall, known->pid});
        }
        flush();
        return;
    }
    // Claims come in the order of their fences: this one came before, and was given back or is
    // over.
    if (order.execution.fence <= last_claim_) return;
    last_claim_ = order.execution.fence;
    if (draining_ || executions_.contains(key)) {
        // An older claim of the same attempt is not over yet, or we take nothing more.
        pending_.returned.push_back(order.execution);
        flush();
        return;
    }
    Execution execution;
    execution.ref = order.execution;
    execution.sweep = order.sweep;
    execution.order = order;
    execution.resources = order.resources;
    executions_.emplace(key, std::move(execution));
    queue_.push_back(key);
    start_what_fits();
    flush();
}

void Agent::on(const RevokeOrder& order) {
    for (const ExecutionRef& ref : order.claims) {
        Execution* execution = find(ref);
        if (execution == nullptr) {
            // Never heard of, or over and being reported: only the former is to be answered.
            pending_.returned.push_back(ref);
        } else if (execution->phase == Phase::held) {
            give_back(*execution);
        }
        // Launching or live: its start, or its failure to, is reported anyway.
    }
    flush();
}

void Agent::on(const SignalOrder& order) {
    Execution* execution = find(order.execution);
    if (execution == nullptr) return;
    if (execution->phase == Phase::held) {
        give_back(*execution);
        flush();
        return;
    }
    const RunnerOrder what = order.kind == SignalKind::kill ? RunnerOrder::kill
                             : order.signal                 ? RunnerOrder::stop_with
                                                            : RunnerOrder::stop;
    launcher_.signal(execution->ref.run, execution->ref.attempt, what, order.signal.value_or(0));
}

void Agent::on(const DrainOrder&) {
    drain();
    flush();
}

void Agent::on(const ExitOrder&) {
    drain();
    flush();
}

void Agent::drain() {
    if (!std::exchange(draining_, true)) drain_untold_ = true;
    const std::deque<Key> held = queue_;
    for (const Key& key : held)
        give_back(executions_.at(key));
    flush();
}

void Agent::order_all(RunnerOrder order, int signal_number) {
    for (const auto& [key, execution] : executions_) {
        if (execution.runner_alive) launcher_.signal(key.first, key.second, order, signal_number);
    }
}

bool Agent::idle() const {
    return draining_ && executions_.empty() && !in_flight_ && !anything_to_report();
}

std::size_t Agent::live() const {
    return static_cast<std::size_t>(
        std::count_if(executions_.begin(), executions_.end(),
                      [](const auto& entry) { return entry.second.holds_slot; }));
}

void Agent::on(const TailOrder& order) {
    LogChunk chunk = files_.read_log(
        run_file_stem(settings_.home, order.sweep, order.run, order.attempt) + ".log", order.offset,
        order.limit);
    chunk.id = order.id;
    link_.send(chunk);
}

Agent::Execution* Agent::find(const ExecutionRef& ref) {
    Execution* execution = find(ref.run, ref.attempt);
    return execution != nullptr && execution->ref.fence == ref.fence ? execution : nullptr;
}

Agent::Execution* Agent::find(const RunId& run, std::uint32_t attempt) {
    const auto found = executions_.find({run, attempt});
    return found == executions_.end() ? nullptr : &found->second;
}

}  // namespace sweepctl

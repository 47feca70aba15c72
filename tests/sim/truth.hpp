#pragma once

#include "sweepctl/core/agent_messages.hpp"
#include "sweepctl/core/events.hpp"

#include "sim/agenda.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

// What the fake processes really did, and what people were really told: written down by the
// machines themselves, without a look at what the program under test believes.

namespace sweepctl::sim {

/// One program that was really started, and all that came of it.
struct RealExecution {
    ExecutionRef ref;
    SweepId sweep;
    std::string host;
    Resources resources;
    int slot = -1;
    std::set<std::string> gpus;
    Duration recorded_at{0};  ///< its start record was written
    Duration started_at{0};
    std::optional<Duration> ended_at;  ///< the program
    std::optional<Duration> gone_at;   ///< everything it had started
    /// How the program ended, as its parent saw it. Set with `ended_at`.
    EndKind how = EndKind::exited;
    int code = 0;
    int ordered_signal = 0;  ///< the first that was sent on order while it lived
    bool end_recorded = false;
    bool said_preempting = false;

    [[nodiscard]] bool alive() const { return !gone_at.has_value(); }
};

class Truth {
public:
    explicit Truth(Agenda& agenda) : agenda_(agenda) {}

    // --- What machines do
    void add_host(const std::string& host, std::uint32_t slots) { slots_[host] = slots; }
    RealExecution& program_started(RealExecution execution);
    void ordered_signal(RealExecution& execution, int signal);
    void program_ended(RealExecution& execution, EndKind how, int code);
    void tree_gone(RealExecution& execution);

    // --- What people do and are told
    /// Whether a sweep's runs end by their sweep's timeout.
    std::function<bool(const SweepId&)> has_timeout = [](const SweepId&) { return false; };
    void asked(const SweepId& sweep, SweepCommand command);
    void asked_to_end(const SweepId& sweep) { end_wanted_.insert(sweep.text); }
    void asked_to_end(const RunId& run) { end_wanted_.insert(run.text); }
    void asked_to_retry_by_force(const RunId& run) { forced_.insert(run); }
    /// A pause, stop or cancel, asked for at `asked_at`, was acknowledged without reserve.
    void acknowledged(const SweepId& sweep, Duration asked_at);
    /// Whether somebody asked to resume the sweep since then.
    [[nodiscard]] bool resumed_since(const SweepId& sweep, Duration then) const;
    [[nodiscard]] bool was_forced(const RunId& run) const { return forced_.contains(run); }

    [[nodiscard]] const std::deque<RealExecution>& executions() const { return executions_; }
    [[nodiscard]] std::vector<const RealExecution*> alive() const;

private:
    Agenda& agenda_;
    std::deque<RealExecution> executions_;  // References to them stay good.
    std::map<RunId, std::vector<RealExecution*>> by_run_;
    std::map<std::string, std::uint32_t> slots_;
    std::set<RunId> forced_;
    std::set<std::string> end_wanted_;          ///< sweeps and runs whose end somebody wanted
    std::map<SweepId, Duration> closed_since_;  ///< nothing may be started for these
    std::map<SweepId, Duration> resumed_at_;
};

[[nodiscard]] std::string name_of(const ExecutionRef& ref);

}  // namespace sweepctl::sim

#include "sim/truth.hpp"

#include <algorithm>

namespace sweepctl::sim {

std::string name_of(const ExecutionRef& ref) {
    return ref.run.text + "." + std::to_string(ref.attempt) + "#" + std::to_string(ref.fence);
}

RealExecution& Truth::program_started(RealExecution execution) {
    const std::string who = "program of " + name_of(execution.ref) + " on " + execution.host;
    execution.started_at = agenda_.elapsed();

    std::vector<RealExecution*>& earlier = by_run_[execution.ref.run];
    for (const RealExecution* other : earlier) {
        if (was_forced(execution.ref.run)) break;
        if (other->alive())
            throw Foul(who + " started while " + name_of(other->ref) + " lives on " + other->host);
        if (other->ref.attempt == execution.ref.attempt)
            throw Foul(who + " started, though " + name_of(other->ref) + " had been started");
    }
    if (!earlier.empty() && earlier.back()->ref.fence >= execution.ref.fence)
        throw Foul(who + " started after " + name_of(earlier.back()->ref));

    const auto closed = closed_since_.find(execution.sweep);
    if (closed != closed_since_.end() && closed->second < execution.recorded_at) {
        throw Foul(who + " started at " + std::to_string(agenda_.elapsed().count()) +
                   " ms, though its sweep was closed at " + std::to_string(closed->second.count()) +
                   " ms");
    }

    std::uint32_t taken = execution.resources.cpus;
    for (const RealExecution* other : alive()) {
        if (other->host != execution.host) continue;
        taken += other->resources.cpus;
        if (other->slot == execution.slot)
            throw Foul(who + " got slot " + std::to_string(execution.slot) + ", which " +
                       name_of(other->ref) + " has");
        for (const std::string& gpu : execution.gpus) {
            if (other->gpus.contains(gpu))
                throw Foul(who + " got GPU " + gpu + ", which " + name_of(other->ref) + " has");
        }
    }
    if (taken > slots_.at(execution.host))
        throw Foul(who + " started: " + std::to_string(taken) + " slots taken of " +
                   std::to_string(slots_.at(execution.host)));
    agenda_.trace("truth: ", who, " started");
    RealExecution& kept = executions_.emplace_back(std::move(execution));
    earlier.push_back(&kept);
    return kept;
}

void Truth::ordered_signal(RealExecution& execution, int signal) {
    agenda_.trace("truth: ", name_of(execution.ref), " gets signal ", std::to_string(signal));
    const bool wanted = end_wanted_.contains(execution.sweep.text) ||
                        end_wanted_.contains(execution.ref.run.text) ||
                        forced_.contains(execution.ref.run) || has_timeout(execution.sweep);
    if (!wanted)
        throw Foul("program of " + name_of(execution.ref) + " got signal " +
                   std::to_string(signal) + ", though nobody wanted it to end");
    if (execution.ordered_signal == 0) execution.ordered_signal = signal;
}

void Truth::program_ended(RealExecution& execution, EndKind how, int code) {
    agenda_.trace("truth: program of ", name_of(execution.ref), " ended, kind ",
                  std::to_string(static_cast<int>(how)), " code ", std::to_string(code));
    execution.ended_at = agenda_.elapsed();
    execution.how = how;
    execution.code = code;
}

void Truth::tree_gone(RealExecution& execution) {
    agenda_.trace("truth: ", name_of(execution.ref), " is gone");
    execution.gone_at = agenda_.elapsed();
}

void Truth::asked(const SweepId& sweep, SweepCommand command) {
    if (command == SweepCommand::cancel) asked_to_end(sweep);
    if (command != SweepCommand::resume) return;
    closed_since_.erase(sweep);
    resumed_at_[sweep] = agenda_.elapsed();
}

bool Truth::resumed_since(const SweepId& sweep, Duration then) const {
    const auto resumed = resumed_at_.find(sweep);
    return resumed != resumed_at_.end() && resumed->second >= then;
}

void Truth::acknowledged(const SweepId& sweep, Duration asked_at) {
    if (!resumed_since(sweep, asked_at)) closed_since_.try_emplace(sweep, agenda_.elapsed());
}

std::vector<const RealExecution*> Truth::alive() const {
    std::vector<const RealExecution*> found;
    for (const RealExecution& execution : executions_) {
        if (execution.alive()) found.push_back(&execution);
    }
    return found;
}

}  // namespace sweepctl::sim

#pragma once

#include "sim/agenda.hpp"
#include "sim/controller_process.hpp"
#include "sim/truth.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// People: they ask for anything at any time, and hold the program to what it answers.

namespace sweepctl::sim {

/// A sweep's spec, as far as this world has one.
struct Plan {
    testing::SweepOptions options;
    Duration kill_delay{30'000};
    Duration straggler_grace{5'000};
    StdoutMetrics stdout_metrics = StdoutMetrics::none;
};
using Plans = std::map<std::string, Plan>;  ///< by the sweep's spec text

[[nodiscard]] PlanOf plan_of(const Plans& plans);

class User {
public:
    User(Agenda& agenda,
         Truth& truth,
         ControllerProcess& controller,
         std::shared_ptr<const MemoryDisk> disk,
         Plans& plans);

    /// Asks for something now and then until told to rest.
    void live(Duration pause);
    void rest() { awake_.reset(); }

    void create_sweep();
    void command(const SweepId& sweep, SweepCommand command, std::optional<Duration> grace = {});
    void drain(const AgentId& agent);

private:
    void act();
    void stop_run();
    void retry_run();
    void delete_run();
    void delete_sweep();
    void enqueue_run();
    void later();
    [[nodiscard]] std::optional<SweepId> some_sweep();
    [[nodiscard]] std::optional<RunId> some_run();
    template <typename Request>
    std::string ask(const std::string& what,
                    Request request,
                    std::function<void(const Answer&)> answered);
    void check_closed(const SweepId& sweep, Duration asked_at);
    /// What was asked later may have been decided in the same batch, and the other way.
    [[nodiscard]] bool more_was_asked(std::uint64_t since) const { return asked_ != since; }
    [[nodiscard]] const Run* stored(const RunId& run) const;

    Agenda& agenda_;
    Truth& truth_;
    ControllerProcess& controller_;
    std::shared_ptr<const MemoryDisk> disk_;  // Shared with the controllers.
    Plans& plans_;
    Life awake_;
    Duration pause_{500};
    std::uint64_t asked_ = 0;
};

}  // namespace sweepctl::sim

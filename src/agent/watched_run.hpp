#pragma once

#include "sweepctl/agent/launcher.hpp"
#include "sweepctl/aio/timer.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include "agent/leftovers.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

// What the process launcher knows about one (run, attempt), and how it speaks to its runner.

namespace sweepctl {

/// An order as it is given to a launcher.
struct OrderToRunner {
    RunnerOrder order;
    int signal_number;
};

/// One (run, attempt), from its launch until it is over and forgotten.
struct WatchedRun {
    enum class Phase : std::uint8_t {
        launching,  ///< on its way through a launcher thread
        live,       ///< its runner is watched
        leaving,    ///< the runner is gone; what it left behind is being killed
        over,       ///< told to the agent, or only read from a journal
    };

    RunId run;
    std::uint32_t attempt = 0;
    std::uint64_t number = 0;  ///< what the launcher threads and the watch call it
    Phase phase = Phase::over;
    std::optional<std::uint64_t> journal;  ///< where its records are
    bool writing = false;                  ///< to that journal, now or soon
    int pid = 0;                           ///< of the runner; set while live
    UniqueFd pidfd;                        ///< valid exactly while it is watched
    std::vector<OrderToRunner> orders;     ///< given while launching
    Duration kill_delay{30'000};           ///< as it was launched with
    std::optional<Timer> check;            ///< of whether it obeys, once it was told to end the run
    bool started = false;                  ///< its start record was read
    bool ended = false;                    ///< its end record was read
    bool drained = false;                  ///< the record that says so was read
    bool forgotten = false;
    std::optional<LeftoverHunt> hunt;  ///< set exactly while leaving
    std::optional<Timer> next_pass;    ///< of that hunt
    std::chrono::milliseconds pass_pause{2};
};

/// And wakes it, if it was stopped. 0, or errno.
[[nodiscard]] int send_to_runner(int pidfd, const OrderToRunner& order);

/// Whether the runner takes no orders.
[[nodiscard]] bool ignores_orders(int runner);

}  // namespace sweepctl

#pragma once

#include "runner/journal.hpp"
#include "runner/params.hpp"
#include "runner/process_tree.hpp"
#include "runner/system.hpp"

namespace sweepctl::runner {

/// All signals that the runner waits for; they are blocked.
inline constexpr SignalSet kOrders =
    bit_of(SIGCHLD) | bit_of(contract::kOrderStop) | bit_of(contract::kOrderKill) |
    bit_of(contract::kOrderStopWith) | bit_of(contract::kOrderForward);

/// Between two attempts to append to a journal on a full disk.
inline constexpr Milliseconds kAppendPause = 100;

/// Watches one program from its start to the end of everything it started, and follows orders.
///
///     program   tree        what may happen
///     alive     alive       orders go to the program's group; when kill_at_ comes: kill everything
///     ended     alive       end record written; the rest may live until kill_at_, then the same
///     ended     gone        drained record written if there was a rest; over
///
/// A record that cannot be written is tried again, and until then it is not over.
class Supervisor {
public:
    Supervisor(const Params& params, int program_pid, Milliseconds started);

    /// Returns when everything is over.
    void run();

private:
    void obey(const siginfo_t& order);
    void stop(int signal);
    void kill();
    void forward(int signal);
    bool signal_program(int signal);
    bool kill_program();

    void look_after_children();
    void program_ended(const siginfo_t& info, const struct rusage& usage);
    void be_killed_by(Milliseconds deadline);
    void kill_what_is_left(Milliseconds now);
    [[nodiscard]] bool over();
    [[nodiscard]] bool append_pending();
    [[nodiscard]] Milliseconds patience(Milliseconds now) const;

    const Params& params_;
    const int program_;
    ProcessTree tree_;
    EndRecord end_;
    Record record_;
    bool pending_ = false;  ///< record_ is not in the journal yet

    bool stopping_ = false;
    bool ended_ = false;         ///< the program; its zombie stays until gone_
    bool gone_ = false;          ///< the whole tree
    Milliseconds straggler_grace_;  ///< what the program leaves lives so long after its end
    Milliseconds kill_at_ = -1;  ///< monotonic; from then on everything is killed; -1: never
    Milliseconds kill_pause_ =
        0;  ///< 0 until killing; grows, so that what cannot die costs nothing
    Milliseconds kill_again_at_ = 0;  ///< while killing: when to try again without any news
    Milliseconds scan_at_ = 0;        ///< while killing: when killing children alone was not enough
};

}  // namespace sweepctl::runner

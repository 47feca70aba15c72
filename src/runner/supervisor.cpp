#include "runner/supervisor.hpp"

#include "runner/proc_stat.hpp"

namespace sweepctl::runner {

namespace {

constexpr Milliseconds kNever = -1;
constexpr Milliseconds kKillPauseMin = 20;
constexpr Milliseconds kKillPauseMax = 1000;
// A killed program dies as soon as it gets a CPU, and its death tells whether it left anything. With
// a thousand of them at a time that takes a while, and to look around meanwhile makes it longer.
constexpr Milliseconds kDeathPatience = 100;
constexpr Milliseconds kScanPatience = 500;

Milliseconds sooner(Milliseconds a, Milliseconds b) {
    if (a == kNever) return b;
    if (b == kNever) return a;
    return a < b ? a : b;
}

bool is_signal(int number) {
    return number >= 1 && number <= 64;
}

/// The number that came with an order; `otherwise` when it came without one, or with nonsense.
int number_with(const siginfo_t& order, int otherwise) {
    return order.si_code == SI_QUEUE && is_signal(order.si_int) ? order.si_int : otherwise;
}

}  // namespace

Supervisor::Supervisor(const Params& params, int program_pid, Milliseconds started)
    : params_(params),
      program_(program_pid),
      tree_(own_pid(), program_pid),
      straggler_grace_(params.straggler_grace) {
    end_.started = started;
}

void Supervisor::run() {
    while (!over()) {
        siginfo_t signal;
        if (wait_for_signal(kOrders, signal, patience(monotonic_ms())) > 0) obey(signal);
        if (kill_at_ != kNever) kill_what_is_left(monotonic_ms());
    }
}

void Supervisor::obey(const siginfo_t& order) {
    switch (order.si_signo) {
        case SIGCHLD: look_after_children(); break;
        case contract::kOrderStop: stop(SIGTERM); break;
        case contract::kOrderKill: kill(); break;
        case contract::kOrderStopWith: stop(number_with(order, SIGTERM)); break;
        case contract::kOrderForward: forward(number_with(order, 0)); break;
    }
}

void Supervisor::stop(int signal) {
    if (stopping_) return;
    stopping_ = true;
    if (signal_program(signal)) end_.ordered = {signal, wall_ms()};
    be_killed_by(monotonic_ms() + params_.kill_delay);
}

void Supervisor::kill() {
    stopping_ = true;
    straggler_grace_ = 0;
    if (kill_program() && end_.ordered.signal == 0) end_.ordered = {SIGKILL, wall_ms()};
    be_killed_by(monotonic_ms() + (ended_ ? 0 : kDeathPatience));
}

void Supervisor::forward(int signal) {
    if (signal != 0 && signal_program(signal)) end_.forwarded = {signal, wall_ms()};
}

/// Sends it to the program's group. False: the program had begun to exit by itself, so how it ends
/// is not our doing.
bool Supervisor::signal_program(int signal) {
    ProcStat stat;
    const bool alive = !ended_ && read_proc_stat(program_, stat);
    if (alive && stat.group != program_) send_signal(program_, signal);  // It moved elsewhere.
    send_signal(-program_, signal);
    if (!alive) return false;
    // Stopped, it would not notice before the end of the kill delay.
    if (stat.state == 'T' && stopping_) send_signal(-program_, SIGCONT);
    return !is_exiting(stat);
}

/// The same with SIGKILL. Nothing is read of /proc, since the kernel would have to forget it again
/// when the program is gone: that was nearly half of what the runner spent on a cancel.
bool Supervisor::kill_program() {
    siginfo_t info;
    const bool alive =
        !ended_ &&
        wait_for_child(P_PID, program_, info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == 0;
    if (alive && group_of(program_) != program_) send_signal(program_, SIGKILL);
    send_signal(-program_, SIGKILL);
    return alive;
}

void Supervisor::look_after_children() {
    siginfo_t info;
    struct rusage usage;
    if (!ended_ &&
        wait_for_child(P_PID, program_, info, WEXITED | WNOHANG | WNOWAIT, &usage) == 0 &&
        info.si_pid != 0) {
        program_ended(info, usage);
    } else {
        tree_.reap();
    }
}

void Supervisor::program_ended(const siginfo_t& info, const struct rusage& usage) {
    ended_ = true;
    end_.ended = wall_ms();
    end_.usage = usage;
    const auto status = static_cast<std::uint64_t>(info.si_status);
    if (info.si_code == CLD_EXITED) {
        end_.end = {"exit", status & 255U, 0};
    } else {
        end_.end = {"signal", status, info.si_code == CLD_DUMPED ? 1U : 0U};
    }
    // SIGKILL leaves no choice: whoever ended otherwise had ended before it came.
    const bool was_killed = info.si_code != CLD_EXITED && status == SIGKILL;
    if (end_.ordered.signal == SIGKILL && !was_killed) end_.ordered = {};

    end_.drained = !anything_alive();
    write_end(record_, params_, end_);
    pending_ = true;
    if (!end_.drained) be_killed_by(monotonic_ms() + straggler_grace_);
}

void Supervisor::be_killed_by(Milliseconds deadline) {
    kill_at_ = sooner(kill_at_, deadline);
}

/// Once it is time to: kills at each piece of news, and without news after growing pauses.
void Supervisor::kill_what_is_left(Milliseconds now) {
    if (now < kill_at_ || gone_ || !anything_alive()) return;
    if (kill_pause_ == 0) {
        kill_pause_ = kKillPauseMin;
        scan_at_ = now + kScanPatience;
    } else if (now >= kill_again_at_) {
        kill_pause_ = kill_pause_ * 2 < kKillPauseMax ? kill_pause_ * 2 : kKillPauseMax;
    } else {  // Some died, and more live.
        scan_at_ = sooner(scan_at_, now + kKillPauseMin);
    }
    tree_.kill_children();
    if (now >= scan_at_) {
        tree_.kill_descendants();
        scan_at_ = monotonic_ms() + kill_pause_;
    }
    kill_again_at_ = monotonic_ms() + kill_pause_;
}

bool Supervisor::over() {
    if (!ended_ || !append_pending()) return false;
    if (!gone_) {
        if (!end_.drained && anything_alive()) return false;
        gone_ = true;
        siginfo_t info;
        wait_for_child(P_PID, program_, info, WEXITED | WNOHANG);
        tree_.reap();
        if (!end_.drained) {
            write_drained(record_, params_, tree_.killed());
            pending_ = true;
        }
    }
    return append_pending();
}

bool Supervisor::append_pending() {
    if (pending_ && record_.append() == 0) pending_ = false;
    return !pending_;
}

/// How long to wait for news.
Milliseconds Supervisor::patience(Milliseconds now) const {
    Milliseconds until = pending_ ? now + kAppendPause : kNever;
    if (kill_at_ != kNever && !gone_)
        until = sooner(until, kill_at_ > now ? kill_at_ : kill_again_at_);
    if (until == kNever) return kNever;
    return until > now ? until - now : 0;
}

}  // namespace sweepctl::runner

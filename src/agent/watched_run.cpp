#include "agent/watched_run.hpp"

#include "sweepctl/runner/contract.hpp"

#include "agent/process_table.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <sys/syscall.h>
#include <unistd.h>

namespace sweepctl {

int send_to_runner(int pidfd, const OrderToRunner& order) {
    siginfo_t info{};
    info.si_code = SI_QUEUE;
    info.si_pid = ::getpid();
    info.si_uid = ::getuid();
    info.si_value.sival_int = order.signal_number;
    const auto number = [&] {
        switch (order.order) {
            case RunnerOrder::stop: return contract::kOrderStop;
            case RunnerOrder::kill: return contract::kOrderKill;
            case RunnerOrder::stop_with: return contract::kOrderStopWith;
            case RunnerOrder::forward: return contract::kOrderForward;
        }
        std::abort();
    }();
    info.si_signo = number;
    const bool with_value =
        order.order == RunnerOrder::stop_with || order.order == RunnerOrder::forward;
    // Without a value it cannot fail for lack of memory.
    if (::syscall(SYS_pidfd_send_signal, pidfd, number, with_value ? &info : nullptr, 0) != 0)
        return errno;
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, nullptr, 0);
    return 0;
}

bool ignores_orders(int runner) {
    std::uint64_t orders = 0;
    for (const int order : {contract::kOrderStop, contract::kOrderKill, contract::kOrderStopWith,
                            contract::kOrderForward})
        orders |= std::uint64_t{1} << static_cast<unsigned>(order - 1);
    return is_deaf(runner, orders);
}

}  // namespace sweepctl

#include "sweepctl/runner/contract.hpp"

#include "runner/journal.hpp"
#include "runner/params.hpp"
#include "runner/proc_stat.hpp"
#include "runner/program.hpp"
#include "runner/supervisor.hpp"
#include "runner/system.hpp"

// sweepctl-runner: the supervisor of one run. It makes the program's start and end known by the
// journal, passes orders on, and leaves nothing alive. See runner/contract.hpp for what it is
// given.

namespace sweepctl::runner {

namespace {

/// Signals that whoever started the agent had told it to ignore (nohup, say) would stay ignored.
void restore_ignored(std::uint64_t ignored) {
    for (int signal = 1; signal <= 31; ++signal) {
        if ((ignored & bit_of(signal)) != 0) restore_default(signal);
    }
}

bool lease_is_over(const Params& params) {
    return params.lease_deadline != 0 && clock_ms(CLOCK_BOOTTIME) >= params.lease_deadline;
}

/// The end of a program that never was.
void record_unstarted(const Params& params, const End& end) {
    Record record;
    EndRecord fields;
    fields.end = end;
    fields.started = fields.ended = wall_ms();
    write_end(record, params, fields);
    siginfo_t none;
    while (record.append() != 0)
        wait_for_signal(0, none, kAppendPause);
}

int run(char** argv, char** environment) {
    Params params;
    if (argv[0] == nullptr || argv[1] == nullptr || argv[2] == nullptr ||
        !read_params(argv[1], params))
        return contract::kExitUsage;

    set_blocked_signals(~SignalSet{0});
    // Should the agent die before the start record is written, then nothing was started: its claim
    // may be given out again. So we must not outlive it here.
    process_option(PR_SET_PDEATHSIG, SIGKILL);
    if (parent_pid() != params.agent_pid) return contract::kExitAgentGone;
    process_option(PR_SET_CHILD_SUBREAPER, 1);
    close_on_exec(contract::kJournalFd);

    ProcStat self;
    if (!read_proc_stat(own_pid(), self)) return contract::kExitNoProc;
    restore_ignored(self.ignored);
    {
        Record record;
        write_start(record, params, self.start_time);
        if (const long result = record.append(); result != 0)
            return contract::kExitNoStartRecord + static_cast<int>(-result < 127 ? -result : 127);
    }
    process_option(PR_SET_PDEATHSIG, 0);

    // Between the check and the start the machine may sleep: that much remains, and is documented.
    if (lease_is_over(params)) {
        record_unstarted(params, {"lease", 0, 0});
        return contract::kExitDone;
    }
    StartFailure failure;
    const int program = start_program(params, argv + 2, environment, failure);
    if (program == 0) {
        record_unstarted(params,
                         {"spawn", failure.stage, static_cast<std::uint64_t>(failure.error)});
        return contract::kExitDone;
    }
    Supervisor(params, program, wall_ms()).run();
    return contract::kExitDone;
}

}  // namespace

extern "C" [[noreturn]] void runner_start(void* stack) {
    const auto argc = *static_cast<long*>(stack);
    auto** argv = static_cast<char**>(stack) + 1;
    exit_process(run(argv, argv + argc + 1));
}

}  // namespace sweepctl::runner

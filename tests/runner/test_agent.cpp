// An agent that launches some runs, says what becomes of them, and lives on until it is killed:
//     runner_test_agent RUNNER FOLDER UID NPROC COUNT PROGRAM [ARGUMENT...]
// UID and NPROC: -1 for what it has. Run n is called run-n.

#include "sweepctl/agent/process_launcher.hpp"
#include "sweepctl/aio/event_loop.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

using namespace sweepctl;

namespace {

void say(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
}

std::string word(const ProgramEnd& end) {
    if (const auto* exited = std::get_if<ProgramExited>(&end))
        return "exit " + std::to_string(exited->code);
    if (const auto* signaled = std::get_if<ProgramSignaled>(&end))
        return "signal " + std::to_string(signaled->signal);
    if (const auto* error = std::get_if<SpawnError>(&end))
        return std::string(to_string(error->stage)) + " " + std::to_string(error->error);
    return "lease";
}

class Speaker : public LauncherEvents {
public:
    void launch_failed(const RunId& run, std::uint32_t, const LaunchFailure& failure) override {
        say("failed " + run.text + " " + std::string(to_string(failure.stage)) + " " +
            std::to_string(failure.error));
    }
    void journal(const std::vector<JournalRecord>& records) override {
        for (const JournalRecord& record : records) {
            if (const auto* started = std::get_if<Started>(&record))
                say("started " + started->run.text + " " + std::to_string(started->runner.pid));
            if (const auto* ended = std::get_if<Ended>(&record))
                say("ended " + ended->run.text + " " + word(ended->how));
        }
    }
    void runner_gone(const RunId& run, std::uint32_t, int) override { say("gone " + run.text); }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 7) return 2;
    const std::string folder = argv[2];
    const int uid = std::atoi(argv[3]);
    const int processes = std::atoi(argv[4]);
    if (uid >= 0 && ::setuid(static_cast<uid_t>(uid)) != 0) return 3;

    become_subreaper();
    EventLoop loop;
    Speaker speaker;
    ProcessLauncherOptions options;
    options.runner_path = argv[1];
    options.journal_directory = folder + "/journals";
    options.run_mark = run_mark(folder);
    const auto launcher = make_process_launcher(loop.context(), options, speaker);
    (void)launcher->recover();
    if (processes >= 0) {  // Now that the threads are there.
        const auto limit = static_cast<rlim_t>(processes);
        const rlimit value{limit, limit};
        ::setrlimit(RLIMIT_NPROC, &value);
    }
    for (int i = 1; i <= std::atoi(argv[5]); ++i) {
        LaunchRequest request;
        request.run = RunId("run-" + std::to_string(i));
        request.argv.assign(argv + 6, argv + argc);
        request.env = {"PATH=/usr/bin:/bin", "SWEEPCTL_RUN_ID=" + request.run.text,
                       "SWEEPCTL_ATTEMPT=1", run_mark(folder) + request.run.text};
        request.cwd = folder;
        request.output_path = folder + "/logs/" + request.run.text + ".log";
        launcher->launch(std::move(request));
    }
    loop.run();
    return 0;
}

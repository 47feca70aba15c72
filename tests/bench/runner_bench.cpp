// What the launcher and the runner cost: trivial runs against a bare posix_spawn loop, in the same
// interleaved rounds, and the memory of a runner. Nothing here passes or fails.
//     runner_bench RUNNER [ROUNDS [RUNS]]
// On a busy machine run it with `chrt -r 1`; on ext4 where much was deleted of late creating the
// output files takes longer than the runs, so take another TMPDIR (/dev/shm).

#include "sweepctl/agent/process_launcher.hpp"
#include "sweepctl/aio/event_loop.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace sweepctl;

namespace {

double cpu_seconds_of_this_process() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Sample {
    double per_second = 0;
    double cpu_us = 0;  ///< of this process, a run
};

Sample measure(int runs, const std::function<void()>& work) {
    const double cpu = cpu_seconds_of_this_process();
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> span = std::chrono::steady_clock::now() - begin;
    return {runs / span.count(), (cpu_seconds_of_this_process() - cpu) * 1e6 / runs};
}

/// What the machine can do.
void spawn_loop(int slots, int runs) {
    char program[] = "/bin/true";
    char* argv[] = {program, nullptr};
    int live = 0;
    for (int i = 0; i < runs || live > 0;) {
        if (i < runs && live < slots) {
            pid_t pid = 0;
            if (::posix_spawn(&pid, program, nullptr, nullptr, argv, environ) != 0) std::exit(1);
            ++i;
            ++live;
        } else {
            ::wait(nullptr);
            --live;
        }
    }
}

/// An agent that does nothing but keep the slots busy: a slot is free when its run is drained.
class Slots : public LauncherEvents {
public:
    Slots(const std::string& runner, const std::string& folder) : folder_(folder) {
        ProcessLauncherOptions options;
        options.runner_path = runner;
        options.journal_directory = folder + "/journals";
        launcher_ = make_process_launcher(loop_.context(), options, *this);
    }

    void run(int slots, int runs, std::vector<std::string> argv) {
        argv_ = std::move(argv);
        to_launch_ = runs;
        to_go_ = runs;
        ++series_;
        for (int i = 0; i < slots && to_launch_ > 0; ++i)
            next();
        loop_.run();
    }
    int last_runner() const { return last_runner_; }

private:
    void next() {
        --to_launch_;
        LaunchRequest request;
        request.run = RunId("run-" + std::to_string(++serial_));
        request.argv = argv_;
        request.env = {"PATH=/usr/bin:/bin", "SWEEPCTL_RUN_ID=" + request.run.text};
        request.cwd = "/";
        request.output_path =
            folder_ + "/" + std::to_string(series_) + "/" + request.run.text + ".log";
        launcher_->launch(std::move(request));
    }
    void launch_failed(const RunId&, std::uint32_t, const LaunchFailure& failure) override {
        throw std::runtime_error(describe(failure));
    }
    void journal(const std::vector<JournalRecord>& records) override {
        for (const JournalRecord& record : records) {
            const auto* ended = std::get_if<Ended>(&record);
            const bool free =
                (ended != nullptr && ended->drained) || std::holds_alternative<Drained>(record);
            if (const auto* started = std::get_if<Started>(&record)) {
                last_runner_ = started->runner.pid;
                if (argv_[0] == "sleep") loop_.stop();
            }
            if (free && to_launch_ > 0) next();
        }
    }
    void runner_gone(const RunId& run, std::uint32_t attempt, int) override {
        launcher_->forget(run, attempt);
        if (--to_go_ == 0) loop_.stop();
    }

    std::string folder_;
    EventLoop loop_;
    std::unique_ptr<Launcher> launcher_;
    std::vector<std::string> argv_;
    int to_launch_ = 0;
    int to_go_ = 0;
    int serial_ = 0;
    int series_ = 0;
    int last_runner_ = 0;
};

std::string quartiles(std::vector<double> values, const char* format) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double part) {
        char text[40];
        std::snprintf(
            text, sizeof text, format,
            values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)]);
        return std::string(text);
    };
    return at(0.5) + " [" + at(0.25) + "–" + at(0.75) + "]";
}

void print_memory(int runner) {
    std::ifstream file("/proc/" + std::to_string(runner) + "/smaps_rollup");
    std::map<std::string, int> kib;
    std::string line;
    while (std::getline(file, line))
        kib[line.substr(0, line.find(':'))] = std::atoi(line.c_str() + line.find(':') + 1);
    std::printf("\nA runner's private memory: %d KiB dirty, %d KiB clean; resident: %d KiB\n",
                kib["Private_Dirty"], kib["Private_Clean"], kib["Rss"]);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: runner_bench RUNNER [ROUNDS [RUNS]]\n");
        return 2;
    }
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 9;
    const int runs = argc > 3 ? std::atoi(argv[3]) : 600;
    std::string folder = std::filesystem::temp_directory_path() / "sweepctl-bench-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) return 1;
    become_subreaper();
    {
        Slots agent(std::filesystem::absolute(argv[1]).string(), folder);
        std::printf(
            "| /bin/true | runs/s [quartiles] | ratio to posix_spawn | agent CPU µs a run |\n");
        std::printf("|---|---:|---:|---:|\n");
        for (const int slots : {2, 8}) {
            std::vector<double> limit;
            std::vector<double> ours;
            std::vector<double> ratio;
            std::vector<double> cpu;
            for (int round = -1; round < rounds; ++round) {
                Sample bare;
                Sample supervised;
                const auto run_bare = [&] {
                    bare = measure(runs, [&] { spawn_loop(slots, runs); });
                };
                if (round % 2 == 0) run_bare();
                supervised = measure(runs, [&] { agent.run(slots, runs, {"/bin/true"}); });
                if (round % 2 != 0) run_bare();
                if (round < 0) continue;  // Everything is cold.
                limit.push_back(bare.per_second);
                ours.push_back(supervised.per_second);
                ratio.push_back(supervised.per_second / bare.per_second);
                cpu.push_back(supervised.cpu_us);
            }
            std::printf("| posix_spawn -j%d | %s | 1 | – |\n", slots,
                        quartiles(limit, "%.0f").c_str());
            std::printf("| launcher + runner -j%d | %s | %s | %s |\n", slots,
                        quartiles(ours, "%.0f").c_str(), quartiles(ratio, "%.2f").c_str(),
                        quartiles(cpu, "%.0f").c_str());
        }
        agent.run(1, 1, {"sleep", "3600"});
        print_memory(agent.last_runner());
        ::kill(agent.last_runner(), SIGTERM);
        agent.run(0, 1, {"true"});
    }
    std::filesystem::remove_all(folder);
    return 0;
}

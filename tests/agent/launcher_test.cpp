#include "sweepctl/agent/launcher.hpp"

#include "agent/process_table.hpp"
#include "agent/runner_params.hpp"
#include "support/launch_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace sweepctl;
using namespace sweepctl::testing;

TEST_CASE("launcher: three hundred runs, eight at a time, each have one whole story",
          "[agent][launcher]") {
    const bool posix_spawn = GENERATE(false, true);
    ProcessLauncherOptions options;
    options.force_posix_spawn = posix_spawn;
    LaunchFixture fixture(options);
    REQUIRE(fixture.run({"true"}).gone);
    const int descriptors_before = count_open_descriptors();

    std::vector<RunId> runs;
    std::size_t over = 0;
    for (int i = 0; i < 300; ++i) {
        LaunchRequest request = fixture.request({test_program(), "exit", std::to_string(i % 256)});
        runs.push_back(request.run);
        fixture.launch(std::move(request));
        REQUIRE(fixture.wait_until([&] {
            while (over < runs.size() && fixture.story(runs[over]).over())
                ++over;
            return runs.size() - over < 8;
        }));
    }
    for (std::size_t i = 0; i < runs.size(); ++i) {
        CAPTURE(i);
        const RunStory& story = fixture.story(runs[i]);
        REQUIRE(fixture.wait_until_over(story));
        REQUIRE(story.gone);
        REQUIRE_FALSE(story.out_of_order);
        REQUIRE(story.records == 2);
        REQUIRE(story.ended->how == ProgramEnd(ProgramExited{static_cast<int>(i % 256)}));
    }
    REQUIRE(count_open_descriptors() == descriptors_before);
    REQUIRE(own_children().empty());
}

TEST_CASE("launcher: output is appended, and readable by the owner only", "[agent][launcher]") {
    LaunchFixture fixture;
    LaunchRequest request = fixture.request({"/bin/sh", "-c", "echo out; echo err >&2"});
    request.output_path = fixture.folder() / "deep/er/run.log";
    REQUIRE(fixture.run(request).gone);
    request.attempt = 2;
    REQUIRE(fixture.run(request).gone);
    REQUIRE(read_file(request.output_path) == "out\nerr\nout\nerr\n");
    using std::filesystem::perms;
    REQUIRE(std::filesystem::status(request.output_path).permissions() ==
            (perms::owner_read | perms::owner_write));
}

TEST_CASE("launcher: small files are there before the program starts", "[agent][launcher]") {
    LaunchFixture fixture;
    const std::string path = fixture.folder() / "params/run.yaml";
    LaunchRequest request = fixture.request({"cat", path, fixture.folder() / "empty"});
    const std::string content(100'000, 'x');
    request.files = {{path, content}, {fixture.folder() / "empty", ""}};
    REQUIRE(fixture.run(request).gone);
    REQUIRE(fixture.output() == content);
    using std::filesystem::perms;
    REQUIRE(std::filesystem::status(path).permissions() ==
            (perms::owner_read | perms::owner_write));
}

TEST_CASE("launcher: what cannot be launched says at which step and why", "[agent][launcher]") {
    LaunchFixture fixture;
    const std::string text = fixture.folder() / "text";
    std::ofstream(text) << "x";

    LaunchRequest bad_output = fixture.request({"true"});
    bad_output.output_path = text + "/run.log";
    RunStory story = fixture.run(bad_output);
    REQUIRE(story.failure);
    REQUIRE(describe(*story.failure) ==
            "cannot open the output file '" + text + "/run.log': not a directory");
    REQUIRE(story.failure->stage == LaunchStage::output);
    REQUIRE(story.failure->error == ENOTDIR);

    LaunchRequest bad_file = fixture.request({"true"});
    bad_file.files = {{fixture.folder().path(), "x"}};
    story = fixture.run(bad_file);
    REQUIRE(story.failure);
    REQUIRE(describe(*story.failure) ==
            "cannot write the file '" + fixture.folder().path() + "': is a directory");

    LaunchRequest long_argument = fixture.request({"echo", std::string(3'000'000, 'x')});
    story = fixture.run(long_argument);
    REQUIRE(story.failure);
    REQUIRE(story.failure->stage == LaunchStage::runner);
    REQUIRE(story.failure->error == E2BIG);

    LaunchRequest long_id = fixture.request({"true"});
    long_id.run = RunId(std::string(2000, 'x'));
    story = fixture.run(long_id);
    REQUIRE(story.failure);
    REQUIRE(story.failure->error == EINVAL);

    LaunchRequest nothing = fixture.request({});
    REQUIRE(fixture.run(nothing).failure);

    REQUIRE(fixture.run({"true"}).gone);
    REQUIRE(own_children().empty());
}

TEST_CASE("launcher: without its runner program it says so, and goes on when it is there",
          "[agent][launcher]") {
    const bool posix_spawn = GENERATE(false, true);
    const TemporaryFolder programs;
    ProcessLauncherOptions options;
    options.runner_path = programs / "sweepctl-runner";
    options.force_posix_spawn = posix_spawn;
    LaunchFixture fixture(options);
    const RunStory& failed = fixture.run({"true"});
    REQUIRE(failed.failure);
    REQUIRE(describe(*failed.failure) ==
            "cannot start the runner '" + options.runner_path + "': no such file or directory");
    std::filesystem::copy_file(runner_program(), options.runner_path);
    REQUIRE(fixture.run({"true"}).gone);
    REQUIRE(own_children().empty());
}

TEST_CASE("launcher: a journal that cannot be begun fails the launch, not the agent",
          "[agent][launcher]") {
    const TemporaryFolder folder;
    const std::string in_the_way = folder / "journals";
    std::ofstream(in_the_way) << "a file";
    ProcessLauncherOptions options;
    options.journal_directory = in_the_way;
    LaunchFixture fixture(options);
    const RunStory& failed = fixture.run({"true"});
    REQUIRE(failed.failure);
    REQUIRE(describe(*failed.failure) ==
            "cannot begin the exit journal in '" + in_the_way + "': not a directory");
    std::filesystem::remove(in_the_way);
    REQUIRE(fixture.run({"true"}).gone);
}

TEST_CASE("launcher: a full journal is followed by a new one, and goes when all is forgotten",
          "[agent][launcher]") {
    ProcessLauncherOptions options;
    options.journal_bytes_max = 1000;
    LaunchFixture fixture(options);
    const RunStory& lasting = fixture.launch_test_program({"live-on", fixture.lock_path()});
    const RunId lasting_run = fixture.last_run();
    REQUIRE(fixture.wait_until([&] { return lasting.started.has_value(); }));
    std::vector<RunId> runs;
    for (int i = 0; i < 30; ++i) {
        REQUIRE(fixture.run({"true"}).gone);
        runs.push_back(fixture.last_run());
    }
    const std::size_t many = list_journals(fixture.journal_folder()).size();
    REQUIRE(many >= 5);
    for (const RunId& run : runs)
        fixture.launcher().forget(run, 1);
    // The first, which the lasting run writes to, and the last, for the next launch.
    REQUIRE(list_journals(fixture.journal_folder()).size() == 2);
    REQUIRE(fixture.launcher().signal(lasting_run, 1, RunnerOrder::kill));
    fixture.launcher().forget(lasting_run, 1);
    REQUIRE(list_journals(fixture.journal_folder()).size() == 2);
    REQUIRE(fixture.wait_until_over(lasting));
    REQUIRE(lasting.ended);
    REQUIRE(list_journals(fixture.journal_folder()).size() == 1);
    fixture.launcher().forget(RunId("unknown"), 1);
}

TEST_CASE("launcher: all that a launcher of former times wrote is recovered", "[agent][launcher]") {
    LaunchFixture fixture;
    for (int i = 0; i < 3; ++i)
        REQUIRE(fixture.run({test_program(), "exit", "4"}).gone);
    fixture.replace_launcher();
    const std::vector<JournalRecord> records = fixture.launcher().recover();
    REQUIRE(records.size() == 6);
    REQUIRE(std::holds_alternative<Started>(records[0]));
    REQUIRE(std::get<Ended>(records[1]).how == ProgramEnd(ProgramExited{4}));

    // What is over is gone at once, without any hunt.
    const auto& started = std::get<Started>(records[0]);
    fixture.forget_stories();
    REQUIRE_FALSE(fixture.launcher().adopt(started.run, 1, started.runner));
    REQUIRE(fixture.wait_until([&] { return fixture.story(started.run).gone; }));

    REQUIRE(list_journals(fixture.journal_folder()) == std::vector<std::uint64_t>{1});
    for (int i = 1; i <= 3; ++i)
        fixture.launcher().forget(RunId("run-" + std::to_string(i)), 1);
    REQUIRE(list_journals(fixture.journal_folder()).empty());
    REQUIRE(fixture.run({"true"}).gone);
    REQUIRE(list_journals(fixture.journal_folder()) == std::vector<std::uint64_t>{2});
}

TEST_CASE("launcher: a live runner is adopted, obeys, and its end is told", "[agent][launcher]") {
    LaunchFixture fixture;
    const RunStory& before = fixture.launch_test_program({"note-signals", "15", "6"});
    const RunId run = fixture.last_run();
    REQUIRE(fixture.wait_for_output("ready"));
    const RunnerIdentity runner = before.started->runner;
    fixture.forget_stories();
    fixture.replace_launcher();
    REQUIRE(fixture.launcher().recover().size() == 1);
    REQUIRE(fixture.launcher().adopt(run, 1, runner));
    const RunStory& after = fixture.story(run);
    REQUIRE(fixture.order(RunnerOrder::forward, SIGUSR1));
    REQUIRE(fixture.wait_until([&] { return fixture.output() == "ready\nsignal 10\n"; }));
    REQUIRE_FALSE(after.over());
    REQUIRE(fixture.order(RunnerOrder::stop));
    REQUIRE(fixture.wait_until([&] { return after.gone; }));
    REQUIRE(after.ended->how == ProgramEnd(ProgramExited{6}));
    REQUIRE(after.leftovers == 0);
    REQUIRE_FALSE(fixture.order(RunnerOrder::stop));
}

TEST_CASE("launcher: another process with the runner's pid is not adopted, and not harmed",
          "[agent][launcher]") {
    LaunchFixture fixture;
    LaunchFixture strangers;
    const RunStory& stranger = strangers.launch_test_program({"live-on", strangers.lock_path()});
    REQUIRE(strangers.wait_for_output("ready"));
    RunnerIdentity same_pid = stranger.started->runner;
    SECTION("it started at another time") {
        ++same_pid.start_time;
    }
    SECTION("it was before the machine booted") {
        same_pid.boot_id[0] ^= 1;
    }
    const RunId run("gone");
    REQUIRE_FALSE(fixture.launcher().adopt(run, 1, same_pid));
    REQUIRE_FALSE(fixture.launcher().signal(run, 1, RunnerOrder::kill));
    REQUIRE_FALSE(strangers.all_gone());
    REQUIRE(process_start_time(stranger.started->runner.pid) ==
            stranger.started->runner.start_time);
    REQUIRE(strangers.order(RunnerOrder::kill));
    REQUIRE(strangers.wait_until_over(stranger));
    REQUIRE(fixture.wait_until([&] { return fixture.story(run).gone; }));
}

TEST_CASE("launcher: a runner that was stopped is woken by an order", "[agent][launcher]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"live-on", fixture.lock_path()});
    REQUIRE(fixture.wait_for_output("ready"));
    const int runner = story.started->runner.pid;
    REQUIRE(::kill(runner, SIGSTOP) == 0);
    REQUIRE(fixture.wait_until([&] { return read_process(runner)->state == 'T'; }));
    const RunnerOrder order =
        GENERATE(RunnerOrder::stop, RunnerOrder::stop_with, RunnerOrder::kill);
    REQUIRE(fixture.order(order, SIGUSR1));
    REQUIRE(fixture.wait_until([&] { return story.gone; }));
    const int signal = order == RunnerOrder::stop   ? SIGTERM
                       : order == RunnerOrder::kill ? SIGKILL
                                                    : SIGUSR1;
    REQUIRE(story.ended->how == ProgramEnd(ProgramSignaled{signal, false}));
    REQUIRE(story.ended->ordered->signal == signal);
    REQUIRE(fixture.all_gone());
}

TEST_CASE("launcher: a runner that cannot be woken is killed, and its run with it",
          "[agent][launcher]") {
    ProcessLauncherOptions options;
    options.order_patience = std::chrono::milliseconds{50};
    LaunchFixture fixture(options);
    LaunchRequest request =
        fixture.request({test_program(), "live-on", fixture.lock_path()});
    request.kill_delay = Duration{100};
    const RunStory& story = fixture.launch(std::move(request));
    REQUIRE(fixture.wait_for_output("ready"));
    const int runner = story.started->runner.pid;
    // As a debugger does.
    if (::ptrace(PTRACE_SEIZE, runner, nullptr, nullptr) != 0) {
        WARN("no right to trace a process: this is not tested");
        return;
    }
    REQUIRE(::ptrace(PTRACE_INTERRUPT, runner, nullptr, nullptr) == 0);
    REQUIRE(fixture.wait_until([&] { return read_process(runner)->state == 't'; }));
    REQUIRE(fixture.order(GENERATE(RunnerOrder::stop, RunnerOrder::kill)));
    REQUIRE(fixture.wait_until([&] { return story.gone; }));
    REQUIRE_FALSE(story.ended);
    REQUIRE(fixture.all_gone());
    REQUIRE(own_children().empty());
}

TEST_CASE("launcher: in a copy of a directory, the original's runners are not adopted",
          "[agent][launcher]") {
    LaunchFixture original;
    const RunStory& story = original.launch_test_program({"live-on", original.lock_path()});
    const RunId run = original.last_run();
    REQUIRE(original.wait_for_output("ready"));
    const RunnerIdentity runner = story.started->runner;

    const TemporaryFolder copied;
    std::filesystem::copy(original.journal_folder(), copied / "journals");
    ProcessLauncherOptions options;
    options.journal_directory = copied / "journals";
    LaunchFixture copy(options);
    REQUIRE(copy.launcher().recover().size() == 1);
    REQUIRE_FALSE(copy.launcher().adopt(run, 1, runner));
    REQUIRE_FALSE(copy.launcher().signal(run, 1, RunnerOrder::kill));
    REQUIRE(copy.wait_until([&] { return copy.story(run).gone; }));
    REQUIRE_FALSE(original.all_gone());
    REQUIRE_FALSE(story.over());

    // A directory that was moved is still theirs.
    original.forget_stories();
    const std::string moved = original.folder() / "moved";
    std::filesystem::rename(original.journal_folder(), moved);
    options.journal_directory = moved;
    original.replace_launcher(options);
    REQUIRE(original.launcher().recover().size() == 1);
    REQUIRE(original.launcher().adopt(run, 1, runner));
    REQUIRE(original.order(RunnerOrder::kill));
    REQUIRE(original.wait_until([&] { return original.story(run).gone; }));
}

TEST_CASE("launcher: ended at any moment, it lost no run and cut none short", "[agent][launcher]") {
    LaunchFixture fixture;
    // Runs that were just launched, in all stages of being started.
    for (int i = 0; i < 40; ++i)
        fixture.launch(fixture.request({test_program(), "exit", "1"}));
    fixture.replace_launcher();
    fixture.forget_stories();
    const std::vector<JournalRecord> records = fixture.launcher().recover();
    std::vector<RunId> started;
    for (const JournalRecord& record : records) {
        if (const auto* start = std::get_if<Started>(&record)) {
            started.push_back(start->run);
            (void)fixture.launcher().adopt(start->run, 1, start->runner);
        }
    }
    for (const RunId& run : started) {
        REQUIRE(fixture.wait_until([&] { return fixture.story(run).gone; }));
        const bool before = std::any_of(records.begin(), records.end(), [&](const auto& record) {
            return std::holds_alternative<Ended>(record) && run_of(record) == run;
        });
        REQUIRE((before || fixture.story(run).ended));
    }
    // Those that ended between the two launchers are this process' children as well.
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    REQUIRE(own_children().empty());
}

TEST_CASE("launcher: the program's pid is known while it lives", "[agent][launcher]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch(
        fixture.request({"/bin/sh", "-c", "echo $$ ready; exec " + test_program() + " live-on"}));
    REQUIRE(fixture.wait_for_output("ready\nready\n"));
    const int runner = story.started->runner.pid;
    REQUIRE(program_pid_of(runner));
    REQUIRE(std::to_string(*program_pid_of(runner)) + " ready\nready\n" == fixture.output());
    REQUIRE(fixture.order(RunnerOrder::kill));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE_FALSE(program_pid_of(runner));
}

TEST_CASE("runner params: ids become one word and come back, nonsense does not",
          "[agent][launcher]") {
    for (const std::string& id :
         {std::string("k3jd92ma"), std::string("a b"), std::string("%"), std::string("\n"),
          std::string("\xc3\xa4\xff"), std::string("A-Z_0.9"), std::string("\0x", 2)}) {
        const std::string token = run_token(RunId(id));
        REQUIRE(token.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                                        "WXYZ-_.%") == std::string::npos);
        REQUIRE(run_from_token(token) == RunId(id));
    }
    for (const char* nonsense : {"", "%", "%4", "%4g", "%ag", "a b", "%e4"})
        REQUIRE_FALSE(run_from_token(nonsense));

    LaunchRequest request;
    request.run = RunId("r 1");
    request.fence = 9;
    request.cwd = "/home/a b";
    request.kill_delay = Duration::max();
    request.straggler_grace = Duration{-1};
    const std::optional<std::string> params = runner_params(request, 77, "boot");
    REQUIRE(params == "1 r%201 1 9 77 0 31622400000000 0 boot /home/a b");
    request.cwd = "";
    REQUIRE_FALSE(runner_params(request, 77, "boot"));
}

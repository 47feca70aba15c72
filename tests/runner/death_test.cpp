#include "sweepctl/runner/contract.hpp"

#include "agent/leftovers.hpp"
#include "runner/helper_process.hpp"
#include "support/launch_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

std::vector<std::string> agent(const LaunchFixture& fixture,
                               const std::string& count,
                               std::vector<std::string> program) {
    std::vector<std::string> argv{
        SWEEPCTL_TEST_AGENT, runner_program(), fixture.folder().path(), "-1", "-1", count};
    argv.insert(argv.end(), program.begin(), program.end());
    return argv;
}

}  // namespace

TEST_CASE("runner: killed, it takes the program along, and the agent finds the rest",
          "[runner][death]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"hostile", fixture.lock_path()});
    REQUIRE(fixture.wait_for_output("ready"));
    ::kill(story.started->runner.pid, SIGKILL);
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.gone);
    REQUIRE_FALSE(story.ended);
    REQUIRE(story.leftovers >= 8);
    REQUIRE(fixture.all_gone());
    REQUIRE(own_children().empty());
    REQUIRE_FALSE(fixture.order(RunnerOrder::kill));
}

TEST_CASE("runner: killed while stragglers live, the program's end is still known",
          "[runner][death]") {
    LaunchFixture fixture;
    const RunStory& story =
        fixture.launch_test_program({"daemon", fixture.lock_path(), "3600000", "4"});
    REQUIRE(fixture.wait_until([&] { return story.ended.has_value(); }));
    ::kill(story.started->runner.pid, SIGKILL);
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.gone);
    REQUIRE(story.ended->how == ProgramEnd(ProgramExited{4}));
    REQUIRE_FALSE(story.drained);
    REQUIRE(story.leftovers >= 1);  // More when the daemon was still being made.
    REQUIRE(fixture.all_gone());
    REQUIRE(own_children().empty());
}

TEST_CASE("runner: what a killed one leaves is told apart from other runs", "[runner][death]") {
    LaunchFixture fixture;
    const RunStory& other = fixture.launch_test_program({"live-on", fixture.folder() / "other"});
    const RunId other_run = fixture.last_run();
    REQUIRE(fixture.wait_for_output("ready"));
    const RunStory& story = fixture.launch_test_program({"hostile", fixture.lock_path()});
    REQUIRE(fixture.wait_for_output("ready"));
    ::kill(story.started->runner.pid, SIGKILL);
    // Meanwhile others are started, whose runners are children of ours too.
    std::vector<const RunStory*> more;
    for (int i = 0; i < 40; ++i)
        more.push_back(&fixture.launch(fixture.request({"true"})));
    REQUIRE(fixture.wait_until_over(story));
    for (const RunStory* one : more) {
        REQUIRE(fixture.wait_until_over(*one));
        REQUIRE(one->ended);
        REQUIRE(one->ended->how == ProgramEnd(ProgramExited{0}));
    }
    REQUIRE(fixture.all_gone());
    REQUIRE_FALSE(other.ended);
    REQUIRE(fixture.launcher().signal(other_run, 1, RunnerOrder::stop));
    REQUIRE(fixture.wait_until_over(other));
    REQUIRE(other.ended->how == ProgramEnd(ProgramSignaled{SIGTERM, false}));
}

TEST_CASE("runner: what a killed one leaves is told apart from runs of a copied home",
          "[runner][death]") {
    LaunchFixture fixture;
    const RunId run("run-1");
    const std::string start = "SWEEPCTL_RUN_ID=run-1 SWEEPCTL_ATTEMPT=1 SWEEPCTL_RUN_DIR=";
    const std::string live_on = "/run-1 setsid " + test_program() + " live-on & echo pid $!; wait";
    HelperProcess copy({"/bin/sh", "-c", start + "/copy/sweeps/s" + live_on});
    HelperProcess home({"/bin/sh", "-c", start + "/home/sweeps/s" + live_on});
    REQUIRE(fixture.wait_until([&] {
        return copy.says("ready") && copy.says("pid") && home.says("ready") && home.says("pid");
    }));
    const auto pid_in = [](const std::string& said) {
        return std::atoi(said.c_str() + said.find("pid") + 4);
    };
    const int stranger = pid_in(copy.said());
    const int own = pid_in(home.said());

    const std::vector<int> children = own_children();  // The shells.
    const auto is_runner = [&](int pid) {
        return std::find(children.begin(), children.end(), pid) != children.end();
    };
    LeftoverHunt hunt(run, 1, run_mark("/home"), std::nullopt);
    REQUIRE(fixture.wait_until([&] { return hunt.pass(is_runner); }));
    CHECK(hunt.killed() == 1);
    CHECK_FALSE(process_start_time(own));
    CHECK(process_start_time(stranger));
    ::kill(stranger, SIGKILL);
    copy.kill();
    home.kill();
    REQUIRE(fixture.reap_until_childless());
}

TEST_CASE("runner: killed before its start record, it started nothing", "[runner][death]") {
    LaunchFixture fixture;
    int before_record = 0;
    for (int i = 0; i < 30; ++i) {
        const RunStory& story = fixture.launch_test_program({"live-on", fixture.lock_path()});
        fixture.wait_until([] { return !own_children().empty(); });
        for (const int child : own_children())
            ::kill(child, SIGKILL);
        REQUIRE(fixture.wait_until_over(story));
        if (story.failure) {
            ++before_record;
            REQUIRE(story.failure->stage == LaunchStage::runner_lost);
        } else {
            REQUIRE(story.started);
        }
        REQUIRE(fixture.all_gone());
        REQUIRE(own_children().empty());
    }
    CAPTURE(before_record);
    SUCCEED();
}

TEST_CASE("runner: outlives a killed agent, and the next agent takes over", "[runner][death]") {
    LaunchFixture fixture;
    HelperProcess first(agent(fixture, "2", {test_program(), "note-signals", "15", "6"}));
    REQUIRE(fixture.wait_until([&] {
        return fixture.output_of(RunId("run-1")) == "ready\n" &&
               fixture.output_of(RunId("run-2")) == "ready\n";
    }));
    first.kill();

    fixture.replace_launcher();
    const std::vector<JournalRecord> records = fixture.launcher().recover();
    REQUIRE(records.size() == 2);
    for (const JournalRecord& record : records) {
        const auto& started = std::get<Started>(record);
        REQUIRE(fixture.launcher().adopt(started.run, 1, started.runner));
        REQUIRE(fixture.launcher().signal(started.run, 1, RunnerOrder::stop));
    }
    for (const char* run : {"run-1", "run-2"}) {
        const RunStory& story = fixture.story(RunId(run));
        REQUIRE(fixture.wait_until_over(story));
        REQUIRE(story.ended->how == ProgramEnd(ProgramExited{6}));
        REQUIRE(fixture.output_of(RunId(run)) == "ready\nsignal 15\n");
    }
}

TEST_CASE("runner: an adopted one that is killed leaves nothing either", "[runner][death]") {
    LaunchFixture fixture;
    HelperProcess first(agent(fixture, "1", {test_program(), "hostile", fixture.lock_path()}));
    REQUIRE(fixture.wait_until([&] { return first.says("started run-1"); }));
    REQUIRE(fixture.wait_until([&] { return !fixture.output_of(RunId("run-1")).empty(); }));
    first.kill();
    fixture.replace_launcher();
    const std::vector<JournalRecord> records = fixture.launcher().recover();
    REQUIRE(records.size() == 1);
    const auto& started = std::get<Started>(records[0]);
    const bool adopted_alive = GENERATE(true, false);
    if (adopted_alive) REQUIRE(fixture.launcher().adopt(started.run, 1, started.runner));
    ::kill(started.runner.pid, SIGKILL);
    if (!adopted_alive) {
        REQUIRE(fixture.wait_until([&] { return !process_start_time(started.runner.pid); }));
        REQUIRE_FALSE(fixture.launcher().adopt(started.run, 1, started.runner));
    }
    const RunStory& story = fixture.story(started.run);
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.leftovers >= 8);
    REQUIRE(fixture.all_gone());
    REQUIRE(fixture.reap_until_childless());
}

TEST_CASE("runner: whenever its agent is killed, no program runs without a start record",
          "[runner][death]") {
    LaunchFixture fixture;
    std::filesystem::create_directories(fixture.folder() / "marks");
    for (int round = 0; round < 12; ++round) {
        std::filesystem::remove_all(fixture.journal_folder());
        HelperProcess doomed(
            agent(fixture, "60",
                  {"/bin/sh", "-c", ": > marks/$SWEEPCTL_RUN_ID-" + std::to_string(round)}));
        // At another moment each time: after so many journal bytes.
        const auto bytes = static_cast<std::uintmax_t>(round) * 400;
        REQUIRE(fixture.wait_until([&] {
            std::error_code none;
            return std::filesystem::file_size(fixture.journal_folder() + "/journal-1", none) + 1 >
                   bytes + 1;
        }));
        doomed.kill();

        fixture.forget_stories();
        fixture.replace_launcher();
        std::set<RunId> started;
        for (const JournalRecord& record : fixture.launcher().recover()) {
            if (const auto* start = std::get_if<Started>(&record)) {
                REQUIRE(started.insert(start->run).second);
                (void)fixture.launcher().adopt(start->run, 1, start->runner);
            }
        }
        for (const RunId& run : started)
            REQUIRE(fixture.wait_until([&] { return fixture.story(run).gone; }));
        // Everything that was started has ended by now, so this is the whole truth.
        const std::string journal = read_file(fixture.journal_folder() + "/journal-1");
        std::set<RunId> ended;
        for (const JournalRecord& record : parse_journal(journal).records) {
            if (const auto* end = std::get_if<Ended>(&record)) {
                REQUIRE(end->how == ProgramEnd(ProgramExited{0}));
                ended.insert(end->run);
            }
        }
        for (const auto& mark : std::filesystem::directory_iterator(fixture.folder() / "marks")) {
            const std::string name = mark.path().filename().string();
            const std::size_t dash = name.rfind('-');
            if (name.substr(dash + 1) != std::to_string(round)) continue;
            const RunId run(name.substr(0, dash));
            CAPTURE(run.text);
            REQUIRE(started.contains(run));
            REQUIRE(ended.contains(run));
        }
        REQUIRE(fixture.reap_until_childless());
    }
}

TEST_CASE("runner: without its agent, or with arguments it does not know, it starts nothing",
          "[runner][death]") {
    const TemporaryFolder folder;
    const UniqueFd journal = begin_journal(folder.path(), 1);
    const std::string good = "1 run 1 1 " + std::to_string(::getpid()) + " 0 1000 1000 boot /";
    const auto exit_code = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), runner_program());
        HelperProcess runner(arguments, journal.get());
        const int status = runner.wait();
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    };
    REQUIRE(exit_code({"1 run 1 1 1 0 1000 1000 boot /", "/bin/true"}) == contract::kExitAgentGone);
    for (const std::string bad :
         {"", "1", "2 run 1 1 1 0 1 1 boot /", "1 run 1 1 1 0 1 1 boot ", "1 run 1 1 1 0 1 1 boot",
          "1 run -1 1 1 0 1 1 boot /", "1 run 4294967296 1 1 0 1 1 boot /",
          "1 run 1 18446744073709551616 1 0 1 1 boot /", "1 r\xc3n 1 1 1 0 1 1 boot /",
          "1  1 1 1 0 1 1 boot /", "1 run 1 1 x 0 1 1 boot /",
          "1 run 1 1 1 99999999999999999 1 1 boot /"}) {
        CAPTURE(bad);
        REQUIRE(exit_code({bad, "/bin/true"}) == contract::kExitUsage);
    }
    REQUIRE(exit_code({"1 " + std::string(3000, 'r') + " 1 1 1 0 1 1 boot /", "/bin/true"}) ==
            contract::kExitUsage);
    REQUIRE(exit_code({good}) == contract::kExitUsage);
    REQUIRE(exit_code({}) == contract::kExitUsage);
    REQUIRE(read_file(folder / "journal-1").empty());
    REQUIRE(exit_code({good, "/bin/true"}) == contract::kExitDone);
    REQUIRE(parse_journal(read_file(folder / "journal-1")).records.size() == 2);
}

#include "support/launch_fixture.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

#include <unistd.h>

using namespace sweepctl;
using namespace sweepctl::testing;

TEST_CASE("runner: what outlives the program may end by itself within the grace", "[runner]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"daemon", fixture.lock_path(), "80", "0"});
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == ProgramEnd(ProgramExited{0}));
    REQUIRE_FALSE(story.ended->drained);
    REQUIRE(story.drained);
    REQUIRE(story.drained->killed == 0);
    REQUIRE(fixture.output() == "daemon ends\n");
    REQUIRE(fixture.all_gone());
}

TEST_CASE("runner: what outlives the grace is killed, and the end is not held up", "[runner]") {
    LaunchFixture fixture;
    LaunchRequest request =
        fixture.request({test_program(), "daemon", fixture.lock_path(), "3600000", "9"});
    request.straggler_grace = Duration{150};
    const RunStory& story = fixture.launch(request);
    REQUIRE(fixture.wait_until([&] { return story.ended.has_value(); }));
    REQUIRE_FALSE(story.over());
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == ProgramEnd(ProgramExited{9}));
    REQUIRE(story.drained);
    REQUIRE(story.drained->killed == 1);
    REQUIRE(story.drained->at - story.ended->ended_at >= Duration{145});
    REQUIRE(fixture.output().empty());
    REQUIRE(fixture.all_gone());
}

TEST_CASE("runner: a stop takes along what the program detached", "[runner]") {
    LaunchFixture fixture;
    LaunchRequest request =
        fixture.request({"/bin/sh", "-c",
                         test_program() + " live-on " + fixture.lock_path() + " & " + "setsid " +
                             test_program() + " ignore-all " + fixture.lock_path() + " & wait"});
    request.kill_delay = Duration{300};
    const RunStory& story = fixture.launch(request);
    REQUIRE(fixture.wait_for_output("ready\nready"));
    REQUIRE(fixture.order(RunnerOrder::stop));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->ordered->signal == SIGTERM);
    REQUIRE_FALSE(story.ended->drained);
    REQUIRE(story.drained);
    REQUIRE(fixture.all_gone());
}

TEST_CASE("runner: a shell pipeline is killed as one", "[runner]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch(fixture.request(
        {"/bin/sh", "-c",
         test_program() + " live-on " + fixture.lock_path() + " | cat | cat & echo up; wait"}));
    REQUIRE(fixture.wait_for_output("up"));
    REQUIRE(fixture.order(RunnerOrder::kill));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(fixture.all_gone());
    REQUIRE(own_children().empty());
}

TEST_CASE("runner: a hostile tree is gone after a kill", "[runner]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"hostile", fixture.lock_path()});
    REQUIRE(fixture.wait_for_output("ready"));
    REQUIRE_FALSE(fixture.all_gone());
    REQUIRE(fixture.order(RunnerOrder::kill));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == ProgramEnd(ProgramSignaled{SIGKILL, false}));
    REQUIRE(story.ended->drained != story.drained.has_value());
    REQUIRE(fixture.all_gone());
    REQUIRE(story.leftovers == 0);
    REQUIRE(own_children().empty());
}

TEST_CASE("runner: a hostile tree is gone after the program's own end and the grace", "[runner]") {
    LaunchFixture fixture;
    LaunchRequest request = fixture.request({test_program(), "hostile", fixture.lock_path(), "5"});
    request.straggler_grace = Duration{100};
    const RunStory& story = fixture.run(request);
    REQUIRE(story.gone);
    REQUIRE(story.ended->how == ProgramEnd(ProgramExited{5}));
    REQUIRE_FALSE(story.ended->drained);
    REQUIRE(story.drained);
    REQUIRE(story.drained->killed >= 5);
    REQUIRE(fixture.all_gone());
    REQUIRE(own_children().empty());
}

TEST_CASE("runner: a hostile tree is gone after a stop that it ignored", "[runner]") {
    LaunchFixture fixture;
    LaunchRequest request = fixture.request({test_program(), "hostile", fixture.lock_path()});
    request.kill_delay = Duration{100};
    const RunStory& story = fixture.launch(request);
    REQUIRE(fixture.wait_for_output("ready"));
    REQUIRE(fixture.order(RunnerOrder::stop));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(fixture.all_gone());
    REQUIRE(own_children().empty());
}

TEST_CASE("runner: a thousand descendants in five hundred sessions are gone after a kill",
          "[runner]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"many", fixture.lock_path(), "1000"});
    REQUIRE(fixture.wait_for_output("ready"));
    REQUIRE(fixture.order(RunnerOrder::kill));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->drained != story.drained.has_value());
    REQUIRE(fixture.all_gone());
    REQUIRE(own_children().empty());
}

TEST_CASE("runner: orphans are reaped while the program lives", "[runner]") {
    LaunchFixture fixture;
    // A hundred orphans, each of which ends at once.
    const RunStory& story = fixture.launch(
        fixture.request({"/bin/sh", "-c",
                         "for i in $(seq 100); do (true & true); done; echo done; exec " +
                             test_program() + " live-on"}));
    REQUIRE(fixture.wait_for_output("ready"));
    const std::string children = "/proc/" + std::to_string(story.started->runner.pid) + "/task/" +
                                 std::to_string(story.started->runner.pid) + "/children";
    const std::string only =
        std::to_string(program_pid_of(story.started->runner.pid).value()) + " ";
    REQUIRE(fixture.wait_until([&] { return read_file(children) == only; }));
    REQUIRE(fixture.order(RunnerOrder::kill));
    REQUIRE(fixture.wait_until_over(story));
}

TEST_CASE("runner: while nothing happens it takes no time", "[runner]") {
    LaunchFixture fixture;
    LaunchRequest request =
        fixture.request({test_program(), "daemon", fixture.lock_path(), "400", "0"});
    const RunStory& story = fixture.launch(request);
    REQUIRE(fixture.wait_until([&] { return story.ended.has_value(); }));
    const std::string status = "/proc/" + std::to_string(story.started->runner.pid) + "/status";
    const auto switches = [&] {
        const std::string text = read_file(status);
        const std::size_t at = text.find("\nvoluntary_ctxt_switches:");
        return at == std::string::npos ? -1 : std::stoi(text.substr(at + 25));
    };
    const int before = switches();
    REQUIRE(before > 0);
    REQUIRE(fixture.wait_for_output("daemon ends"));
    const int after = switches();
    if (after >= 0) REQUIRE(after - before <= 2);
    REQUIRE(fixture.wait_until_over(story));
}

#include "support/launch_fixture.hpp"

#include <catch2/catch.hpp>

#include <csignal>

#include <unistd.h>

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

ProgramEnd by_signal(int signal) {
    return ProgramSignaled{signal, false};
}

/// The signal of the order that the end record names; 0 when it names none.
int ordered(const RunStory& story) {
    return story.ended && story.ended->ordered ? story.ended->ordered->signal : 0;
}

}  // namespace

TEST_CASE("runner: stop ends a cooperative program by SIGTERM", "[runner]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"live-on", fixture.lock_path()});
    REQUIRE(fixture.wait_for_output("ready"));
    REQUIRE(fixture.order(RunnerOrder::stop));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == by_signal(SIGTERM));
    REQUIRE(ordered(story) == SIGTERM);
    REQUIRE(story.ended->ordered->at >= story.ended->started_at);
    REQUIRE(story.ended->ordered->at <= story.ended->ended_at);
    REQUIRE(fixture.all_gone());
}

TEST_CASE("runner: a program that exits 0 at SIGTERM keeps its code, and the order is on record",
          "[runner]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"note-signals", "15", "0"});
    REQUIRE(fixture.wait_for_output("ready"));
    REQUIRE(fixture.order(RunnerOrder::stop));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == ProgramEnd(ProgramExited{0}));
    REQUIRE(ordered(story) == SIGTERM);
    REQUIRE(fixture.output() == "ready\nsignal 15\n");
}

TEST_CASE("runner: what ignores SIGTERM is killed after the kill delay, not before", "[runner]") {
    LaunchFixture fixture;
    LaunchRequest request = fixture.request({test_program(), "ignore-all", fixture.lock_path()});
    request.kill_delay = Duration{200};
    const RunStory& story = fixture.launch(request);
    REQUIRE(fixture.wait_for_output("ready"));
    REQUIRE(fixture.order(RunnerOrder::stop));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == by_signal(SIGKILL));
    REQUIRE(ordered(story) == SIGTERM);
    const auto delay = story.ended->ended_at - story.ended->ordered->at;
    REQUIRE(delay >= Duration{195});
    REQUIRE(fixture.all_gone());
}

TEST_CASE("runner: a second stop changes nothing, a kill hastens it", "[runner]") {
    LaunchFixture fixture;
    LaunchRequest request = fixture.request({test_program(), "note-signals", "0"});
    request.kill_delay = Duration{3'600'000};
    const RunStory& story = fixture.launch(request);
    REQUIRE(fixture.wait_for_output("ready"));
    REQUIRE(fixture.order(RunnerOrder::stop));
    REQUIRE(fixture.wait_for_output("signal 15"));
    REQUIRE(fixture.order(RunnerOrder::stop));
    REQUIRE(fixture.order(RunnerOrder::stop_with, SIGINT));
    REQUIRE(fixture.order(RunnerOrder::forward, SIGUSR1));  // Comes after the two.
    REQUIRE(fixture.wait_for_output("signal 10"));
    REQUIRE(fixture.output() == "ready\nsignal 15\nsignal 10\n");
    REQUIRE(fixture.order(RunnerOrder::kill));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == by_signal(SIGKILL));
    REQUIRE(ordered(story) == SIGTERM);
    REQUIRE(story.ended->forwarded);
    REQUIRE(story.ended->forwarded->signal == SIGUSR1);
}

TEST_CASE("runner: stop with another signal, and forward, send just that", "[runner]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"note-signals", "2", "255"});
    REQUIRE(fixture.wait_for_output("ready"));
    for (const int signal : {SIGHUP, SIGUSR1, SIGTERM}) {
        REQUIRE(fixture.order(RunnerOrder::forward, signal));
        REQUIRE(fixture.wait_for_output("signal " + std::to_string(signal)));
    }
    REQUIRE(fixture.order(RunnerOrder::forward, 0));     // No signal, no effect.
    REQUIRE(fixture.order(RunnerOrder::forward, 1000));  // Likewise.
    REQUIRE(fixture.order(RunnerOrder::stop_with, SIGINT));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == ProgramEnd(ProgramExited{255}));
    REQUIRE(ordered(story) == SIGINT);
    REQUIRE(story.ended->forwarded->signal == SIGTERM);
    REQUIRE(fixture.output() == "ready\nsignal 1\nsignal 10\nsignal 15\nsignal 2\n");
}

TEST_CASE("runner: kill does not let a SIGTERM handler run", "[runner]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"note-signals", "15", "0"});
    REQUIRE(fixture.wait_for_output("ready"));
    REQUIRE(fixture.order(RunnerOrder::kill));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == by_signal(SIGKILL));
    REQUIRE(ordered(story) == SIGKILL);
    REQUIRE(fixture.output() == "ready\n");
}

TEST_CASE("runner: a stopped program is woken to be stopped, and killed as it is", "[runner]") {
    LaunchFixture fixture;
    const bool kill = GENERATE(false, true);
    const RunStory& story = fixture.launch_test_program({"live-on", fixture.lock_path()});
    REQUIRE(fixture.wait_for_output("ready"));
    REQUIRE(fixture.order(RunnerOrder::forward, SIGSTOP));
    const int program = program_pid_of(story.started->runner.pid).value();
    REQUIRE(fixture.wait_until([&] {
        return read_file("/proc/" + std::to_string(program) + "/stat").find(") T ") !=
               std::string::npos;
    }));
    REQUIRE(fixture.order(kill ? RunnerOrder::kill : RunnerOrder::stop));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == by_signal(kill ? SIGKILL : SIGTERM));
    REQUIRE(story.ended->ended_at - story.ended->started_at < Duration{5'000});
    REQUIRE(fixture.all_gone());
}

TEST_CASE("runner: an order that comes after the end leaves the natural result alone", "[runner]") {
    LaunchFixture fixture;
    const auto order = GENERATE(RunnerOrder::stop, RunnerOrder::kill);
    // The daemon keeps the runner there after the program's end.
    const RunStory& story =
        fixture.launch_test_program({"daemon", fixture.lock_path(), "3600000", "4"});
    REQUIRE(fixture.wait_until([&] { return story.ended.has_value(); }));
    REQUIRE_FALSE(fixture.all_gone());
    REQUIRE(fixture.order(order));
    if (order == RunnerOrder::stop) REQUIRE(fixture.order(RunnerOrder::kill));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == ProgramEnd(ProgramExited{4}));
    REQUIRE(ordered(story) == 0);
    REQUIRE(story.drained);
    REQUIRE(story.drained->killed == 1);
    REQUIRE(fixture.all_gone());
}

TEST_CASE("runner: a program that ends just when it is killed ended in exactly one way",
          "[runner]") {
    LaunchFixture fixture;
    int natural = 0;
    for (int i = 0; i < 60; ++i) {
        const RunStory& story = fixture.launch_test_program({"exit", "3"});
        fixture.wait_until([&] { return story.started.has_value(); });
        fixture.order(RunnerOrder::kill);
        REQUIRE(fixture.wait_until_over(story));
        if (story.ended->how == ProgramEnd(ProgramExited{3})) {
            ++natural;
            REQUIRE(ordered(story) == 0);
        } else {
            REQUIRE(story.ended->how == by_signal(SIGKILL));
            REQUIRE(ordered(story) == SIGKILL);
        }
    }
    CAPTURE(natural);
    REQUIRE_FALSE(fixture.order(RunnerOrder::kill));
}

TEST_CASE("runner: an order during the launch is carried out after it", "[runner]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"live-on", fixture.lock_path()});
    REQUIRE(fixture.order(RunnerOrder::kill));
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.started);
    REQUIRE(story.ended->how == by_signal(SIGKILL));
    REQUIRE(ordered(story) == SIGKILL);
    REQUIRE(fixture.all_gone());
}

TEST_CASE("runner: a person's kill of the runner's pid is a stop as well", "[runner]") {
    LaunchFixture fixture;
    const RunStory& story = fixture.launch_test_program({"live-on", fixture.lock_path()});
    REQUIRE(fixture.wait_for_output("ready"));
    for (const int harmless : {SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGALRM, SIGCHLD, SIGPIPE})
        ::kill(story.started->runner.pid, harmless);
    ::kill(story.started->runner.pid, 36);  // A forward order without a signal.
    REQUIRE(fixture.order(RunnerOrder::forward, SIGCONT));
    REQUIRE_FALSE(story.ended);
    ::kill(story.started->runner.pid, SIGTERM);
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended->how == by_signal(SIGTERM));
    REQUIRE(ordered(story) == SIGTERM);
}

#include "support/launch_fixture.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>

using namespace sweepctl;
using namespace sweepctl::testing;

TEST_CASE("runner: an exit code is told as it was, whatever it may mean", "[runner]") {
    LaunchFixture fixture;
    for (const int code : {0, 1, 130, 143, 255}) {
        CAPTURE(code);
        const RunStory& story = fixture.run({test_program(), "exit", std::to_string(code)});
        REQUIRE(story.gone);
        REQUIRE_FALSE(story.out_of_order);
        REQUIRE(story.started);
        REQUIRE(story.ended);
        REQUIRE(story.ended->how == ProgramEnd(ProgramExited{code}));
        REQUIRE(story.ended->drained);
        REQUIRE_FALSE(story.drained);
        REQUIRE_FALSE(story.ended->ordered);
        REQUIRE_FALSE(story.ended->forwarded);
        REQUIRE(story.ended->fence == 7);
        REQUIRE(story.leftovers == 0);
    }
}

TEST_CASE("runner: a death by signal is told apart from any exit code", "[runner]") {
    LaunchFixture fixture;
    for (const int signal : {SIGINT, SIGTERM, SIGKILL, SIGSEGV}) {
        CAPTURE(signal);
        const RunStory& story = fixture.run({test_program(), "raise", std::to_string(signal)});
        REQUIRE(story.gone);
        REQUIRE(story.ended);
        const auto* how = std::get_if<ProgramSignaled>(&story.ended->how);
        REQUIRE(how != nullptr);
        REQUIRE(how->signal == signal);
        REQUIRE_FALSE(story.ended->ordered);
    }
}

TEST_CASE("runner: the records tell who, when and at what cost", "[runner]") {
    LaunchFixture fixture;
    LaunchRequest request = fixture.request({test_program(), "spin", "30"});
    request.run = RunId("odd id/%\n\xc3\xa4");
    request.attempt = 3;
    request.fence = 18'446'744'073'709'551'615U;
    const RunStory& story = fixture.run(request);
    REQUIRE(story.gone);
    REQUIRE(story.started);
    REQUIRE(story.ended);
    REQUIRE(story.started->run == request.run);
    REQUIRE(story.started->attempt == 3);
    REQUIRE(story.started->fence == request.fence);
    REQUIRE(story.started->runner.boot_id == boot_id());
    REQUIRE(story.started->runner.pid > 1);
    REQUIRE(story.started->runner.start_time > 0);
    REQUIRE(story.started->at <= story.ended->started_at);
    REQUIRE(story.ended->started_at <= story.ended->ended_at);
    const auto now = std::chrono::system_clock::now();
    REQUIRE(now - story.ended->ended_at < std::chrono::seconds(60));
    REQUIRE(story.ended->user_time + story.ended->system_time >= std::chrono::milliseconds(20));
    REQUIRE(story.ended->max_rss_kib > 100);
}

TEST_CASE("runner: a program that cannot be started says at which step and why", "[runner]") {
    LaunchFixture fixture;
    const std::string text = fixture.folder() / "text";
    std::ofstream(text) << "no program\n";
    const std::string garbage = fixture.folder() / "garbage";
    std::ofstream(garbage) << "no program\n";
    ::chmod(garbage.c_str(), 0755);
    const std::string bad_interpreter = fixture.folder() / "script";
    std::ofstream(bad_interpreter) << "#!/nowhere/python\n";
    ::chmod(bad_interpreter.c_str(), 0755);

    struct Case {
        std::string program;
        std::string cwd;
        SpawnError error;
    };
    const std::string good = fixture.folder().path();
    for (const Case& one :
         {Case{"/nowhere/train.py", good, {SpawnStage::exec, ENOENT}},
          Case{"surely-no-such-program", good, {SpawnStage::exec, ENOENT}},
          Case{"", good, {SpawnStage::exec, ENOENT}}, Case{text, good, {SpawnStage::exec, EACCES}},
          Case{"/usr", good, {SpawnStage::exec, EACCES}},
          Case{text + "/x", good, {SpawnStage::exec, ENOTDIR}},
          Case{garbage, good, {SpawnStage::exec, ENOEXEC}},
          Case{bad_interpreter, good, {SpawnStage::exec, ENOENT}},
          Case{"/bin/true", "/nowhere", {SpawnStage::chdir, ENOENT}},
          Case{"/bin/true", text, {SpawnStage::chdir, ENOTDIR}}}) {
        CAPTURE(one.program, one.cwd);
        LaunchRequest request = fixture.request({one.program, "argument"});
        request.cwd = one.cwd;
        const RunStory& story = fixture.run(request);
        REQUIRE(story.gone);
        REQUIRE(story.started);
        REQUIRE(story.ended);
        REQUIRE(story.ended->how == ProgramEnd(one.error));
        REQUIRE(story.ended->drained);
    }
    REQUIRE(own_children().empty());
}

TEST_CASE("runner: a name without a slash is looked up in the program's own PATH", "[runner]") {
    LaunchFixture fixture;
    const auto script = [&](const std::string& folder, mode_t mode) {
        std::filesystem::create_directories(fixture.folder() / folder);
        const std::string path = fixture.folder() / (folder + "/sweepctl-test-tool");
        std::ofstream(path) << "#!/bin/sh\necho from " + folder + "\n";
        ::chmod(path.c_str(), mode);
        return fixture.folder() / folder;
    };
    const std::string forbidden = script("forbidden", 0600);
    const std::string first = script("first", 0755);
    const std::string second = script("second", 0755);
    const auto run_with = [&](const std::string& path) -> const RunStory& {
        LaunchRequest request = fixture.request({"sweepctl-test-tool"});
        request.env = {"X=1"};
        if (!path.empty()) request.env.push_back("PATH=" + path);
        return fixture.run(request);
    };

    REQUIRE(run_with("/nowhere:" + first + ":" + second).gone);
    REQUIRE(fixture.output() == "from first\n");
    REQUIRE(run_with(forbidden + ":" + second).gone);
    REQUIRE(fixture.output() == "from second\n");
    REQUIRE(run_with(forbidden + ":/nowhere").ended->how ==
            ProgramEnd(SpawnError{SpawnStage::exec, EACCES}));
    REQUIRE(run_with("").ended->how == ProgramEnd(SpawnError{SpawnStage::exec, ENOENT}));
    REQUIRE(run_with(std::string(5000, 'x') + ":" + first).gone);
    REQUIRE(fixture.output() == "from first\n");

    LaunchRequest here = fixture.request({"sweepctl-test-tool"});
    here.env = {"PATH=/nowhere:"};
    here.cwd = second;
    REQUIRE(fixture.run(here).gone);
    REQUIRE(fixture.output() == "from second\n");

    LaunchRequest no_path = fixture.request({"true"});
    no_path.env = {};
    REQUIRE(fixture.run(no_path).ended->how == ProgramEnd(ProgramExited{0}));
}

TEST_CASE("runner: the program finds a clean house", "[runner]") {
    LaunchFixture fixture;
    // What whoever started the agent may have left behind.
    for (const int signal : {SIGHUP, SIGINT, SIGPIPE, SIGCHLD})
        std::signal(signal, SIG_IGN);
    const bool clone3 = GENERATE(true, false);
    ProcessLauncherOptions options;
    options.force_posix_spawn = !clone3;
    options.journal_directory = fixture.folder() / "other-journals";
    fixture.replace_launcher(options);

    std::vector<UniqueFd> inherited;
    for (int i = 0; i < 300; ++i)
        inherited.emplace_back(::dup(2));  // Without close-on-exec.
    LaunchRequest request = fixture.request({test_program(), "describe", "a b", "", "\xff"});
    request.env = {"B=2", "A=1 = 1", "EMPTY="};
    const RunStory& story = fixture.run(request);
    for (const int signal : {SIGHUP, SIGINT, SIGPIPE, SIGCHLD})
        std::signal(signal, SIG_DFL);
    REQUIRE(story.gone);
    REQUIRE(story.ended->how == ProgramEnd(ProgramExited{0}));
    REQUIRE(fixture.output() ==
            "argument a b\nargument \nargument \xff\nenvironment B=2\nenvironment A=1 = 1\n"
            "environment EMPTY=\ncwd " +
                fixture.folder().path() +
                "\nleads its group\nis in the runner's session\ndescriptor 0\ndescriptor 1\n"
                "descriptor 2\nnothing on stdin\n");
}

TEST_CASE("runner: when the lease is over the program is not started", "[runner]") {
    LaunchFixture fixture;
    LaunchRequest late = fixture.request({"touch", fixture.folder() / "touched"});
    late.lease_deadline_ms = boottime_ms() - 1;
    const RunStory& story = fixture.run(late);
    REQUIRE(story.gone);
    REQUIRE(story.ended->how == ProgramEnd(NotStarted{}));
    REQUIRE_FALSE(std::filesystem::exists(fixture.folder() / "touched"));

    LaunchRequest in_time = fixture.request({"touch", fixture.folder() / "touched"});
    in_time.lease_deadline_ms = boottime_ms() + 60'000;
    REQUIRE(fixture.run(in_time).ended->how == ProgramEnd(ProgramExited{0}));
    REQUIRE(std::filesystem::exists(fixture.folder() / "touched"));
}

TEST_CASE("runner: a lease that ran out may be claimed and launched again", "[runner]") {
    LaunchFixture fixture;
    LaunchRequest request = fixture.request({"true"});
    request.lease_deadline_ms = 1;
    REQUIRE(fixture.run(request).ended->how == ProgramEnd(NotStarted{}));
    fixture.forget_stories();
    request.lease_deadline_ms = 0;
    request.fence = 8;
    const RunStory& again = fixture.run(request);
    REQUIRE(again.ended->how == ProgramEnd(ProgramExited{0}));
    REQUIRE(again.ended->fence == 8);
}

#include "runner/helper_process.hpp"
#include "support/launch_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

/// A disk of a few pages.
class SmallDisk {
public:
    explicit SmallDisk(const char* options)
        : mounted_(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options) == 0) {
        if (!mounted_) WARN("skipped: no right to mount a small disk");
    }
    ~SmallDisk() {
        if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    [[nodiscard]] bool mounted() const { return mounted_; }
    [[nodiscard]] std::string operator/(const std::string& name) const { return folder_ / name; }
    void fill() const {
        const UniqueFd file(::open((folder_ / "filler").c_str(), O_WRONLY | O_CREAT, 0600));
        const std::string page(4096, 'x');
        while (::write(file.get(), page.data(), page.size()) > 0) {
        }
    }
    void make_room() const { std::filesystem::remove(folder_ / "filler"); }

private:
    TemporaryFolder folder_;
    bool mounted_;
};

/// One record of such a run takes a quarter of a page.
RunId long_id(char c) {
    return RunId(std::string(1000, c));
}

/// What is appended next needs a new page.
void fill_last_page(const std::string& path) {
    const std::size_t rest = 4096 - std::filesystem::file_size(path) % 4096;
    std::ofstream(path, std::ios::app) << std::string(rest, 'x') << std::flush;
}

ProcessLauncherOptions journal_on(const SmallDisk& disk) {
    ProcessLauncherOptions options;
    options.journal_directory = disk / "journals";
    return options;
}

}  // namespace

TEST_CASE("runner: an end that does not fit on the disk is told when there is room again",
          "[runner][shortage]") {
    const SmallDisk disk("size=64k");
    if (!disk.mounted()) return;
    LaunchFixture fixture(journal_on(disk));
    LaunchRequest request = fixture.request({"true"});
    request.run = long_id('a');
    REQUIRE(fixture.run(request).gone);

    request = fixture.request({test_program(), "note-signals", "15", "9"});
    const std::string output = request.output_path;
    request.run = long_id('b');
    const RunStory& story = fixture.launch(request);
    REQUIRE(fixture.wait_until([&] { return read_file(output) == "ready\n"; }));
    disk.fill();
    REQUIRE(fixture.launcher().signal(request.run, 1, RunnerOrder::stop));
    const std::string journal = disk / "journals/journal-1";
    // The record's first part still fits into the page.
    REQUIRE(fixture.wait_until([&] { return std::filesystem::file_size(journal) == 4096; }));
    REQUIRE(fixture.launcher().signal(request.run, 1, RunnerOrder::kill));
    REQUIRE_FALSE(story.ended);
    REQUIRE_FALSE(story.over());
    disk.make_room();
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.gone);
    REQUIRE(story.ended);
    REQUIRE(story.ended->how == ProgramEnd(ProgramExited{9}));
    REQUIRE(story.ended->ordered->signal == SIGTERM);
}

TEST_CASE("runner: on a full disk stragglers are killed all the same", "[runner][shortage]") {
    const SmallDisk disk("size=64k");
    if (!disk.mounted()) return;
    LaunchFixture fixture(journal_on(disk));
    LaunchRequest request = fixture.request({"true"});
    request.run = long_id('a');
    REQUIRE(fixture.run(request).gone);
    request = fixture.request({test_program(), "daemon", fixture.lock_path(), "3600000", "9"});
    request.run = long_id('b');
    request.straggler_grace = Duration{50};
    const RunStory& story = fixture.launch(request);
    REQUIRE(fixture.wait_until([&] { return story.started.has_value(); }));
    disk.fill();
    REQUIRE(fixture.wait_until([&] { return fixture.all_gone(); }));
    disk.make_room();
    REQUIRE(fixture.wait_until_over(story));
    REQUIRE(story.ended);
    REQUIRE(story.ended->how == ProgramEnd(ProgramExited{9}));
    REQUIRE(story.ended->drained != story.drained.has_value());
}

TEST_CASE("runner: without room for the start record nothing is started", "[runner][shortage]") {
    const SmallDisk disk("size=64k");
    if (!disk.mounted()) return;
    LaunchFixture fixture(journal_on(disk));
    LaunchRequest request = fixture.request({"true"});
    REQUIRE(fixture.run(request).gone);
    disk.fill();
    fill_last_page(disk / "journals/journal-1");
    request = fixture.request({"touch", fixture.folder() / "touched"});
    fixture.run(request);
    const RunStory& story = fixture.story(request.run);
    REQUIRE(story.failure);
    REQUIRE(story.failure->stage == LaunchStage::start_record);
    REQUIRE(story.failure->error == ENOSPC);
    REQUIRE(describe(*story.failure) ==
            "cannot write the start record into the exit journal: no space left on device");
    REQUIRE_FALSE(std::filesystem::exists(fixture.folder() / "touched"));

    disk.make_room();
    fixture.forget_stories();
    REQUIRE(fixture.run(request).ended->how == ProgramEnd(ProgramExited{0}));
    REQUIRE(std::filesystem::exists(fixture.folder() / "touched"));
}

TEST_CASE("launcher: files that do not fit on the disk fail the launch", "[runner][shortage]") {
    const SmallDisk disk("size=64k,nr_inodes=5");
    if (!disk.mounted()) return;
    LaunchFixture fixture;
    disk.fill();
    LaunchRequest request = fixture.request({"true"});
    request.files = {{disk / "params.yaml", "a: 1"}};
    RunStory story = fixture.run(request);
    REQUIRE(story.failure);
    REQUIRE(story.failure->stage == LaunchStage::file);
    REQUIRE(story.failure->error == ENOSPC);
    REQUIRE_FALSE(std::filesystem::exists(disk / "params.yaml"));

    for (int i = 0; i < 5; ++i)
        std::ofstream(disk / ("inode-" + std::to_string(i)));
    request = fixture.request({"true"});
    request.output_path = disk / "run.log";
    story = fixture.run(request);
    REQUIRE(story.failure);
    REQUIRE(story.failure->stage == LaunchStage::output);
    REQUIRE(story.failure->error == ENOSPC);
}

TEST_CASE("launcher: without descriptors launches fail, and with them they go on",
          "[runner][shortage]") {
    const bool posix_spawn = GENERATE(false, true);
    ProcessLauncherOptions options;
    options.force_posix_spawn = posix_spawn;
    LaunchFixture fixture(options);
    REQUIRE(fixture.run({"true"}).gone);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const int highest = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(highest);
    int failures = 0;
    for (int room = 0; room < 5; ++room) {
        rlimit low = before;
        low.rlim_cur = static_cast<rlim_t>(highest + room);
        ::setrlimit(RLIMIT_NOFILE, &low);
        const RunStory& story = fixture.run({"true"});
        ::setrlimit(RLIMIT_NOFILE, &before);
        CAPTURE(room);
        REQUIRE(story.over());
        if (story.failure) {
            ++failures;
            REQUIRE(story.failure->error == EMFILE);
        } else {
            REQUIRE(story.ended->how == ProgramEnd(ProgramExited{0}));
        }
    }
    REQUIRE(failures >= 1);
    REQUIRE(fixture.run({"true"}).gone);
    REQUIRE(own_children().empty());
}

TEST_CASE("runner: without processes to be had launches fail by name", "[runner][shortage]") {
    if (::getuid() != 0) {
        WARN("skipped: only root can become a user who has no processes");
        return;
    }
    const TemporaryFolder folder;
    ::chmod(folder.path().c_str(), 0755);
    // Those users must be able to execute them, wherever they were built.
    const std::string agent = folder / "agent";
    const std::string runner = folder / "runner";
    std::filesystem::copy_file(SWEEPCTL_TEST_AGENT, agent);
    std::filesystem::copy_file(runner_program(), runner);

    // The agent, its two threads, the runner and the program are five.
    LaunchFixture clock;
    const auto say = [&](int processes) {
        // Another user each time: what the killed agent leaves takes a moment to die.
        const std::string own = folder / std::to_string(processes);
        std::filesystem::create_directory(own);
        ::chmod(own.c_str(), 0777);
        HelperProcess helper({agent, runner, own, std::to_string(54'320 + processes),
                              std::to_string(processes), "1", "/bin/true"});
        clock.wait_until([&] { return helper.says("failed") || helper.says("ended"); });
        std::string said = helper.said();
        said.erase(0, std::min(said.find("failed"), said.find("ended")));
        return said.substr(0, said.find('\n'));
    };
    REQUIRE(say(3) == "failed run-1 runner " + std::to_string(EAGAIN));
    REQUIRE(say(4) == "ended run-1 clone " + std::to_string(EAGAIN));
    REQUIRE(say(5) == "ended run-1 exit 0");
    REQUIRE(clock.reap_until_childless());
}

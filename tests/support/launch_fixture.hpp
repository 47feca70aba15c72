#pragma once

#include "sweepctl/agent/process_launcher.hpp"
#include "sweepctl/aio/event_loop.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Real runs of real programs, in a folder of their own, with everything that is told about them.

namespace sweepctl::testing {

/// Long enough to mean "never" in a test.
inline constexpr std::chrono::seconds kPatience{20};

/// What a program of the tests does is in tests/runner/test_program.cpp.
[[nodiscard]] std::string test_program();
[[nodiscard]] std::string runner_program();

[[nodiscard]] std::string read_file(const std::string& path);

/// A directory that goes away with everything in it.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }

private:
    std::string path_;
};

/// All that was told about one (run, attempt).
struct RunStory {
    std::optional<Started> started;
    std::optional<Ended> ended;
    std::optional<Drained> drained;
    std::optional<LaunchFailure> failure;
    bool gone = false;
    int leftovers = 0;
    int records = 0;
    bool out_of_order = false;  ///< something was told after the end, or twice

    [[nodiscard]] bool over() const { return gone || failure; }
};

/// Runs the loop and remembers every story.
class LaunchFixture : public LauncherEvents {
public:
    explicit LaunchFixture(ProcessLauncherOptions options = {});
    ~LaunchFixture() override;

    [[nodiscard]] Launcher& launcher() { return *launcher_; }
    [[nodiscard]] EventLoop& loop() { return loop_; }
    [[nodiscard]] const TemporaryFolder& folder() const { return folder_; }
    [[nodiscard]] std::string journal_folder() const { return folder_ / "journals"; }

    /// A new run with an environment of its own, 10 s of kill delay and of straggler grace.
    [[nodiscard]] LaunchRequest request(std::vector<std::string> argv);
    /// Starts it. The story goes on while the loop runs.
    const RunStory& launch(LaunchRequest request);
    /// Starts the test program in one of its modes.
    const RunStory& launch_test_program(std::vector<std::string> arguments);
    /// Launches and waits until it is over.
    const RunStory& run(std::vector<std::string> argv);
    const RunStory& run(LaunchRequest request);

    [[nodiscard]] RunId last_run() const { return last_run_; }
    bool order(RunnerOrder order, int signal_number = 0);
    [[nodiscard]] std::string output() const;
    [[nodiscard]] std::string output_of(const RunId& run) const;
    /// A file that the test program's processes keep locked while they live.
    [[nodiscard]] std::string lock_path() const { return folder_ / "lock"; }
    /// None of the processes that locked lock_path() is alive.
    [[nodiscard]] bool all_gone() const;

    /// Serves the loop until `done`, at most for kPatience. False: it was never done.
    bool wait_until(const std::function<bool()>& done);
    bool wait_until_over(const RunStory& story);
    /// Waits for these words in the last run's output.
    bool wait_for_output(const std::string& words);

    /// What a killed agent was just about to start dies with it, and comes to us.
    bool reap_until_childless();

    /// Ends the launcher, as an agent that dies; its runs live on. The next one does not recover.
    void replace_launcher(ProcessLauncherOptions options = {});
    const RunStory& story(const RunId& run, std::uint32_t attempt = 1) {
        return stories_[{run, attempt}];
    }
    void forget_stories() { stories_.clear(); }

private:
    void launch_failed(const RunId& run,
                       std::uint32_t attempt,
                       const LaunchFailure& failure) override;
    void journal(const std::vector<JournalRecord>& records) override;
    void runner_gone(const RunId& run, std::uint32_t attempt, int leftovers_killed) override;

    EventLoop loop_;
    TemporaryFolder folder_;
    std::unique_ptr<Launcher> launcher_;
    std::map<std::pair<RunId, std::uint32_t>, RunStory> stories_;
    int serial_ = 0;
    RunId last_run_;
};

/// The children of this process, dead ones too.
[[nodiscard]] std::vector<int> own_children();
[[nodiscard]] int count_open_descriptors();

}  // namespace sweepctl::testing

#include "support/launch_fixture.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sweepctl::testing {

namespace {

namespace fs = std::filesystem;

ProcessLauncherOptions complete(ProcessLauncherOptions options, const std::string& folder) {
    if (options.runner_path.empty()) options.runner_path = runner_program();
    if (options.journal_directory.empty()) options.journal_directory = folder + "/journals";
    options.run_mark = run_mark(folder);
    return options;
}

}  // namespace

std::string test_program() {
    return SWEEPCTL_TEST_PROGRAM;
}

std::string runner_program() {
    return SWEEPCTL_RUNNER_PROGRAM;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "sweepctl-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

LaunchFixture::LaunchFixture(ProcessLauncherOptions options) {
    // As an agent does: what a killed runner leaves behind comes to us.
    become_subreaper();
    launcher_ =
        make_process_launcher(loop_.context(), complete(std::move(options), folder_.path()), *this);
}

LaunchFixture::~LaunchFixture() {
    // Whatever a failed test left alive goes now, and not into the next test.
    for (const auto& [key, story] : stories_) {
        if (!story.over()) launcher_->signal(key.first, key.second, RunnerOrder::kill);
    }
    wait_until([this] {
        for (const auto& [key, story] : stories_) {
            if (!story.over()) return false;
        }
        return true;
    });
}

LaunchRequest LaunchFixture::request(std::vector<std::string> argv) {
    LaunchRequest request;
    last_run_ = RunId("run-" + std::to_string(++serial_));
    request.run = last_run_;
    request.fence = 7;
    request.argv = std::move(argv);
    request.env = {"PATH=/usr/local/bin:/usr/bin:/bin", "SWEEPCTL_RUN_ID=" + request.run.text,
                   "SWEEPCTL_ATTEMPT=1", run_mark(folder_.path()) + last_run_.text};
    request.cwd = folder_.path();
    request.output_path = folder_ / ("logs/" + request.run.text + ".log");
    request.kill_delay = Duration{10'000};
    request.straggler_grace = Duration{10'000};
    return request;
}

const RunStory& LaunchFixture::launch(LaunchRequest request) {
    const RunStory& story = stories_[{request.run, request.attempt}];
    launcher_->launch(std::move(request));
    return story;
}

const RunStory& LaunchFixture::launch_test_program(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), test_program());
    return launch(request(std::move(arguments)));
}

const RunStory& LaunchFixture::run(std::vector<std::string> argv) {
    return run(request(std::move(argv)));
}

const RunStory& LaunchFixture::run(LaunchRequest request) {
    const RunStory& story = launch(std::move(request));
    wait_until_over(story);
    return story;
}

bool LaunchFixture::order(RunnerOrder order, int signal_number) {
    return launcher_->signal(last_run_, 1, order, signal_number);
}

std::string LaunchFixture::output() const {
    return output_of(last_run_);
}

std::string LaunchFixture::output_of(const RunId& run) const {
    return read_file(folder_ / ("logs/" + run.text + ".log"));
}

bool LaunchFixture::all_gone() const {
    const UniqueFd file(::open(lock_path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
}

bool LaunchFixture::wait_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!done()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        loop_.context().restart();
        loop_.context().run_one_for(std::chrono::milliseconds(2));
    }
    return true;
}

bool LaunchFixture::wait_until_over(const RunStory& story) {
    return wait_until([&story] { return story.over(); });
}

bool LaunchFixture::wait_for_output(const std::string& words) {
    const RunStory& story = stories_[{last_run_, 1}];
    return wait_until([&] { return story.started && output().find(words) != std::string::npos; });
}

void LaunchFixture::replace_launcher(ProcessLauncherOptions options) {
    launcher_.reset();
    launcher_ =
        make_process_launcher(loop_.context(), complete(std::move(options), folder_.path()), *this);
}

void LaunchFixture::launch_failed(const RunId& run,
                                  std::uint32_t attempt,
                                  const LaunchFailure& failure) {
    RunStory& story = stories_[{run, attempt}];
    story.out_of_order |= story.over() || story.records != 0;
    story.failure = failure;
}

void LaunchFixture::journal(const std::vector<JournalRecord>& records) {
    for (const JournalRecord& record : records) {
        RunStory& story = stories_[{run_of(record), attempt_of(record)}];
        ++story.records;
        story.out_of_order |= story.over();
        if (const auto* started = std::get_if<Started>(&record)) {
            story.out_of_order |= story.started || story.ended;
            story.started = *started;
        } else if (const auto* ended = std::get_if<Ended>(&record)) {
            story.out_of_order |= !story.started || story.ended;
            story.ended = *ended;
        } else if (const auto* drained = std::get_if<Drained>(&record)) {
            story.out_of_order |= !story.ended || story.ended->drained || story.drained;
            story.drained = *drained;
        }
    }
}

void LaunchFixture::runner_gone(const RunId& run, std::uint32_t attempt, int leftovers_killed) {
    RunStory& story = stories_[{run, attempt}];
    story.out_of_order |= story.over();
    story.gone = true;
    story.leftovers = leftovers_killed;
}

std::vector<int> own_children() {
    std::vector<int> children;
    for (const auto& task : fs::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "children");
        std::copy(std::istream_iterator<int>(file), {}, std::back_inserter(children));
    }
    return children;
}

bool LaunchFixture::reap_until_childless() {
    return wait_until([] {
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        return own_children().empty();
    });
}

int count_open_descriptors() {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd"))
        ++count;
    return count;
}

}  // namespace sweepctl::testing

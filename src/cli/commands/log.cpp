#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/core/json_text.hpp"

#include "cli/assignment.hpp"
#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

struct Options {
    std::vector<std::string> assignments;
    std::optional<std::uint64_t> step;
    bool preempting = false;
};

double unix_seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    return static_cast<double>(ms) / 1000.0;
}

ParamMap line_of(const Options& options) {
    ParamMap line;
    for (const std::string& word : options.assignments) {
        Assignment assignment = parse_assignment(word);
        if (find(line, assignment.key) != nullptr) {
            throw CliError(kUsage, "'" + printable(assignment.key) + "' is given twice");
        }
        line.emplace_back(std::move(assignment.key), std::move(assignment.value));
    }
    const auto set = [&](const char* key, ParamValue value) {
        if (find(line, key) == nullptr) line.emplace_back(key, std::move(value));
    };
    if (options.step) set("_step", json_count(options.step));
    if (options.preempting) set("_preempting", true);
    set("_time", unix_seconds_now());
    return line;
}

[[noreturn]] void cannot_write(const std::string& path, int error) {
    throw CliError(
        kError, "cannot write the metrics file '" + printable(path) + "': " + std::strerror(error));
}

/// A program that died in the middle of a line, or a disk that was full, leaves half of one behind.
bool ends_within_a_line(int fd) {
    struct stat info {};
    char last = '\n';
    return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
           ::pread(fd, &last, 1, info.st_size - 1) == 1 && last != '\n';
}

/// One write, so that lines of programs that log at once never mix.
void append_line(const std::string& path, const std::string& json) {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
    if (!file.valid()) cannot_write(path, errno);
    const std::string line = (ends_within_a_line(file.get()) ? "\n" : "") + json + "\n";
    ssize_t written = 0;
    do {
        written = ::write(file.get(), line.data(), line.size());
    } while (written < 0 && errno == EINTR);
    if (written < 0) cannot_write(path, errno);
    if (static_cast<std::size_t>(written) != line.size()) cannot_write(path, ENOSPC);
}

int log(const Options& options) {
    if (options.assignments.empty() && !options.preempting) {
        throw CliError(kUsage, "nothing to log", "give metrics like 'loss=0.3', or --preempting");
    }
    const ParamMap line = line_of(options);
    const char* const path = std::getenv("SWEEPCTL_METRICS");
    if (path == nullptr || *path == '\0') {
        throw CliError(kError, "this is not inside a run: SWEEPCTL_METRICS is not set",
                       "'sweepctl log' is for the programs that sweepctl runs");
    }
    append_line(path, to_json(line));
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->assignments, ValueKind::assignment, "KEY=VALUE",
                         "a metric's name and value", false);
    arguments.option("--step", options->step, "N", "the step; else the number of lines before");
    arguments.flag("--preempting", options->preempting,
                   "the run is about to be preempted: when it fails now, it goes again");
    return [options](Session&) { return log(*options); };
}

}  // namespace

const Verb kLogVerb{
    .name = "log",
    .group = "inside a run",
    .summary = "append metrics to the run that this is called from",
    .details =
        "Appends one line to the file that SWEEPCTL_METRICS names. Numbers are compared "
        "(the best one is kept); other values are only kept. Works without a controller.",
    .examples =
        "sweepctl log loss=0.3 epoch=4\n"
        "sweepctl log --step 100 accuracy=0.91\n"
        "trap 'sweepctl log --preempting; exit 1' TERM",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "sweepctl/agent/launcher.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <time.h>

namespace sweepctl {

bool means_shortage(int error) {
    return error == ENOSPC || error == EDQUOT || error == EAGAIN || error == ENOMEM ||
           error == EMFILE || error == ENFILE;
}

std::string_view to_string(LaunchStage stage) {
    switch (stage) {
        case LaunchStage::file: return "file";
        case LaunchStage::output: return "output";
        case LaunchStage::journal: return "journal";
        case LaunchStage::runner: return "runner";
        case LaunchStage::start_record: return "start_record";
        case LaunchStage::runner_lost: return "runner_lost";
    }
    std::abort();
}

namespace {

std::string_view complaint(LaunchStage stage) {
    switch (stage) {
        case LaunchStage::file: return "cannot write the file";
        case LaunchStage::output: return "cannot open the output file";
        case LaunchStage::journal: return "cannot begin the exit journal in";
        case LaunchStage::runner: return "cannot start the runner";
        case LaunchStage::start_record:
            return "cannot write the start record into the exit journal";
        case LaunchStage::runner_lost: return "the runner died before it had started the program";
    }
    std::abort();
}

}  // namespace

std::string describe(const LaunchFailure& failure) {
    std::string line(complaint(failure.stage));
    if (!failure.path.empty()) line += " '" + failure.path + "'";
    if (failure.error != 0) {
        std::string reason = std::generic_category().message(failure.error);
        if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z')
            reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
        line += ": " + reason;
    }
    return line;
}

std::int64_t boottime_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace sweepctl

#include "runner/program.hpp"

#include "sweepctl/runner/contract.hpp"

#include "runner/system.hpp"
#include "runner/text.hpp"

namespace sweepctl::runner {

namespace {

constexpr std::size_t kPathMax = 4096;

/// What the child is given, and what it leaves when it fails. Both sides share the memory.
struct Start {
    const char* cwd;
    char** argv;
    char** environment;
    int runner_pid;
    StartFailure failure;
};

const char* find_in(char** environment, Text name_and_equals) {
    for (; *environment != nullptr; ++environment) {
        const char* entry = *environment;
        std::size_t i = 0;
        while (i < name_and_equals.size && entry[i] == name_and_equals.data[i])
            ++i;
        if (i == name_and_equals.size) return entry + i;
    }
    return nullptr;
}

bool has_slash(const char* text) {
    for (; *text != '\0'; ++text) {
        if (*text == '/') return true;
    }
    return false;
}

// After these the next folder of PATH is tried; anything else is the answer.
bool try_next_folder(long error) {
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ESTALE ||
           error == ENODEV || error == ETIMEDOUT;
}

/// Becomes the program. Returns errno when it cannot.
int execute_by_name(char** argv, char** environment) {
    const char* name = argv[0];
    if (*name == '\0') return ENOENT;
    if (has_slash(name)) return static_cast<int>(-execute(name, argv, environment));

    const char* folders = find_in(environment, Text{"PATH=", 5});
    if (folders == nullptr) folders = "/bin:/usr/bin";
    bool forbidden = false;
    for (const char* folder = folders;;) {
        const char* end = folder;
        while (*end != '\0' && *end != ':')
            ++end;
        TextBuffer<kPathMax> path;
        path.put(Text{folder, static_cast<std::size_t>(end - folder)});
        if (end != folder) path.put('/');  // An empty one is the working directory.
        path.put(name);
        path.put('\0');
        if (path.complete()) {
            const long error = -execute(path.data(), argv, environment);
            if (!try_next_folder(error)) return static_cast<int>(error);
            if (error == EACCES) forbidden = true;
        }
        if (*end == '\0') return forbidden ? EACCES : ENOENT;
        folder = end + 1;
    }
}

[[noreturn]] void fail(Start& start, unsigned stage, int error) {
    start.failure = {stage, error};
    exit_process(127);
}

void run_child(void* argument) {
    auto& start = *static_cast<Start*>(argument);
    set_group(0, 0);
    process_option(PR_SET_PDEATHSIG, SIGKILL);
    if (parent_pid() != start.runner_pid) exit_process(127);  // It died before we asked for that.
    if (const long result = change_directory(start.cwd); result < 0)
        fail(start, contract::kStageChdir, static_cast<int>(-result));
    set_blocked_signals(0);
    fail(start, contract::kStageExec, execute_by_name(start.argv, start.environment));
}

}  // namespace

int start_program(const Params& params, char** argv, char** environment, StartFailure& failure) {
    Start start{params.cwd, argv, environment, own_pid(), {}};
    const long pid = vfork_call(run_child, &start);
    if (pid < 0) {
        failure = {contract::kStageClone, static_cast<int>(-pid)};
        return 0;
    }
    if (start.failure.error != 0) {
        failure = start.failure;
        siginfo_t info;
        wait_for_child(P_PID, static_cast<int>(pid), info, WEXITED);
        return 0;
    }
    return static_cast<int>(pid);
}

}  // namespace sweepctl::runner

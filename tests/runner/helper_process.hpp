#pragma once

#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/runner/contract.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sweepctl::testing {

/// A program with a pipe for its output, ended when the test is.
class HelperProcess {
public:
    explicit HelperProcess(std::vector<std::string> argv, int journal = -1) {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        output_.reset(ends[0]);
        const UniqueFd write_end(ends[1]);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, write_end.get(), 1);
        if (journal >= 0)
            ::posix_spawn_file_actions_adddup2(&actions, journal, contract::kJournalFd);
        std::vector<char*> arguments;
        for (std::string& argument : argv)
            arguments.push_back(argument.data());
        arguments.push_back(nullptr);
        REQUIRE(::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) ==
                0);
        ::posix_spawn_file_actions_destroy(&actions);
    }
    ~HelperProcess() { kill(); }
    HelperProcess(const HelperProcess&) = delete;
    HelperProcess& operator=(const HelperProcess&) = delete;

    void kill() {
        if (pid_ == 0) return;
        ::kill(pid_, SIGKILL);
        wait();
    }
    /// How it ended, as waitpid says.
    int wait() {
        int status = -1;
        ::waitpid(pid_, &status, 0);
        pid_ = 0;
        return status;
    }
    /// All that it said so far.
    const std::string& said() {
        pollfd entry{output_.get(), POLLIN, 0};
        while (::poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0) {
            char piece[4096];
            const ssize_t size = ::read(output_.get(), piece, sizeof piece);
            if (size <= 0) break;
            said_.append(piece, static_cast<std::size_t>(size));
        }
        return said_;
    }
    bool says(const std::string& words) { return said().find(words) != std::string::npos; }

private:
    pid_t pid_ = 0;
    UniqueFd output_;
    std::string said_;
};

}  // namespace sweepctl::testing

#include "sweepctl/controller/local_agent.hpp"

#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/base/lock_file.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

// The keeper of the local agent, with processes that do nothing but hold the agent's lock.

using namespace sweepctl;

namespace {

/// A process that has the lock, as an earlier controller's agent has.
class Elder {
public:
    explicit Elder(const std::string& lock_path) {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        const UniqueFd ready(ends[0]);
        UniqueFd say(ends[1]);
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            ::signal(SIGTERM, SIG_DFL);
            const UniqueFd lock = try_lock_file(lock_path);
            const bool said = lock.valid() && ::write(say.get(), "x", 1) == 1;
            while (said)
                ::pause();
            ::_exit(1);
        }
        say.reset();
        char byte = 0;
        REQUIRE(::read(ready.get(), &byte, 1) == 1);
    }
    ~Elder() {
        if (pid_ > 0) kill();
    }
    Elder(const Elder&) = delete;
    Elder& operator=(const Elder&) = delete;

    void kill() {
        ::kill(pid_, SIGKILL);
        end();
    }
    /// Waits for its end; the signal that it died of.
    int end() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }

private:
    pid_t pid_ = -1;
};

class Keeper {
public:
    Keeper() {
        std::string name =
            (std::filesystem::temp_directory_path() / "sweepctl-keeper-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        options.program = "/bin/sh";
        options.arguments = {"-c", "echo x > '" + folder_ + "/started'"};
        options.lock_path = folder_ + "/lock";
        options.error_path = folder_ + "/errors";
        options.died = [this] { ++deaths; };
    }
    ~Keeper() { std::filesystem::remove_all(folder_); }
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    [[nodiscard]] bool has_started() const {
        return std::filesystem::exists(folder_ + "/started");
    }
    bool wait_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (!done()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            loop.context().restart();
            loop.context().run_one_for(std::chrono::milliseconds{2});
        }
        return true;
    }

    EventLoop loop;
    LocalAgentOptions options;
    int deaths = 0;

private:
    std::string folder_;
};

}  // namespace

TEST_CASE("local agent: an earlier controller's is ended like one's own",
          "[controller][local_agent]") {
    Keeper keeper;
    Elder elder(keeper.options.lock_path);
    LocalAgent agent(keeper.loop.context(), keeper.options);
    if (GENERATE(true, false)) agent.keep_alive();
    bool ended = false;
    agent.end([&ended] { ended = true; });
    REQUIRE(keeper.wait_until([&ended] { return ended; }));
    CHECK(elder.end() == SIGTERM);
    CHECK(keeper.deaths == 0);
    CHECK_FALSE(keeper.has_started());
}

TEST_CASE("local agent: after an earlier controller's comes one's own",
          "[controller][local_agent]") {
    Keeper keeper;
    Elder elder(keeper.options.lock_path);
    LocalAgent agent(keeper.loop.context(), keeper.options);
    agent.keep_alive();
    CHECK_FALSE(keeper.has_started());
    elder.kill();
    CHECK(keeper.wait_until([&keeper] { return keeper.has_started(); }));
    CHECK(keeper.deaths >= 1);
    bool ended = false;
    agent.end([&ended] { ended = true; });
    CHECK(keeper.wait_until([&ended] { return ended; }));
}

TEST_CASE("local agent: where none is, there is nothing to end", "[controller][local_agent]") {
    Keeper keeper;
    LocalAgent agent(keeper.loop.context(), keeper.options);
    bool ended = false;
    agent.end([&ended] { ended = true; });
    CHECK(ended);
}

TEST_CASE("local agent: none follows one that is not wanted any more",
          "[controller][local_agent]") {
    Keeper keeper;
    int asked = 0;
    keeper.options.wanted = [&asked] {
        ++asked;
        return false;
    };
    Elder elder(keeper.options.lock_path);
    LocalAgent agent(keeper.loop.context(), keeper.options);
    agent.keep_alive();
    elder.kill();
    REQUIRE(keeper.wait_until([&asked] { return asked > 0; }));
    CHECK(keeper.deaths == 1);
    bool ended = false;
    agent.end([&ended] { ended = true; });
    CHECK(ended);
    CHECK_FALSE(keeper.has_started());
}

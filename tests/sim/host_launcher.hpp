#pragma once

#include "sweepctl/agent/agent.hpp"
#include "sweepctl/agent/launcher.hpp"

#include "sim/agenda.hpp"
#include "sim/host.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// The ports through which one agent process reaches its host. They die with it.

namespace sweepctl::sim {

/// Runs a task in the agent's process: later when that is stopped, never when it is dead.
using Enter = std::function<void(Agenda::Task)>;

class HostLauncher final : public Launcher {
public:
    HostLauncher(Host& host, Agenda& agenda, LifeRef agent, Enter enter);
    ~HostLauncher() override;
    void tell(LauncherEvents& events) { events_ = &events; }

    [[nodiscard]] std::vector<JournalRecord> recover() override;
    void launch(LaunchRequest request) override;
    bool adopt(const RunId& run, std::uint32_t attempt, const RunnerIdentity& runner) override;
    bool signal(const RunId& run,
                std::uint32_t attempt,
                RunnerOrder order,
                int signal_number) override;
    void forget(const RunId& run, std::uint32_t attempt) override;

private:
    using Key = std::pair<RunId, std::uint32_t>;
    struct Watched {
        std::optional<int> pid;  ///< nullopt while it is being launched
        bool over = false;
        std::vector<std::pair<RunnerOrder, int>> orders;  ///< kept during the launch
    };
    struct Noted {
        bool started = false;
        bool drained = false;
    };

    void soon(Agenda::Task task);
    void read_journal();
    void note(const JournalRecord& record);
    void launch_failed(const Key& key, const LaunchFailure& failure);
    void runner_ended(const Key& key);
    void runner_gone(const Key& key);
    void drop_old_journal();

    Host& host_;
    Agenda& agenda_;
    LifeRef agent_;
    Enter enter_;
    LauncherEvents* events_ = nullptr;
    std::size_t read_ = 0;
    std::map<Key, Watched> watched_;
    std::map<Key, Noted> noted_;
    std::set<Key> forgotten_;
};

class HostFiles final : public RunFiles {
public:
    HostFiles(Host& host, Agenda& agenda, LifeRef agent, Enter enter);
    ~HostFiles() override {
        host_.on_file = [](const std::string&) {};
    }
    void tell(Agent& agent) { reader_ = &agent; }

    void follow(const RunId& run, std::uint32_t attempt, const std::string& path) override;
    void unfollow(const RunId& run, std::uint32_t attempt) override;
    void follow_output(const RunId& run, std::uint32_t attempt, const std::string& path) override;
    [[nodiscard]] MetricsChunk read_metrics(const std::string& path,
                                            std::uint64_t offset,
                                            MetricsFormat format,
                                            bool final) override;
    [[nodiscard]] std::string locate(const std::string& sweeps_dir,
                                     const RunId& run,
                                     std::uint32_t attempt) override;
    [[nodiscard]] LogChunk read_log(const std::string& path,
                                    std::uint64_t offset,
                                    std::uint32_t limit) override;
    [[nodiscard]] std::vector<std::string> environment_of(int pid) override;
    [[nodiscard]] std::optional<int> program_pid(int runner_pid) override;

private:
    Host& host_;
    Agenda& agenda_;
    LifeRef agent_;
    Enter enter_;
    Agent* reader_ = nullptr;
    std::map<std::string, std::pair<RunId, std::uint32_t>> followed_;  ///< by path
    std::map<std::string, std::pair<RunId, std::uint32_t>> outputs_;   ///< each for one call
};

}  // namespace sweepctl::sim

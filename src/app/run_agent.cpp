// `sweepctl agent`: the agent's logic with real processes, files and a link that is made again when
// it breaks.

#include "sweepctl/agent/agent.hpp"
#include "sweepctl/agent/process_launcher.hpp"
#include "sweepctl/agent/run_files.hpp"
#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/aio/signal_watch.hpp"
#include "sweepctl/aio/timer.hpp"
#include "sweepctl/base/backoff.hpp"
#include "sweepctl/base/counted.hpp"
#include "sweepctl/base/lock_file.hpp"
#include "sweepctl/base/log.hpp"
#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/cli/daemon_entry.hpp"
#include "sweepctl/cli/endpoint.hpp"
#include "sweepctl/controller/local_agent.hpp"
#include "sweepctl/wire/agent_protocol.hpp"
#include "sweepctl/wire/websocket_client.hpp"

#include "app/clock.hpp"
#include "app/give_up.hpp"
#include "app/gpus.hpp"
#include "app/memory.hpp"
#include "app/state_directory.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

extern char** environ;

namespace sweepctl {

namespace {

constexpr std::chrono::milliseconds kReconnectFirst{50};
constexpr std::chrono::milliseconds kReconnectMax{2'000};
/// By who is there but does not take us it will hardly be done soon.
constexpr std::chrono::milliseconds kRefusedMax{60'000};
constexpr int kGaveUp = 5;

/// What belongs to one agent for good: its folder, its lock, its id.
struct Place {
    std::string directory;
    UniqueFd lock;
    std::string id;
};

Place claim_place(const std::string& home, bool local) {
    const std::string agents = home + "/agents";
    make_private_directory(home);
    std::filesystem::create_directories(agents);
    const auto try_place = [](const std::string& directory) -> std::optional<Place> {
        make_private_directory(directory);
        UniqueFd lock = try_lock_file(directory + "/lock");
        if (!lock.valid()) return std::nullopt;
        Place place{directory, std::move(lock), read_word(directory + "/id")};
        if (place.id.empty()) {
            place.id = random_word(8);
            write_word(directory + "/id", place.id);
        }
        return place;
    };
    if (local) {
        std::optional<Place> place = try_place(agents + "/local");
        if (!place) throw std::runtime_error("another agent serves '" + home + "' on this host");
        return std::move(*place);
    }
    // The first place that nobody holds: so what an earlier agent left behind is taken over.
    for (int number = 1;; ++number) {
        std::optional<Place> place = try_place(agents + "/" + std::to_string(number));
        if (place) return std::move(*place);
    }
}

std::vector<std::pair<std::string, std::string>> own_environment() {
    std::vector<std::pair<std::string, std::string>> entries;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text(*entry);
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || text.rfind("SWEEPCTL_", 0) == 0) continue;
        entries.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return entries;
}

class AgentProgram : public AgentLink, public LauncherEvents {
public:
    explicit AgentProgram(const AgentOptions& options) : options_(options) {}

    int run();

    bool send(const AgentMessage& message) override {
        return client_ != nullptr && client_->connected() && client_->send(encode(message));
    }
    void launch_failed(const RunId& run,
                       std::uint32_t attempt,
                       const LaunchFailure& failure) override {
        log_warn("run ", run.text, ": ", describe(failure));
        agent_->launch_failed(run, attempt, failure);
        after_event();
    }
    void journal(const std::vector<JournalRecord>& records) override {
        agent_->journal(records);
        after_event();
    }
    void runner_gone(const RunId& run, std::uint32_t attempt, int leftovers_killed) override {
        agent_->runner_gone(run, attempt, leftovers_killed);
        after_event();
    }

private:
    void build();
    void connect();
    void connect_after(std::chrono::milliseconds pause);
    void closed(const std::string& reason);
    void received(const std::string& text);
    void welcomed();
    void refuse_without_program(const SweepBrief& brief);
    void after_event();
    void arm_timer();
    void on_signal(int signal);
    void escalate(const std::string& why);
    void say(const std::string& line);
    [[nodiscard]] Result<ServerAddress, std::string> address() const;

    const AgentOptions& options_;
    EventLoop loop_;
    SystemAgentClock clock_;
    Place place_;
    std::unique_ptr<Launcher> launcher_;
    std::unique_ptr<RunFiles> files_;
    std::unique_ptr<Agent> agent_;
    std::unique_ptr<WebSocketClient> client_;
    std::unique_ptr<WebSocketClient> closed_client_;
    std::optional<Timer> deadline_;
    std::optional<Timer> reconnect_;
    std::optional<Timer> term_timer_;
    std::optional<SteadyTime> armed_for_;
    Backoff lost_{kReconnectFirst, kReconnectMax};   ///< nobody is there, or is there any more
    Backoff refused_{kReconnectFirst, kRefusedMax};  ///< somebody is, who does not welcome us
    bool connected_ = false;
    bool welcomed_ = false;
    std::set<std::string> troubles_told_;  ///< since the last welcome
    std::minstd_rand random_{std::random_device{}()};
    std::optional<GiveUp> give_up_;
    bool given_up_ = false;
    int tier_ = 0;  ///< of a person's agent: 1 waits for its runs, 2 ends them, 3 kills them
    int exit_code_ = 0;
};

int AgentProgram::run() {
    keep_free_memory();
    place_ = claim_place(options_.home, options_.local);
    build();
    agent_->recover();
    ::signal(SIGPIPE, SIG_IGN);
    std::vector<int> signals{SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    if (!options_.local && options_.forward_signals)
        signals.insert(signals.end(), {SIGUSR1, SIGUSR2});
    SignalWatch watch(loop_.context(), signals, [this](int signal) { on_signal(signal); });
    connect();
    loop_.run();
    // Its runs go on: the launcher lets them live, and the next agent of this place adopts them.
    client_.reset();
    return exit_code_;
}

void AgentProgram::build() {
    become_subreaper();
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    deadline_.emplace(loop_.context());
    reconnect_.emplace(loop_.context());
    term_timer_.emplace(loop_.context());

    AgentSettings settings;
    settings.gpu_ids = options_.gpus ? *options_.gpus : visible_gpu_ids();
    settings.record.id = AgentId{place_.id};
    settings.record.host = host_name();
    settings.record.boot_id = boot_id();
    settings.record.pid = ::getpid();
    const auto by_machine = settings.gpu_ids.empty() || options_.local
                                ? std::max(1U, std::thread::hardware_concurrency())
                                : static_cast<unsigned>(settings.gpu_ids.size());
    settings.record.slots = options_.slots.value_or(by_machine);
    settings.record.local = options_.local;
    if (options_.sweep) settings.record.only_sweep = SweepId{*options_.sweep};
    settings.home = options_.home;
    settings.cwd = std::filesystem::current_path().string();
    settings.env = own_environment();
    if (const std::optional<Endpoint> endpoint = read_endpoint(options_.home)) {
        settings.base_url = endpoint->url;
        settings.api_key = read_word(token_path(options_.home));
    }
    settings.starts_max = count_limit(options_.count);
    settings.successes_max = count_limit(options_.count_successful);
    if (!options_.local)
        give_up_.emplace(GiveUpRules::from_environment(options_), clock_.now().steady);

    ProcessLauncherOptions launcher;
    launcher.runner_path = runner_program();
    launcher.journal_directory = place_.directory;
    launcher.run_mark = run_mark(options_.home);
    launcher_ = make_process_launcher(loop_.context(), std::move(launcher), *this);
    RunFilesEvents file_events;
    file_events.metrics_changed = [this](const RunId& run, std::uint32_t attempt) {
        agent_->metrics_changed(run, attempt);
        after_event();
    };
    file_events.output_changed = [this](const RunId& run, std::uint32_t attempt) {
        agent_->output_changed(run, attempt);
        after_event();
    };
    file_events.warn = [](std::string_view line) { log_warn(line); };
    files_ = make_run_files(loop_.context(), std::move(file_events));
    agent_ = std::make_unique<Agent>(std::move(settings), *launcher_, *files_, *this, clock_);
    log_info("agent ", place_.id, " on ", host_name(), ", ",
             counted(agent_->record().slots, "slot"), ", ", counted(agent_->record().gpus, "GPU"));
}

/// The controller may have come back elsewhere: its state directory knows.
Result<ServerAddress, std::string> AgentProgram::address() const {
    if (options_.local) {
        if (const std::optional<Endpoint> endpoint = read_endpoint(options_.home)) {
            return ServerAddress::parse("unix:" + endpoint->socket);
        }
    }
    return ServerAddress::parse(options_.server, options_.token);
}

void AgentProgram::connect() {
    Result<ServerAddress, std::string> where = address();
    if (!where) throw std::runtime_error(where.error());
    WebSocketEvents events;
    events.connected = [this] {
        connected_ = true;
        agent_->connected();
        after_event();
    };
    events.message = [this](std::string text) { received(text); };
    events.closed = [this](std::string reason) { closed(reason); };
    client_ = std::make_unique<WebSocketClient>(loop_.context(), std::move(where).value(),
                                                "/api/v1/agents/connect", std::move(events));
    client_->open();
}

void AgentProgram::closed(const std::string& reason) {
    if (troubles_told_.insert(reason).second)
        log_warn("no link to the controller: ", reason, ", trying on");
    agent_->disconnected();
    closed_client_ = std::move(client_);  // We are inside its callback.
    if (agent_->draining() && agent_->live() == 0) {
        loop_.stop();
        return;
    }
    const bool refused = connected_ && !welcomed_;
    connected_ = welcomed_ = false;
    const double chance = std::uniform_real_distribution<>()(random_);
    connect_after((refused ? refused_ : lost_).wait(chance));
    after_event();
}

void AgentProgram::connect_after(std::chrono::milliseconds pause) {
    reconnect_->after(pause, [this] {
        closed_client_.reset();
        connect();
    });
}

void AgentProgram::received(const std::string& text) {
    Result<std::vector<AgentOrder>, std::string> orders = decode_orders(text);
    if (!orders) {
        log_error("the controller sent what this agent does not understand: ", orders.error());
        return;
    }
    for (const AgentOrder& order : *orders) {
        if (std::holds_alternative<WelcomeOrder>(order)) welcomed();
        if (std::holds_alternative<DrainOrder>(order) && !agent_->draining())
            say("nothing more to do here, leaving");
        if (const auto* brief = std::get_if<SweepBrief>(&order)) refuse_without_program(*brief);
        agent_->order(order);
    }
    after_event();
}

void AgentProgram::welcomed() {
    log_info("linked to the controller");
    welcomed_ = true;
    lost_.reset();
    refused_.reset();
    troubles_told_.clear();
}

/// The command line looks before, unless the controller could not be asked. What was claimed is
/// given back.
void AgentProgram::refuse_without_program(const SweepBrief& brief) {
    if (brief.program || !brief.command.empty() || agent_->draining()) return;
    say("sweep " + brief.sweep.text + " names neither a program nor a command, leaving");
    exit_code_ = 1;
    agent_->drain();
}

void AgentProgram::after_event() {
    if (give_up_) {
        for (const Agent::EndSeen& end : agent_->take_ends()) {
            const GiveUp::Verdict verdict = give_up_->take(end, clock_.now().steady);
            // One that has done enough is leaving already, but did not say why.
            const bool leaving = agent_->draining() && (!agent_->done_enough() || tier_ > 0);
            if (verdict.message.empty() || leaving || std::exchange(given_up_, true)) continue;
            say(verdict.message);
            exit_code_ = verdict.failed ? kGaveUp : 0;
            agent_->drain();
            if (verdict.failed) agent_->order_all(RunnerOrder::stop);
        }
    } else {
        static_cast<void>(agent_->take_ends());
    }
    if (agent_->idle()) {
        if (client_) client_->close("leaving");
        loop_.stop();
        return;
    }
    arm_timer();
}

void AgentProgram::arm_timer() {
    const std::optional<SteadyTime> next = agent_->next_deadline();
    if (next == armed_for_ && (!next || deadline_->armed())) return;
    armed_for_ = next;
    if (!next) {
        deadline_->cancel();
        return;
    }
    deadline_->at(*next, [this] {
        armed_for_.reset();
        agent_->tick();
        after_event();
    });
}

void AgentProgram::on_signal(int signal) {
    if (options_.local) {
        if (signal == SIGHUP) return;
        log_info("signal ", signal, ": leaving, live runs go on");
        loop_.stop();
        return;
    }
    const bool end = signal != SIGUSR1 && signal != SIGUSR2;
    if (options_.forward_signals && signal != SIGINT)
        agent_->order_all(RunnerOrder::forward, signal);
    if (end) escalate(signal == SIGINT ? "ctrl-c" : "signal " + std::to_string(signal));
    // Whoever is to leave has one more try to say so, and not a minute later.
    if (end && client_ == nullptr) connect_after({});
    after_event();
}

void AgentProgram::escalate(const std::string& why) {
    ++tier_;
    if (agent_->live() == 0) tier_ = std::max(tier_, 1);
    if (tier_ == 1) {
        say(why + " received: waiting for " + counted(agent_->live(), "live run") +
            " to end; once more ends them, a third time kills them");
        agent_->drain();
    } else if (tier_ == 2) {
        say("ending the live runs; once more kills them");
        agent_->order_all(RunnerOrder::stop);
    } else {
        say("killing the live runs");
        agent_->order_all(RunnerOrder::kill);
    }
    exit_code_ = 0;
    if (options_.term_timeout && tier_ < 3) {
        term_timer_->after(*options_.term_timeout, [this] {
            say("the live runs took longer than allowed to end, killing them");
            agent_->order_all(RunnerOrder::kill);
        });
    }
}

void AgentProgram::say(const std::string& line) {
    log_info(line);
    if (!options_.local && !options_.log_file.empty())
        std::fprintf(stderr, "sweepctl agent: %s\n", line.c_str());
}

}  // namespace

int run_agent(const AgentOptions& options) {
    try {
        if (!options.log_file.empty()) make_private_directory(options.home);
        const auto opened = init_log(log_level_from(options.log_level), options.log_file);
        if (!opened) throw std::runtime_error(opened.error());
        return AgentProgram(options).run();
    } catch (const std::exception& error) {
        log_error("agent: ", error.what());
        return 1;
    }
}

}  // namespace sweepctl

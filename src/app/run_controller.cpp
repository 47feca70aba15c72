// `sweepctl serve`: builds the controller's parts in order, and lets them go in the reverse one.

#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/aio/signal_watch.hpp"
#include "sweepctl/aio/timer.hpp"
#include "sweepctl/api/agent_sessions.hpp"
#include "sweepctl/api/api.hpp"
#include "sweepctl/api/http_server.hpp"
#include "sweepctl/base/lock_file.hpp"
#include "sweepctl/base/log.hpp"
#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/cli/daemon_entry.hpp"
#include "sweepctl/cli/endpoint.hpp"
#include "sweepctl/controller/controller.hpp"
#include "sweepctl/controller/local_agent.hpp"
#include "sweepctl/controller/sweep_plan.hpp"
#include "sweepctl/store/reader.hpp"
#include "sweepctl/store/sqlite_store.hpp"

#include "app/clock.hpp"
#include "app/file_removal.hpp"
#include "app/memory.hpp"
#include "app/state_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sweepctl {

namespace {

constexpr std::uint16_t kDefaultPort = 9127;
constexpr std::chrono::seconds kStopGrace{5};
/// Beyond it a shutdown leaves although something is still unsettled.
constexpr std::chrono::seconds kCancelPatience{60};

class ControllerProgram {
public:
    explicit ControllerProgram(const ServeOptions& options) : options_(options) {}

    int run();

private:
    void open_doors();
    void start_local_agent();
    void remove_files_of_deleted();
    void pump_soon();
    void pump();
    void arm_timer();
    void shut_down(bool cancel, ApiContext::Leaves leaves);
    bool cancel_sweeps();
    void leave();
    void say_ready();

    const ServeOptions& options_;
    UniqueFd lock_;
    EventLoop loop_;
    SystemClock clock_;
    std::string socket_;
    std::string url_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Reader> reader_;
    std::unique_ptr<AgentSessions> sessions_;
    std::unique_ptr<Controller> controller_;
    std::unique_ptr<Api> api_;
    std::unique_ptr<HttpServer> server_;
    std::unique_ptr<LocalAgent> local_agent_;
    std::unique_ptr<FileRemoval> file_removal_;
    std::optional<Timer> deadline_;
    std::optional<Timer> patience_;
    std::optional<SteadyTime> armed_for_;
    bool pump_posted_ = false;
    std::vector<ApiContext::Leaves> told_when_leaving_;
    bool leaving_ = false;
    bool closed_ = false;  ///< the local agent is gone, and so are all who were served
    bool cancelling_ = false;
    std::set<SweepId> cancelled_;  ///< since then
};

int ControllerProgram::run() {
    keep_free_memory();
    make_private_directory(options_.home);
    lock_ = try_lock_file(controller_lock_path(options_.home));
    if (!lock_.valid()) {
        // Perhaps under the name that the directory had before.
        const std::optional<LockHolder> other =
            find_lock_holder(controller_lock_path(options_.home));
        throw std::runtime_error("another controller has the state directory '" + options_.home +
                                 "'" + (other ? " (pid " + std::to_string(other->pid) + ")" : ""));
    }
    const auto wake = [this] {
        loop_.post([this] {
            store_->poll();
            if (reader_) reader_->poll();
            pump();
        });
    };
    const std::string database = options_.home + "/sweepctl.db";
    store_ = open_sqlite_store(database, wake);
    reader_ = open_reader(database, wake);

    AgentSessionsOptions session_options;
    session_options.now = [this] { return clock_.now(); };
    sessions_ = std::make_unique<AgentSessions>(loop_.context(), std::move(session_options));
    WorldOptions world;
    world.heartbeat_timeout = options_.heartbeat_timeout.value_or(world.heartbeat_timeout);
    controller_ = std::make_unique<Controller>(*store_, *sessions_, plan_of, clock_.now(), world);
    sessions_->attach(*controller_);
    controller_->on_news = [this] { pump_soon(); };
    remove_files_of_deleted();
    deadline_.emplace(loop_.context());
    patience_.emplace(loop_.context());

    open_doors();
    SignalWatch signals(loop_.context(), {SIGTERM, SIGINT}, [this](int signal) {
        log_info("signal ", signal, ": leaving, live runs go on");
        leave();
    });
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    start_local_agent();
    pump();
    say_ready();
    loop_.run();

    remove_endpoint(options_.home, ::getpid());
    log_info("controller ended");
    return 0;
}

void ControllerProgram::open_doors() {
    Result<std::string, std::string> socket = socket_path(options_.home);
    if (!socket) throw std::runtime_error(socket.error());
    socket_ = *socket;
    const std::string token = read_or_make_token(token_path(options_.home));

    ApiContext about;
    about.version = SWEEPCTL_VERSION;
    about.home = options_.home;
    about.socket = socket_;
    about.token = token;
    about.user = user_name();
    about.pid = ::getpid();
    about.started_at = clock_.now().wall;
    about.now = [this] { return clock_.now(); };
    about.draw_seed = [] {
        std::random_device device;
        // Kept below 2^53, so that every JSON reader and every spec can hold it.
        return ((std::uint64_t{device()} << 32U) | device()) >> 11U;
    };
    about.shut_down = [this](bool cancel, ApiContext::Leaves leaves) {
        shut_down(cancel, std::move(leaves));
    };
    about.http_counts = [this] { return server_ ? server_->counts() : HttpServerCounts{}; };
    api_ = std::make_unique<Api>(loop_.context(), *controller_, *reader_, *sessions_,
                                 std::move(about));

    const std::optional<std::uint16_t> kept = read_port(options_.home);
    HttpServerOptions server_options;
    server_options.unix_path = socket_;
    api_->complete(server_options);
    TcpDoor door;
    door.port = options_.port.value_or(kept.value_or(kDefaultPort));
    // Where programs already know an address, another one would be no help to them.
    door.any_port_if_busy = !options_.port && !kept;
    door.token = token;
    server_options.tcp = door;
    auto server = HttpServer::start(loop_.context(), server_options, api_->handler());
    if (!server && !options_.port) {
        server_options.tcp->any_port_if_busy = true;
        auto elsewhere = HttpServer::start(loop_.context(), server_options, api_->handler());
        // When it was not about the port, the second attempt says the same, and that is the end.
        if (elsewhere) log_warn(server.error(), ", taking another port");
        server = std::move(elsewhere);
    }
    if (!server) throw std::runtime_error(server.error());
    server_ = std::move(server).value();
    url_ = "http://127.0.0.1:" + std::to_string(server_->port());
    api_->listens_at(url_);
    write_port(options_.home, server_->port());
    if (const auto written = write_endpoint(options_.home, {::getpid(), socket_, url_}); !written) {
        throw std::runtime_error(written.error());
    }
    log_info("controller of ", options_.home, " listens on ", socket_, " and ", url_);
}

void ControllerProgram::start_local_agent() {
    const std::uint32_t slots =
        options_.slots.value_or(std::max(1U, std::thread::hardware_concurrency()));
    if (slots == 0) return;  // Agents elsewhere do the work.
    const std::string directory = options_.home + "/agents/local";
    std::filesystem::create_directories(directory);
    LocalAgentOptions agent;
    agent.program = own_program();
    agent.arguments = {"agent",       "--local",
                       "--home",      options_.home,
                       "--server",    "unix:" + socket_,
                       "--slots",     std::to_string(slots),
                       "--log-file",  directory + "/agent.log",
                       "--log-level", options_.log_level};
    agent.lock_path = directory + "/lock";
    agent.error_path = directory + "/agent.stderr";
    agent.died = [this] {
        controller_->post(AgentDied{AgentId{read_word(options_.home + "/agents/local/id")}});
    };
    agent.wanted = [this] { return controller_->world().local_agent_wanted(); };
    local_agent_ = std::make_unique<LocalAgent>(loop_.context(), std::move(agent));
    local_agent_->keep_alive();
}

/// Files go only after the deletion is durable.
void ControllerProgram::remove_files_of_deleted() {
    file_removal_ = std::make_unique<FileRemoval>(options_.home);
    controller_->subscribe([this](const std::vector<AuditEvent>& events) {
        for (const AuditEvent& event : events) {
            if (event.kind == "run_deleted") file_removal_->run(event.sweep, event.run);
            if (event.kind == "sweep_deleted") file_removal_->sweep(event.sweep);
        }
    });
}

void ControllerProgram::pump_soon() {
    if (std::exchange(pump_posted_, true)) return;
    loop_.post([this] {
        pump_posted_ = false;
        pump();
    });
}

void ControllerProgram::pump() {
    controller_->pump(clock_.now());
    arm_timer();
    if (!controller_->settled()) return;
    if (closed_) {
        loop_.stop();
    } else if (cancelling_ && !leaving_ && !cancel_sweeps() &&
               controller_->world().unended_runs() == 0) {
        leave();
    }
}

void ControllerProgram::arm_timer() {
    const std::optional<SteadyTime> next = controller_->next_deadline();
    if (next == armed_for_ && (!next || deadline_->armed())) return;
    armed_for_ = next;
    if (!next) {
        deadline_->cancel();
        return;
    }
    deadline_->at(*next, [this] { pump(); });
}

void ControllerProgram::say_ready() {
    if (options_.ready_fd < 0) return;
    constexpr std::string_view kReady = "ready\n";
    if (::write(options_.ready_fd, kReady.data(), kReady.size()) < 0) {
        log_warn("nobody waits for this controller any more: ", std::strerror(errno), ", going on");
    }
    ::close(options_.ready_fd);
}

void ControllerProgram::shut_down(bool cancel, ApiContext::Leaves leaves) {
    log_info(cancel ? "shutdown: cancelling all sweeps first" : "shutdown: live runs go on");
    told_when_leaving_.push_back(std::move(leaves));
    if (!cancel) {
        leave();
    } else if (!std::exchange(cancelling_, true)) {
        // Then leaves, once every run has ended and that is durable. An agent that is not linked at
        // this moment, as after a restart, comes and is told; one that stays away for longer is not
        // waited for.
        if (!cancel_sweeps()) pump_soon();
        patience_->after(kCancelPatience, [this] { leave(); });
    }
}

/// Those that were not yet, the ones launched meanwhile among them; whether there were any.
bool ControllerProgram::cancel_sweeps() {
    bool any = false;
    for (const SweepId& id : controller_->world().sweep_ids()) {
        if (!cancelled_.insert(id).second) continue;
        CommandSweep cancel{{0, "shutdown"}, id, SweepCommand::cancel, std::nullopt};
        controller_->request(std::move(cancel), [](const Answer&) {});
        any = true;
    }
    if (any) pump_soon();
    return any;
}

void ControllerProgram::leave() {
    const std::uint64_t live_runs = controller_->world().unended_runs();
    for (const ApiContext::Leaves& leaves : std::exchange(told_when_leaving_, {}))
        leaves(live_runs);
    if (std::exchange(leaving_, true)) return;
    if (cancelling_ && live_runs > 0) log_warn("leaving although runs may be alive: ", live_runs);
    api_->begin_shutdown();
    const auto stop_serving = [this] {
        server_->stop(kStopGrace, [this] {
            // What was said before is made durable first: pump() ends the loop when all is settled.
            closed_ = true;
            pump();
        });
    };
    if (local_agent_ == nullptr) {
        stop_serving();
        return;
    }
    local_agent_->end(stop_serving);
}

}  // namespace

int run_controller(const ServeOptions& options) {
    try {
        const LogLevel level = log_level_from(options.log_level);
        if (!options.log_file.empty()) make_private_directory(options.home);
        if (const auto opened = init_log(level, options.log_file); !opened)
            throw std::runtime_error(opened.error());
        return ControllerProgram(options).run();
    } catch (const std::exception& error) {
        log_error("controller: ", error.what());
        return 1;
    }
}

}  // namespace sweepctl

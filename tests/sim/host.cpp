#include "sim/host.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace sweepctl::sim {

namespace {

std::string env_of(const LaunchRequest& request, std::string_view name) {
    for (const std::string& entry : request.env) {
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
            return entry.substr(name.size() + 1);
    }
    return {};
}

}  // namespace

Host::Host(std::string name, Agenda& agenda, Truth& truth, LifeOf life_of)
    : name_(std::move(name)), agenda_(agenda), truth_(truth), life_of_(std::move(life_of)) {}

// --- A runner, from its start to the program's
// -----------------------------------------------------

void Host::start_runner(LaunchRequest request, LifeRef agent, Callbacks callbacks) {
    // A machine under load takes its time now and then, longer than any lease.
    const Duration delay = agenda_.random.chance(2)
                               ? agenda_.random.between(Duration{100}, Duration{25'000})
                               : agenda_.random.between(Duration{0}, Duration{4});
    agenda_.after(delay, power_,
                  [this, request = std::move(request), agent, callbacks = std::move(callbacks)] {
                      if (agent.expired()) return;
                      if (agenda_.random.chance(0.5)) {
                          callbacks.failed({LaunchStage::runner, EAGAIN, {}});
                          return;
                      }
                      auto runner = std::make_shared<Runner>();
                      runner->identity = {
                          next_pid(), static_cast<std::uint64_t>(agenda_.boottime_ms()), boot_id()};
                      runner->request = request;
                      runner->agent = agent;
                      runners_.emplace(runner->identity.pid, runner);
                      callbacks.born(runner->identity.pid);
                      agenda_.after(
                          agenda_.random.between(Duration{0}, Duration{2}), runner->token,
                          [this, runner, callbacks] { write_start_record(runner, callbacks); });
                  });
}

void Host::write_start_record(const RunnerRef& runner, const Callbacks& callbacks) {
    const LaunchRequest& request = runner->request;
    if (runner->agent.expired()) {  // PDEATHSIG
        exit_runner(runner);
        return;
    }
    if (disk_full) {
        runners_.erase(runner->identity.pid);
        callbacks.failed({LaunchStage::start_record, ENOSPC, {}});
        return;
    }
    runner->recorded = true;
    runner->recorded_at = agenda_.elapsed();
    files[request.output_path];
    journal.emplace_back(
        Started{request.run, request.attempt, request.fence, runner->identity, agenda_.now().wall});
    agenda_.trace(name_, ": start record of ",
                  name_of({request.run, request.attempt, request.fence}));
    on_journal();
    const Duration stall = agenda_.random.chance(1)
                               ? agenda_.random.between(Duration{100}, Duration{20'000})
                               : Duration{0};
    agenda_.after(stall, runner->token, [this, runner] { start_program(runner); });
}

void Host::start_program(const RunnerRef& runner) {
    const LaunchRequest& request = runner->request;
    runner->started_wall = agenda_.now().wall;
    runner->life = life_of_(request);
    const bool lease_over =
        request.lease_deadline_ms != 0 && agenda_.boottime_ms() >= request.lease_deadline_ms;
    if (lease_over || runner->life.spawn_errno != 0) {
        Ended unstarted;
        unstarted.run = request.run;
        unstarted.attempt = request.attempt;
        unstarted.fence = request.fence;
        if (lease_over) {
            unstarted.how = NotStarted{};
        } else {
            unstarted.how = SpawnError{SpawnStage::exec, runner->life.spawn_errno};
        }
        unstarted.started_at = unstarted.ended_at = agenda_.now().wall;
        agenda_.trace(name_, ": not started ",
                      name_of({request.run, request.attempt, request.fence}));
        append(runner, unstarted, [this, runner] { exit_runner(runner); });
        return;
    }
    runner->execution = &truth_.program_started(describe(*runner));
    runner->program_alive = true;
    log_metrics(runner);
    agenda_.after(runner->life.lasts, runner->token,
                  [this, runner] { end_program(runner, runner->life.end, runner->life.code); });
    for (const auto& [order, signal] : std::exchange(runner->early_orders, {}))
        take_order(runner, order, signal);
}

RealExecution Host::describe(const Runner& runner) const {
    const LaunchRequest& request = runner.request;
    RealExecution execution;
    execution.ref = {request.run, request.attempt, request.fence};
    execution.sweep = SweepId{env_of(request, "SWEEPCTL_SWEEP_ID")};
    execution.host = name_;
    execution.slot = std::stoi(env_of(request, "SWEEPCTL_SLOT"));
    execution.resources.cpus =
        static_cast<std::uint32_t>(std::stoul(env_of(request, "SWEEPCTL_CPUS")));
    std::string gpus = env_of(request, "CUDA_VISIBLE_DEVICES");
    for (std::size_t at = 0; at < gpus.size();) {
        const std::size_t comma = std::min(gpus.find(',', at), gpus.size());
        execution.gpus.insert(gpus.substr(at, comma - at));
        at = comma + 1;
    }
    execution.recorded_at = runner.recorded_at;
    return execution;
}

void Host::log_metrics(const RunnerRef& runner) {
    const std::string path = env_of(runner->request, "SWEEPCTL_METRICS");
    for (std::size_t k = 0; k < runner->life.metrics.size(); ++k) {
        agenda_.after(runner->life.metrics[k].first, runner->token, [this, runner, path, k] {
            if (!runner->program_alive) return;
            files[path] += runner->life.metrics[k].second + "\n";
            if (runner->life.says_preempting && k + 1 == runner->life.metrics.size())
                runner->execution->said_preempting = true;
            on_file(path);
        });
    }
    for (const auto& [when, line] : runner->life.printed) {
        agenda_.after(when, runner->token, [this, runner, text = line + "\n"] {
            if (!runner->program_alive) return;
            files[runner->request.output_path] += text;
            on_file(runner->request.output_path);
        });
    }
}

// --- A program's end, and what comes after it
// ------------------------------------------------------

void Host::end_program(const RunnerRef& runner, EndKind how, int code) {
    if (!runner->program_alive) return;
    runner->program_alive = false;
    truth_.program_ended(*runner->execution, how, code);
    const bool alone = runner->killing || !runner->life.stragglers;
    if (alone) truth_.tree_gone(*runner->execution);

    Ended record;
    record.run = runner->request.run;
    record.attempt = runner->request.attempt;
    record.fence = runner->request.fence;
    if (how == EndKind::exited) {
        record.how = ProgramExited{code};
    } else {
        record.how = ProgramSignaled{code, false};
    }
    record.ordered = runner->ordered;
    record.started_at = runner->started_wall;
    record.ended_at = agenda_.now().wall;
    record.drained = alone;
    append(runner, record, [this, runner, alone] {
        runner->execution->end_recorded = true;
        if (alone) {
            exit_runner(runner);
            return;
        }
        const Duration left = std::min(*runner->life.stragglers, runner->request.straggler_grace);
        agenda_.after(runner->killing ? Duration{0} : left, runner->token,
                      [this, runner] { drained(runner); });
    });
}

/// The last of the tree is gone; said once its end is recorded.
void Host::drained(const RunnerRef& runner) {
    if (runner->execution->alive()) truth_.tree_gone(*runner->execution);
    if (!runner->execution->end_recorded || std::exchange(runner->leaving, true)) return;
    append(runner,
           Drained{runner->request.run, runner->request.attempt, runner->request.fence,
                   agenda_.now().wall, 0},
           [this, runner] { exit_runner(runner); });
}

void Host::exit_runner(const RunnerRef& runner) {
    runner->token.reset();
    runners_.erase(runner->identity.pid);
    on_runner_exit(runner->identity.pid);
}

/// A runner repeats a failed append until it succeeds.
void Host::append(const RunnerRef& runner, JournalRecord record, std::function<void()> then) {
    if (disk_full) {
        agenda_.after(Duration{50}, runner->token,
                      [this, runner, record = std::move(record), then = std::move(then)] {
                          append(runner, record, then);
                      });
        return;
    }
    journal.push_back(std::move(record));
    on_journal();
    then();
}

// --- Orders
// -----------------------------------------------------------------------------------------

void Host::order(int runner_pid, RunnerOrder order, int signal) {
    const auto found = runners_.find(runner_pid);
    if (found == runners_.end()) return;
    const RunnerRef runner = found->second;
    agenda_.after(agenda_.random.between(Duration{0}, Duration{1}), runner->token,
                  [this, runner, order, signal] { take_order(runner, order, signal); });
}

void Host::take_order(const RunnerRef& runner, RunnerOrder order, int signal) {
    if (runner->execution == nullptr) {
        runner->early_orders.emplace_back(order, signal);
        return;
    }
    if (order == RunnerOrder::kill) {
        kill_all(runner);
        return;
    }
    if (!runner->program_alive) return;
    const int sent = order == RunnerOrder::stop ? SIGTERM : signal;
    truth_.ordered_signal(*runner->execution, sent);
    if (order == RunnerOrder::forward) return;
    if (!runner->ordered) {
        runner->ordered = SentSignal{sent, agenda_.now().wall};
        agenda_.after(runner->request.kill_delay, runner->token,
                      [this, runner] { kill_all(runner); });
    }
    if (runner->life.ignores_term) return;
    agenda_.after(runner->life.term_takes, runner->token, [this, runner, sent] {
        if (runner->life.exits_on_term) {
            end_program(runner, EndKind::exited, *runner->life.exits_on_term);
        } else {
            end_program(runner, EndKind::signaled, sent);
        }
    });
}

void Host::kill_all(const RunnerRef& runner) {
    runner->killing = true;
    if (runner->program_alive) {
        truth_.ordered_signal(*runner->execution, SIGKILL);
        if (!runner->ordered) runner->ordered = SentSignal{SIGKILL, agenda_.now().wall};
        end_program(runner, EndKind::signaled, SIGKILL);
    } else {
        drained(runner);
    }
}

int Host::kill_leftovers(const RunId& run, std::uint32_t attempt) {
    const auto is_his = [&](const RealExecution* orphan) {
        return orphan->ref.run == run && orphan->ref.attempt == attempt;
    };
    int killed = 0;
    for (RealExecution* orphan : orphans_) {
        if (!is_his(orphan) || !orphan->alive()) continue;
        truth_.tree_gone(*orphan);
        ++killed;
    }
    std::erase_if(orphans_, is_his);
    return killed;
}

bool Host::runner_alive(const RunnerIdentity& identity) const {
    const auto found = runners_.find(identity.pid);
    return found != runners_.end() && found->second->identity == identity;
}

const LaunchRequest* Host::request_of(int runner_pid) const {
    const auto found = runners_.find(runner_pid);
    return found == runners_.end() ? nullptr : &found->second->request;
}

// --- Fate
// -------------------------------------------------------------------------------------------

void Host::kill_a_runner() {
    if (runners_.empty()) return;
    const RunnerRef runner = agenda_.random.one_of(runners_).second;
    agenda_.trace(name_, ": kill -9 of the runner of ", runner->request.run.text);
    if (runner->program_alive) {  // PDEATHSIG
        runner->program_alive = false;
        truth_.program_ended(*runner->execution, EndKind::signaled, SIGKILL);
    }
    if (runner->execution != nullptr && runner->execution->alive()) {
        if (runner->life.stragglers) {
            RealExecution* orphan = runner->execution;
            orphans_.push_back(orphan);
            agenda_.after(*runner->life.stragglers, power_, [this, orphan] {
                if (orphan->alive()) truth_.tree_gone(*orphan);
                std::erase(orphans_, orphan);
            });
        } else {
            truth_.tree_gone(*runner->execution);
        }
    }
    exit_runner(runner);
}

void Host::reboot() {
    agenda_.trace(name_, ": power off");
    power_ = std::make_shared<int>();
    for (const auto& [pid, runner] : runners_) {
        runner->token.reset();
        if (runner->program_alive)
            truth_.program_ended(*runner->execution, EndKind::machine_restart, 0);
        if (runner->execution != nullptr && runner->execution->alive())
            truth_.tree_gone(*runner->execution);
    }
    for (RealExecution* orphan : orphans_) {
        if (orphan->alive()) truth_.tree_gone(*orphan);
    }
    runners_.clear();
    orphans_.clear();
    ++boot_;
    last_pid_ = 100;  // Pids come again.
}

}  // namespace sweepctl::sim

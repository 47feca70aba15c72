#include "sim/simulation.hpp"

#include "sim/agent_process.hpp"
#include "sim/controller_process.hpp"
#include "sim/judge.hpp"
#include "sim/user.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

namespace sweepctl::sim {

void Agenda::print(const std::string& line) const {
    std::printf("%9lld.%03d  %s\n", static_cast<long long>(elapsed_.count() / 1000),
                static_cast<int>(elapsed_.count() % 1000), line.c_str());
    std::fflush(stdout);
}

namespace {

/// What can go wrong. Each seed has its own mixture: some histories are all about one of them.
enum class Fault : std::uint8_t {
    controller_dies,
    controller_stops,
    agent_dies,
    agent_stops,
    agent_terminated,
    runner_dies,
    host_reboots,
    connection_breaks,
    host_cut_off,
    store_full,
    disk_full,
    wall_clock_jumps,
    agent_drained,
    nothing,
};
constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::nothing);

std::string_view to_string(Fault fault) {
    switch (fault) {
        case Fault::controller_dies: return "controller dies";
        case Fault::controller_stops: return "controller stops";
        case Fault::agent_dies: return "agent dies";
        case Fault::agent_stops: return "agent stops";
        case Fault::agent_terminated: return "agent terminated";
        case Fault::runner_dies: return "runner dies";
        case Fault::host_reboots: return "host reboots";
        case Fault::connection_breaks: return "connection breaks";
        case Fault::host_cut_off: return "host cut off";
        case Fault::store_full: return "store full";
        case Fault::disk_full: return "disk full";
        case Fault::wall_clock_jumps: return "wall clock jumps";
        case Fault::agent_drained: return "agent drained";
        case Fault::nothing: return "nothing";
    }
    std::abort();
}

class Simulation {
public:
    Simulation(std::uint64_t seed, bool traced)
        : agenda_(seed, traced),
          truth_(agenda_),
          network_(agenda_),
          disk_(std::make_shared<MemoryDisk>(seed)),
          controller_(agenda_, network_, disk_, plan_of(plans_)),
          user_(agenda_, truth_, controller_, disk_, plans_) {
        Random& random = agenda_.random;
        network_.habits.as_text = random.chance(10);
        network_.habits.repeats = random.chance(25) ? 10 : 0;
        const std::uint64_t hosts = 1 + random.pick(3);
        for (std::uint64_t k = 0; k < hosts; ++k)
            add_host("h" + std::to_string(k + 1));
        for (std::uint32_t& weight : weights_)
            weight = random.chance(40) ? 1 + static_cast<std::uint32_t>(random.pick(5)) : 0;
        fault_pause_ = random.between(Duration{300}, Duration{8'000});
        failing_ = random.chance(15) ? 90 : 25;
    }

    void run() {
        controller_.start();
        for (const auto& agent : agents_)
            agent->start();
        for (std::uint64_t k = 1 + agenda_.random.pick(3); k > 0; --k)
            user_.create_sweep();
        user_.live(agenda_.random.between(Duration{50}, Duration{2'000}));
        next_fault();
        until(agenda_.random.between(Duration{20'000}, Duration{150'000}));
        heal();
        settle();
        judge_all();
    }

    [[nodiscard]] Summary summary() const {
        std::map<std::string, std::uint64_t> happened = agenda_.happened();
        for (const AuditEvent& event : disk_->events) {
            const bool moved = !event.from.empty() || !event.to.empty();
            ++happened[event.kind + (moved ? " " + event.from + "->" + event.to : "") +
                       (event.kind == "run_state" ? " " + event.reason : "")];
        }
        return {{}, steps_, truth_.executions().size(), disk_->commits, std::move(happened)};
    }
    [[nodiscard]] Duration elapsed() const { return agenda_.elapsed(); }

private:
    void add_host(const std::string& name) {
        Random& random = agenda_.random;
        AgentSettings settings;
        settings.record.id = AgentId{"agent-" + name};
        settings.record.host = name;
        settings.record.slots = 2 + static_cast<std::uint32_t>(random.pick(3));
        settings.record.local = random.chance(50);
        // Somewhere there is one, or a sweep that needs it would wait for ever.
        for (std::uint64_t gpu = random.pick(3) + (hosts_.empty() ? 1 : 0); gpu > 0; --gpu)
            settings.gpu_ids.push_back("gpu" + std::to_string(gpu));
        settings.home = "/home/" + name;
        truth_.add_host(name, settings.record.slots);
        hosts_.push_back(std::make_unique<Host>(
            name, agenda_, truth_, [this](const LaunchRequest&) { return some_life(); }));
        agents_.push_back(
            std::make_unique<AgentProcess>(*hosts_.back(), agenda_, network_, settings));
        AgentProcess* agent = agents_.back().get();
        agent->on_left = [this, agent] {
            if (!leaving_for_good_) start_later(*agent, Duration{1'000});
        };
    }

    ProgramLife some_life() {
        Random& random = agenda_.random;
        ProgramLife life;
        life.lasts = random.chance(10)   ? random.between(Duration{5'000}, Duration{60'000})
                     : random.chance(30) ? random.between(Duration{500}, Duration{5'000})
                                         : random.between(Duration{0}, Duration{500});
        if (random.chance(failing_)) {
            constexpr std::array kCodes{1, 2, 75, 130, 143, 255};
            life.code = kCodes[random.pick(kCodes.size())];
        } else if (random.chance(5)) {
            constexpr std::array kSignals{SIGSEGV, SIGKILL, SIGINT, SIGTERM};
            life.end = EndKind::signaled;
            life.code = kSignals[random.pick(kSignals.size())];
        }
        life.ignores_term = random.chance(25);
        life.term_takes = random.between(Duration{0}, Duration{2'000});
        if (random.chance(50)) life.exits_on_term = random.chance(50) ? 0 : 143;
        if (random.chance(20)) life.stragglers = random.between(Duration{1}, Duration{10'000});
        if (random.chance(2)) life.spawn_errno = random.chance(50) ? ENOENT : EACCES;
        const std::uint64_t lines = random.chance(50) ? random.pick(8) : 0;
        Duration at{0};
        for (std::uint64_t k = 0; k < lines; ++k) {
            at += random.between(Duration{0}, life.lasts / 4);
            if (random.chance(5)) {
                life.metrics.emplace_back(at, "not a metric");
            } else {
                const std::uint64_t loss = random.pick(3'000);
                life.metrics.emplace_back(at, "{\"loss\":0." + std::to_string(loss + 1'000) +
                                                  ",\"step\":" + std::to_string(k) + "}");
            }
        }
        print_something(life);
        if (random.chance(10)) {
            life.metrics.emplace_back(at, R"({"_preempting":true})");
            life.says_preempting = true;
        }
        return life;
    }

    /// Prose, and metrics in both of the forms that a sweep may ask for.
    void print_something(ProgramLife& life) {
        Random& random = agenda_.random;
        const std::uint64_t lines = random.chance(50) ? random.pick(12) : 0;
        Duration at{0};
        for (std::uint64_t k = 0; k < lines; ++k) {
            at += random.between(Duration{0}, life.lasts / 6);
            const std::string number = std::to_string(k);
            if (random.chance(40)) {
                life.printed.emplace_back(at, "epoch " + number + " of 12: all is well");
            } else if (random.chance(50)) {
                life.printed.emplace_back(at, "printed=" + number + " acc: 0.5");
            } else {
                life.printed.emplace_back(at, "{\"printed\":" + number + "}");
            }
        }
    }

    // --- Bad luck

    void next_fault() {
        const LifeRef luck = bad_luck_;
        agenda_.after(agenda_.random.between(Duration{1}, 2 * fault_pause_), luck, [this] {
            strike(some_fault());
            next_fault();
        });
    }

    Fault some_fault() {
        std::uint64_t total = 0;
        for (const std::uint32_t weight : weights_)
            total += weight;
        if (total == 0) return Fault::nothing;
        std::uint64_t at = agenda_.random.pick(total);
        for (std::size_t k = 0; k < kFaults; ++k) {
            if (at < weights_[k]) return static_cast<Fault>(k);
            at -= weights_[k];
        }
        return Fault::nothing;
    }

    /// Mostly short; now and then longer than every timeout.
    Duration a_while(Duration usual) {
        Random& random = agenda_.random;
        if (random.chance(5)) return random.between(Duration{20'000}, Duration{400'000});
        return random.between(Duration{0}, usual);
    }

    void strike(Fault fault) {
        agenda_.count("fault: " + std::string(to_string(fault)));
        Random& random = agenda_.random;
        AgentProcess& agent = *random.one_of(agents_);
        Host& host = agent.host();
        switch (fault) {
            case Fault::controller_dies:
                controller_.kill();
                agenda_.after(a_while(Duration{5'000}), [this] { controller_.start(); });
                return;
            case Fault::controller_stops: controller_.stop_for(a_while(Duration{10'000})); return;
            case Fault::agent_dies: kill(agent); return;
            case Fault::agent_stops: agent.stop_for(a_while(Duration{20'000})); return;
            case Fault::agent_terminated: agent.terminate(); return;
            case Fault::runner_dies: host.kill_a_runner(); return;
            case Fault::host_reboots:
                agent.kill();
                host.reboot();
                start_later(agent, a_while(Duration{30'000}));
                return;
            case Fault::connection_breaks: network_.break_one(); return;
            case Fault::host_cut_off:
                network_.cut_off(host.name());
                agenda_.after(a_while(Duration{30'000}),
                              [this, name = host.name()] { network_.reconnect(name); });
                return;
            case Fault::store_full:
                agenda_.trace("controller: the disk is full");
                disk_->full = true;
                agenda_.after(a_while(Duration{5'000}), [this] { disk_->full = false; });
                return;
            case Fault::disk_full:
                agenda_.trace(host.name(), ": the disk is full");
                host.disk_full = true;
                agenda_.after(random.between(Duration{0}, Duration{3'000}),
                              [&host] { host.disk_full = false; });
                return;
            case Fault::wall_clock_jumps:
                agenda_.trace("the wall clock jumps");
                agenda_.jump_wall_clock(random.between(Duration{-3'600'000}, Duration{3'600'000}));
                return;
            case Fault::agent_drained:
                if (controller_.running()) user_.drain(agent.id());
                return;
            case Fault::nothing: return;
        }
    }

    void kill(AgentProcess& agent) {
        if (!agent.running()) return;
        agent.kill();
        if (agenda_.random.chance(50) && controller_.running()) controller_.see_death(agent.id());
        start_later(agent, a_while(Duration{5'000}));
    }

    void start_later(AgentProcess& agent, Duration delay) {
        agenda_.after(delay, [this, &agent] {
            if (!leaving_for_good_) agent.start();
        });
    }

    // --- Time

    void step() {
        if (!agenda_.step()) throw Foul("nothing will ever happen again");
        if (++steps_ > 2'000'000) throw Foul("it goes round and round");
    }

    void until(Duration end) {
        while (agenda_.elapsed() < end)
            step();
    }

    /// From here on nothing goes wrong any more, and nobody asks for anything.
    void heal() {
        agenda_.trace("--- everything heals");
        bad_luck_.reset();
        user_.rest();
        network_.reconnect_all();
        disk_->full = false;
        for (const auto& host : hosts_)
            host->disk_full = false;
        controller_.start();
        for (const auto& agent : agents_)
            agent->start();
    }

    /// Everything must come to its end by itself, but for what a person has to resume.
    void settle() {
        const Duration patience = agenda_.elapsed() + std::chrono::hours{3};
        Duration look = agenda_.elapsed();
        while (true) {
            step();
            if (agenda_.elapsed() < look) continue;
            look = agenda_.elapsed() + Duration{1'000};
            if (!controller_.quiet()) continue;
            resume_paused();
            if (controller_.controller().world().local_agent_drained()) {
                // Its own agent is wanted again.
                controller_.kill();
                controller_.start();
                continue;
            }
            if (settled()) return;
            if (agenda_.elapsed() > patience) throw Foul("stuck: " + what_is_stuck());
        }
    }

    void resume_paused() {
        for (const auto& [id, sweep] : disk_->sweeps) {
            if (sweep.record.status == SweepStatus::paused) user_.command(id, SweepCommand::resume);
        }
    }

    bool settled() { return controller_.quiet() && what_is_stuck().empty(); }

    std::string what_is_stuck() {
        for (const auto& [id, sweep] : disk_->sweeps) {
            const SweepStatus status = sweep.record.status;
            if (creates_runs(status) || status == SweepStatus::paused) {
                std::string why = "sweep " + id.text + " is " + std::string(to_string(status));
                for (const std::string& line :
                     controller_.controller().world().explain(id, agenda_.now()))
                    why += "\n  " + line;
                return why;
            }
        }
        for (const auto& [id, run] : disk_->runs) {
            if (!run.claim && run.state != RunState::running) continue;
            std::string why = "run " + id.text + " is " + std::string(to_string(run.state));
            for (const std::string& line :
                 controller_.controller().world().explain(id, agenda_.now()))
                why += "\n  " + line;
            return why;
        }
        if (!truth_.alive().empty())
            return "program of " + name_of(truth_.alive().front()->ref) + " lives";
        for (const auto& host : hosts_) {
            if (host->processes() != 0) return host->name() + " has processes left";
        }
        return {};
    }

    void judge_all() {
        agenda_.trace("--- judgement");
        // An agent leaves when everything it had to say is durable.
        leaving_for_good_ = true;
        const Duration patience = agenda_.elapsed() + std::chrono::minutes{10};
        Duration ask = agenda_.elapsed();
        const auto gone = [](const auto& agent) { return !agent->running(); };
        while (!std::all_of(agents_.begin(), agents_.end(), gone)) {
            step();
            if (agenda_.elapsed() >= ask) {
                ask = agenda_.elapsed() + Duration{5'000};
                for (const auto& agent : agents_) {
                    if (agent->running()) user_.drain(agent->id());
                }
            }
            if (agenda_.elapsed() > patience) throw Foul("an agent does not leave");
        }
        std::map<std::string, std::string> files;
        for (const auto& host : hosts_)
            files.insert(host->files.begin(), host->files.end());
        judge(*disk_, truth_, files, [this](const SweepId& sweep) {
            const auto found = disk_->sweeps.find(sweep);
            return found == disk_->sweeps.end()
                       ? StdoutMetrics::none
                       : plans_.at(found->second.origin.spec).stdout_metrics;
        });
    }

    Agenda agenda_;
    Truth truth_;
    Network network_;
    std::shared_ptr<MemoryDisk> disk_;  // Shared with the stores of all controllers.
    Plans plans_;
    ControllerProcess controller_;
    User user_;
    std::vector<std::unique_ptr<Host>> hosts_;
    std::vector<std::unique_ptr<AgentProcess>> agents_;
    std::array<std::uint32_t, kFaults> weights_{};
    Duration fault_pause_{1'000};
    double failing_ = 25;
    Life bad_luck_ = std::make_shared<int>();
    bool leaving_for_good_ = false;
    std::uint64_t steps_ = 0;
};

}  // namespace

Summary simulate(std::uint64_t seed, bool traced) {
    Simulation simulation(seed, traced);
    std::string foul;
    try {
        simulation.run();
    } catch (const std::exception& error) {
        foul = "seed " + std::to_string(seed) + " at " +
               std::to_string(simulation.elapsed().count()) + " ms: " + error.what();
    }
    Summary summary = simulation.summary();
    summary.foul = std::move(foul);
    return summary;
}

}  // namespace sweepctl::sim

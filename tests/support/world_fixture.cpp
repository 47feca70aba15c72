#include "support/world_fixture.hpp"

#include "sweepctl/base/check.hpp"

#include <stdexcept>
#include <utility>

namespace sweepctl::testing {

std::optional<Config> CountingStrategy::suggest(std::uint64_t number, const History&) const {
    if (size_ && number >= *size_) return std::nullopt;
    if (fails_at_ == number) throw std::runtime_error("no idea");
    return Config{{"x", ParamValue(static_cast<std::int64_t>(number))}};
}

std::optional<std::uint64_t> CountingStrategy::number_of(const Config& config) const {
    const ParamValue* x = find(config, "x");
    const auto* number = x == nullptr ? nullptr : x->get_if<std::int64_t>();
    if (number == nullptr || *number < 0 ||
        (size_ && static_cast<std::uint64_t>(*number) >= *size_)) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(*number);
}

Fixture::Fixture() : world_(std::make_unique<World>(Snapshot{}, SetupOf{}, now_)) {}

SweepSetup Fixture::setup_of(const SweepId& sweep) const {
    const SweepOptions& options = options_.at(sweep);
    SweepSetup setup{options.policy,
                     std::make_shared<CountingStrategy>(options.size, options.adaptive,
                                                        options.fails_at, options.seen,
                                                        options.pieces)};
    setup.memory = setup.strategy->memory();
    if (setup.memory == nullptr) return setup;
    for (const auto& [id, run] : runs_) {
        if (run.sweep != sweep || !run.settled()) continue;
        if (const auto seen = observation_of(run, options.policy.metric))
            setup.memory->observe(*seen);
    }
    return setup;
}

Request Fixture::request() {
    return {next_ticket_++, "test"};
}

void Fixture::apply(Event event) {
    apply_batch({std::move(event)});
}

void Fixture::apply_batch(std::vector<Event> batch) {
    const auto check = [this] {
        const std::string broken = world_->broken_invariant();
        if (!broken.empty()) throw std::logic_error("invariant: " + broken);
    };
    std::vector<Effect> effects;
    for (Event& event : batch) {
        resolve(event);
        world_->apply(std::move(event), now_, effects);
        check();
    }
    world_->apply(AssignWork{}, now_, effects);
    check();
    store(world_->take_changes());
    check();
    struct Taker {
        Fixture& fixture;
        void operator()(StartOrder& order) const { fixture.starts_.push_back(std::move(order)); }
        void operator()(SignalOrder& order) const { fixture.signals_.push_back(std::move(order)); }
        void operator()(RevokeOrder& order) const { fixture.revokes_.push_back(std::move(order)); }
        void operator()(Answer& answer) const {
            const bool first = fixture.answers_.emplace(answer.ticket, answer).second;
            SWEEPCTL_CHECK(first);
        }
        void operator()(AckOrder&) const {}
        void operator()(DrainOrder& order) const { fixture.drains_.push_back(std::move(order)); }
        void operator()(WelcomeOrder&) const {}
        void operator()(MetricsAck&) const {}
    };
    for (Effect& effect : effects)
        std::visit(Taker{*this}, effect);
}

/// As the Controller does.
void Fixture::resolve(Event& event) const {
    if (auto* upsert = std::get_if<UpsertRun>(&event)) {
        world_->correct_project(*upsert);
        resolve(upsert->named);
    }
    if (auto* stream = std::get_if<ClientStream>(&event)) resolve(stream->named);
    if (auto* change = std::get_if<SetRunState>(&event)) resolve(change->named);
    if (auto* file = std::get_if<RegisterFile>(&event)) resolve(file->named);
    if (auto* files = std::get_if<DeleteFiles>(&event)) resolve(files->named);
    if (auto* beat = std::get_if<ForeignHeartbeat>(&event)) {
        for (const RunId& run : beat->live) {
            if (const std::optional<Run> ended = ended_run(run)) beat->ended.push_back(*ended);
        }
    }
}

void Fixture::resolve(ClientRunName& named) const {
    if (world_->find_run(named) != nullptr) return;
    if (named.run) {
        named.ended = ended_run(*named.run);
        return;
    }
    for (const auto& [id, run] : runs_) {
        const SweepRecord& sweep = sweeps_.at(run.sweep).record;
        const bool here = sweep.entity == named.entity && sweep.project == named.project;
        const bool called = run.client && run.client->wire_name == named.name;
        if (here && (called || id.text == named.name) && world_->find_run(id) == nullptr)
            named.ended = run;
    }
    named.taken = !named.ended && runs_.contains(RunId{named.name});
}

void Fixture::store_clients(Changes& changes) {
    const auto known = [this](const RunId& run) { SWEEPCTL_CHECK(runs_.contains(run)); };
    for (StreamLines& lines : changes.streams) {
        known(lines.run);
        std::uint64_t number = lines.first_line;
        for (std::string& line : lines.lines)
            streams_[{lines.run, lines.stream}][number++] = std::move(line);
    }
    for (DetailsPatch& patch : changes.details) {
        known(patch.run);
        RunDetails& details = details_[patch.run];
        if (patch.details.notes) details.notes = patch.details.notes;
        if (patch.details.tags) details.tags = patch.details.tags;
        if (patch.details.config_json) details.config_json = patch.details.config_json;
        if (patch.details.summary_json) details.summary_json = patch.details.summary_json;
    }
    for (ProjectRow& project : changes.projects)
        projects_.push_back(std::move(project));
    for (FileRow& file : changes.files) {
        known(file.run);
        const std::string name = file.name;
        files_[file.run].insert_or_assign(name, std::move(file));
    }
    for (const DeletedFile& file : changes.deleted_files)
        files_[file.run].erase(file.name);
    for (EditedOrigin& edited : changes.edited_origins)
        sweeps_.at(edited.sweep).origin = std::move(edited.origin);
    skipped_serials_.insert(changes.skipped_serials.begin(), changes.skipped_serials.end());
}

void Fixture::store(Changes changes) {
    referee_.take(changes);
    for (NewSweep& sweep : changes.new_sweeps) {
        const SweepId id = sweep.record.id;
        sweeps_.insert_or_assign(id, std::move(sweep));
    }
    for (SweepRecord& record : changes.sweeps)
        sweeps_.at(record.id).record = std::move(record);
    for (const RunId& id : changes.deleted_runs)
        runs_.erase(id);
    for (RunRow& row : changes.runs) {
        const RunId id = row.run.id;
        SWEEPCTL_CHECK(row.fresh != runs_.contains(id));
        runs_.insert_or_assign(id, std::move(row.run));
    }
    for (AgentRecord& record : changes.agents) {
        const AgentId id = record.id;
        agents_.insert_or_assign(id, std::move(record));
    }
    for (const AgentId& id : changes.deleted_agents)
        agents_.erase(id);
    for (const SweepId& id : changes.deleted_sweeps) {
        sweeps_.erase(id);
        std::erase_if(runs_, [&](const auto& entry) { return entry.second.sweep == id; });
    }
    store_clients(changes);
    events_.insert(events_.end(), changes.events.begin(), changes.events.end());
    attempts_.insert(attempts_.end(), changes.attempts.begin(), changes.attempts.end());
    serials_ = changes.serials;
}

void Fixture::restart() {
    Snapshot snapshot;
    for (const auto& [id, sweep] : sweeps_)
        snapshot.sweeps.push_back(sweep);
    for (const auto& [id, run] : runs_) {
        if (!run.settled()) snapshot.runs.push_back(run);
    }
    for (const auto& [id, agent] : agents_)
        snapshot.agents.push_back(agent);
    snapshot.serials = serials_;
    snapshot.skipped_serials.assign(skipped_serials_.lower_bound(serials_.next_run),
                                    skipped_serials_.end());
    const SetupOf setup = [this](const NewSweep& sweep) -> std::optional<SweepSetup> {
        if (broken_specs_.contains(sweep.record.id)) return std::nullopt;
        return setup_of(sweep.record.id);
    };
    world_ = std::make_unique<World>(std::move(snapshot), setup, now_);
    store(world_->take_changes());
}

void Fixture::force_status(const SweepId& sweep, SweepStatus status) {
    sweeps_.at(sweep).record.status = status;
    referee_.expect(sweep, status);
    restart();
}

SweepId Fixture::create_sweep(const SweepOptions& options) {
    CreateSweep event;
    event.request = request();
    event.entity = "e";
    event.project = "p";
    event.needs_own_agent = options.needs_own_agent;
    event.policy = options.policy;
    event.paused = options.paused;
    event.strategy = std::make_shared<CountingStrategy>(
        options.size, options.adaptive, options.fails_at, options.seen, options.pieces);
    event.origin.prior = options.prior;
    const Ticket ticket = event.request.ticket;
    apply(std::move(event));
    const SweepId id = answers_.at(ticket).sweep;
    options_.emplace(id, options);
    return id;
}

void Fixture::connect(const std::string& agent, std::uint32_t slots, std::uint32_t window) {
    AgentRecord record;
    record.id = AgentId{agent};
    record.host = "host-" + agent;
    record.boot_id = "boot-1";
    record.slots = slots;
    records_[agent] = record;
    AgentHello event;
    event.agent = record;
    event.report.agent = record.id;
    event.report.window = rooms_[agent].window = window;
    apply(std::move(event));
}

void Fixture::hello(const std::string& agent,
                    std::vector<ExecutionRef> live,
                    std::vector<ExecutionRef> held,
                    const std::string& boot_id,
                    std::vector<RunEnded> ended) {
    AgentHello event;
    event.agent = records_.at(agent);
    event.agent.boot_id = boot_id;
    event.live = std::move(live);
    event.held = std::move(held);
    event.report = new_report(agent);
    event.report.ended = std::move(ended);
    apply(std::move(event));
}

void Fixture::disconnect(const std::string& agent) {
    apply(AgentDisconnected{AgentId{agent}});
}

AgentReport Fixture::new_report(const std::string& agent) {
    AgentReport report = rooms_[agent];
    report.agent = AgentId{agent};
    report.sequence = ++sequences_[agent];
    return report;
}

void Fixture::has_room(const std::string& agent,
                       std::optional<std::uint32_t> claims_max,
                       std::optional<AgentShortage> shortage) {
    rooms_[agent].claims_max = claims_max;
    rooms_[agent].shortage = std::move(shortage);
    apply(new_report(agent));
}

void Fixture::started(const std::string& agent, const ExecutionRef& execution) {
    AgentReport report = new_report(agent);
    report.started.push_back({execution, now_.wall, 4711});
    apply(std::move(report));
}

void Fixture::ended(const std::string& agent, RunEnded ended) {
    AgentReport report = new_report(agent);
    report.ended.push_back(std::move(ended));
    apply(std::move(report));
}

void Fixture::exited(const std::string& agent,
                     const ExecutionRef& execution,
                     int code,
                     int order_signal,
                     bool drained) {
    RunEnded end;
    end.execution = execution;
    end.kind = EndKind::exited;
    end.code = code;
    end.order_signal = order_signal;
    end.at = now_.wall;
    end.drained = drained;
    ended(agent, std::move(end));
}

void Fixture::signaled(const std::string& agent,
                       const ExecutionRef& execution,
                       int signal,
                       int order_signal,
                       bool drained) {
    RunEnded end;
    end.execution = execution;
    end.kind = EndKind::signaled;
    end.code = signal;
    end.order_signal = order_signal;
    end.at = now_.wall;
    end.drained = drained;
    ended(agent, std::move(end));
}

void Fixture::drained(const std::string& agent, const ExecutionRef& execution) {
    AgentReport report = new_report(agent);
    report.drained.push_back(execution);
    apply(std::move(report));
}

void Fixture::returned(const std::string& agent, const ExecutionRef& execution) {
    AgentReport report = new_report(agent);
    report.returned.push_back(execution);
    apply(std::move(report));
}

void Fixture::heartbeat(const std::string& agent, std::vector<ExecutionRef> live) {
    AgentHeartbeat event;
    event.agent = AgentId{agent};
    for (ExecutionRef& ref : live)
        event.live.emplace_back(std::move(ref), std::nullopt);
    apply(std::move(event));
}

void Fixture::metric(const std::string& agent,
                     const ExecutionRef& execution,
                     const std::string& name,
                     double value,
                     bool preempting) {
    MetricsLogged event;
    event.agent = AgentId{agent};
    event.execution = execution;
    const auto stored = runs_.find(execution.run);
    event.offset = stored == runs_.end() ? 0 : stored->second.metrics_offset;
    event.offset_end = event.offset + 10;
    event.lines.push_back("{\"" + name + "\":" + std::to_string(value) + "}");
    event.points.push_back({{name, ParamValue(value)}});
    event.preempting = preempting;
    apply(std::move(event));
}

Ticket Fixture::command(const SweepId& sweep, SweepCommand command, std::optional<Duration> grace) {
    CommandSweep event{request(), sweep, command, grace};
    const Ticket ticket = event.request.ticket;
    apply(std::move(event));
    return ticket;
}

std::optional<Run> Fixture::ended_run(const RunId& id) const {
    if (world_->find_run(id) != nullptr || !runs_.contains(id)) return std::nullopt;
    return runs_.at(id);
}

ExecutionRef Fixture::execution(const RunId& run) const {
    for (auto order = starts_.rbegin(); order != starts_.rend(); ++order) {
        if (order->execution.run == run) return order->execution;
    }
    throw std::logic_error("run " + run.text + " was never handed out");
}

Ticket Fixture::stop_run(const RunId& run, bool force, std::optional<int> signal) {
    StopRun event;
    event.request = request();
    event.run = run;
    event.force = force;
    event.signal = signal;
    event.ended = ended_run(run);
    const Ticket ticket = event.request.ticket;
    apply(std::move(event));
    return ticket;
}

Ticket Fixture::retry(const RunId& run, bool force) {
    RetryRun event;
    event.request = request();
    event.run = run;
    event.force = force;
    event.ended = ended_run(run);
    const Ticket ticket = event.request.ticket;
    apply(std::move(event));
    return ticket;
}

Ticket Fixture::enqueue(const SweepId& sweep, Config config, bool front) {
    EnqueueRun event{request(), sweep, std::move(config), front};
    const Ticket ticket = event.request.ticket;
    apply(std::move(event));
    return ticket;
}

Ticket Fixture::remove(const RunId& run) {
    DeleteRun event;
    event.request = request();
    event.run = run;
    event.ended = ended_run(run);
    const Ticket ticket = event.request.ticket;
    apply(std::move(event));
    return ticket;
}

Ticket Fixture::remove(const SweepId& sweep, bool force) {
    DeleteSweep event{request(), sweep, force};
    const Ticket ticket = event.request.ticket;
    apply(std::move(event));
    return ticket;
}

void Fixture::pass(Duration time) {
    now_.wall += time;
    now_.steady += time;
    apply(TimePassed{});
}

}  // namespace sweepctl::testing

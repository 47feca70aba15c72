#include "sim/user.hpp"

#include <algorithm>
#include <csignal>

namespace sweepctl::sim {

namespace {

bool without_reserve(const Answer& answer) {
    return answer.message.find("could not be confirmed") == std::string::npos;
}

}  // namespace

PlanOf plan_of(const Plans& plans) {
    return [&plans](const NewSweep& sweep) -> std::optional<SweepPlan> {
        const Plan& plan = plans.at(sweep.origin.spec);
        SweepPlan made;
        made.setup.policy = plan.options.policy;
        made.setup.strategy = std::make_shared<testing::CountingStrategy>(
            plan.options.size, plan.options.adaptive, plan.options.fails_at);
        made.brief.sweep = sweep.record.id;
        made.brief.command = {"train"};
        made.brief.interpreter = "python";
        made.brief.cwd = made.brief.launch_dir = "/";
        made.brief.kill_delay = plan.kill_delay;
        made.brief.straggler_grace = plan.straggler_grace;
        made.brief.stdout_metrics = plan.stdout_metrics;
        return made;
    };
}

User::User(Agenda& agenda,
           Truth& truth,
           ControllerProcess& controller,
           std::shared_ptr<const MemoryDisk> disk,
           Plans& plans)
    : agenda_(agenda),
      truth_(truth),
      controller_(controller),
      disk_(std::move(disk)),
      plans_(plans) {
    // Whoever created it may never have been answered.
    truth_.has_timeout = [this](const SweepId& id) {
        const auto sweep = disk_->sweeps.find(id);
        return sweep != disk_->sweeps.end() &&
               plans_.at(sweep->second.origin.spec).options.policy.timeout.has_value();
    };
}

void User::live(Duration pause) {
    awake_ = std::make_shared<int>();
    pause_ = pause;
    later();
}

void User::later() {
    agenda_.after(agenda_.random.between(Duration{1}, 2 * pause_), awake_, [this] {
        act();
        later();
    });
}

template <typename Request>
std::string User::ask(const std::string& what,
                      Request request,
                      std::function<void(const Answer&)> answered) {
    const std::string actor = "user " + std::to_string(++asked_);
    request.request.actor = actor;
    agenda_.trace(actor, ": ", what);
    agenda_.count("asked: " + what.substr(0, what.rfind(" ")));
    controller_.request(std::move(request),
                        [this, actor, answered = std::move(answered)](const Answer& answer) {
                            agenda_.trace(actor, " is told: ", answer.message);
                            if (!without_reserve(answer)) agenda_.count("answered with reserve");
                            if (answer.code == AnswerCode::ok) answered(answer);
                        });
    return actor;
}

void User::act() {
    if (!controller_.running()) return;
    Random& random = agenda_.random;
    const std::optional<SweepId> sweep = some_sweep();
    switch (random.pick(20)) {
        case 0:
        case 1: create_sweep(); return;
        case 2:
        case 3:
        case 4:
            if (sweep) command(*sweep, SweepCommand::pause);
            return;
        case 5:
        case 6:
        case 7:
        case 8:
            if (sweep) command(*sweep, SweepCommand::resume);
            return;
        case 9:
            if (sweep) command(*sweep, SweepCommand::stop);
            return;
        case 10:
        case 11:
            if (sweep)
                command(*sweep, SweepCommand::cancel,
                        random.chance(30)
                            ? std::optional(random.between(Duration{0}, Duration{20'000}))
                            : std::nullopt);
            return;
        case 12:
        case 13: stop_run(); return;
        case 14:
        case 15: retry_run(); return;
        case 16:
        case 17: enqueue_run(); return;
        case 18: delete_run(); return;
        case 19:
            if (random.chance(30)) delete_sweep();
            return;
        default: return;
    }
}

// --- Sweeps
// -----------------------------------------------------------------------------------------

void User::create_sweep() {
    Random& random = agenda_.random;
    Plan plan;
    SweepPolicy& policy = plan.options.policy;
    if (random.chance(75)) {
        plan.options.size = 1 + random.pick(25);
    } else {
        policy.run_cap = 1 + random.pick(25);
    }
    plan.options.adaptive = random.chance(20);
    if (random.chance(3)) plan.options.fails_at = random.pick(10);
    if (random.chance(30)) policy.parallel = 1 + static_cast<std::uint32_t>(random.pick(4));
    if (random.chance(40))
        policy.retry = {static_cast<std::uint32_t>(random.pick(3)),
                        {RunState::crashed, RunState::failed},
                        {75}};
    if (random.chance(70)) policy.fail_fast.reset();
    if (random.chance(30)) policy.fail_fast = FailFast{3, std::chrono::seconds{30}};
    if (random.chance(20)) policy.timeout = random.between(Duration{500}, Duration{20'000});
    if (random.chance(50))
        policy.heartbeat_timeout = random.between(Duration{25'000}, Duration{90'000});
    if (random.chance(30))
        policy.metric = MetricGoal{"loss", Goal::minimize, random.chance(50) ? 0.11 : 0.01};
    if (random.chance(20)) policy.resources.cpus = 2;
    if (random.chance(20)) policy.resources.gpus = 1;
    plan.kill_delay = random.between(Duration{10}, Duration{5'000});
    plan.straggler_grace = random.between(Duration{0}, Duration{3'000});
    if (random.chance(40))
        plan.stdout_metrics = random.chance(50) ? StdoutMetrics::json : StdoutMetrics::kv;
    const std::string spec = "plan " + std::to_string(plans_.size());
    plans_.emplace(spec, plan);

    CreateSweep event;
    event.paused = random.chance(10);
    event.policy = policy;
    event.origin.spec = spec;
    event.strategy = std::make_shared<testing::CountingStrategy>(
        plan.options.size, plan.options.adaptive, plan.options.fails_at);
    ask("creates a sweep by " + spec, std::move(event), [this](const Answer& answer) {
        if (!disk_->sweeps.contains(answer.sweep))
            throw Foul("sweep " + answer.sweep.text + " was acknowledged and is not stored");
    });
}

void User::command(const SweepId& sweep, SweepCommand command, std::optional<Duration> grace) {
    truth_.asked(sweep, command);
    const Duration asked_at = agenda_.elapsed();
    const std::string actor = "user " + std::to_string(asked_ + 1);
    ask(std::string(to_string(command)) + " sweep " + sweep.text,
        CommandSweep{{}, sweep, command, grace},
        [this, sweep, command, asked_at, actor](const Answer& answer) {
            const bool changed = answer.message.find("already") == std::string::npos;
            const bool durable =
                std::any_of(disk_->events.begin(), disk_->events.end(),
                            [&](const AuditEvent& event) { return event.actor == actor; });
            if (changed && !durable)
                throw Foul(actor + " was told '" + answer.message + "', which is not stored");
            if (command == SweepCommand::resume || !without_reserve(answer)) return;
            truth_.acknowledged(sweep, asked_at);
            if (command == SweepCommand::cancel) check_closed(sweep, asked_at);
        });
}

/// Nothing of a cancelled sweep is alive where the controller could reach it all the time.
void User::check_closed(const SweepId& sweep, Duration asked_at) {
    if (truth_.resumed_since(sweep, asked_at)) return;
    for (const RealExecution* execution : truth_.alive()) {
        if (execution->sweep != sweep || truth_.was_forced(execution->ref.run)) continue;
        const auto reached = controller_.reached_since(AgentId{"agent-" + execution->host});
        if (reached && *reached <= asked_at)
            throw Foul("program of " + name_of(execution->ref) + " lives on " + execution->host +
                       " after an acknowledged cancel");
    }
}

void User::delete_sweep() {
    const std::optional<SweepId> sweep = some_sweep();
    if (!sweep) return;
    const bool force = agenda_.random.chance(60);
    if (force) truth_.asked_to_end(*sweep);
    ask(std::string(force ? "deletes by force" : "deletes") + " sweep " + sweep->text,
        DeleteSweep{{}, *sweep, force}, [this, sweep = *sweep](const Answer&) {
            if (disk_->sweeps.contains(sweep))
                throw Foul("sweep " + sweep.text + " was said to be deleted and is stored");
        });
}

// --- Runs
// ------------------------------------------------------------------------------------------

const Run* User::stored(const RunId& run) const {
    const auto found = disk_->runs.find(run);
    return found == disk_->runs.end() ? nullptr : &found->second;
}

void User::stop_run() {
    const std::optional<RunId> run = some_run();
    if (!run) return;
    StopRun event;
    event.run = *run;
    event.force = agenda_.random.chance(30);
    if (agenda_.random.chance(30)) event.signal = SIGINT;
    truth_.asked_to_end(*run);
    const std::uint64_t number = asked_ + 1;
    ask("stops run " + run->text, std::move(event), [this, run = *run, number](const Answer&) {
        const Run* kept = stored(run);
        if (kept == nullptr || kept->stopping || is_ended(kept->state)) return;
        if (kept->attempt > 1 || more_was_asked(number)) return;
        throw Foul("run " + run.text + " was said to be stopped, and that is not stored");
    });
}

void User::retry_run() {
    const std::optional<RunId> run = some_run();
    if (!run) return;
    RetryRun event;
    event.run = *run;
    event.force = agenda_.random.chance(25);
    if (event.force) truth_.asked_to_retry_by_force(*run);
    const Run* known = stored(*run);
    const std::uint32_t attempt = known == nullptr ? 1 : known->attempt;
    const std::uint64_t number = asked_ + 1;
    ask(std::string(event.force ? "retries by force" : "retries") + " run " + run->text,
        std::move(event), [this, run = *run, attempt, number](const Answer& answer) {
            if (answer.message.find("goes again as attempt") == std::string::npos) return;
            const Run* kept = stored(run);
            if (kept == nullptr || kept->attempt > attempt || kept->retry_wanted) return;
            if (!is_ended(kept->state) || kept->state == RunState::finished) return;
            if (more_was_asked(number)) return;
            throw Foul("run " + run.text + " was said to go again, and that is not stored");
        });
}

void User::enqueue_run() {
    const std::optional<SweepId> sweep = some_sweep();
    if (!sweep) return;
    const Config config{{"x", ParamValue(static_cast<std::int64_t>(agenda_.random.pick(30)))}};
    ask("enqueues a run of sweep " + sweep->text,
        EnqueueRun{{}, *sweep, config, agenda_.random.chance(30)}, [this](const Answer& answer) {
            if (stored(answer.run) == nullptr && disk_->sweeps.contains(answer.sweep))
                throw Foul("run " + answer.run.text + " was acknowledged and is not stored");
        });
}

void User::delete_run() {
    const std::optional<RunId> run = some_run();
    if (!run) return;
    DeleteRun event;
    event.run = *run;
    ask("deletes run " + run->text, std::move(event), [this, run = *run](const Answer&) {
        if (stored(run) != nullptr)
            throw Foul("run " + run.text + " was said to be deleted and is stored");
    });
}

void User::drain(const AgentId& agent) {
    ask("drains " + agent.text, DrainAgent{{}, agent}, [](const Answer&) {});
}

std::optional<SweepId> User::some_sweep() {
    if (disk_->sweeps.empty()) return std::nullopt;
    return agenda_.random.one_of(disk_->sweeps).first;
}

std::optional<RunId> User::some_run() {
    if (disk_->runs.empty()) return std::nullopt;
    return agenda_.random.one_of(disk_->runs).first;
}

}  // namespace sweepctl::sim

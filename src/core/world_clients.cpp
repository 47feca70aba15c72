// What W&B's clients say: a run begins, goes on, streams its lines, ends.

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/client_rules.hpp"
#include "sweepctl/core/metric_summary.hpp"
#include "sweepctl/core/world.hpp"

#include <algorithm>

namespace sweepctl {

namespace {

std::string quoted(const std::string& text) {
    return "'" + text + "'";
}

std::string shown(const ClientRunName& named) {
    return quoted(named.name.empty() && named.run ? named.run->text : named.name);
}

/// Lines of one stream: how many of them are known, and where the first new one goes.
struct NewLines {
    std::size_t known = 0;
    std::uint64_t at = 0;
    bool any = false;
};
NewLines new_lines(const ClientStream::Lines& lines, std::uint64_t base, std::uint64_t taken) {
    const std::uint64_t first = base + lines.offset;
    const std::uint64_t known = taken > first ? taken - first : 0;
    if (known >= lines.lines.size()) return {lines.lines.size(), taken, false};
    return {static_cast<std::size_t>(known), first + known, true};
}

/// The numbers of a client's lines, as far as one can count.
bool countable(const std::optional<ClientStream::Lines>& lines) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 62U;
    return !lines || lines->offset < kMost;
}

}  // namespace

const Run* World::find_run(const ClientRunName& named) const {
    if (named.run) return find_run(*named.run);
    const ProjectName project{named.entity, named.project};
    const auto by_name = wire_names_.find({project, named.name});
    if (by_name != wire_names_.end()) return &runs_.at(by_name->second);
    const Run* run = find_run(RunId{named.name});
    if (run == nullptr) return nullptr;
    const SweepRecord& sweep = sweeps_.at(run->sweep).record;
    return sweep.entity == named.entity && sweep.project == named.project ? run : nullptr;
}

void World::correct_project(UpsertRun& event) const {
    const SweepRecord* sweep = event.sweep ? find_sweep(*event.sweep) : nullptr;
    if (sweep == nullptr || sweep->loose) return;
    event.named.entity = sweep->entity;
    event.named.project = sweep->project;
}

/// The run that is meant, brought back into memory when it has left it; nullptr: there is none.
Run* World::named_run(ClientRunName& named) {
    if (const Run* found = find_run(named)) return run_of(found->id);
    if (!named.ended || just_deleted(named.ended->id) || sweep_of(named.ended->sweep) == nullptr)
        return nullptr;
    Run& run = keep(std::move(*named.ended));
    named.ended.reset();
    touch(run);  // So that it leaves again.
    return &run;
}

void World::on(UpsertRun& event) {
    actor_ = event.request.actor;
    correct_project(event);
    Run* run = named_run(event.named);
    if (run != nullptr && sweeps_.at(run->sweep).deleter) {
        answer(event.request, AnswerCode::not_found, "run " + run->id.text + " is being deleted");
        return;
    }
    // A process says where it runs when it begins, and nothing of its environment yet.
    const std::optional<std::string>& config = event.details.config_json;
    const bool at_first = !config || is_first_config(*config);
    const bool begins = (event.sweep || event.host) && at_first;
    const bool created = run == nullptr;
    if (created && event.live && !at_first && !event.sweep && !event.host) {
        answer(event.request, AnswerCode::not_found,
               "run " + shown(event.named) + " was deleted while its process went on");
        return;
    }
    if (created) {
        std::string refusal;
        run = create_client_run(event, refusal);
        if (run == nullptr) {
            answer(event.request, event.named.run ? AnswerCode::not_found : AnswerCode::invalid,
                   std::move(refusal));
            return;
        }
    }
    describe(*run, event);
    if (event.live) {
        speaks_for(*run, begins, event.named.run.has_value());
    } else if (created && event.state == RunState::running) {
        start_by_client(*run);
    }
    Answer reply{event.request.ticket, AnswerCode::ok, {}, run->sweep, run->id};
    reply.created = created;
    answer(std::move(reply));
}

/// A run that nobody has heard of; nullptr: there cannot be one, and why.
Run* World::create_client_run(UpsertRun& event, std::string& refusal) {
    const ClientRunName& named = event.named;
    if (named.run) {
        refusal = "no run " + quoted(named.run->text);
        return nullptr;
    }
    Sweep* sweep = nullptr;
    std::optional<std::uint64_t> number;
    Config config = event.config.value_or(Config{});
    if (event.sweep) {
        sweep = real_sweep(*event.sweep);
        if (sweep == nullptr || sweep->deleter) {
            refusal = "no sweep " + quoted(event.sweep->text);
            return nullptr;
        }
        const SweepRecord& record = sweep->record;
        if (record.status == SweepStatus::cancelled || sweep->strategy == nullptr) {
            refusal = "Sweep " + record.id.text + " is not running";
            return nullptr;
        }
        if (record.run_cap && record.counts.total() >= *record.run_cap) {
            refusal = "the sweep has reached its run_cap of " + std::to_string(*record.run_cap);
            return nullptr;
        }
        if (const auto first = sweep->strategy->number_of(config))
            number = sweep->coverage.free_of(*first, sweep->policy.repeats);
    } else {
        sweep = &drawer_of({named.entity, named.project});
    }
    std::optional<RunId> id;
    // One that came and went since the last commit would share its events.
    const bool free = !named.taken && !runs_.contains(RunId{named.name}) &&
                      !just_deleted(RunId{named.name}) && !fresh_runs_.contains(RunId{named.name});
    if (free && is_run_id(named.name)) {
        id = RunId{named.name};
        const std::optional<std::uint64_t> serial = serial_of(named.name, id_key_);
        if (serial && *serial >= serials_.next_run && skipped_.insert(*serial).second)
            changes_.skipped_serials.push_back(*serial);
    }
    Run& run = create_run(*sweep, std::move(config), RunOrigin::enqueued, number, id);
    run.client.emplace();
    if (!id && !named.name.empty()) {
        run.client->wire_name = named.name;
        wire_names_.emplace(std::pair(ProjectName{named.entity, named.project}, named.name),
                            run.id);
    }
    enqueue(*sweep, run);
    reopen(*sweep, "a client brought a run");
    return &run;
}

/// What it says about the run, whatever its state.
void World::describe(Run& run, UpsertRun& event) {
    const Sweep& sweep = sweeps_.at(run.sweep);
    if (!run.client) run.client.emplace();
    touch(run);
    if (event.display_name && !event.display_name->empty() && *event.display_name != run.name) {
        run.name = std::move(*event.display_name);
        edited_runs_.insert(run.id);
    }
    // The parameters of a sweep's run are what it is started with, again and again.
    if (event.config && sweep.record.loose && *event.config != run.config) {
        run.config = std::move(*event.config);
        edited_runs_.insert(run.id);
    }
    if (event.host && (!run.claim || in_foreign_hands(run))) run.host = std::move(event.host);
    take_summary(run.summary, event.summary_points, sweep.record.metric_name);
    if (!event.summary_points.empty()) judge_best(sweeps_.at(run.sweep), run);
    if (!event.details.empty()) changes_.details.push_back({run.id, std::move(event.details)});
}

/// A process of the run speaks. `begins`: for the first time; `resumes`: it goes on counting lines
/// where the one before it was.
void World::speaks_for(Run& run, bool begins, bool resumes) {
    ClientSide& client = *run.client;
    const bool new_process = begins || !client.speaks;
    const bool ours = run.claim && !in_foreign_hands(run);
    if (!ours && is_ended(run.state)) {
        const bool wanted = sweeps_.at(run.sweep).record.status != SweepStatus::cancelled;
        if (new_process && wanted && may_resume(run)) {
            // R24: the same run goes on as its next attempt.
            go_again(run, /*requeued=*/false, /*goes_on=*/true);
        } else if (crashed_by_silence(run)) {
            revive(run);
            return;
        } else {
            return;
        }
    }
    client.speaks = true;
    if (new_process) {
        client.told_to_stop = false;
        client.event_base = resumes ? 0 : client.event_lines;
        client.output_base = resumes ? 0 : client.output_lines;
    }
    if (ours) return;  // Its agent says whether it lives.
    if (run.state == RunState::pending) {
        if (run.claim) {
            on_started({{run.id, run.attempt, run.claim->fence}, now_.wall, std::nullopt});
        } else {
            start_by_client(run);
        }
    }
    hear(run);
}

void World::on(ClientStream& event) {
    actor_ = event.request.actor;
    Run* run = named_run(event.named);
    if (run == nullptr || sweeps_.at(run->sweep).deleter) {
        answer(event.request, AnswerCode::not_found, "no run " + shown(event.named));
        return;
    }
    if (!countable(event.history) || !countable(event.events) || !countable(event.output)) {
        answer(event.request, AnswerCode::invalid, "an offset beyond all counting");
        return;
    }
    if (!run->client) run->client.emplace();
    const bool ours = run->claim && !in_foreign_hands(*run);
    if (!ours) {
        if (run->state == RunState::pending && run->claim)
            on_started({{run->id, run->attempt, run->claim->fence}, now_.wall, std::nullopt});
        if (crashed_by_silence(*run) && !event.complete) revive(*run);
        if (run->state == RunState::running) {
            run->client->speaks = true;
            run->heartbeat_at = now_.wall;
            hear(*run);
        }
    }
    touch(*run);
    const bool executed = run->state == RunState::running || (ours && !is_ended(run->state));
    if (event.preempting && executed && !run->preempting) {
        run->preempting = true;
        audit("run_preempting", *run, {}, {}, {}, {});
    }
    take_stream(*run, event);
    Answer reply{event.request.ticket, AnswerCode::ok, {}, run->sweep, run->id};
    reply.stop = !ours && (run->stopping || run->state == RunState::killed);
    answer(std::move(reply));
    if (event.complete) {
        client_finished(*run, event.exit_code);
    } else if (!ours && run->stopping) {
        run->client->told_to_stop = true;
    }
}

/// The lines that are new, and what they and the summary say.
void World::take_stream(Run& run, ClientStream& event) {
    ClientSide& client = *run.client;
    const std::string& goal = sweeps_.at(run.sweep).record.metric_name;
    bool news = !event.summary_points.empty();
    const auto keep_lines = [&](RunStream stream, ClientStream::Lines& lines, NewLines fresh,
                                std::uint64_t& taken) {
        if (!fresh.any) return;
        lines.lines.erase(lines.lines.begin(),
                          lines.lines.begin() + static_cast<std::ptrdiff_t>(fresh.known));
        taken = fresh.at + lines.lines.size();
        changes_.streams.push_back({run.id, stream, fresh.at, std::move(lines.lines)});
    };
    if (event.history) {
        const NewLines fresh = new_lines(*event.history, 0, client.history_lines);
        std::vector<std::vector<MetricPoint>>& points = event.history_points;
        const std::size_t known = std::min(fresh.known, points.size());
        points.erase(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(known));
        if (take_in(run.summary, points, goal)) {
            audit("metrics_many", run, {}, {},
                  "it has " + std::to_string(kMetricNamesMax) +
                      " metrics; further names are kept in the history only",
                  {});
        }
        judge_values(sweeps_.at(run.sweep), run, points);
        news = news || fresh.any;
        // A process that begins again may count its steps from 0, behind those of the one before.
        if (fresh.any && event.last_step)
            client.last_step = std::max(client.last_step.value_or(*event.last_step), *event.last_step);
        keep_lines(RunStream::history, *event.history, fresh, client.history_lines);
    }
    if (event.events) {
        const NewLines fresh = new_lines(*event.events, client.event_base, client.event_lines);
        keep_lines(RunStream::events, *event.events, fresh, client.event_lines);
    }
    if (event.output && !event.output->lines.empty()) {
        // A progress bar writes its line again and again.
        const std::uint64_t first = client.output_base + event.output->offset;
        const std::uint64_t end = first + event.output->lines.size();
        client.output_lines = std::max(client.output_lines, end);
        changes_.streams.push_back(
            {run.id, RunStream::output, first, std::move(event.output->lines)});
    }
    take_summary(run.summary, event.summary_points, goal);
    if (!event.details.empty()) changes_.details.push_back({run.id, std::move(event.details)});
    if (news) judge_best(sweeps_.at(run.sweep), run);
}

/// The program called finish(), or ended as it should (R10). Its sweep may be gone afterwards.
void World::client_finished(Run& run, int exit_code) {
    const bool over = is_ended(run.state) && !crashed_by_silence(run);
    if (!run.claim || in_foreign_hands(run)) {
        // Of a pending one: an earlier attempt says so, or somebody who never said that he began.
        if (!over && run.state != RunState::pending)
            end_by_client(run, judge_complete(run, exit_code), {});
        return;
    }
    if (over || run.claim->phase == ClaimPhase::ended) return;
    if (run.stopping || run.preempting) {
        audit("run_finish", run, {}, {}, std::string(to_string(EndReason::finish)),
              "exit code " + std::to_string(exit_code) + "; its process's end decides");
        return;
    }
    // The news of its start may still be on the way.
    if (run.claim->phase == ClaimPhase::held)
        on_started({{run.id, run.attempt, run.claim->fence}, now_.wall, std::nullopt});
    Sweep& sweep = sweeps_.at(run.sweep);
    const EndVerdict verdict = judge_complete(run, exit_code);
    run.ended_at = now_.wall;
    run.exit_code = exit_code;
    set_state(run, verdict.state, verdict.reason,
              exit_code == 0 ? std::string{} : "exit code " + std::to_string(exit_code));
    if (run.state == RunState::finished) run.retry_wanted = false;
    if (!run.retry_wanted && retries(sweep.policy.retry, run)) {
        ++run.retries;
        run.retry_wanted = true;
    }
    judge_streak(sweep, run);
    judge_silence(sweep, run);
}

void World::on(SetRunState& event) {
    actor_ = event.request.actor;
    Run* run = named_run(event.named);
    if (run == nullptr) {
        answer(event.request, AnswerCode::not_found, "no run " + shown(event.named));
        return;
    }
    const std::string name = "run " + run->id.text;
    const auto refuse = [&](const std::string& why) {
        answer(event.request, AnswerCode::wrong_state, name + why, run->sweep, run->id);
    };
    if (!sweeps_.at(run->sweep).record.loose) return refuse(" belongs to a sweep");
    const std::string word(to_string(run->state));
    const bool live = run->state == RunState::running;
    if (run->state == event.state) {
        answer(event.request, AnswerCode::ok, name + " is " + word, run->sweep, run->id);
        return;
    }
    EndVerdict verdict;
    if (event.state == RunState::failed && (live || run->state == RunState::pending)) {
        verdict.state = RunState::failed;
        verdict.reason = live ? EndReason::finish : EndReason::spawn_error;
    } else if (event.state == RunState::pending && live) {
        verdict.requeue = true;
        verdict.reason = EndReason::preempted;
    } else if (event.state == RunState::pending &&
               (run->state == RunState::failed || run->state == RunState::crashed)) {
        go_again(*run, false);
    } else {
        return refuse(" is " + word + ", it cannot become " + std::string(to_string(event.state)));
    }
    if (!is_ended(run->state) && run->state != event.state)
        end_by_client(*run, verdict, "set by its client");
    answer(event.request, AnswerCode::ok, name + " is " + std::string(to_string(run->state)),
           run->sweep, run->id);
}

}  // namespace sweepctl

// Projects, the drawers with their loose runs, and what else W&B's API changes.

#include "sweepctl/core/world.hpp"

#include <tuple>
#include <utility>

namespace sweepctl {

void World::on(CreateProject& event) {
    actor_ = event.request.actor;
    changes_.projects.push_back(
        {event.entity, event.project, now_.wall, std::move(event.description)});
    answer(event.request, AnswerCode::ok, "project " + event.entity + "/" + event.project);
}

/// Where the runs of a project that belong to no sweep are; made when the first one comes.
World::Sweep& World::drawer_of(const ProjectName& project) {
    if (const auto known = drawers_.find(project); known != drawers_.end())
        return sweeps_.at(known->second);
    Sweep& sweep =
        make_drawer(project, SweepId{id_text(serials_.next_sweep++, id_key_ ^ 0x73776565U)});
    SweepRecord& record = sweep.record;
    record.name = "run";
    std::tie(record.entity, record.project) = project;
    record.loose = true;
    record.status = SweepStatus::running;
    record.created_at = now_.wall;
    record.started_at = now_.wall;
    SweepOrigin origin;
    origin.method = "none";
    changes_.new_sweeps.push_back({record, std::move(origin)});
    touch(sweep);
    return sweep;
}

World::Sweep& World::make_drawer(const ProjectName& project, const SweepId& id) {
    drawers_.emplace(project, id);
    Sweep& sweep = sweeps_[id];
    sweep.record.id = id;
    sweep.policy.heartbeat_timeout = options_.heartbeat_timeout;
    sweep.policy.fail_fast.reset();
    return sweep;
}

void World::set_plan(Sweep& sweep,
                     const SweepPolicy& policy,
                     std::shared_ptr<const SearchStrategy> strategy) {
    SweepRecord& record = sweep.record;
    record.parallel = policy.parallel;
    record.run_cap = policy.run_cap;
    record.metric_name = policy.metric ? policy.metric->name : std::string{};
    record.metric_maximize = policy.metric && policy.metric->goal == Goal::maximize;
    sweep.policy = policy;
    sweep.strategy = std::move(strategy);
    sweep.early_stop.reset();
    begin_early_stop(sweep);
    sweep.memory = sweep.strategy->memory();
    learn_prior(sweep);
    cover_prior(sweep);
    refresh_expected(sweep);
}

void World::on(EditSweep& event) {
    actor_ = event.request.actor;
    Sweep* sweep = asked_sweep(event.request, event.sweep, Asker::client);
    if (sweep == nullptr) return;
    SweepRecord& record = sweep->record;
    if (event.plan && (record.status != SweepStatus::pending || record.next_number > 1)) {
        answer(event.request, AnswerCode::wrong_state,
               "cannot reconfigure sweep which has already started", record.id);
        return;
    }
    if (event.name) record.name = event.name->empty() ? record.id.text : std::move(*event.name);
    if (event.description) record.description = std::move(*event.description);
    if (event.prior_filters) record.prior_filters = std::move(*event.prior_filters);
    if (event.plan) {
        set_plan(*sweep, event.plan->policy, std::move(event.plan->strategy));
        refresh_exhausted(*sweep);
        changes_.edited_origins.push_back({record.id, std::move(event.plan->origin)});
        audit("sweep_edited", *sweep, {}, {}, {}, "a new spec");
    }
    touch(*sweep);
    answer(event.request, AnswerCode::ok, "changed sweep " + record.id.text, record.id);
}

void World::on(RegisterFile& event) {
    actor_ = event.request.actor;
    const Run* run = named_run(event.named);
    if (run == nullptr) {
        answer(event.request, AnswerCode::not_found, "no such run");
        return;
    }
    changes_.files.push_back({run->id, event.name, event.size, std::move(event.md5_base64),
                              std::move(event.mimetype), now_.wall});
    answer(event.request, AnswerCode::ok, "stored " + event.name, run->sweep, run->id);
}

void World::on(DeleteFiles& event) {
    actor_ = event.request.actor;
    const Run* run = named_run(event.named);
    if (run == nullptr) {
        answer(event.request, AnswerCode::not_found, "no such run");
        return;
    }
    for (std::string& name : event.names)
        changes_.deleted_files.push_back({run->id, std::move(name)});
    answer(event.request, AnswerCode::ok, "deleted files of run " + run->id.text, run->sweep,
           run->id);
}

}  // namespace sweepctl

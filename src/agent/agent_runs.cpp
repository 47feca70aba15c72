// From a held claim to the end of everything that its run started.

#include "sweepctl/agent/agent.hpp"
#include "sweepctl/base/check.hpp"

#include "agent/run_environment.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace sweepctl {

namespace {

std::string sentence(const SpawnError& error, const LaunchRequest* request) {
    std::string text;
    switch (error.stage) {
        case SpawnStage::clone: text = "cannot start a process"; break;
        case SpawnStage::chdir: text = "cannot enter the working directory"; break;
        case SpawnStage::exec: text = "cannot execute the program"; break;
    }
    if (request != nullptr) {
        if (error.stage == SpawnStage::chdir) text += " '" + request->cwd + "'";
        if (error.stage == SpawnStage::exec) text += " '" + request->argv.front() + "'";
    }
    return text + ": " + std::strerror(error.error);
}

}  // namespace

// --- Starting
// ---------------------------------------------------------------------------------------------

void Agent::start_what_fits() {
    keep_to_places();
    if (queue_.empty() || slots_taken_ >= settings_.record.slots || unplaced_ > 0) return;
    const AgentClockReading now = clock_.now();
    if (!lease_holds(now)) return;
    for (std::size_t i = 0;
         i < queue_.size() && slots_taken_ < settings_.record.slots && !started_all() &&
         has_place();) {
        Execution& execution = executions_.at(queue_[i]);
        const Resources& need = execution.resources;
        const auto live = live_of_sweep_.find(execution.sweep);
        const bool within_limit = !execution.order.sweep_limit || live == live_of_sweep_.end() ||
                                  live->second < *execution.order.sweep_limit;
        if (!within_limit || slots_taken_ + need.cpus > settings_.record.slots ||
            need.gpus > free_gpus_.size() || !briefs_.contains(execution.sweep)) {
            ++i;  // One that has to wait does not hold up those behind it.
            continue;
        }
        queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
        if (starts_left_) --*starts_left_;
        start(execution);
    }
    // Others may start what it holds. It leaves when its own have ended.
    if (done_enough()) drain();
}

bool Agent::start(Execution& execution) {
    execution.holds_slot = true;
    slots_taken_ += execution.resources.cpus;
    ++live_of_sweep_[execution.sweep];
    if (!free_slot_numbers_.empty()) {
        execution.slot = *free_slot_numbers_.begin();
        free_slot_numbers_.erase(free_slot_numbers_.begin());
    }
    std::vector<std::string> gpu_ids;
    while (execution.gpus.size() < execution.resources.gpus) {
        execution.gpus.push_back(*free_gpus_.begin());
        gpu_ids.push_back(settings_.gpu_ids[*free_gpus_.begin()]);
        free_gpus_.erase(free_gpus_.begin());
    }
    execution.since = clock_.now().steady;
    name_files(execution, run_file_stem(settings_.home, execution.sweep, execution.ref.run,
                                        execution.ref.attempt));

    Result<LaunchRequest, std::string> request =
        launch_request({settings_, briefs_.at(execution.sweep), execution.order, execution.slot,
                        std::move(gpu_ids)});
    if (!request) {
        RunEnded failed;
        failed.execution = execution.ref;
        failed.kind = EndKind::spawn_error;
        failed.code = 126;
        failed.at = clock_.now().wall;
        failed.detail = request.error();
        execution.metrics.done = execution.output.done = true;
        set_drained(execution);
        end(execution, std::move(failed));
        return false;
    }
    execution.phase = Phase::launching;
    execution.runner_alive = true;
    (*request).lease_deadline_ms = lease_start_ms_ + kClaimLease.count();
    files_.follow(execution.ref.run, execution.ref.attempt, execution.metrics.path);
    launcher_.launch(std::move(request).value());
    return true;
}

void Agent::give_back(Execution& execution) {
    SWEEPCTL_CHECK(execution.phase == Phase::held);
    const Key key{execution.ref.run, execution.ref.attempt};
    queue_.erase(std::find(queue_.begin(), queue_.end(), key));
    pending_.returned.push_back(execution.ref);
    executions_.erase(key);
}

void Agent::launch_failed(const RunId& run, std::uint32_t attempt, const LaunchFailure& failure) {
    Execution* execution = find(run, attempt);
    if (execution == nullptr) return;
    execution->runner_alive = false;
    if (means_shortage(failure.error)) {
        free_slot(*execution);
        if (starts_left_) ++*starts_left_;
        pending_.returned.push_back(execution->ref);
        erase({run, attempt});
        run_short(describe(failure));
        start_what_fits();
        flush();
        return;
    }
    RunEnded failed;
    failed.execution = execution->ref;
    failed.kind = EndKind::spawn_error;
    failed.code = failure.error == ENOENT ? 127 : 126;
    failed.at = clock_.now().wall;
    failed.detail = describe(failure);
    execution->metrics.done = execution->output.done = true;
    set_drained(*execution);
    end(*execution, std::move(failed));
    start_what_fits();
    flush();
}

// --- The journal
// ------------------------------------------------------------------------------------------

void Agent::journal(const std::vector<JournalRecord>& records) {
    for (const JournalRecord& entry : records) {
        std::visit([this](const auto& known) { record(known); }, entry);
    }
    start_what_fits();
    flush();
}

void Agent::record(const Started& record) {
    Execution* execution = find(record.run, record.attempt);
    if (execution == nullptr || execution->ref.fence != record.fence ||
        execution->phase != Phase::launching)
        return;
    execution->phase = Phase::live;
    execution->runner_pid = record.runner.pid;
    pending_.started.push_back({execution->ref, record.at, std::nullopt});
    execution->output.dirty = true;
    ease_shortage();
    pump_metrics(*execution);
}

void Agent::record(const Ended& record) {
    Execution* execution = find(record.run, record.attempt);
    if (execution == nullptr || execution->ref.fence != record.fence || execution->end ||
        execution->end_reported) {
        return;
    }
    if (std::holds_alternative<NotStarted>(record.how)) {
        execution->not_started = true;  // Given back when the runner is gone.
        return;
    }
    if (const auto* error = std::get_if<SpawnError>(&record.how);
        error != nullptr && means_shortage(error->error)) {
        execution->not_started = true;
        execution->phase = Phase::ended;
        run_short(sentence(*error, nullptr));
        return;
    }
    RunEnded ended;
    ended.execution = execution->ref;
    ended.at = record.ended_at;
    ended.started_at = record.started_at;
    ended.cpu_us = static_cast<std::uint64_t>((record.user_time + record.system_time).count());
    ended.max_rss_kib = record.max_rss_kib;
    if (record.ordered) ended.order_signal = record.ordered->signal;
    if (const auto* exited = std::get_if<ProgramExited>(&record.how)) {
        ended.kind = EndKind::exited;
        ended.code = exited->code;
    } else if (const auto* signaled = std::get_if<ProgramSignaled>(&record.how)) {
        ended.kind = EndKind::signaled;
        ended.code = signaled->signal;
        if (signaled->core_dumped) ended.detail = "core dumped";
    } else if (const auto* error = std::get_if<SpawnError>(&record.how)) {
        ended.kind = EndKind::spawn_error;
        ended.code = error->error == ENOENT || error->error == ENOTDIR ? 127 : 126;
        LaunchRequest request;
        const LaunchRequest* shown = nullptr;
        if (const auto brief = briefs_.find(execution->sweep); brief != briefs_.end()) {
            Result<LaunchRequest, std::string> made =
                launch_request({settings_, brief->second, execution->order, execution->slot, {}});
            if (made) {
                request = std::move(made).value();
                shown = &request;
            }
        }
        ended.detail = sentence(*error, shown);
    }
    if (record.drained) set_drained(*execution);
    end(*execution, std::move(ended));
}

void Agent::record(const Drained& record) {
    Execution* execution = find(record.run, record.attempt);
    if (execution == nullptr || execution->ref.fence != record.fence) return;
    set_drained(*execution);
}

void Agent::runner_gone(const RunId& run, std::uint32_t attempt, int leftovers_killed) {
    Execution* execution = find(run, attempt);
    if (execution == nullptr) return;
    execution->runner_alive = false;
    if (execution->not_started) {
        free_slot(*execution);
        pending_.returned.push_back(execution->ref);
        erase({run, attempt});
        start_what_fits();
        flush();
        return;
    }
    const bool unrecorded = !execution->end && !execution->end_reported;
    set_drained(*execution);
    if (unrecorded) {
        RunEnded lost;
        lost.execution = execution->ref;
        lost.kind = EndKind::runner_lost;
        lost.at = clock_.now().wall;
        lost.detail = "the run's supervisor was killed";
        if (leftovers_killed > 0)
            lost.detail += "; " + std::to_string(leftovers_killed) + " of its processes were ended";
        end(*execution, std::move(lost));
    }
    start_what_fits();
    flush();
}

// --- Ending
// -----------------------------------------------------------------------------------------------

void Agent::end(Execution& execution, RunEnded ended) {
    execution.phase = Phase::ended;
    ended.drained = execution.drained;
    ends_.push_back({ended.kind == EndKind::exited && ended.code == 0, ended.order_signal != 0,
                     ended.kind == EndKind::signaled, ended.kind == EndKind::spawn_error});
    if (ends_.back().success) ++succeeded_;
    execution.end = std::move(ended);
    ++ends_counted_;
    pump_metrics(execution);
}

void Agent::set_drained(Execution& execution) {
    if (execution.drained) return;
    execution.drained = true;
    free_slot(execution);
    if (execution.end) {
        execution.end->drained = true;
    } else if (execution.end_reported) {
        pending_.drained.push_back(execution.ref);
    }
}

void Agent::free_slot(Execution& execution) {
    if (std::exchange(execution.unplaced, false)) --unplaced_;
    if (!execution.holds_slot) return;
    execution.holds_slot = false;
    slots_taken_ -= execution.resources.cpus;
    if (--live_of_sweep_[execution.sweep] == 0) live_of_sweep_.erase(execution.sweep);
    if (execution.slot >= 0) free_slot_numbers_.insert(execution.slot);
    free_gpus_.insert(execution.gpus.begin(), execution.gpus.end());
}

void Agent::report_end_if_ready(Execution& execution) {
    if (!execution.end || !execution.metrics.done || !execution.output.done) return;
    execution.end->drained = execution.drained;
    pending_.ended.push_back(std::move(*execution.end));
    execution.end.reset();
    execution.end_reported = true;
    files_.unfollow(execution.ref.run, execution.ref.attempt);
}

void Agent::erase(const Key& key) {
    launcher_.forget(key.first, key.second);
    files_.unfollow(key.first, key.second);
    executions_.erase(key);
}

// --- Taking over
// ------------------------------------------------------------------------------------------

void Agent::recover() {
    const std::vector<JournalRecord> records = launcher_.recover();
    std::vector<Started> alive;
    for (const JournalRecord& entry : records) {
        if (const auto* started = std::get_if<Started>(&entry)) {
            Execution execution;
            execution.ref = {started->run, started->attempt, started->fence};
            execution.phase = Phase::live;
            execution.runner_pid = started->runner.pid;
            execution.since = clock_.now().steady;
            const std::string stem =
                files_.locate(settings_.home + "/sweeps", started->run, started->attempt);
            if (!stem.empty()) {
                execution.sweep = sweep_of_stem(stem);
                name_files(execution, stem);
            }
            executions_.insert_or_assign({started->run, started->attempt}, std::move(execution));
            pending_.started.push_back(
                {{started->run, started->attempt, started->fence}, started->at, std::nullopt});
            alive.push_back(*started);
        } else {
            std::visit([this](const auto& known) { record(known); }, entry);
        }
    }
    // Of an earlier agent: this one has neither done enough nor failed by them.
    ends_.clear();
    succeeded_ = 0;
    shortage_.reset();
    for (const Started& started : alive)
        adopt(started);
}

void Agent::adopt(const Started& record) {
    Execution* execution = find(record.run, record.attempt);
    if (execution == nullptr || execution->ref.fence != record.fence || execution->drained) return;
    execution->runner_alive = true;
    const Placement placement = placement_of(files_.environment_of(record.runner.pid));
    if (!launcher_.adopt(record.run, record.attempt, record.runner)) {
        // Until runner_gone, processes that it left may be alive in a slot of which nobody can be
        // asked any more.
        execution->unplaced = true;
        ++unplaced_;
        return;
    }
    execution->resources = placement.resources;
    execution->sweep = placement.sweep;
    execution->slot = placement.slot;
    execution->holds_slot = true;
    slots_taken_ += placement.resources.cpus;
    ++live_of_sweep_[placement.sweep];
    free_slot_numbers_.erase(placement.slot);
    for (const std::string& id : placement.gpu_ids) {
        const auto found = std::find(settings_.gpu_ids.begin(), settings_.gpu_ids.end(), id);
        if (found == settings_.gpu_ids.end()) continue;
        const auto gpu = static_cast<std::size_t>(found - settings_.gpu_ids.begin());
        free_gpus_.erase(gpu);
        execution->gpus.push_back(gpu);
    }
    if (execution->metrics.path.empty() && !placement.sweep.empty()) {
        name_files(*execution,
                   run_file_stem(settings_.home, placement.sweep, record.run, record.attempt));
    }
    execution->metrics.dirty = execution->output.dirty = true;
    if (!execution->metrics.path.empty())
        files_.follow(record.run, record.attempt, execution->metrics.path);
}

}  // namespace sweepctl

#include "sweepctl/core/client_rules.hpp"

#include "sweepctl/core/json_text.hpp"

#include <algorithm>

namespace sweepctl {

namespace {

constexpr std::size_t kIdMax = 64;

bool was_told(const Run& run) {
    return run.client && run.client->told_to_stop;
}

EndVerdict ordered(const Run& run) {
    EndVerdict verdict;
    verdict.state = RunState::killed;
    verdict.reason = run.stop_reason.value_or(EndReason::stop_run);
    return verdict;
}

EndVerdict preempted() {
    EndVerdict verdict;
    verdict.requeue = true;
    verdict.reason = EndReason::preempted;
    return verdict;
}

}  // namespace

EndVerdict judge_complete(const Run& run, int exit_code) {
    EndVerdict natural;
    natural.reason = EndReason::finish;
    natural.state = exit_code == 0 ? RunState::finished : RunState::failed;
    if (run.stopping && (was_told(run) || (run.preempting && exit_code != 0))) {
        natural.state = RunState::killed;
        natural.reason = run.stop_reason.value_or(EndReason::stop_run);
    } else if (!run.stopping && run.preempting && exit_code != 0) {
        natural = preempted();
    }
    natural.exit_code = exit_code;
    return natural;
}

EndVerdict judge_vanished(const Run& run) {
    if (run.stopping) return ordered(run);
    if (run.preempting) return preempted();
    EndVerdict verdict;
    const bool spoke = run.client && run.client->speaks;
    verdict.state = spoke ? RunState::crashed : RunState::failed;
    verdict.reason = spoke ? EndReason::heartbeat_lost : EndReason::spawn_error;
    return verdict;
}

EndVerdict judge_lost(const Run& run) {
    if (run.stopping) return ordered(run);
    if (run.preempting) return preempted();
    EndVerdict verdict;
    verdict.state = RunState::crashed;
    verdict.reason = EndReason::heartbeat_lost;
    return verdict;
}

bool may_resume(const Run& run) {
    if (!is_ended(run.state)) return false;
    // What was to end before it began is not to begin.
    return run.end_reason != EndReason::stopped_before_start &&
           run.end_reason != EndReason::cancelled_before_start &&
           run.end_reason != EndReason::target_reached;
}

bool is_first_config(std::string_view config_json) {
    const Result<ParamValue, JsonError> parsed = parse_json(config_json);
    const auto* config = parsed.ok() ? parsed->get_if<ParamMap>() : nullptr;
    const auto inner = [](const ParamMap* map, std::string_view name) -> const ParamMap* {
        const ParamValue* value = map == nullptr ? nullptr : find(*map, name);
        return value == nullptr ? nullptr : value->get_if<ParamMap>();
    };
    const ParamMap* environments = inner(inner(inner(config, "_wandb"), "value"), "e");
    return environments == nullptr || environments->empty();
}

bool is_run_id(std::string_view name) {
    const auto fits = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
    };
    // No dot: files are called by the id, a dot and more.
    return !name.empty() && name.size() <= kIdMax && name.front() != '-' &&
           std::all_of(name.begin(), name.end(), fits);
}

}  // namespace sweepctl

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/time_text.hpp"

#include "api/backend.hpp"
#include "api/named.hpp"
#include "api/routes/routes.hpp"

#include <utility>

// Why something is (not) running: from the World for what lives, from the store for what has ended.

namespace sweepctl::api {

namespace {

void answer_lines(const CallPtr& call, const std::string& id, std::vector<std::string> lines) {
    ParamList rest;
    if (const auto& trouble = call->backend().controller.store_trouble()) {
        rest.emplace_back("nothing can be stored since " + to_rfc3339(trouble->since) + ": " +
                          trouble->message + "; what happens meanwhile is told when it can be");
    }
    for (std::size_t i = 1; i < lines.size(); ++i)
        rest.emplace_back(std::move(lines[i]));
    call->answer(200, to_json(ParamMap{{"id", id},
                                       {"summary", lines.empty() ? std::string{} : lines.front()},
                                       {"lines", std::move(rest)}}));
}

std::string text_of(const ParamMap& run, std::string_view name) {
    const ParamValue* value = find(run, name);
    const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
    return text == nullptr ? std::string{} : *text;
}

std::string number_of(const ParamMap& run, std::string_view name) {
    const ParamValue* value = find(run, name);
    const auto* number = value == nullptr ? nullptr : value->get_if<std::int64_t>();
    return number == nullptr ? std::string{} : std::to_string(*number);
}

/// What an end reason means, in a sentence.
std::string sentence(EndReason reason, const ParamMap& run) {
    const std::string code = number_of(run, "exit_code");
    const std::string signal = number_of(run, "term_signal");
    switch (reason) {
        case EndReason::exit: return "its program exited with code " + (code.empty() ? "?" : code);
        case EndReason::finish: return "its program reported that it was finished";
        case EndReason::signal:
            return "its program died of signal " + (signal.empty() ? "?" : signal) +
                   ", which nobody here sent";
        case EndReason::spawn_error: return "its program could not be started";
        case EndReason::heartbeat_lost:
            return "its agent fell silent for longer than the heartbeat timeout";
        case EndReason::agent_lost: return "its agent died, and none came back in time";
        case EndReason::runner_lost:
            return "its supervisor was killed, so how the program ended is not known";
        case EndReason::machine_restart: return "its host restarted";
        case EndReason::stop_run: return "a person stopped it";
        case EndReason::cancel: return "its sweep was cancelled";
        case EndReason::early_terminate: return "early stopping judged it hopeless";
        case EndReason::timeout: return "it ran longer than its timeout";
        case EndReason::target_reached: return "another run reached metric.target before it began";
        case EndReason::agent_shutdown: return "the person who ran its agent ended that";
        case EndReason::stopped_before_start: return "a person stopped it before it was started";
        case EndReason::cancelled_before_start:
            return "its sweep was cancelled before it was started";
        case EndReason::preempted: return "it was preempted, and goes again";
    }
    std::abort();
}

/// What the store says of a run, and which one it is for the World to add to that.
struct Told {
    std::vector<std::string> lines;
    SweepId sweep;
    std::uint64_t number = 0;
};

/// A run that is over, from its stored form.
std::vector<std::string> explain_stored(const ParamMap& run) {
    std::vector<std::string> lines{"run " + text_of(run, "id") + " is " + text_of(run, "state") +
                                   ", attempt " + number_of(run, "attempt")};
    if (const auto reason = end_reason_from(text_of(run, "end_reason")))
        lines.push_back(sentence(*reason, run));
    if (const std::string detail = text_of(run, "detail"); !detail.empty()) lines.push_back(detail);
    if (const std::string ended = text_of(run, "ended_at"); !ended.empty()) {
        const std::string host = text_of(run, "host");
        lines.push_back("it ended at " + ended + (host.empty() ? "" : " on " + host));
    }
    if (const std::string path = text_of(run, "log_path"); !path.empty())
        lines.push_back("its output is in " + path);
    const auto state = run_state_from(text_of(run, "state"));
    if (state == RunState::failed || state == RunState::crashed || state == RunState::killed)
        lines.emplace_back("'retry' sends it on again");
    return lines;
}

}  // namespace

void explain_sweep(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    if (!complaints.empty()) return call->refuse(complaints.problem());
    with_sweep(call, [call](const SweepId& id) {
        const Backend& backend = call->backend();
        std::vector<std::string> lines =
            backend.controller.world().explain(id, backend.about.now());
        if (lines.empty()) return call->refuse({404, "sweep " + id.text + " is gone"});
        answer_lines(call, id.text, std::move(lines));
    });
}

void explain_run(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    if (!complaints.empty()) return call->refuse(complaints.problem());
    with_run(call, [call](const RunId& id) {
        Backend& backend = call->backend();
        std::vector<std::string> lines =
            backend.controller.world().explain(id, backend.about.now());
        if (!lines.empty()) return answer_lines(call, id.text, std::move(lines));
        backend.read(
            call, Pace::quick,
            [id, home = backend.about.home](ReadSession& session) -> Result<Told, Problem> {
                const std::optional<std::string> json = run_json(session, id, home);
                if (!json) return Failure{Problem{404, "run " + id.text + " is gone"}};
                const Result<ParamValue, JsonError> run = parse_json(*json);
                const auto* object = run ? run.value().get_if<ParamMap>() : nullptr;
                if (object == nullptr)
                    return Failure{Problem{500, "run " + id.text + " cannot be read"}};
                const ParamValue* number = find(*object, "number");
                const auto* place = number == nullptr ? nullptr : number->get_if<std::int64_t>();
                return Told{explain_stored(*object), SweepId{text_of(*object, "sweep")},
                            place == nullptr ? 0 : static_cast<std::uint64_t>(*place)};
            },
            [call, id](Told told) {
                const auto judged =
                    call->backend().controller.world().explain_early_stop(told.sweep, told.number);
                told.lines.insert(told.lines.end(), judged.begin(), judged.end());
                answer_lines(call, id.text, std::move(told.lines));
            });
    });
}

}  // namespace sweepctl::api

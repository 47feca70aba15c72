#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/core/json_text.hpp"

#include "api/backend.hpp"
#include "api/named.hpp"
#include "api/routes/routes.hpp"

#include <utility>

namespace sweepctl::api {

namespace {

constexpr std::size_t kPage = 100;
constexpr std::size_t kPageMax = 1000;

void command_sweep(const CallPtr& call, SweepCommand command, std::optional<Duration> grace) {
    with_sweep(call, [call, command, grace](const SweepId& id) {
        CommandSweep event;
        event.sweep = id;
        event.command = command;
        event.grace = grace;
        call->backend().command(call, std::move(event), [call](const Answer& answer) {
            const SweepRecord* sweep = call->backend().controller.world().find_sweep(answer.sweep);
            call->answer(200,
                         to_json(ParamMap{
                             {"id", answer.sweep.text},
                             {"status", sweep == nullptr
                                            ? ParamValue{}
                                            : ParamValue(std::string(to_string(sweep->status)))},
                             {"message", answer.message},
                         }));
        });
    });
}

void plain_command(const CallPtr& call, SweepCommand command) {
    Result<ParamMap, Problem> body = read_body(call->request());
    if (!body) return call->refuse(body.error());
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    BodyFields(*body, complaints).finish();
    if (!complaints.empty()) return call->refuse(complaints.problem());
    command_sweep(call, command, std::nullopt);
}

}  // namespace

void list_sweeps(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    SweepsQuery sweeps;
    for (const std::string& word : query.words("status")) {
        if (const auto status = sweep_status_from(word)) {
            sweeps.statuses.push_back(*status);
        } else {
            std::string known;
            for (const SweepStatus each : kAllSweepStatuses)
                known += (known.empty() ? "" : ", ") + std::string(to_string(each));
            complaints.wrong("status", "made of " + known, ParamValue(word));
        }
    }
    sweeps.project = query.text("project");
    sweeps.entity = query.text("entity");
    sweeps.cursor = query.text("cursor");
    sweeps.limit = query.limit(kPage, kPageMax);
    if (!complaints.empty()) return call->refuse(complaints.problem());
    call->backend().answer_with(call, Pace::quick,
                                [sweeps = std::move(sweeps)](ReadSession& session) {
                                    return or_problem(sweeps_page(session, sweeps));
                                });
}

void get_sweep(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    if (!complaints.empty()) return call->refuse(complaints.problem());
    call->backend().answer_with(
        call, Pace::quick,
        [named = call->id_query()](ReadSession& session) -> Result<std::string, Problem> {
            const Result<SweepId, Problem> id = match_sweep(session, named);
            if (!id) return Failure{id.error()};
            if (std::optional<std::string> json = sweep_json(session, id.value()))
                return std::move(*json);
            return Failure{Problem{404, "sweep " + id.value().text + " is gone"}};
        });
}

void get_prior(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    if (!complaints.empty()) return call->refuse(complaints.problem());
    call->backend().answer_with(
        call, Pace::slow,
        [named = call->id_query()](ReadSession& session) -> Result<std::string, Problem> {
            const Result<SweepId, Problem> id = match_sweep(session, named);
            if (!id) return Failure{id.error()};
            if (std::optional<std::string> json = prior_json(session, id.value()))
                return std::move(*json);
            return Failure{Problem{404, "sweep " + id.value().text + " is gone"}};
        });
}

void delete_sweep(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    const bool force = query.flag("force");
    if (!complaints.empty()) return call->refuse(complaints.problem());
    with_sweep(call, [call, force](const SweepId& id) {
        DeleteSweep event;
        event.sweep = id;
        event.force = force;
        call->backend().command(call, std::move(event), [call](const Answer& answer) {
            call->answer(200,
                         to_json(ParamMap{{"id", answer.sweep.text}, {"message", answer.message}}));
        });
    });
}

void pause_sweep(const CallPtr& call) {
    plain_command(call, SweepCommand::pause);
}

void resume_sweep(const CallPtr& call) {
    plain_command(call, SweepCommand::resume);
}

void stop_sweep(const CallPtr& call) {
    plain_command(call, SweepCommand::stop);
}

void cancel_sweep(const CallPtr& call) {
    Result<ParamMap, Problem> body = read_body(call->request());
    if (!body) return call->refuse(body.error());
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    BodyFields fields(*body, complaints);
    constexpr std::uint64_t kDayMs = 86'400'000;
    std::optional<Duration> grace;
    if (const auto ms = fields.number("grace_ms", 0, kDayMs))
        grace = Duration{static_cast<std::int64_t>(*ms)};
    fields.finish();
    if (!complaints.empty()) return call->refuse(complaints.problem());
    command_sweep(call, SweepCommand::cancel, grace);
}

}  // namespace sweepctl::api

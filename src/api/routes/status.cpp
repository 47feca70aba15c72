#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/time_text.hpp"

#include "api/backend.hpp"
#include "api/routes/routes.hpp"

#include <algorithm>
#include <utility>

namespace sweepctl::api {

namespace {

/// What cannot be stored or started at present, and since when.
ParamList troubles(const Controller& controller) {
    ParamList list;
    const auto add = [&](ParamValue agent, const std::string& message, WallTime since) {
        list.emplace_back(ParamMap{
            {"agent", std::move(agent)}, {"message", message}, {"since", to_rfc3339(since)}});
    };
    if (const auto& trouble = controller.store_trouble())
        add({}, "nothing can be stored: " + trouble->message, trouble->since);
    for (const World::AgentView& agent : controller.world().agents()) {
        if (!agent.shortage) continue;
        add(agent.record.id.text,
            "agent " + agent.record.id.text + " on " + agent.record.host +
                " could not start a run: " + agent.shortage->message,
            agent.shortage->since);
    }
    return list;
}

}  // namespace

void get_health(const CallPtr& call) {
    call->answer(200, R"({"status":"ok"})");
}

void get_status(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    if (!complaints.empty()) return call->refuse(complaints.problem());
    const Backend& backend = call->backend();
    const World& world = backend.controller.world();
    const std::vector<World::AgentView> agents = world.agents();
    const auto linked = std::count_if(
        agents.begin(), agents.end(),
        [](const World::AgentView& agent) { return agent.record.state != AgentState::lost; });
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? ParamValue{} : ParamValue(text);
    };
    const ApiContext& about = backend.about;
    call->answer(200, to_json(ParamMap{
                          {"version", about.version},
                          {"pid", about.pid},
                          {"home", about.home},
                          {"url", text_or_null(backend.url)},
                          {"socket", text_or_null(about.socket)},
                          {"started_at", to_rfc3339(about.started_at)},
                          {"sweeps", json_number(world.sweep_ids().size())},
                          {"live_runs", json_number(world.live_runs())},
                          {"agents", static_cast<std::int64_t>(linked)},
                          {"local_agent",
                           world.local_agent_drained()
                               ? ParamValue("drained until the controller is restarted")
                               : ParamValue{}},
                          {"troubles", troubles(backend.controller)},
                      }));
}

void shut_down(const CallPtr& call) {
    Result<ParamMap, Problem> body = read_body(call->request());
    if (!body) return call->refuse(body.error());
    Complaints complaints;
    BodyFields fields(*body, complaints);
    const bool cancel = fields.flag("cancel");
    fields.finish();
    if (!complaints.empty()) return call->refuse(complaints.problem());
    call->backend().about.shut_down(cancel, [call, cancel](std::uint64_t live_runs) {
        const std::string message =
            !cancel          ? "leaving; live runs go on"
            : live_runs == 0 ? "cancelled every sweep; nothing of them lives"
                             : "cancelled every sweep, but not all runs have ended";
        call->answer(202, to_json(ParamMap{{"message", message},
                                           {"live_runs", json_number(live_runs)}}));
    });
}

}  // namespace sweepctl::api

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/time_text.hpp"

#include "api/backend.hpp"
#include "api/named.hpp"
#include "api/routes/routes.hpp"

#include <utility>

namespace sweepctl::api {

namespace {

ParamMap agent_json(const World::AgentView& agent) {
    const AgentRecord& record = agent.record;
    return {{"id", record.id.text},
            {"host", record.host},
            {"state", std::string(to_string(record.state))},
            {"slots", json_number(record.slots)},
            {"busy", json_number(agent.busy)},
            {"gpus", json_number(record.gpus)},
            {"sweep", record.only_sweep ? ParamValue(record.only_sweep->text) : ParamValue{}},
            {"heartbeat_at",
             record.heartbeat_at ? ParamValue(to_rfc3339(*record.heartbeat_at)) : ParamValue{}}};
}

}  // namespace

void list_agents(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    if (!complaints.empty()) return call->refuse(complaints.problem());
    ParamList items;
    for (const World::AgentView& agent : call->backend().controller.world().agents())
        items.emplace_back(agent_json(agent));
    call->answer(200, to_json(ParamMap{{"items", std::move(items)}}));
}

void drain_agent(const CallPtr& call) {
    Result<ParamMap, Problem> body = read_body(call->request());
    if (!body) return call->refuse(body.error());
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    BodyFields(*body, complaints).finish();
    if (!complaints.empty()) return call->refuse(complaints.problem());
    with_agent(call, [call](const AgentId& id) {
        DrainAgent event;
        event.agent = id;
        call->backend().command(call, std::move(event), [call, id](const Answer& answer) {
            call->answer(200, to_json(ParamMap{{"id", id.text}, {"message", answer.message}}));
        });
    });
}

void connect_agent(const CallPtr& call) {
    const bool local = call->request().local;
    call->backend().agents.accept(call->take_exchange(), local);
}

}  // namespace sweepctl::api

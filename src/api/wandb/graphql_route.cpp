// POST /graphql

#include "api/wandb/door.hpp"

#include "api/backend.hpp"
#include "api/wandb/wire_context.hpp"
#include "api/wandb/wire_schema.hpp"

#include <utility>

namespace sweepctl::api {

namespace {

void respond(const CallPtr& call, graphql::Response response) {
    call->answer(response.status, std::move(response.body));
}

/// Queries that look at more runs than they show have a thread apart.
Pace pace_of(const graphql::Prepared& request, const ParamMap& variables) {
    const bool lists_runs = graphql::selects(request, "project.runs") ||
                            graphql::selects(request, "project.runCount") ||
                            graphql::selects(request, "project.run.sampledHistory") ||
                            graphql::selects(request, "project.run.history");
    if (!lists_runs) return Pace::quick;
    const ParamValue* const filters = find(variables, "filters");
    const auto* const text = filters == nullptr ? nullptr : filters->get_if<std::string>();
    const bool filtered = text != nullptr && !text->empty() && *text != "{}";
    const ParamValue* const order = find(variables, "order");
    const auto* const key = order == nullptr ? nullptr : order->get_if<std::string>();
    const bool sorted = key != nullptr && key->find("created") == std::string::npos;
    const bool history = !graphql::selects(request, "project.runs");
    return filtered || sorted || history ? Pace::slow : Pace::quick;
}

}  // namespace

WireAbout wire_about(const Call& call) {
    WireAbout about;
    about.user = call.backend().about.user;
    // As the client knows us: it sends its key to that address and to no other.
    const std::string* const host = call.request().header("host");
    about.url = host != nullptr && !call.request().local ? "http://" + *host : call.backend().url;
    return about;
}

WireDoor::WireDoor() : service(make_wire_schema()) {}

void serve_graphql(const CallPtr& call) {
    Result<graphql::Request, graphql::Response> request =
        graphql::read_request(call->request().body);
    if (!request) return respond(call, std::move(request).error());
    Result<graphql::Prepared, graphql::Response> prepared =
        call->backend().wire.service.prepare(*request);
    if (!prepared) return respond(call, std::move(prepared).error());

    const auto context = std::make_shared<WireContext>();
    context->about = wire_about(*call);
    if (graphql::is_mutation(*prepared)) {
        // Clients come again after a 503, and give up after most others.
        if (const auto obstacle = call->backend().obstacle()) return call->refuse(*obstacle);
        context->call = call;
        graphql::execute(*prepared, graphql::Context(context), [call](graphql::Response response) {
            if (call->open()) respond(call, std::move(response));
        });
        return;
    }
    call->backend().reader.read(
        pace_of(*prepared, request->variables),
        [prepared = *prepared, context](ReadSession& session) {
            context->session = &session;
            return graphql::execute_now(prepared, graphql::Context(context));
        },
        [call](Result<graphql::Response, ReadError> response) {
            if (!call->open()) return;
            if (!response) {
                return call->refuse(
                    {500, "the database cannot be read: " + response.error().message});
            }
            respond(call, std::move(response).value());
        });
}

/// Clients probe it before they send telemetry, and let it be when it is not there.
void refuse_telemetry(const CallPtr& call) {
    call->refuse({404, "no telemetry is taken here"});
}

}  // namespace sweepctl::api

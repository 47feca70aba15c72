// Sweeps and their agents.

#include "sweepctl/core/time_text.hpp"

#include "api/wandb/connection.hpp"
#include "api/wandb/wire_context.hpp"
#include "api/wandb/wire_ids.hpp"
#include "api/wandb/wire_schema.hpp"

#include <algorithm>

namespace sweepctl::api {

namespace {

using graphql::Field;
using graphql::Node;
using graphql::Resolved;

constexpr std::size_t kListMax = 500;

Resolved nothing(const Field&) {
    return nullptr;
}

Resolved time_or_null(const std::optional<WallTime>& time) {
    if (!time) return nullptr;
    return to_rfc3339(*time);
}

Node project_of(const WireSweep& sweep) {
    WireProject project;
    project.key = sweep.project_key;
    project.entity = sweep.entity;
    project.name = sweep.project;
    project.created_at = sweep.created_at;
    return Node::of(std::move(project));
}

Resolved read_runs(const Field& field, ProjectRunsQuery query) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    query.user = wire(field).about.user;
    query.wanted = wanted_columns(field, "edges.node.");
    Result<WireRunPage, QueryError> page = project_runs(*session, query);
    if (!page) return error_of(page.error());
    return Node::of(connection_of(std::move(page).value()));
}

Resolved runs(const WireSweep& sweep, const Field& field) {
    ProjectRunsQuery query;
    query.entity = sweep.entity;
    query.project = sweep.project;
    query.sweep = sweep.id.text;
    query.order = "+created_at";
    query.limit = page_limit(field, kListMax);
    query.cursor = field.arguments().text_or("after", "");
    return read_runs(field, std::move(query));
}

/// The runs that `wandb sweep --prior_run` named.
Resolved prior_runs(const WireSweep& sweep, const Field& field) {
    if (!sweep.prior_filters) return Node::of(WireConnection{});
    ProjectRunsQuery query;
    query.entity = sweep.entity;
    query.project = sweep.project;
    query.filter = *sweep.prior_filters;
    query.order = "+created_at";
    query.limit = page_limit(field, kListMax);
    query.cursor = field.arguments().text_or("after", "");
    return read_runs(field, std::move(query));
}

Resolved agent_runs(const WireAgentNode& node, const Field& field) {
    ProjectRunsQuery query;
    query.entity = node.entity;
    query.project = node.project;
    query.sweep = node.sweep.text;
    query.agent = node.agent.id.text;
    query.order = field.arguments().text_or("order", "+created_at");
    query.backwards = field.arguments().integer("last").has_value();
    query.limit = page_limit(field, kListMax, query.backwards ? "last" : "first");
    query.cursor = field.arguments().text_or(query.backwards ? "before" : "after", "");
    return read_runs(field, std::move(query));
}

std::vector<Node> agents_of(const WireSweep& sweep, ReadSession& session) {
    std::vector<Node> nodes;
    for (WireAgent& agent : sweep_agents(session, sweep.id))
        nodes.push_back(
            Node::of(WireAgentNode{std::move(agent), sweep.entity, sweep.project, sweep.id}));
    return nodes;
}

Resolved agents(const WireSweep& sweep, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    WireConnection connection;
    connection.nodes = agents_of(sweep, *session);
    return Node::of(std::move(connection));
}

Resolved agent(const WireSweep& sweep, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    // Clients name it by what its `name` said, and some by its id.
    const std::optional<std::string> id =
        id_in("Agent", *field.arguments().text("agentName"));
    if (!id) return nullptr;
    for (Node& node : agents_of(sweep, *session)) {
        if (node.as<WireAgentNode>().agent.id.text == *id) return node;
    }
    return nullptr;
}

}  // namespace

void add_sweep_fields(graphql::SchemaBuilder& schema) {
    schema.object<WireAgentNode>("Agent")
        .field("id: ID!",
               [](const WireAgentNode& node) { return wire_id("Agent", node.agent.id.text); })
        .field("name: String!", [](const WireAgentNode& node) { return node.agent.id.text; })
        .field("host: String!", [](const WireAgentNode& node) { return node.agent.host; })
        .field("state: String", [](const WireAgentNode& node) { return node.agent.state; })
        .field("totalRuns: Int!", [](const WireAgentNode& node) { return node.agent.total_runs; })
        .field("createdAt: DateTime!",
               [](const WireAgentNode& node) { return to_rfc3339(node.agent.created_at); })
        .field("heartbeatAt: DateTime",
               [](const WireAgentNode& node) { return time_or_null(node.agent.heartbeat_at); })
        .field("runs(first: Int, after: String, last: Int, before: String, order: String): "
               "RunConnection!",
               agent_runs);
    add_connection<WireAgentNode>(schema, "Agent");

    schema.object<WireSweep>("Sweep")
        .field("id: ID!", [](const WireSweep& sweep) { return wire_id("Sweep", sweep.id.text); })
        .field("name: String!", [](const WireSweep& sweep) { return sweep.id.text; })
        .field("displayName: String", &WireSweep::display_name)
        .field("method: String!", &WireSweep::method)
        .field("state: String!", &WireSweep::state)
        .field("description: String", &WireSweep::description)
        .field("config: String!", &WireSweep::spec)
        .field("createdAt: DateTime!",
               [](const WireSweep& sweep) { return to_rfc3339(sweep.created_at); })
        .field("updatedAt: DateTime",
               [](const WireSweep& sweep) { return to_rfc3339(sweep.updated_at); })
        .field("heartbeatAt: DateTime",
               [](const WireSweep& sweep) { return time_or_null(sweep.heartbeat_at); })
        .field("earlyStopJobRunning: Boolean", [](const WireSweep&) { return false; })
        .field("bestLoss: Float", &WireSweep::best_loss)
        .field("controller: JSONString", nothing)
        .field("scheduler: JSONString", nothing)
        .field("controllerRunName: String", nothing)
        .field("runCount: Int!", &WireSweep::run_count)
        .field("runCountExpected: Int", &WireSweep::expected_runs)
        .field("project: Project!", project_of)
        .field("runs(first: Int, after: String): RunConnection!", runs)
        .field("priorRuns(first: Int, after: String): RunConnection!", prior_runs)
        .field("agents: AgentConnection!", agents)
        .field("agent(agentName: String!): Agent", agent);
    add_connection<WireSweep>(schema, "Sweep", [](const WireSweep& sweep) { return sweep.cursor; });
}

}  // namespace sweepctl::api

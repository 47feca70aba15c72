// Projects, and the way from one to what is in it.

#include "sweepctl/core/time_text.hpp"

#include "api/wandb/connection.hpp"
#include "api/wandb/wire_context.hpp"
#include "api/wandb/wire_ids.hpp"
#include "api/wandb/wire_schema.hpp"

namespace sweepctl::api {

namespace {

using graphql::Field;
using graphql::Node;
using graphql::Resolved;

Resolved nothing(const Field&) {
    return nullptr;
}

/// Above what one page of a list without `first` holds.
constexpr std::size_t kListMax = 500;

ProjectRunsQuery runs_query(const WireProject& project, const Field& field) {
    ProjectRunsQuery query;
    query.entity = project.entity;
    query.project = project.name;
    query.filter = field.arguments().text_or("filters", "");
    query.user = wire(field).about.user;
    return query;
}

Resolved runs(const WireProject& project, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    ProjectRunsQuery query = runs_query(project, field);
    query.order = field.arguments().text_or("order", "");
    query.cursor = field.arguments().text_or("after", "");
    query.limit = page_limit(field, kListMax);
    query.wanted = wanted_columns(field, "edges.node.");
    Result<WireRunPage, QueryError> page = project_runs(*session, query);
    if (!page) return error_of(page.error());
    return Node::of(connection_of(std::move(page).value()));
}

Resolved run_count(const WireProject& project, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    const Result<std::uint64_t, QueryError> count =
        project_run_count(*session, runs_query(project, field));
    if (!count) return error_of(count.error());
    return *count;
}

std::optional<WireRun> named_run(const WireProject& project, const Field& field) {
    return wire_run(*wire(field).session, project.entity, project.name,
                    *field.arguments().text("name"), wanted_columns(field, ""));
}

Resolved run(const WireProject& project, const Field& field) {
    if (wire(field).session == nullptr) return only_in_queries(field);
    std::optional<WireRun> found = named_run(project, field);
    if (!found) return nullptr;
    return Node::of(std::move(*found));
}

/// What a client asks for by this name it wants to go on with.
Resolved bucket(const WireProject& project, const Field& field) {
    if (wire(field).session == nullptr) return only_in_queries(field);
    std::optional<WireRun> found = named_run(project, field);
    if (!found) return nullptr;
    return Node::of(as_bucket(std::move(*found)));
}

Resolved sweep(const WireProject& project, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    std::optional<WireSweep> found = wire_sweep(*session, project.entity, project.name,
                                                *field.arguments().text("sweepName"));
    if (!found) return nullptr;
    return Node::of(std::move(*found));
}

Resolved sweeps(const WireProject& project, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    Result<WireSweepPage, QueryError> page =
        project_sweeps(*session, project.entity, project.name, page_limit(field, kListMax),
                       field.arguments().text_or("after", ""));
    if (!page) return error_of(page.error());
    WireConnection connection;
    connection.page.has_next = page->has_next;
    if (!page->sweeps.empty()) connection.page.end_cursor = page->sweeps.back().cursor;
    connection.nodes = Node::each(std::move(page->sweeps));
    return Node::of(std::move(connection));
}

Resolved total_sweeps(const WireProject& project, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    return project_sweep_count(*session, project.entity, project.name);
}

Resolved find_project(const Field& field) {
    ReadSession* const session = wire(field).session;
    const std::string* const name = field.arguments().text("name");
    if (name == nullptr) return nullptr;
    std::optional<WireProject> project = wire_project(
        *session, wire(field).entity_or_default(field.arguments().text("entityName")), *name);
    if (!project) return nullptr;
    return Node::of(std::move(*project));
}

Resolved list_projects(const Field& field) {
    ReadSession* const session = wire(field).session;
    Result<WireProjectPage, QueryError> page = wire_projects(
        *session, wire(field).entity_or_default(field.arguments().text("entityName")),
        page_limit(field, kListMax), field.arguments().text_or("after", ""));
    if (!page) return error_of(page.error());
    WireConnection connection;
    connection.page.has_next = page->has_next;
    if (!page->projects.empty()) connection.page.end_cursor = page->projects.back().cursor;
    connection.nodes = Node::each(std::move(page->projects));
    return Node::of(std::move(connection));
}

}  // namespace

void add_project_fields(graphql::SchemaBuilder& schema) {
    schema.object<WireProject>("Project")
        .field("id: ID!",
               [](const WireProject& project) {
                   return wire_id("Project", project.entity + "/" + project.name);
               })
        .field("internalId: Int!", &WireProject::key)
        .field("name: String!", &WireProject::name)
        .field("entityName: String!", &WireProject::entity)
        .field("entity: Entity!",
               [](const WireProject& project) { return Node::of(WireEntity{project.entity}); })
        .field("createdAt: DateTime!",
               [](const WireProject& project) { return to_rfc3339(project.created_at); })
        .field("isBenchmark: Boolean!", [](const WireProject&) { return false; })
        .field("readOnly: Boolean", [](const WireProject&) { return false; })
        .field("user: User",
               [](const Field& field) { return Node::of(WireUser{wire(field).about.user}); })
        .field("description: String", &WireProject::description)
        .field("access: String", [](const WireProject&) { return Resolved("PRIVATE"); })
        .field("views: JSONString", nothing)
        .field("run(name: String!, desc: String): Run", run)
        .field("bucket(name: String!, missingOk: Boolean): Run", bucket)
        .field("runCount(filters: JSONString): Int!", run_count)
        .field("runs(filters: JSONString, after: String, first: Int, order: String): "
               "RunConnection!",
               runs)
        .field("buckets(filters: JSONString, after: String, first: Int, order: String): "
               "RunConnection!",
               runs)
        .field("sweep(sweepName: String!): Sweep", sweep)
        .field("sweeps(after: String, first: Int, filters: JSONString): SweepConnection!", sweeps)
        .field("totalSweeps: Int!", total_sweeps);
    add_connection<WireProject>(schema, "Project",
                                [](const WireProject& project) { return project.cursor; });
    schema.query()
        .field("project(name: String, entityName: String): Project", find_project)
        .field("model(name: String, entityName: String): Project", find_project)
        .field("models(entityName: String, after: String, first: Int): ProjectConnection",
               list_projects);
}

}  // namespace sweepctl::api

#pragma once

#include "sweepctl/store/project_reads.hpp"

#include "api/graphql/graphql.hpp"

#include <memory>
#include <string_view>
#include <vector>

// The part of W&B's GraphQL schema that clients need for runs, sweeps, agents, projects, histories
// and files. What is not in it (artifacts, registries, launch queues, automations, reports) answers
// like any unknown field: clients tolerate that, and nothing else.

namespace sweepctl::api {

/// Features that the server says it has; clients ask before they use one.
[[nodiscard]] const std::vector<std::string_view>& wire_features();

[[nodiscard]] std::shared_ptr<const graphql::Schema> make_wire_schema();

// One file a subject.
void add_viewer_fields(graphql::SchemaBuilder& schema);
void add_project_fields(graphql::SchemaBuilder& schema);
void add_run_fields(graphql::SchemaBuilder& schema);
void add_history_fields(graphql::SchemaBuilder& schema, graphql::ObjectBuilder<WireRun>& run);
void add_file_fields(graphql::SchemaBuilder& schema, graphql::ObjectBuilder<WireRun>& run);
void add_sweep_fields(graphql::SchemaBuilder& schema);
void add_run_mutations(graphql::SchemaBuilder& schema);
void add_sweep_mutations(graphql::SchemaBuilder& schema);
void add_agent_mutations(graphql::SchemaBuilder& schema);
void add_file_mutations(graphql::SchemaBuilder& schema);

}  // namespace sweepctl::api

#include "api/wandb/wire_schema.hpp"

#include "sweepctl/base/check.hpp"

namespace sweepctl::api {

std::shared_ptr<const graphql::Schema> make_wire_schema() {
    graphql::SchemaBuilder schema;
    add_viewer_fields(schema);
    add_project_fields(schema);
    add_run_fields(schema);
    add_sweep_fields(schema);
    add_run_mutations(schema);
    add_sweep_mutations(schema);
    add_agent_mutations(schema);
    add_file_mutations(schema);
    auto built = schema.build();
    SWEEPCTL_CHECK(built.ok());
    return std::move(built).value();
}

}  // namespace sweepctl::api

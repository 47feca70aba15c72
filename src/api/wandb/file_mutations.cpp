// Which files a run has, and where a client may put more.

#include "api/wandb/mutation.hpp"
#include "api/wandb/wire_ids.hpp"
#include "api/wandb/wire_nodes.hpp"
#include "api/wandb/wire_schema.hpp"

namespace sweepctl::api {

void add_file_mutations(graphql::SchemaBuilder&) {}

}  // namespace sweepctl::api

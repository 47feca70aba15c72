#pragma once

#include "api/graphql/schema_builder.hpp"

// What a schema says of itself: the root field __type, with the fields that clients read. Clients
// that serve several versions of a server ask by it whether a field or an argument is there. Whole
// schemas (__schema) are not told.

namespace sweepctl::graphql {

/// `schema` is the one that `builder` makes.
void add_introspection(SchemaBuilder& builder, const Schema& schema);

}  // namespace sweepctl::graphql

#pragma once

#include "api/graphql/document.hpp"
#include "api/graphql/parser.hpp"
#include "api/graphql/type.hpp"

#include <vector>

namespace sweepctl::graphql {

/// What a document gets wrong whatever its variables are; empty when it is fine. Two things are
/// left for the plan of an operation, which knows the variables: values, and fields that cannot be
/// merged. Laxer than the specification in what harms nobody: unused variables and fragments, and
/// fragments on types that cannot occur.
[[nodiscard]] std::vector<DocumentError> validate(const syntax::Document& document,
                                                  const Schema& schema);

/// The type of the operation's own fields; null when the schema has none.
[[nodiscard]] const NamedType* root_type(const Schema& schema, syntax::OperationKind kind);

}  // namespace sweepctl::graphql

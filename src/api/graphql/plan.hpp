#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/value.hpp"

#include "api/graphql/document.hpp"
#include "api/graphql/graphql.hpp"
#include "api/graphql/parser.hpp"
#include "api/graphql/type.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// An operation with its variables filled in, its fragments put in, what @skip and @include leave
// out left out, and fields of the same key merged. It is the same for each object at its place in
// the response, so it is made once, before anything is resolved; and a resolver sees in it what
// will be asked of the object that it makes.

namespace sweepctl::graphql {

/// What is asked of objects of one type.
struct Plan {
    const NamedType* object = nullptr;
    std::vector<PlannedField> fields;  ///< in the order of the response
};

struct PlannedField {
    std::string key;
    const FieldType* type = nullptr;  ///< null: __typename
    ParamMap arguments;
    Place place;
    /// For each type of object that it may be; empty for leaves.
    std::vector<std::unique_ptr<Plan>> below;

    [[nodiscard]] const Plan* below_for(const NamedType& object) const;
};

struct PreparedRequest {
    std::shared_ptr<const Schema> schema;
    std::size_t values_max = 0;
    bool mutation = false;
    Plan root;
};

/// Chooses the request's operation and plans it. The document must be valid.
[[nodiscard]] Result<Prepared, std::vector<DocumentError>> plan(
    const syntax::Document& document,
    const Request& request,
    std::shared_ptr<const Schema> schema,
    const Limits& limits);

/// The fields below `plan` at that path of names.
[[nodiscard]] std::vector<const PlannedField*> fields_at(const Plan& plan, std::string_view path);
[[nodiscard]] std::vector<const PlannedField*> fields_at(const PlannedField& field,
                                                         std::string_view path);

}  // namespace sweepctl::graphql

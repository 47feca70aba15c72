#pragma once

#include "sweepctl/store/project_reads.hpp"

#include "api/graphql/resolver.hpp"

#include <memory>
#include <string>

// What the resolvers of the W&B schema work with.

namespace sweepctl::api {

class Call;
using CallPtr = std::shared_ptr<Call>;  // Shared by whoever still owes it an answer.

/// What is the same for every request of a client.
struct WireAbout {
    std::string user;  ///< the one principal, and the default entity
    std::string url;   ///< of the door that clients come by, without a slash at its end
};

/// Lent to the resolvers of one request. A query runs on a thread of the reader's, where there is a
/// session and no call; a mutation runs on the loop, where it is the other way round.
struct WireContext {
    WireAbout about;
    ReadSession* session = nullptr;
    CallPtr call;

    /// The entity that is meant when none is named.
    [[nodiscard]] std::string entity_or_default(const std::string* given) const {
        return given == nullptr || given->empty() ? about.user : *given;
    }
};

/// The reading session of a query; inside a mutation's payload, where there is none, an error.
[[nodiscard]] graphql::Error only_in_queries(const graphql::Field& field);

[[nodiscard]] inline WireContext& wire(const graphql::Field& field) {
    return field.context<WireContext>();
}

}  // namespace sweepctl::api

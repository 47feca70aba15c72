#pragma once

#include "api/graphql/graphql.hpp"
#include "api/wandb/wire_nodes.hpp"

#include <string>
#include <string_view>

namespace sweepctl::api {

/// Declares NAMEConnection and NAMEEdge over nodes of type NAME, which hold a T. `cursor` gives a T's cursor, or
/// nothing where lists are never paged.
template <typename T, typename Cursor>
void add_connection(graphql::SchemaBuilder& schema, std::string_view name, Cursor cursor) {
    const std::string type(name);
    schema.object<T>(type + "Edge")
        .field("node: " + type, [](const graphql::Field& field) { return field.parent(); })
        .field("cursor: String", std::move(cursor));
    schema.object<WireConnection>(type + "Connection")
        .field("edges: [" + type + "Edge!]!", &WireConnection::nodes)
        .field("pageInfo: PageInfo!", [](const WireConnection& connection) {
            return graphql::Node::of(connection.page);
        });
}

/// For lists that are given whole.
template <typename T>
void add_connection(graphql::SchemaBuilder& schema, std::string_view name) {
    add_connection<T>(schema, name, [](const T&) { return graphql::Resolved(nullptr); });
}

}  // namespace sweepctl::api

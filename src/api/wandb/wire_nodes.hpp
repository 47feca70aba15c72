#pragma once

#include "sweepctl/store/project_reads.hpp"

#include "api/graphql/resolver.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What stands behind the objects of the W&B schema, where that is not one of the store's structs
// (WireProject, WireRun, WireSweep) itself.

namespace sweepctl::api {

struct WireUser {
    std::string name;
};
struct WireEntity {
    std::string name;
};
struct WirePageInfo {
    std::optional<std::string> end_cursor;
    bool has_next = false;
};
struct WireAgentNode {
    WireAgent agent;
    std::string entity;
    std::string project;
    SweepId sweep;
};
struct WireFileNode {
    WireFile file;
    RunId run;
    std::string entity;
    std::string project;
    std::string run_name;                   ///< on the wire
    std::optional<std::string> upload_url;  ///< where its bytes may be put, once that was asked for
};
/// A connection whose items are already nodes, each with its cursor.
struct WireConnection {
    std::vector<graphql::Node> nodes;
    WirePageInfo page;
};

/// A run as its client sees it that goes on: of its history it counts the lines that it streamed,
/// not those that the program logged in another way.
[[nodiscard]] WireRun as_bucket(WireRun run);
/// The big columns of a run that are asked for below `prefix` ("edges.node.").
[[nodiscard]] RunColumns wanted_columns(const graphql::Field& field, std::string_view prefix);
[[nodiscard]] WireConnection connection_of(WireRunPage page);
/// What was wrong with a filter, an order or a cursor.
[[nodiscard]] graphql::Error error_of(const QueryError& error);
/// A `first` argument, within what one page may hold.
[[nodiscard]] std::size_t page_limit(const graphql::Field& field,
                                     std::size_t otherwise,
                                     std::string_view argument = "first");

}  // namespace sweepctl::api

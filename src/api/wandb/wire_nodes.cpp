#include "api/wandb/wire_nodes.hpp"

#include "api/wandb/wire_context.hpp"

#include <algorithm>

namespace sweepctl::api {

namespace {
constexpr std::int64_t kPageMax = 1000;
}

WireRun as_bucket(WireRun run) {
    run.metric_lines = 0;
    return run;
}

RunColumns wanted_columns(const graphql::Field& field, std::string_view prefix) {
    const auto selects = [&](std::string_view name) {
        return field.selects(std::string(prefix) + std::string(name));
    };
    RunColumns wanted;
    wanted.config = selects("config") || selects("wandbConfig");
    wanted.summary = selects("summaryMetrics");
    wanted.system_metrics = selects("systemMetrics");
    wanted.history_keys = selects("historyKeys");
    return wanted;
}

WireConnection connection_of(WireRunPage page) {
    WireConnection connection;
    connection.page.has_next = page.has_next;
    if (!page.runs.empty()) connection.page.end_cursor = page.runs.back().cursor;
    connection.nodes = graphql::Node::each(std::move(page.runs));
    return connection;
}

graphql::Error error_of(const QueryError& error) {
    switch (error.kind) {
        case QueryError::Kind::bad_filter: return {"filters: " + error.message, 400};
        case QueryError::Kind::bad_sort: return {"order: " + error.message, 400};
        case QueryError::Kind::bad_cursor: return {error.message, 400};
    }
    std::abort();
}

std::size_t page_limit(const graphql::Field& field,
                       std::size_t otherwise,
                       std::string_view argument) {
    const std::optional<std::int64_t> given = field.arguments().integer(argument);
    if (!given) return otherwise;
    return static_cast<std::size_t>(std::clamp<std::int64_t>(*given, 0, kPageMax));
}

graphql::Error only_in_queries(const graphql::Field& field) {
    return {"'" + field.name() + "' can be read in queries only", 400};
}

}  // namespace sweepctl::api

// Files of runs: their names and where their bytes are.

#include "sweepctl/core/time_text.hpp"

#include "api/wandb/connection.hpp"
#include "api/wandb/upload_links.hpp"
#include "api/wandb/wire_context.hpp"
#include "api/wandb/wire_ids.hpp"
#include "api/wandb/wire_schema.hpp"

namespace sweepctl::api {

namespace {

using graphql::Field;
using graphql::Node;
using graphql::Resolved;

std::string url_of(const WireFileNode& node, const Field& field) {
    return wire(field).about.url +
           run_file_path({node.entity, node.project, node.run_name, node.file.name});
}

/// Clients ask for "./a.txt" and mean what they stored as "a.txt".
std::string without_dot(std::string name) {
    while (name.starts_with("./"))
        name.erase(0, 2);
    return name;
}

Resolved files(const WireRun& run, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    constexpr std::size_t kFilesDefault = 50;
    RunFilesQuery query;
    query.run = run.id;
    for (std::string& name : field.arguments().texts("names"))
        query.names.push_back(without_dot(std::move(name)));
    query.pattern = field.arguments().text_or("pattern", "");
    query.cursor = field.arguments().text_or("after", "");
    query.limit = page_limit(field, kFilesDefault);
    Result<WireFilePage, QueryError> page = run_files(*session, query);
    if (!page) return error_of(page.error());
    WireConnection connection;
    connection.page.has_next = page->has_next;
    if (!page->files.empty()) connection.page.end_cursor = page->files.back().cursor;
    for (WireFile& file : page->files) {
        connection.nodes.push_back(Node::of(WireFileNode{
            std::move(file), run.id, run.entity, run.project, run.wire_name, std::nullopt}));
    }
    return Node::of(std::move(connection));
}

Resolved file_count(const WireRun& run, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    return run_file_count(*session, run.id);
}

Resolved text_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    return text;
}

}  // namespace

void add_file_fields(graphql::SchemaBuilder& schema, graphql::ObjectBuilder<WireRun>& run) {
    schema.object<WireFileNode>("File")
        .field("id: ID!",
               [](const WireFileNode& node) { return file_id(node.run.text, node.file.name); })
        .field("name: String!", [](const WireFileNode& node) { return node.file.name; })
        .field("url(upload: Boolean): String",
               [](const WireFileNode& node, const Field& field) { return url_of(node, field); })
        .field("directUrl: String",
               [](const WireFileNode& node, const Field& field) { return url_of(node, field); })
        .field("uploadUrl: String", &WireFileNode::upload_url)
        // A 32-bit number is too small for a checkpoint.
        .field("sizeBytes: Int64", [](const WireFileNode& node) { return node.file.size; })
        .field("mimetype: String",
               [](const WireFileNode& node) { return text_or_null(node.file.mimetype); })
        .field("md5: String", [](const WireFileNode& node) { return text_or_null(node.file.md5); })
        .field("updatedAt: DateTime",
               [](const WireFileNode& node) { return to_rfc3339(node.file.updated_at); });
    add_connection<WireFileNode>(schema, "File",
                                 [](const WireFileNode& node) { return node.file.cursor; });
    run.field("fileCount: Int!", file_count)
        .field(
            "files(names: [String], pattern: String, first: Int, after: String): "
            "FileConnection!",
            files);
}

}  // namespace sweepctl::api

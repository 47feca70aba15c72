// Who asks, and what the server can do.

#include "api/wandb/connection.hpp"
#include "api/wandb/wire_context.hpp"
#include "api/wandb/wire_ids.hpp"
#include "api/wandb/wire_schema.hpp"

namespace sweepctl::api {

namespace {

using graphql::Field;
using graphql::Node;
using graphql::Resolved;

struct ServerInfo {};
struct ServerFeature {
    std::string name;
};
struct LatestVersion {};
struct ApiKey {
    std::string name;
};
struct Organization {};
struct FeatureFlag {};

Resolved nothing(const Field&) {
    return nullptr;
}

Node myself(const Field& field) {
    return Node::of(WireUser{wire(field).about.user});
}

void add_server_info(graphql::SchemaBuilder& schema) {
    schema.object<ServerFeature>("ServerFeature")
        .field("name: String!", &ServerFeature::name)
        .field("isEnabled: Boolean!", [](const ServerFeature&) { return true; });
    schema.object<LatestVersion>("LatestLocalVersionInfo")
        .field("outOfDate: Boolean", [](const LatestVersion&) { return false; })
        .field("latestVersionString: String", nothing)
        .field("versionOnThisInstanceString: String", nothing);
    schema.object<ServerInfo>("ServerInfo")
        .field("features: [ServerFeature!]",
               [](const ServerInfo&) {
                   std::vector<Node> features;
                   for (const std::string_view name : wire_features())
                       features.push_back(Node::of(ServerFeature{std::string(name)}));
                   return features;
               })
        // A client refuses to work with a server that wants an older one.
        .field("cliVersionInfo: JSON",
               [](const ServerInfo&) { return ParamMap{{"max_cli_version", "99.0.0"}}; })
        // Of W&B's own servers, which can be out of date.
        .field("latestLocalVersionInfo: LatestLocalVersionInfo", nothing);
    schema.query().field("serverInfo: ServerInfo",
                         [](const Field&) { return Node::of(ServerInfo{}); });
}

}  // namespace

const std::vector<std::string_view>& wire_features() {
    static const std::vector<std::string_view> features{"FILESTREAM_GZIP",
                                                        "MARK_RUN_FILES_UPLOADED"};
    return features;
}

void add_viewer_fields(graphql::SchemaBuilder& schema) {
    add_server_info(schema);
    schema.object<WirePageInfo>("PageInfo")
        .field("endCursor: String", &WirePageInfo::end_cursor)
        .field("hasNextPage: Boolean!", &WirePageInfo::has_next);
    schema.object<ApiKey>("ApiKey")
        .field("id: ID!", &ApiKey::name)
        .field("name: String!", &ApiKey::name)
        .field("description: String", nothing);
    add_connection<ApiKey>(schema, "ApiKey");
    schema.object<FeatureFlag>("FeatureFlag")
        .field("rampKey: String", nothing)
        .field("isEnabled: Boolean", [](const FeatureFlag&) { return false; });
    schema.enumeration("RampIDType", "OrgName EntityName UserName");
    schema.object<Organization>("Organization")
        .field("name: String", nothing)
        .field("coreWeaveOrganizationId: String", nothing)
        .field("featureFlags(rampIDType: RampIDType): [FeatureFlag]",
               [](const Organization&) { return std::vector<Node>{}; });
    schema.object<WireEntity>("Entity")
        .field("id: ID!", [](const WireEntity& entity) { return wire_id("Entity", entity.name); })
        .field("name: String!", &WireEntity::name)
        .field("isTeam: Boolean", [](const WireEntity&) { return false; })
        .field("organization: Organization", nothing);
    add_connection<WireEntity>(schema, "Entity");
    schema.object<WireUser>("User")
        .field("id: ID!", [](const WireUser& user) { return wire_id("User", user.name); })
        .field("name: String!", &WireUser::name)
        .field("username: String", &WireUser::name)
        .field("email: String", [](const WireUser&) { return Resolved(""); })
        .field("admin: Boolean", [](const WireUser&) { return true; })
        .field("flags: JSONString", [](const WireUser&) { return ParamMap{}; })
        .field("entity: String", &WireUser::name)
        .field("deletedAt: DateTime", nothing)
        .field("apiKeys: ApiKeyConnection",
               [](const WireUser&) { return Node::of(WireConnection{}); })
        .field("teams: EntityConnection", [](const WireUser& user) {
            WireConnection teams;
            teams.nodes.push_back(Node::of(WireEntity{user.name}));
            return Node::of(std::move(teams));
        });
    add_connection<WireUser>(schema, "User");

    schema.query()
        .field("viewer: User", [](const Field& field) { return myself(field); })
        .field("users(query: String): UserConnection",
               [](const Field& field) {
                   WireConnection users;
                   users.nodes.push_back(myself(field));
                   return Node::of(std::move(users));
               })
        .field("entity(name: String): Entity",
               [](const Field& field) {
                   return Node::of(
                       WireEntity{wire(field).entity_or_default(field.arguments().text("name"))});
               })
        .field("organization(name: String!): Organization", nothing);
}

}  // namespace sweepctl::api

// Runs as W&B clients see them: what they call a bucket.

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/time_text.hpp"

#include "api/wandb/connection.hpp"
#include "api/wandb/wire_context.hpp"
#include "api/wandb/wire_ids.hpp"
#include "api/wandb/wire_schema.hpp"

#include <algorithm>

namespace sweepctl::api {

namespace {

using graphql::Field;
using graphql::JsonText;
using graphql::Node;
using graphql::Resolved;

Resolved time_or_null(const std::optional<WallTime>& time) {
    if (!time) return nullptr;
    return to_rfc3339(*time);
}

Resolved json_or_null(const std::optional<std::string>& text) {
    if (!text) return nullptr;
    return JsonText{*text};
}

/// The part of the client's own bookkeeping (config._wandb.value) that has these keys. A run that never
/// had a client has none of it, by which clients know that there is nothing to resume.
Resolved wandb_config(const WireRun& run, const Field& field) {
    ParamMap chosen;
    const auto config = run.config_json ? parse_json(*run.config_json) : parse_json("{}");
    const ParamMap* const entries = config ? (*config).get_if<ParamMap>() : nullptr;
    const ParamValue* const own = entries == nullptr ? nullptr : find(*entries, "_wandb");
    const ParamMap* const entry = own == nullptr ? nullptr : own->get_if<ParamMap>();
    const ParamValue* const value = entry == nullptr ? nullptr : find(*entry, "value");
    const ParamMap* const known = value == nullptr ? nullptr : value->get_if<ParamMap>();
    if (known == nullptr) return ParamMap{};
    const std::vector<std::string> keys = field.arguments().texts("keys");
    for (const auto& [name, each] : *known) {
        if (keys.empty() || std::find(keys.begin(), keys.end(), name) != keys.end())
            chosen.emplace_back(name, each);
    }
    return chosen;
}

Node project_of(const WireRun& run) {
    WireProject project;
    project.key = run.project_key;
    project.entity = run.entity;
    project.name = run.project;
    project.created_at = run.created_at;
    return Node::of(std::move(project));
}

}  // namespace

void add_run_fields(graphql::SchemaBuilder& schema) {
    auto run_type = schema.object<WireRun>("Run");
    run_type
        .field("id: ID!", [](const WireRun& run) { return wire_id("Run", run.id.text); })
        .field("name: String!", &WireRun::wire_name)
        .field("displayName: String", &WireRun::display_name)
        .field("sweepName: String", &WireRun::sweep)
        .field("state: String!", [](const WireRun& run) { return to_string(run.state); })
        .field("config: JSONString", [](const WireRun& run) { return json_or_null(run.config_json); })
        .field("summaryMetrics: JSONString",
               [](const WireRun& run) { return json_or_null(run.summary_json); })
        .field("systemMetrics: JSONString",
               [](const WireRun& run) { return json_or_null(run.system_metrics_json); })
        .field("historyKeys: JSON",
               [](const WireRun& run) { return json_or_null(run.history_keys_json); })
        .field("wandbConfig(keys: [String!]): JSONString", wandb_config)
        .field("group: String", &WireRun::group)
        .field("jobType: String", &WireRun::job_type)
        .field("commit: String", &WireRun::commit)
        .field("host: String", &WireRun::host)
        .field("jobProgram: String", &WireRun::program)
        .field("jobRepo: String", &WireRun::repo)
        .field("readOnly: Boolean", [](const WireRun&) { return false; })
        .field("createdAt: DateTime!", [](const WireRun& run) { return to_rfc3339(run.created_at); })
        .field("updatedAt: DateTime",
               [](const WireRun& run) {
                   return time_or_null(run.ended_at ? run.ended_at : run.heartbeat_at);
               })
        .field("heartbeatAt: DateTime",
               [](const WireRun& run) {
                   return time_or_null(run.heartbeat_at ? run.heartbeat_at : run.ended_at);
               })
        .field("description: String", &WireRun::notes)
        .field("notes: String", &WireRun::notes)
        .field("tags: [String!]", &WireRun::tags)
        .field("historyLineCount: Int",
               [](const WireRun& run) { return run.history_lines + run.metric_lines; })
        .field("eventsLineCount: Int", &WireRun::event_lines)
        .field("logLineCount: Int", &WireRun::output_lines)
        .field("user: User",
               [](const WireRun& run, const Field& field) {
                   return Node::of(WireUser{run.username.value_or(wire(field).about.user)});
               })
        .field("project: Project", project_of)
        .field("projectId: Int!", &WireRun::project_key)
        .field("exitcode: Int", &WireRun::exit_code)
        .field("stopped: Boolean", &WireRun::stopping)
        .field("shouldStop: Boolean", &WireRun::stopping)
        .field("failed: Boolean",
               [](const WireRun& run) {
                   return run.state == RunState::failed || run.state == RunState::crashed;
               })
        .field("running: Boolean", [](const WireRun& run) { return run.state == RunState::running; });
    add_history_fields(schema, run_type);
    add_file_fields(schema, run_type);
    add_connection<WireRun>(schema, "Run", [](const WireRun& run) { return run.cursor; });
}

}  // namespace sweepctl::api

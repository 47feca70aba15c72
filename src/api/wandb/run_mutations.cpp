// What W&B clients change about runs.

#include "api/wandb/mutation.hpp"
#include "api/wandb/wire_ids.hpp"
#include "api/wandb/wire_json.hpp"
#include "api/wandb/wire_nodes.hpp"
#include "api/wandb/wire_schema.hpp"

namespace sweepctl::api {

namespace {

using graphql::Arguments;
using graphql::Error;
using graphql::Field;
using graphql::Later;
using graphql::Node;
using graphql::Resolved;

struct RunPayload : Echo {
    WireRun run;
    bool created = false;
};
struct ProjectPayload : Echo {
    WireProject project;
    bool created = false;
};

/// What an operator has to say to everybody who starts a run: nothing here. Clients before 0.20 cannot
/// do without the type.
struct ServerSettings {};
struct ServerMessage {};

std::optional<std::string> text_in(const Arguments& input, std::string_view name) {
    const std::string* const text = input.text(name);
    return text == nullptr ? std::nullopt : std::optional(*text);
}

/// A run that exists, by the `id` of the input. An error ends the field.
std::optional<RunId> run_in(const Arguments& input, const Later& later) {
    const std::optional<std::string> id = id_in("Run", *input.text("id"));
    if (id) return RunId{*id};
    later.answer(Error{"'id' is not the id of a run", 400});
    return std::nullopt;
}

/// What the input says of the run's details; the texts of JSON apart, since they may be wrong.
RunDetails details_in(const Arguments& input) {
    RunDetails details;
    details.notes = text_in(input, "notes");
    if (!details.notes) details.notes = text_in(input, "description");
    details.group = text_in(input, "groupName");
    details.job_type = text_in(input, "jobType");
    details.commit = text_in(input, "commit");
    details.program = text_in(input, "jobProgram");
    details.repo = text_in(input, "jobRepo");
    if (input.list("tags") != nullptr) details.tags = input.texts("tags");
    return details;
}

void upsert_bucket(const Field& field, Later later) {
    const Arguments input = field.arguments().object("input");
    WireContext& context = wire(field);
    UpsertRun event;
    if (const std::string* const id = input.text("id")) {
        const std::optional<std::string> run = id_in("Run", *id);
        if (!run) return later.answer(Error{"'id' is not the id of a run", 400});
        event.named.run = RunId{*run};
    }
    event.named.entity = context.entity_or_default(input.text("entityName"));
    event.named.project = input.text_or("modelName", "");
    if (event.named.project.empty()) event.named.project = "uncategorized";
    event.named.name = input.text_or("name", "");
    if (const std::string* const sweep = input.text("sweep"); sweep != nullptr && !sweep->empty())
        event.sweep = SweepId{*sweep};
    if (const std::string* const word = input.text("state")) {
        event.state = run_state_from(*word);
        if (!event.state) return later.answer(Error{"unknown state '" + *word + "'", 400});
    }
    event.live = input.text("name") != nullptr && !event.state;
    event.display_name = text_in(input, "displayName");
    event.host = text_in(input, "host");
    event.details = details_in(input);
    if (const std::string* const text = input.text("config")) {
        const std::optional<ParamMap> config = json_object(*text);
        if (!config) return later.answer(Error{"'config' is not a JSON object", 400});
        event.config = plain_config(*config);
        event.details.config_json = strict_json(*config);
    }
    if (const std::string* const text = input.text("summaryMetrics")) {
        const std::optional<ParamMap> summary = json_object(*text);
        if (!summary) return later.answer(Error{"'summaryMetrics' is not a JSON object", 400});
        std::size_t room = kPointNamesMax;
        std::optional<std::vector<MetricPoint>> points = logged_points(*summary, room);
        if (!points)
            return later.answer(Error{"the names in 'summaryMetrics' are too long together", 400});
        event.summary_points = std::move(*points);
        event.details.summary_json = strict_json(*summary);
    }
    const RunColumns wanted = wanted_columns(field, "bucket.");
    const Echo echoed = echo(input);
    context.call->backend().await_store(context.call);
    event.request.actor = context.call->actor();
    context.call->backend().controller.request(
        std::move(event), [field, later, wanted, echoed](const Answer& answer) {
            if (!later.wanted()) return;
            if (answer.code != AnswerCode::ok) {
                // For a run that is gone a client would come again and again after a 404.
                const int status = answer.code == AnswerCode::not_found ? 410 : 400;
                return later.answer(Error{answer.message, status});
            }
            read_then(
                field, later,
                [run = answer.run, wanted](ReadSession& session) {
                    return wire_run(session, run, wanted);
                },
                [echoed, created = answer.created](WireRun run) {
                    return Node::of(RunPayload{echoed, as_bucket(std::move(run)), created});
                });
        });
}

void stop(const Field& field, const Later& later) {
    const Arguments input = field.arguments().object("input");
    const std::optional<RunId> run = run_in(input, later);
    if (!run) return;
    StopRun event;
    event.run = *run;
    event.request.actor = wire(field).call->actor();
    wire(field).call->backend().await_store(wire(field).call);
    wire(field).call->backend().controller.request(
        std::move(event), [later, echoed = echo(input)](const Answer& answer) {
            if (!later.wanted()) return;
            if (answer.code == AnswerCode::not_found) return later.answer(error_of(answer));
            // One that has ended already needs no stopping.
            later.answer(Node::of(DonePayload{echoed}));
        });
}

void delete_run(const Field& field, const Later& later) {
    const Arguments input = field.arguments().object("input");
    const std::optional<RunId> run = run_in(input, later);
    if (!run) return;
    DeleteRun event;
    event.run = *run;
    ask(field, later, std::move(event), [later, echoed = echo(input)](const Answer&) {
        later.answer(Node::of(DonePayload{echoed}));
    });
}

void update_run_state(const Field& field, const Later& later) {
    const Arguments input = field.arguments().object("input");
    const std::optional<RunId> run = run_in(input, later);
    if (!run) return;
    const std::string& word = *input.text("state");
    const std::optional<RunState> state = run_state_from(word);
    if (!state) return later.answer(Error{"unknown state '" + word + "'", 400});
    SetRunState event;
    event.named.run = *run;
    event.state = *state;
    ask(field, later, std::move(event), [later, echoed = echo(input)](const Answer&) {
        later.answer(Node::of(DonePayload{echoed}));
    });
}

void upsert_model(const Field& field, const Later& later) {
    const Arguments input = field.arguments().object("input");
    CreateProject event;
    event.entity = wire(field).entity_or_default(input.text("entityName"));
    event.project = input.text_or("name", "");
    if (event.project.empty()) return later.answer(Error{"a project needs a name", 400});
    event.description = text_in(input, "description");
    ask(field, later, event,
        [field, later, echoed = echo(input), entity = event.entity,
         name = event.project](const Answer& answer) {
            read_then(
                field, later,
                [entity, name](ReadSession& session) {
                    return wire_project(session, entity, name);
                },
                [echoed, created = answer.created](WireProject project) {
                    return Node::of(ProjectPayload{echoed, std::move(project), created});
                });
        });
}

}  // namespace

void add_run_mutations(graphql::SchemaBuilder& schema) {
    schema.input("UpsertBucketInput",
                 "id: String, name: String, modelName: String, entityName: String, groupName: "
                 "String, displayName: String, description: String, notes: String, commit: String, "
                 "config: JSONString, host: String, debug: Boolean, jobProgram: String, jobRepo: "
                 "String, jobType: String, state: String, sweep: String, tags: [String!], "
                 "summaryMetrics: JSONString, clientMutationId: String");
    schema.input("StopRunInput", "id: ID!, clientMutationId: String");
    schema.input("DeleteRunInput",
                 "id: ID!, deleteArtifacts: Boolean, clientMutationId: String");
    schema.input("UpdateRunStateInput", "id: ID!, state: String!, clientMutationId: String");
    schema.input("UpsertModelInput",
                 "id: String, name: String, entityName: String, description: String, access: "
                 "String, views: JSONString, framework: String, isBenchmark: Boolean, "
                 "linkedBenchmark: ID, isPublished: Boolean, clientMutationId: String");
    schema.enumeration("AlertSeverity", "INFO WARN ERROR");
    schema.input("NotifyScriptableRunAlertInput",
                 "entityName: String!, projectName: String!, runName: String!, title: String!, "
                 "text: String!, severity: AlertSeverity, waitDuration: Duration, "
                 "clientMutationId: String");

    const auto no_text = [](const ServerMessage&) { return Resolved(); };
    schema.object<ServerMessage>("ServerMessage")
        .field("utfText: String", no_text)
        .field("plainText: String", no_text)
        .field("htmlText: String", no_text)
        .field("messageType: String", no_text)
        .field("messageLevel: String", no_text);
    schema.object<ServerSettings>("ServerSettings")
        .field("serverMessages: [ServerMessage!]!",
               [](const ServerSettings&) { return std::vector<Node>{}; });
    schema.object<RunPayload>("UpsertBucketPayload")
        .field("bucket: Run!",
               [](const Field& field) {
                   return Node::part(field.parent(), field.parent().as<RunPayload>().run);
               })
        .field("inserted: Boolean", &RunPayload::created)
        .field("serverSettings: ServerSettings!",
               [](const RunPayload&) { return Node::of(ServerSettings{}); })
        .field("clientMutationId: String",
               [](const RunPayload& payload) { return payload.client_mutation_id; });
    schema.object<DonePayload>("SuccessPayload")
        .field("success: Boolean!", [](const DonePayload&) { return true; })
        .field("clientMutationId: String",
               [](const DonePayload& payload) { return payload.client_mutation_id; });
    schema.object<ProjectPayload>("UpsertModelPayload")
        .field("project: Project",
               [](const Field& field) {
                   return Node::part(field.parent(), field.parent().as<ProjectPayload>().project);
               })
        .field("model: Project",
               [](const Field& field) {
                   return Node::part(field.parent(), field.parent().as<ProjectPayload>().project);
               })
        .field("inserted: Boolean", &ProjectPayload::created)
        .field("clientMutationId: String",
               [](const ProjectPayload& payload) { return payload.client_mutation_id; });

    schema.mutation()
        .field("upsertBucket(input: UpsertBucketInput!): UpsertBucketPayload!", upsert_bucket)
        .field("stopRun(input: StopRunInput!): SuccessPayload!", stop)
        .field("deleteRun(input: DeleteRunInput!): SuccessPayload!", delete_run)
        .field("updateRunState(input: UpdateRunStateInput!): SuccessPayload!", update_run_state)
        .field("upsertModel(input: UpsertModelInput!): UpsertModelPayload!", upsert_model)
        // Nobody is to be called at night here; the program is told that it was heard.
        .field("notifyScriptableRunAlert(input: NotifyScriptableRunAlertInput!): SuccessPayload!",
               [](const Field& field) {
                   return Node::of(DonePayload{echo(field.arguments().object("input"))});
               });
}

}  // namespace sweepctl::api

// Where a client may put a run's files, and which of them it wants no more.

#include "api/wandb/mutation.hpp"
#include "api/wandb/run_file_store.hpp"
#include "api/wandb/upload_links.hpp"
#include "api/wandb/wire_ids.hpp"
#include "api/wandb/wire_nodes.hpp"
#include "api/wandb/wire_schema.hpp"

#include <chrono>
#include <map>
#include <memory>

namespace sweepctl::api {

namespace {

using graphql::Arguments;
using graphql::Error;
using graphql::Field;
using graphql::Later;
using graphql::Node;

// A client puts a file when those before it are through, and tries for a quarter of an hour.
constexpr std::chrono::hours kUploadTime{24};
constexpr std::size_t kFilesMax = 10'000;

struct UploadsPayload : Echo {
    RunId run;
    std::vector<WireFileNode> files;
};

/// The file as it is asked for, and where its bytes go. No address for a name that cannot be: then
/// clients leave the file out.
WireFileNode awaited_file(const WireRun& run, const std::string& name, const WireContext& context) {
    WireFileNode node;
    node.file.name = name;
    node.run = run.id;
    node.entity = run.entity;
    node.project = run.project;
    node.run_name = run.wire_name;
    if (const std::optional<std::string> clean = clean_file_name(name)) {
        const ApiContext& about = context.call->backend().about;
        const std::optional<std::string> path =
            signed_upload_path({run.entity, run.project, run.wire_name, *clean}, run.id,
                               about.now().wall + kUploadTime, about.token);
        if (path) node.upload_url = context.about.url + *path;
    }
    return node;
}

void create_run_files(const Field& field, const Later& later) {
    const Arguments input = field.arguments().object("input");
    const std::string entity = wire(field).entity_or_default(input.text("entityName"));
    const std::string project = *input.text("projectName");
    const std::string name = *input.text("runName");
    std::vector<std::string> names = input.texts("files");
    if (names.size() > kFilesMax) {
        return later.answer(
            Error{"more than " + std::to_string(kFilesMax) + " files at once", 400});
    }
    read_then(
        field, later,
        [entity, project, name](ReadSession& session) {
            return wire_run(session, entity, project, name, {false, false, false, false});
        },
        [field, names = std::move(names), echoed = echo(input)](const WireRun& run) {
            UploadsPayload payload{echoed, run.id, {}};
            for (const std::string& asked : names)
                payload.files.push_back(awaited_file(run, asked, wire(field)));
            return Node::of(std::move(payload));
        });
}

/// Each file was registered when its bytes came; there is nothing left to say.
DonePayload mark_uploaded(const Field& field) {
    return {echo(field.arguments().object("input"))};
}

/// Deletes files of several runs, one run after the other.
class FilesDeletion : public std::enable_shared_from_this<FilesDeletion> {
public:
    FilesDeletion(Field field, Later later, Echo echoed)
        : field_(std::move(field)), later_(std::move(later)), echoed_(std::move(echoed)) {}

    std::map<std::string, std::vector<std::string>> names;  ///< by run

    void go_on() {
        if (names.empty()) return later_.answer(Node::of(DonePayload{echoed_}));
        auto next = names.extract(names.begin());
        DeleteFiles event;
        event.named.run = RunId{next.key()};
        event.names = next.mapped();
        ask(field_, later_, std::move(event),
            [self = shared_from_this(), gone = std::move(next.mapped())](const Answer& answer) {
                const std::string& home = wire(self->field_).call->backend().about.home;
                for (const std::string& name : gone) {
                    if (clean_file_name(name) == name)
                        remove_file({home, answer.sweep, answer.run}, name);
                }
                self->go_on();
            });
    }

private:
    Field field_;
    Later later_;
    Echo echoed_;
};

void delete_files(const Field& field, const Later& later) {
    const Arguments input = field.arguments().object("input");
    const auto deletion = std::make_shared<FilesDeletion>(field, later, echo(input));
    for (const std::string& id : input.texts("files")) {
        const auto file = file_in(id);
        if (!file) return later.answer(Error{"'" + id + "' is not the id of a file", 400});
        deletion->names[file->first].push_back(file->second);
    }
    deletion->go_on();
}

}  // namespace

void add_file_mutations(graphql::SchemaBuilder& schema) {
    schema.input("CreateRunFilesInput",
                 "entityName: String, projectName: String!, runName: String!, files: [String!]!, "
                 "clientMutationId: String");
    schema.input("MarkRunFilesUploadedInput",
                 "entityName: String, projectName: String!, runName: String!, files: [String!]!, "
                 "clientMutationId: String");
    schema.input("DeleteFilesInput", "files: [ID!]!, projectId: Int, clientMutationId: String");
    schema.object<UploadsPayload>("CreateRunFilesPayload")
        .field("runID: ID!",
               [](const UploadsPayload& payload) { return wire_id("Run", payload.run.text); })
        .field("uploadHeaders: [String!]!", [](const UploadsPayload&) { return ParamList(); })
        .field("files: [File!]!",
               [](const UploadsPayload& payload) { return Node::each(payload.files); })
        .field("clientMutationId: String",
               [](const UploadsPayload& payload) { return payload.client_mutation_id; });
    schema.mutation()
        .field("createRunFiles(input: CreateRunFilesInput!): CreateRunFilesPayload!",
               create_run_files)
        .field("markRunFilesUploaded(input: MarkRunFilesUploadedInput!): SuccessPayload!",
               [](const Field& field) { return Node::of(mark_uploaded(field)); })
        .field("deleteFiles(input: DeleteFilesInput!): SuccessPayload!", delete_files);
}

}  // namespace sweepctl::api

// `wandb sweep`: new sweeps, changed ones, and the four commands.

#include "sweepctl/controller/sweep_plan.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include "api/wandb/mutation.hpp"
#include "api/wandb/wire_ids.hpp"
#include "api/wandb/wire_json.hpp"
#include "api/wandb/wire_nodes.hpp"
#include "api/wandb/wire_schema.hpp"

#include <algorithm>

namespace sweepctl::api {

namespace {

using graphql::Arguments;
using graphql::Error;
using graphql::Field;
using graphql::Later;
using graphql::Node;

struct SweepPayload : Echo {
    WireSweep sweep;
    std::vector<std::string> warnings;
};
struct EnqueuePayload : Echo {
    RunId run;
};

std::optional<std::string> text_in(const Arguments& input, std::string_view name) {
    const std::string* const text = input.text(name);
    return text == nullptr ? std::nullopt : std::optional(*text);
}

std::string sentence(const Diagnostic& diagnostic) {
    std::string text;
    if (diagnostic.line != 0) text = "line " + std::to_string(diagnostic.line) + ": ";
    text += diagnostic.message;
    if (!diagnostic.hint.empty()) text += " (" + diagnostic.hint + ")";
    return text;
}

/// All errors of a spec in one message: it is all that the user sees.
Error bad_config(const std::vector<Diagnostic>& diagnostics) {
    std::string text = "Invalid sweep config:";
    for (const Diagnostic& each : diagnostics) {
        if (each.severity == Severity::error) text += " " + sentence(each) + ";";
    }
    text.pop_back();
    return {std::move(text), 400};
}

std::vector<std::string> warnings_of(const std::vector<Diagnostic>& diagnostics) {
    std::vector<std::string> warnings;
    for (const Diagnostic& each : diagnostics) {
        if (each.severity == Severity::warning) warnings.push_back(sentence(each));
    }
    return warnings;
}

/// The sweep as the command line of W&B's client understands commands.
std::optional<SweepCommand> command_of(std::string_view state) {
    std::string word(state);
    std::transform(word.begin(), word.end(), word.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (word == "PAUSED") return SweepCommand::pause;
    if (word == "RUNNING") return SweepCommand::resume;
    if (word == "FINISHED" || word == "STOPPED") return SweepCommand::stop;
    if (word == "CANCELED" || word == "CANCELLED") return SweepCommand::cancel;
    return std::nullopt;
}

void answer_with_sweep(const Field& field,
                       const Later& later,
                       const SweepId& sweep,
                       Echo echoed,
                       std::vector<std::string> warnings) {
    read_then(
        field, later, [sweep](ReadSession& session) { return wire_sweep(session, sweep); },
        [echoed = std::move(echoed), warnings = std::move(warnings)](WireSweep found) {
            return Node::of(SweepPayload{echoed, std::move(found), warnings});
        });
}

void create(const Field& field, const Later& later, const Arguments& input, ParsedSpec parsed) {
    const SweepSpec& spec = *parsed.spec;
    const CallPtr& call = wire(field).call;
    CreateSweep event;
    event.name = input.text_or("displayName", spec.name.value_or(""));
    event.project = input.text_or("projectName", spec.project.value_or(""));
    if (event.project.empty()) event.project = "uncategorized";
    const std::optional<std::string> entity = text_in(input, "entityName");
    event.entity = wire(field).entity_or_default(entity ? &*entity
                                                 : spec.entity ? &*spec.entity
                                                               : nullptr);
    event.description = input.text_or("description", "");
    event.prior_filters = input.text_or("priorRunsFilters", "");
    // Where it was written is not known here, so only agents that were started for it can start its runs.
    event.needs_own_agent = true;
    constexpr std::uint64_t kSeedMask = (std::uint64_t{1} << 53) - 1;
    const std::uint64_t seed =
        spec.seed ? *spec.seed : call->backend().about.draw_seed() & kSeedMask;
    SweepSetup setup = setup_of(spec, seed);
    event.policy = std::move(setup.policy);
    event.strategy = std::move(setup.strategy);
    event.origin.spec = *input.text("config");
    event.origin.method = to_string(spec.method);
    event.origin.seed = seed;
    ask(field, later, std::move(event),
        [field, later, echoed = echo(input),
         warnings = warnings_of(parsed.diagnostics)](const Answer& answer) {
            answer_with_sweep(field, later, answer.sweep, echoed, warnings);
        });
}

void edit(const Field& field,
          const Later& later,
          const Arguments& input,
          const SweepId& sweep,
          const ParsedSpec* parsed) {
    EditSweep event;
    event.sweep = sweep;
    event.name = text_in(input, "displayName");
    event.description = text_in(input, "description");
    event.prior_filters = text_in(input, "priorRunsFilters");
    std::vector<std::string> warnings;
    if (parsed != nullptr) {
        const SweepSpec& spec = *parsed->spec;
        const std::uint64_t seed =
            spec.seed ? *spec.seed : wire(field).call->backend().about.draw_seed() >> 11U;
        SweepSetup setup = setup_of(spec, seed);
        EditSweep::Plan plan;
        plan.policy = std::move(setup.policy);
        plan.strategy = std::move(setup.strategy);
        plan.origin.spec = *input.text("config");
        plan.origin.method = to_string(spec.method);
        plan.origin.seed = seed;
        event.plan = std::move(plan);
        warnings = warnings_of(parsed->diagnostics);
    }
    ask(field, later, std::move(event),
        [field, later, sweep, echoed = echo(input), warnings](const Answer&) {
            answer_with_sweep(field, later, sweep, echoed, warnings);
        });
}

void upsert_sweep(const Field& field, const Later& later) {
    const Arguments input = field.arguments().object("input");
    std::optional<SweepId> sweep;
    if (const std::string* const id = input.text("id")) {
        const std::optional<std::string> known = id_in("Sweep", *id);
        if (!known) return later.answer(Error{"'id' is not the id of a sweep", 400});
        sweep = SweepId{*known};
    }
    if (const std::string* const state = input.text("state"); state != nullptr && sweep) {
        const std::optional<SweepCommand> command = command_of(*state);
        if (!command) return later.answer(Error{"a sweep cannot be set to '" + *state + "'", 400});
        CommandSweep event;
        event.sweep = *sweep;
        event.command = *command;
        return ask(field, later, std::move(event),
                   [field, later, sweep, echoed = echo(input)](const Answer&) {
                       answer_with_sweep(field, later, *sweep, echoed, {});
                   });
    }
    std::optional<ParsedSpec> parsed;
    if (const std::string* const config = input.text("config")) {
        parsed = parse_spec(*config, {.program_elsewhere = true});
        if (!parsed->spec) return later.answer(bad_config(parsed->diagnostics));
    }
    if (sweep) return edit(field, later, input, *sweep, parsed ? &*parsed : nullptr);
    if (!parsed) return later.answer(Error{"a new sweep needs a config", 400});
    create(field, later, input, std::move(*parsed));
}

void enqueue(const Field& field, const Later& later) {
    const Arguments input = field.arguments().object("input");
    const std::optional<std::string> sweep = id_in("Sweep", *input.text("id"));
    if (!sweep) return later.answer(Error{"'id' is not the id of a sweep", 400});
    const std::optional<ParamMap> config = json_object(*input.text("config"));
    if (!config) return later.answer(Error{"'config' is not a JSON object", 400});
    EnqueueRun event;
    event.sweep = SweepId{*sweep};
    event.config = plain_config(*config);
    ask(field, later, std::move(event), [later, echoed = echo(input)](const Answer& answer) {
        later.answer(Node::of(EnqueuePayload{echoed, answer.run}));
    });
}

}  // namespace

void add_sweep_mutations(graphql::SchemaBuilder& schema) {
    schema.input("UpsertSweepInput",
                 "id: ID, config: String, description: String, entityName: String, projectName: "
                 "String, controller: JSONString, scheduler: JSONString, launchScheduler: "
                 "JSONString, templateVariableValues: JSONString, state: String, priorRunsFilters: "
                 "JSONString, displayName: String, clientMutationId: String");
    schema.input("EnqueueSweepRunInput",
                 "id: ID!, config: JSONString!, displayName: String, clientMutationId: String");
    schema.object<SweepPayload>("UpsertSweepPayload")
        .field("sweep: Sweep!",
               [](const Field& field) {
                   return Node::part(field.parent(), field.parent().as<SweepPayload>().sweep);
               })
        .field("configValidationWarnings: [String!]!", &SweepPayload::warnings)
        .field("clientMutationId: String",
               [](const SweepPayload& payload) { return payload.client_mutation_id; });
    schema.object<EnqueuePayload>("EnqueueSweepRunPayload")
        .field("id: ID!",
               [](const EnqueuePayload& payload) { return wire_id("Run", payload.run.text); })
        .field("runQueueItemId: ID", [](const EnqueuePayload&) { return graphql::Resolved(); })
        .field("clientMutationId: String",
               [](const EnqueuePayload& payload) { return payload.client_mutation_id; });
    schema.mutation()
        .field("upsertSweep(input: UpsertSweepInput!): UpsertSweepPayload!", upsert_sweep)
        .field("enqueueSweepRun(input: EnqueueSweepRunInput!): EnqueueSweepRunPayload!", enqueue);
}

}  // namespace sweepctl::api

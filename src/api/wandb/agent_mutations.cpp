// W&B's own agents: they register, and ask every few seconds what to do.

#include "sweepctl/core/json_text.hpp"

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

/// Each is looked up, ended ones in the database.
constexpr std::size_t kLiveMax = 1'000;

struct AgentPayload : Echo {
    AgentId agent;
    std::string commands;  ///< a JSON list, as text
};
/// An agent as far as a mutation's payload tells of it.
struct AgentReference {
    AgentId id;
};

std::string_view word(ForeignCommand::Kind kind) {
    switch (kind) {
        case ForeignCommand::Kind::run: return "run";
        case ForeignCommand::Kind::resume: return "resume";
        case ForeignCommand::Kind::stop: return "stop";
        case ForeignCommand::Kind::exit: return "exit";
    }
    std::abort();
}

/// The commands as agents read them. The program is that of the run's sweep.
std::string commands_text(const std::vector<ForeignCommand>& commands,
                          const Controller& controller,
                          const SweepId& sweep) {
    ParamList list;
    for (const ForeignCommand& command : commands) {
        ParamMap entry{{"type", std::string(word(command.kind))}};
        if (command.kind != ForeignCommand::Kind::exit)
            entry.emplace_back("run_id", command.run.text);
        if (command.kind == ForeignCommand::Kind::run ||
            command.kind == ForeignCommand::Kind::resume) {
            const SweepBrief* const brief = controller.brief(sweep);
            const bool known = brief != nullptr && brief->program.has_value();
            entry.emplace_back("program", known ? ParamValue(*brief->program) : ParamValue());
            entry.emplace_back("args", client_config(command.config));
        }
        list.emplace_back(std::move(entry));
    }
    return to_json(ParamValue(std::move(list)));
}

void create_agent(const Field& field, const Later& later) {
    const Arguments input = field.arguments().object("input");
    RegisterForeignAgent event;
    event.sweep = SweepId{*input.text("sweep")};
    event.host = *input.text("host");
    ask(field, later, std::move(event), [later, echoed = echo(input)](const Answer& answer) {
        later.answer(Node::of(AgentPayload{echoed, answer.agent, "[]"}));
    });
}

void heartbeat(const Field& field, const Later& later) {
    const Arguments input = field.arguments().object("input");
    const std::optional<std::string> id = id_in("Agent", *input.text("id"));
    if (!id) return later.answer(Error{"'id' is not the id of an agent", 400});
    ForeignHeartbeat event;
    event.agent = AgentId{*id};
    const std::optional<ParamMap> live = json_object(input.text_or("runState", "{}"));
    if (!live) return later.answer(Error{"'runState' is not a JSON object", 400});
    if (live->size() > kLiveMax) {
        return later.answer(
            Error{"'runState' names more than " + std::to_string(kLiveMax) + " runs", 400});
    }
    for (const auto& [run, alive] : *live) {
        const bool* const flag = alive.get_if<bool>();
        if (flag != nullptr && *flag) event.live.push_back(RunId{run});
    }
    ask(field, later, std::move(event), [field, later, echoed = echo(input)](const Answer& answer) {
        const Controller& controller = wire(field).call->backend().controller;
        later.answer(Node::of(AgentPayload{
            echoed, answer.agent, commands_text(answer.commands, controller, answer.sweep)}));
    });
}

}  // namespace

void add_agent_mutations(graphql::SchemaBuilder& schema) {
    schema.input("CreateAgentInput",
                 "host: String!, projectName: String, entityName: String, sweep: String!, "
                 "clientMutationId: String");
    schema.input("AgentHeartbeatInput",
                 "id: ID!, metrics: JSONString, runState: JSONString, clientMutationId: String");
    schema.object<AgentReference>("AgentReference")
        .field("id: ID!", [](const AgentReference& agent) { return wire_id("Agent", agent.id.text); })
        .field("name: String!", [](const AgentReference& agent) { return agent.id.text; });
    const auto agent_of = [](const AgentPayload& payload) {
        return Node::of(AgentReference{payload.agent});
    };
    schema.object<AgentPayload>("CreateAgentPayload")
        .field("agent: AgentReference!", agent_of)
        .field("clientMutationId: String",
               [](const AgentPayload& payload) { return payload.client_mutation_id; });
    schema.object<AgentPayload>("AgentHeartbeatPayload")
        .field("agent: AgentReference!", agent_of)
        // Text that agents decode without looking: never null, always a list.
        .field("commands: String!", &AgentPayload::commands)
        .field("clientMutationId: String",
               [](const AgentPayload& payload) { return payload.client_mutation_id; });
    schema.mutation()
        .field("createAgent(input: CreateAgentInput!): CreateAgentPayload!", create_agent)
        .field("agentHeartbeat(input: AgentHeartbeatInput!): AgentHeartbeatPayload!", heartbeat);
}

}  // namespace sweepctl::api

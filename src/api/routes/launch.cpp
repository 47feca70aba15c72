#include "sweepctl/base/counted.hpp"
#include "sweepctl/controller/sweep_plan.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include "api/backend.hpp"
#include "api/named.hpp"
#include "api/routes/launch_prior.hpp"
#include "api/routes/routes.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

// POST /sweeps: from a spec's text and what the launch says beside it to a sweep.

namespace sweepctl::api {

namespace {

/// A launch as it was asked for, checked field by field.
struct Launch {
    std::string spec;
    std::string file_name;
    std::optional<std::string> name;
    std::optional<std::string> project;
    std::optional<std::string> entity;
    std::optional<std::uint32_t> parallel;
    std::optional<std::uint64_t> seed;
    bool paused = false;
    bool strict = false;
    std::string cwd;
    std::vector<std::pair<std::string, std::string>> env;
    std::vector<AskedPrior> priors;
};

bool has_nul(std::string_view text) {
    return text.find('\0') != std::string_view::npos;
}

/// What the kernel takes for an environment. The values are secret: no message shows one.
void read_environment(const ParamMap& object, Launch& launch, Complaints& complaints) {
    for (const auto& [name, value] : object) {
        const auto* text = value.get_if<std::string>();
        if (name.empty() || name.find('=') != std::string::npos || has_nul(name)) {
            complaints.wrong("env", "made of names without '=' and NUL", ParamValue(name));
        } else if (text == nullptr || has_nul(*text)) {
            complaints.add("env",
                           "'env': the value of '" + name + "' must be a string without NUL");
        } else {
            launch.env.emplace_back(name, *text);
        }
    }
}

Launch read_launch(const ParamMap& body, Complaints& complaints) {
    Launch launch;
    BodyFields fields(body, complaints);
    launch.spec = fields.required_text("spec");
    launch.file_name = fields.text("file_name").value_or("sweep.yaml");
    launch.name = fields.text("name");
    launch.project = fields.text("project");
    launch.entity = fields.text("entity");
    if (const auto parallel =
            fields.number("parallel", 1, std::numeric_limits<std::uint32_t>::max())) {
        launch.parallel = static_cast<std::uint32_t>(*parallel);
    }
    launch.seed = fields.number("seed", 0, std::numeric_limits<std::uint64_t>::max());
    launch.paused = fields.flag("paused");
    launch.strict = fields.flag("strict");
    launch.cwd = fields.required_text("cwd");
    if (!launch.cwd.starts_with('/') && complaints.empty()) {
        complaints.wrong("cwd", "an absolute path", ParamValue(launch.cwd));
    }
    if (has_nul(launch.cwd)) complaints.wrong("cwd", "a path without NUL", ParamValue(launch.cwd));
    if (const ParamMap* env = fields.object("env")) read_environment(*env, launch, complaints);
    for (const ParamMap* prior : fields.objects("prior"))
        launch.priors.push_back(read_asked_prior(*prior, complaints));
    fields.finish();
    return launch;
}

/// The first that says something: the launch, its environment, the spec.
std::string first_of(const std::optional<std::string>& given,
                     const std::string* variable,
                     const std::optional<std::string>& in_spec,
                     const std::string& otherwise) {
    if (given && !given->empty()) return *given;
    if (variable != nullptr && !variable->empty()) return *variable;
    return in_spec.value_or(otherwise);
}

const std::string* variable(const Launch& launch, std::string_view name) {
    const auto found = std::find_if(launch.env.begin(), launch.env.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    return found == launch.env.end() ? nullptr : &found->second;
}

/// Names stand in ids (`project/id`), in file names and on screens.
void check_name(std::string_view field, const std::string& name, Complaints& complaints) {
    constexpr std::size_t kLongest = 128;
    if (!check_printable(field, name, complaints)) return;
    if (name.size() > kLongest) {
        complaints.wrong(field, "at most " + std::to_string(kLongest) + " bytes long",
                         ParamValue(name));
    } else if (field != "name" && name.find('/') != std::string::npos) {
        complaints.wrong(field, "a name without '/'", ParamValue(name));
    }
}

ParamList diagnostics_json(const std::vector<Diagnostic>& diagnostics) {
    ParamList list;
    for (const Diagnostic& each : diagnostics) {
        list.emplace_back(
            ParamMap{{"severity", std::string(to_string(each.severity))},
                     {"line", each.line == 0 ? ParamValue{} : json_number(each.line)},
                     {"column", each.line == 0 ? ParamValue{} : json_number(each.column)},
                     {"message", each.message},
                     {"hint", each.hint.empty() ? ParamValue{} : ParamValue(each.hint)}});
    }
    return list;
}

Problem bad_spec(const Launch& launch, const std::vector<Diagnostic>& diagnostics) {
    const auto errors =
        std::count_if(diagnostics.begin(), diagnostics.end(),
                      [](const Diagnostic& each) { return each.severity == Severity::error; });
    return {422,
            errors == 1 ? "the spec has an error"
                        : "the spec has " + std::to_string(errors) + " errors",
            {{"diagnostics", diagnostics_json(diagnostics)},
             {"rendered", render(diagnostics, launch.file_name, launch.spec)}}};
}

/// What will not go as the spec asks on the agents that there are.
ParamList warnings_about(const SweepPolicy& policy, const std::vector<World::AgentView>& agents) {
    std::uint64_t slots = 0;
    std::uint32_t widest = 0;
    std::uint32_t most_gpus = 0;
    for (const World::AgentView& agent : agents) {
        if (agent.record.state != AgentState::online) continue;
        slots += agent.record.slots;
        widest = std::max(widest, agent.record.slots);
        most_gpus = std::max(most_gpus, agent.record.gpus);
    }
    ParamList warnings;
    if (slots == 0) return warnings;  // Nobody is here yet; who comes may have anything.
    const Resources& need = policy.resources;
    if (need.gpus > most_gpus) {
        warnings.emplace_back("a run needs " + counted(need.gpus, "GPU") +
                              ", and no agent has more than " + std::to_string(most_gpus) +
                              ": nothing runs until one comes that does");
    }
    if (need.cpus > widest) {
        warnings.emplace_back("a run needs " + counted(need.cpus, "slot") +
                              ", and no agent has more than " + std::to_string(widest) +
                              ": nothing runs until one comes that does");
    }
    if (policy.parallel && std::uint64_t{*policy.parallel} * std::max(need.cpus, 1U) > slots) {
        warnings.emplace_back("parallel is " + std::to_string(*policy.parallel) +
                              ", and the agents have " + counted(slots, "slot") + " for runs of " +
                              std::to_string(need.cpus) + ": fewer run at once");
    }
    return warnings;
}

/// As in an answer about a sweep.
ParamMap summary_of(const Prior& prior) {
    return {{"source", prior.source},
            {"runs", json_number(static_cast<std::uint64_t>(prior.runs.size()))},
            {"with_metric", json_number(valued(prior))}};
}

std::string created_json(const World& world,
                         const SweepId& id,
                         const SweepOrigin& origin,
                         ParamMap more) {
    const SweepRecord* sweep = world.find_sweep(id);
    ParamMap json{{"id", id.text}};
    if (sweep != nullptr) {
        json.emplace_back("name", sweep->name);
        json.emplace_back("project", sweep->project);
        json.emplace_back("entity", sweep->entity);
        json.emplace_back("status", std::string(to_string(sweep->status)));
        json.emplace_back("expected_runs", json_number(sweep->expected_runs));
    }
    json.emplace_back("method", origin.method);
    json.emplace_back("seed", json_number(origin.seed));
    json.insert(json.end(), more.begin(), more.end());
    return to_json(ParamValue(std::move(json)));
}

/// What is known of a launch before its prior runs are: all that can be refused was.
struct Draft {
    Launch launch;
    ParsedSpec parsed;
    CreateSweep event;
    ParamList warnings;
};

void create(const CallPtr& call, Draft draft, std::shared_ptr<const Prior> prior) {
    Launch& launch = draft.launch;
    const SweepSpec& spec = *draft.parsed.spec;
    CreateSweep& event = draft.event;
    Backend& backend = call->backend();
    // Drawn seeds stay below 2^53, so that JSON readers which know only doubles keep them whole.
    constexpr std::uint64_t kSeedMask = (std::uint64_t{1} << 53) - 1;
    const std::uint64_t seed = launch.seed ? *launch.seed
                               : spec.seed ? *spec.seed
                                           : backend.about.draw_seed() & kSeedMask;
    SweepSetup setup = setup_of(spec, seed);
    event.paused = launch.paused;
    event.policy = std::move(setup.policy);
    if (launch.parallel) event.policy.parallel = launch.parallel;
    event.strategy = std::move(setup.strategy);

    ParamList warnings = warnings_about(event.policy, backend.controller.world().agents());
    warnings.insert(warnings.end(), draft.warnings.begin(), draft.warnings.end());
    ParamMap more{{"prior", prior == nullptr ? ParamValue{} : ParamValue(summary_of(*prior))},
                  {"diagnostics", diagnostics_json(draft.parsed.diagnostics)},
                  {"rendered", render(draft.parsed.diagnostics, launch.file_name, launch.spec)},
                  {"warnings", std::move(warnings)}};
    // Without its secrets: what the answer tells.
    SweepOrigin told;
    told.method = to_string(spec.method);
    told.seed = seed;
    event.origin = told;
    event.origin.spec = std::move(launch.spec);
    event.origin.cwd = std::move(launch.cwd);
    event.origin.env = std::move(launch.env);
    event.origin.prior = std::move(prior);

    backend.command(
        call, std::move(event),
        [call, told = std::move(told), more = std::move(more)](const Answer& answer) {
            HttpResponse response;
            response.status = 201;
            response.body =
                created_json(call->backend().controller.world(), answer.sweep, told, more);
            response.headers.emplace_back("Location", "/api/v1/sweeps/" + answer.sweep.text);
            call->answer(std::move(response));
        });
}

void create_knowing(const CallPtr& call, Draft draft, std::vector<FoundPrior> found) {
    if (draft.launch.priors.empty()) return create(call, std::move(draft), nullptr);
    Result<Prior, Problem> prior = prior_from(*draft.parsed.spec, draft.launch.priors,
                                              std::move(found), draft.warnings);
    if (!prior) return call->refuse(std::move(prior).error());
    create(call, std::move(draft), std::make_shared<const Prior>(std::move(*prior)));
}

/// Reads what the runs of other sweeps tell, all at one moment, and then creates.
void create_after(const CallPtr& call, Draft draft, std::vector<IdQuery> named) {
    const auto kept = std::make_shared<Draft>(std::move(draft));
    const SweepPolicy& policy = kept->parsed.spec->policy;
    call->backend().read(
        call, Pace::slow,
        [named = std::move(named), metric = policy.metric ? policy.metric->name : std::string{}](
            ReadSession& session) -> Result<std::vector<FoundPrior>, Problem> {
            std::vector<FoundPrior> found;
            for (const IdQuery& name : named) {
                Result<SweepId, Problem> id = match_sweep(session, name);
                if (!id) return Failure{std::move(id).error()};
                found.push_back({*id, ended_runs(session, *id, metric)});
            }
            return found;
        },
        [call, kept](std::vector<FoundPrior> found) {
            create_knowing(call, std::move(*kept), std::move(found));
        });
}

}  // namespace

void create_sweep(const CallPtr& call) {
    Result<ParamMap, Problem> body = read_body(call->request());
    if (!body) return call->refuse(body.error());
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    Draft draft;
    draft.launch = read_launch(*body, complaints);
    if (!complaints.empty()) return call->refuse(complaints.problem());

    const Launch& launch = draft.launch;
    draft.parsed = parse_spec(launch.spec, {launch.strict});
    if (!draft.parsed.spec) return call->refuse(bad_spec(launch, draft.parsed.diagnostics));
    const SweepSpec& spec = *draft.parsed.spec;

    Backend& backend = call->backend();
    CreateSweep& event = draft.event;
    event.name = launch.name && !launch.name->empty() ? *launch.name : spec.name.value_or("");
    event.project =
        first_of(launch.project, variable(launch, "WANDB_PROJECT"), spec.project, "uncategorized");
    event.entity =
        first_of(launch.entity, variable(launch, "WANDB_ENTITY"), spec.entity, backend.about.user);
    check_name("name", event.name, complaints);
    check_name("project", event.project, complaints);
    check_name("entity", event.entity, complaints);
    if (!complaints.empty()) return call->refuse(complaints.problem());

    std::vector<IdQuery> named;
    for (const AskedPrior& prior : launch.priors)
        if (prior.sweep) named.push_back(*prior.sweep);
    if (named.empty()) return create_knowing(call, std::move(draft), {});
    create_after(call, std::move(draft), std::move(named));
}

}  // namespace sweepctl::api

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/wire/http_text.hpp"

#include "api/backend.hpp"
#include "api/routes/openapi_schemas.hpp"
#include "api/routes/routes.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

// GET /openapi.json: the table of routes, as an OpenAPI 3.1 document.

namespace sweepctl::api {

namespace {

ParamValue from_text(std::string_view json) {
    Result<ParamValue, JsonError> parsed = parse_json(json);
    SWEEPCTL_CHECK(parsed.ok());
    return std::move(parsed).value();
}

ParamMap reference(std::string_view schema) {
    return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

ParamMap content(std::string_view media_type, ParamMap schema) {
    ParamMap media;
    if (!schema.empty()) media.emplace_back("schema", std::move(schema));
    return {{std::string(media_type), std::move(media)}};
}

std::vector<std::string> names_in(std::string_view pattern) {
    std::vector<std::string> names;
    for (auto open = pattern.find('{'); open != std::string_view::npos;
         open = pattern.find('{', open + 1)) {
        names.emplace_back(pattern.substr(open + 1, pattern.find('}', open) - open - 1));
    }
    return names;
}

ParamList parameters(const Route& route) {
    ParamList list;
    for (std::string& name : names_in(route.pattern)) {
        list.emplace_back(ParamMap{{"name", std::move(name)},
                                   {"in", "path"},
                                   {"required", true},
                                   {"description", "an id, or any prefix that only one id has"},
                                   {"schema", ParamMap{{"type", "string"}, {"minLength", 1}}}});
    }
    for (const RouteParameter& parameter : route.query) {
        list.emplace_back(ParamMap{{"name", std::string(parameter.name)},
                                   {"in", "query"},
                                   {"required", false},
                                   {"description", std::string(parameter.description)},
                                   {"schema", from_text(parameter.schema)}});
    }
    return list;
}

/// What the server may answer before it looks at routes: a request that is malformed, of a foreign
/// page, late, long, or one too many.
constexpr std::array kServerProblems{400, 403, 408, 413, 431, 500, 501, 503};
constexpr int kWrongField = 422;

std::set<int> problems_of(const Route& route) {
    std::set<int> problems(kServerProblems.begin(), kServerProblems.end());
    problems.insert(route.problems.begin(), route.problems.end());
    if (route.needs_token) problems.insert(401);
    if (route.changes) problems.insert(507);
    if (!names_in(route.pattern).empty()) problems.insert({404, 409});
    if (!route.body.empty()) problems.insert({415, kWrongField});
    if (!route.query.empty()) problems.insert(kWrongField);
    return problems;
}

ParamMap problem_response(std::string description) {
    return {{"description", std::move(description)},
            {"content", content("application/problem+json", reference("Problem"))}};
}

/// Those that say the same everywhere.
ParamMap shared_responses() {
    std::set<int> statuses;
    for (const Route& route : all_routes()) {
        if (route.described) statuses.merge(problems_of(route));
    }
    statuses.erase(kWrongField);
    ParamMap all;
    for (const int status : statuses) {
        all.emplace_back("Problem" + std::to_string(status),
                         problem_response(std::string(reason_phrase(status))));
    }
    return all;
}

/// Which names an error's `field` may be.
std::string fields_in_words(const Route& route, const ParamMap& schemas) {
    std::string list;
    const auto add = [&list](std::string_view name) { list += "`" + std::string(name) + "`, "; };
    for (const RouteParameter& parameter : route.query)
        add(parameter.name);
    if (!route.body.empty()) {
        const ParamValue* const schema = find(schemas, route.body);
        SWEEPCTL_CHECK(schema != nullptr);
        const ParamValue* const members = find(*schema->get_if<ParamMap>(), "properties");
        if (members != nullptr) {
            for (const auto& [name, member] : *members->get_if<ParamMap>())
                add(name);
        }
    }
    return list + (list.empty() ? "" : "or ") + "a name that is not known here";
}

ParamMap responses(const Route& route, const ParamMap& schemas) {
    const RouteAnswer& answer = route.answer;
    ParamMap response{{"description", std::string(answer.description)}};
    if (!answer.media_type.empty()) {
        response.emplace_back(
            "content", content(answer.media_type,
                               answer.schema.empty() ? ParamMap{} : reference(answer.schema)));
    }
    ParamMap all{{std::to_string(answer.status), std::move(response)}};
    for (const int status : problems_of(route)) {
        const std::string word = std::to_string(status);
        if (status == kWrongField) {
            all.emplace_back(word, problem_response("the `field` of each of `errors` is " +
                                                    fields_in_words(route, schemas)));
        } else {
            all.emplace_back(word, ParamMap{{"$ref", "#/components/responses/Problem" + word}});
        }
    }
    return all;
}

ParamMap operation(const Route& route, const ParamMap& schemas) {
    ParamMap described{{"operationId", std::string(route.name)},
                       {"summary", std::string(route.summary)},
                       {"description", std::string(route.description)}};
    if (ParamList list = parameters(route); !list.empty())
        described.emplace_back("parameters", std::move(list));
    if (!route.body.empty()) {
        described.emplace_back(
            "requestBody",
            ParamMap{{"required", false},
                     {"content", content("application/json", reference(route.body))}});
    }
    described.emplace_back("responses", responses(route, schemas));
    if (!route.needs_token) described.emplace_back("security", ParamList{});
    return described;
}

std::string document(const std::string& version) {
    const ParamValue schemas = from_text(openapi_schemas());
    ParamMap paths;
    for (const Route& route : all_routes()) {
        if (!route.described) continue;
        auto path = std::find_if(paths.begin(), paths.end(),
                                 [&](const auto& known) { return known.first == route.pattern; });
        if (path == paths.end())
            path = paths.insert(path, {std::string(route.pattern), ParamMap{}});
        std::get<ParamMap>(path->second.content())
            .emplace_back(lower(route.method),
                          ParamValue(operation(route, *schemas.get_if<ParamMap>())));
    }
    return to_json(ParamMap{
        {"openapi", "3.1.0"},
        {"info",
         ParamMap{{"title", "sweepctl"},
                  {"version", version},
                  {"description",
                   "The controller of one state directory. Over the unix socket no token is "
                   "needed; over TCP every request but health brings it."}}},
        {"security", ParamList{ParamMap{{"token", ParamList{}}}}},
        {"paths", std::move(paths)},
        {"components",
         ParamMap{{"schemas", schemas},
                  {"responses", shared_responses()},
                  {"securitySchemes",
                   ParamMap{{"token", ParamMap{{"type", "http"}, {"scheme", "bearer"}}}}}}}});
}

}  // namespace

void get_openapi(const CallPtr& call) {
    call->answer(200, document(call->backend().about.version));
}

}  // namespace sweepctl::api

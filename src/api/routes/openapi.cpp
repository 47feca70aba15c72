#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/wire/http_text.hpp"

#include "api/backend.hpp"
#include "api/routes/openapi_schemas.hpp"
#include "api/routes/routes.hpp"

#include <algorithm>
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

ParamMap responses(const Route& route) {
    const RouteAnswer& answer = route.answer;
    ParamMap response{{"description", std::string(answer.description)}};
    if (!answer.media_type.empty()) {
        response.emplace_back(
            "content", content(answer.media_type,
                               answer.schema.empty() ? ParamMap{} : reference(answer.schema)));
    }
    ParamMap all{{std::to_string(answer.status), std::move(response)}};
    std::vector<int> problems = route.problems;
    if (route.needs_token) problems.push_back(401);
    if (route.changes) problems.insert(problems.end(), {503, 507});
    if (!route.body.empty()) problems.insert(problems.end(), {413, 415});
    if (!route.query.empty()) problems.push_back(422);
    problems.push_back(500);
    std::sort(problems.begin(), problems.end());
    problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
    for (const int status : problems) {
        all.emplace_back(
            std::to_string(status),
            ParamMap{{"description", std::string(reason_phrase(status))},
                     {"content", content("application/problem+json", reference("Problem"))}});
    }
    return all;
}

ParamMap operation(const Route& route) {
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
    described.emplace_back("responses", responses(route));
    if (!route.needs_token) described.emplace_back("security", ParamList{});
    return described;
}

std::string document(const std::string& version) {
    ParamMap paths;
    for (const Route& route : all_routes()) {
        if (!route.described) continue;
        auto path = std::find_if(paths.begin(), paths.end(),
                                 [&](const auto& known) { return known.first == route.pattern; });
        if (path == paths.end())
            path = paths.insert(path, {std::string(route.pattern), ParamMap{}});
        std::get<ParamMap>(path->second.content())
            .emplace_back(lower(route.method), ParamValue(operation(route)));
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
         ParamMap{{"schemas", from_text(openapi_schemas())},
                  {"securitySchemes",
                   ParamMap{{"token", ParamMap{{"type", "http"}, {"scheme", "bearer"}}}}}}}});
}

}  // namespace

void get_openapi(const CallPtr& call) {
    call->answer(200, document(call->backend().about.version));
}

}  // namespace sweepctl::api

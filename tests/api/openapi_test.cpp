#include "sweepctl/core/json_text.hpp"

#include "api/route.hpp"
#include "api_fixture.hpp"
#include "json_schema.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

/// Every "$ref" below `value`.
void collect_references(const ParamValue& value, std::set<std::string>& references) {
    if (const auto* list = value.get_if<ParamList>()) {
        for (const ParamValue& each : *list)
            collect_references(each, references);
    }
    if (const auto* map = value.get_if<ParamMap>()) {
        for (const auto& [name, each] : *map) {
            if (name == "$ref") references.insert(*each.get_if<std::string>());
            collect_references(each, references);
        }
    }
}

std::string lower_case(std::string_view word) {
    std::string out(word);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

}  // namespace

TEST_CASE("openapi: every route is in the document, with a description", "[api][openapi]") {
    ApiFixture fixture;
    const ApiReply reply = fixture.get("/api/v1/openapi.json");
    REQUIRE(reply.status == 200);
    CHECK(reply.text("openapi") == "3.1.0");
    CHECK(reply.at("info", "version") == ParamValue("1.2.3"));
    std::set<std::string> names;
    std::size_t operations = 0;
    for (const api::Route& route : api::all_routes()) {
        if (!route.described) continue;
        CAPTURE(route.method, route.pattern);
        const ParamValue& operation = reply.at("paths", route.pattern, lower_case(route.method));
        REQUIRE(operation.get_if<ParamMap>() != nullptr);
        CHECK(ApiReply::member(operation, "summary").get_if<std::string>()->size() > 5);
        CHECK(ApiReply::member(operation, "description").get_if<std::string>()->size() > 10);
        CHECK(
            names.insert(*ApiReply::member(operation, "operationId").get_if<std::string>()).second);
        CHECK_FALSE(route.answer.description.empty());
        for (const api::RouteParameter& parameter : route.query) {
            CAPTURE(parameter.name);
            CHECK(parameter.description.size() > 5);
            CHECK(parse_json(parameter.schema).ok());
        }
        ++operations;
    }
    std::size_t described = 0;
    for (const auto& [path, methods] : *reply.at("paths").get_if<ParamMap>())
        described += methods.get_if<ParamMap>()->size();
    CHECK(described == operations);
}

TEST_CASE("openapi: whatever goes wrong is in the document", "[api][openapi]") {
    ApiFixture fixture;
    const ApiReply document = fixture.get("/api/v1/openapi.json");
    const auto wrong_calls = [](const api::Route& route) {
        std::string path(route.pattern);
        if (const auto open = path.find('{'); open != std::string::npos)
            path.replace(open, path.find('}') + 1 - open, "nothing-like-it");
        HttpCall plain;
        plain.method = route.method;
        plain.target = path;
        std::vector<HttpCall> calls(7, plain);
        calls[1].target += "?no-such-parameter=1";
        calls[2].target += "?limit=x";
        calls[3].target.replace(calls[3].target.size() - 1, 1, "%zz");
        calls[4].body = "{";
        calls[5].body = R"({"no-such-member":1})";
        calls[6].headers.emplace_back("Origin", "http://elsewhere");
        return calls;
    };
    for (const api::Route& route : api::all_routes()) {
        if (!route.described) continue;
        CAPTURE(route.method, route.pattern);
        const ParamValue& responses = ApiReply::member(
            document.at("paths", route.pattern, lower_case(route.method)), "responses");
        for (const HttpCall& call : wrong_calls(route)) {
            const ApiReply reply = fixture.call(call);
            CAPTURE(call.target, call.body, reply.http.body);
            CHECK_FALSE(ApiReply::member(responses, std::to_string(reply.status)).is_null());
            if (reply.status >= 400) CHECK(fixture.faults(reply.json, "Problem") == "");
        }
        for (const char* status : {"400", "403", "500"})
            CHECK_FALSE(ApiReply::member(responses, status).is_null());
    }
    // What a 422 may be about.
    const ParamValue& runs = document.at("paths", "/api/v1/sweeps/{id}/runs");
    const auto about = [&](const char* method) {
        const ParamValue& problem = ApiReply::member(
            ApiReply::member(ApiReply::member(runs, method), "responses"), "422");
        return *ApiReply::member(problem, "description").get_if<std::string>();
    };
    CHECK(about("get") ==
          "the `field` of each of `errors` is `project`, `entity`, `state`, `filter`, `sort`, "
          "`histories`, `limit`, `cursor`, or a name that is not known here");
    CHECK(about("post") == "the `field` of each of `errors` is `project`, `entity`, `config`, "
                           "`front`, or a name that is not known here");
}

TEST_CASE("openapi: every reference points somewhere, and every schema is used", "[api][openapi]") {
    ApiFixture fixture;
    const ApiReply reply = fixture.get("/api/v1/openapi.json");
    std::set<std::string> references;
    collect_references(reply.json, references);
    for (const std::string& reference : references) {
        CAPTURE(reference);
        CHECK(resolve_pointer(reply.json, reference) != nullptr);
    }
    // An Event is what a stream carries, beside what the page refers to.
    for (const auto& [name, schema] : *reply.at("components", "schemas").get_if<ParamMap>()) {
        CAPTURE(name);
        CHECK(references.contains("#/components/schemas/" + name));
    }
}

TEST_CASE("openapi: the table's routes have distinct places", "[api][openapi]") {
    std::set<std::string> places;
    for (const api::Route& route : api::all_routes()) {
        CAPTURE(route.method, route.pattern);
        CHECK(places.insert(std::string(route.method) + " " + std::string(route.pattern)).second);
        CHECK(route.serve != nullptr);
        const bool asks = route.method == "GET" || route.method == "OPTIONS";
        CHECK(asks == (!route.changes && route.method != "POST"));
    }
}

#include "api/graphql/graphql.hpp"
#include "graphql/library.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl::graphql;

namespace {

struct Row {
    std::string declared;   // "$v: Int"
    std::string variables;  // {"v": 1}
    std::string arguments;  // "int: $v"
    std::string result;     // What the resolver was given but for defaults, or the error.
};

}  // namespace

TEST_CASE("values: what a resolver is given", "[graphql][coercion]") {
    const auto row = GENERATE(values<Row>({
        // Literals.
        {"", "{}", "int: 3", R"("int":3)"},
        {"", "{}", "int: null", R"("int":null)"},
        {"", "{}", "float: 3", R"("float":3.0)"},
        {"", "{}", "id: 12", R"("id":"12")"},
        {"", "{}", "big: \"9007199254740993\"", R"("big":9007199254740993)"},
        {"", "{}", "ints: 3", R"("ints":[3])"},
        {"", "{}", "matrix: [[1], 2]", R"("matrix":[[1],[2]])"},
        {"", "{}", "json: {a: [1, 2.5, \"t\", true, null]}",
         R"("json":{"a":[1,2.5,"t",true,null]})"},
        {"", "{}", "genre: POETRY", R"("genre":"POETRY")"},
        {"", "{}", "filter: {}", R"("filter":{"genre":"PROSE"})"},
        {"", "{}", "filter: {genre: null, tags: \"a\", years: {from: 1}}",
         R"("filter":{"genre":null,"tags":["a"],"years":{"from":1,"to":2000}})"},
        {"", "{}", "int: 3.0", "Int cannot represent value: 3.0"},
        {"", "{}", "int: 2147483648",
         "Int cannot represent non 32-bit signed integer value: 2147483648"},
        {"", "{}", "string: 3", "String cannot represent a non string value: 3"},
        {"", "{}", "boolean: \"true\"", "Boolean cannot represent a non boolean value: \"true\""},
        {"", "{}", "genre: \"POETRY\"", "Enum \"Genre\" cannot represent value: \"POETRY\""},
        {"", "{}", "genre: NONE", "Value \"NONE\" does not exist in \"Genre\" enum."},
        {"", "{}", "filter: {x: 1}", "Field \"x\" is not defined by type \"Filter\"."},
        {"", "{}", "filter: {years: {}}",
         "Field \"from\" of required type \"Int!\" was not provided."},
        {"", "{}", "must: null", "Expected non-nullable type \"[Int!]!\" not to be null."},
        {"", "{}", "must: [null]", "Expected non-nullable type \"Int!\" not to be null."},
        // Variables: absent is not null.
        {"$v: Int", R"({"v": 4, "other": 1})", "int: $v", R"("int":4)"},
        {"$v: Int", "{}", "int: $v", ""},
        {"$v: Int", R"({"v": null})", "int: $v", R"("int":null)"},
        {"$v: Int = 5", "{}", "int: $v", R"("int":5)"},
        {"$v: Int = 5", R"({"v": null})", "int: $v", R"("int":null)"},
        {"$v: Int", "{}", "filter: {limit: $v}", R"("filter":{"genre":"PROSE"})"},
        {"$v: Int", R"({"v": null})", "filter: {limit: $v}",
         R"("filter":{"genre":"PROSE","limit":null})"},
        {"$v: Genre", "{}", "filter: {genre: $v}", R"("filter":{"genre":"PROSE"})"},
        {"$v: Int", "{}", "ints: [1, $v]", R"("ints":[1,null])"},
        {"$v: Int64", R"({"v": "12"})", "big: $v", R"("big":12)"},
        {"$v: ID", R"({"v": 12})", "id: $v", R"("id":"12")"},
        {"$v: Filter", R"({"v": {"tags": "a"}})", "filter: $v",
         R"("filter":{"genre":"PROSE","tags":["a"]})"},
        {"$v: JSON", R"({"v": {"x": NaN}})", "json: $v", R"("json":{"x":"NaN"})"},
        // Of another type than its place has, as far as the value fits.
        {"$v: ID!", R"({"v": "a"})", "string: $v", R"("string":"a")"},
        {"$v: String", R"({"v": "a"})", "int: $v", "Int cannot represent non-integer value: \"a\""},
        {"$v: Int!", "{}", "int: $v",
         "Variable \"$v\" of required type \"Int!\" was not provided."},
        {"$v: Int!", R"({"v": null})", "int: $v",
         "Variable \"$v\" of non-null type \"Int!\" must not be null."},
        {"$v: Int", R"({"v": "x"})", "int: $v",
         "Variable \"$v\" got invalid value \"x\"; Int cannot represent non-integer value: \"x\""},
        {"$v: Filter", R"({"v": {"years": {"from": "x"}}})", "filter: $v",
         "Variable \"$v\" got invalid value at \"v.years.from\"; Int cannot represent non-integer "
         "value: \"x\""},
        {"$v: Filter", R"({"v": {"zz": 1}})", "filter: $v",
         "Field \"zz\" is not defined by type \"Filter\"."},
    }));
    CAPTURE(row.declared, row.variables, row.arguments);
    library::Client client;
    const std::string head = row.declared.empty() ? "query" : "query (" + row.declared + ")";
    const std::string query = head + " { echo(" + row.arguments + ") }";
    const std::string error = client.error_of(query, row.variables);
    if (!row.result.empty() && row.result.front() != '"') {
        CHECK(error.find(row.result) != std::string::npos);
    } else {
        CHECK(error.empty());
        CHECK(client.ask(query, row.variables).body == "{\"data\":{\"echo\":{" + row.result +
                                                           (row.result.empty() ? "" : ",") +
                                                           R"("filled":7,"must":[1]}}})");
    }
}

TEST_CASE("values: what a client is given", "[graphql][coercion]") {
    library::Client client;
    CHECK(
        client.ask("{ book(id: 10) { id rating size extra text attributes } }").body ==
        R"({"data":{"book":{"id":"10","rating":4.5,"size":9007199254740993,)"
        R"("extra":{"id":10,"odd":"Infinity"},"text":{"made":"before"},"attributes":"{\"id\":10}"}}})");
    CHECK(client.error_of("{ book(id: 10) { wrong } }") ==
          "Int cannot represent value: \"a word\"");
}

#include "api/graphql/document_cache.hpp"
#include "api/graphql/graphql.hpp"
#include "graphql/library.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace sweepctl::graphql;
using Log = std::vector<std::string>;

namespace {

struct Row {
    std::string query;
    std::string data;
};

}  // namespace

TEST_CASE("execution: the response follows the query", "[graphql][execution]") {
    const auto row = GENERATE(values<Row>({
        {"{ book(id: 10) { name id } }", R"({"book":{"name":"Notes","id":"10"}})"},
        {"{ book(id: 99) { id } }", R"({"book":null})"},
        {"{ a: book(id: 10) { x: id } b: book(id: 20) { id } }",
         R"({"a":{"x":"10"},"b":{"id":"20"}})"},
        {"{ __typename authors { __typename } }",
         R"({"__typename":"Query","authors":[{"__typename":"Author"},{"__typename":"Author"}]})"},
        // Merged, also through fragments, in the order of the first.
        {"{ book(id: 10) { author { id } ...F id } } fragment F on Book { name author { name } }",
         R"({"book":{"author":{"id":"1","name":"Ada"},"name":"Notes","id":"10"}})"},
        // On an interface, on a union, on another type.
        {"{ named { name ... on Book { genre } } }",
         R"({"named":[{"name":"Ada"},{"name":"Poems","genre":"POETRY"}]})"},
        {"{ things { __typename ... on Named { name } } }",
         R"({"things":[{"__typename":"Book","name":"Letters"},null,{"__typename":"Author","name":"Brontë"}]})"},
        {"{ book(id: 10) { id ... on Author { born } ... { name } } }",
         R"({"book":{"id":"10","name":"Notes"}})"},
        {"{ book(id: 10) { id @skip(if: true) name @include(if: true) rating @include(if: false) } "
         "}",
         R"({"book":{"name":"Notes"}})"},
        {"{ authors { books(first: 1) { id } } }",
         R"({"authors":[{"books":[{"id":"10"}]},{"books":[{"id":"20"}]}]})"},
    }));
    CAPTURE(row.query);
    library::Client client;
    const Response response = client.ask(row.query);
    CHECK(response.status == 200);
    CHECK(response.body == "{\"data\":" + row.data + "}");
}

TEST_CASE("execution: a type says what it has", "[graphql][introspection]") {
    const auto row = GENERATE(values<Row>({
        // As clients ask whether a field or an argument may be used.
        {"query ($t: String = \"Named\") { T: __type(name: $t) { ...F } } fragment F on __Type { name "
         "fields { name args { name } } inputFields { name } }",
         R"({"T":{"name":"Named","fields":[{"name":"name","args":[]}],"inputFields":null}})"},
        {"{ __type(name: \"Zork\") { name } }", R"({"__type":null})"},
        {"{ __type(name: \"Genre\") { kind enumValues(includeDeprecated: true) { name } fields { "
         "name } } }",
         R"({"__type":{"kind":"ENUM","enumValues":[{"name":"POETRY"},{"name":"PROSE"}],"fields":null}})"},
        {"{ __type(name: \"Thing\") { kind possibleTypes { name __typename } } }",
         R"({"__type":{"kind":"UNION","possibleTypes":[{"name":"Book","__typename":"__Type"},)"
         R"({"name":"Author","__typename":"__Type"}]}})"},
    }));
    CAPTURE(row.query);
    library::Client client;
    const Response response = client.ask(row.query);
    CHECK(response.status == 200);
    CHECK(response.body == "{\"data\":" + row.data + "}");
}

TEST_CASE("execution: what is around a type is told level by level", "[graphql][introspection]") {
    library::Client client;
    const Response response = client.ask(
        "{ __type(name: \"Author\") { fields { name type { kind name ofType { kind name ofType { kind "
        "ofType { kind name ofType { name } } } } } } } }");
    CHECK(response.status == 200);
    CHECK(response.body.find(
              R"({"name":"books","type":{"kind":"NON_NULL","name":null,"ofType":{"kind":"LIST",)"
              R"("name":null,"ofType":{"kind":"NON_NULL","ofType":{"kind":"OBJECT",)"
              R"("name":"Book","ofType":null}}}}})") != std::string::npos);
    // The root tells nothing of what every schema has.
    CHECK(client.ask("{ __type(name: \"Query\") { fields { name } } }").body.find("__type\"}") ==
          std::string::npos);
}

TEST_CASE("execution: errors have a path, and null goes up to where it may be",
          "[graphql][execution]") {
    library::Client client;
    CHECK(client.ask("{ book(id: 10) { id broken } }").body ==
          R"({"data":{"book":{"id":"10","broken":null}},"errors":[{"message":"it is torn",)"
          R"("locations":[{"line":1,"column":21}],"path":["book","broken"]}]})");
    CHECK(
        client.ask("{ book(id: 10) { l: lost { id } } }").body ==
        R"({"data":{"book":null},"errors":[{"message":"Cannot return null for non-nullable field )"
        R"(Book.lost.","locations":[{"line":1,"column":18}],"path":["book","l"]}]})");
    CHECK(client.ask("{ book(id: 10) { id strict { id } siblings { id } } }").body ==
          R"({"data":{"book":{"id":"10","strict":null,"siblings":[{"id":"10"},null,{"id":"20"}]}},)"
          R"("errors":[{"message":"Cannot return null for non-nullable field Book.strict.",)"
          R"("locations":[{"line":1,"column":21}],"path":["book","strict",1]}]})");
    // All the way up.
    CHECK(client.ask("{ authors { books { lost { id } } } }").body.starts_with(R"({"data":null,)"));
    CHECK(client.error_of("{ stray { __typename } }") ==
          "Query.stray gave a node that is no Thing");
    const Response forbidden = client.ask("{ book(id: 10) { broken forbidden } }");
    CHECK(forbidden.status == 403);
    CHECK(forbidden.body.starts_with(R"({"data":{"book":null},)"));
}

TEST_CASE("execution: a resolver sees what is asked of its object", "[graphql][execution]") {
    library::Client client;
    (void)client.ask(
        "{ book(id: 10) { a: author { ...F b: books(genre: PROSE) { name } } tags @skip(if: true) "
        "} }"
        " fragment F on Author { books(first: 2) { id } }");
    CHECK(client.desk->log == Log{"author", "author.books.name", R"(books {"first":2})",
                                  R"(books {"first":10,"genre":"PROSE"})"});
}

TEST_CASE("execution: the fields of a mutation run one after the other", "[graphql][later]") {
    library::Client client;
    std::optional<Response> answer;
    const auto running = client.service.serve(
        library::body_of(R"(mutation { a: rename(id: 10, name: "A") { name slow }
                                       b: rename(id: 99, name: "B") { name } c: note })"),
        Context(client.desk), [&](Response response) { answer = std::move(response); });
    CHECK(client.desk->log == Log{"rename A"});
    client.desk->answer_first();
    CHECK(client.desk->log == Log{"rename A"});  // Its own field is still awaited.
    client.desk->answer_first();
    CHECK(client.desk->log == Log{"rename A", "rename B"});
    CHECK_FALSE(answer);
    CHECK_FALSE(running.finished());
    client.desk->answer_first();
    CHECK(client.desk->log == Log{"rename A", "rename B", "note"});
    REQUIRE(answer);
    CHECK(running.finished());
    CHECK(answer->status == 404);
    CHECK(answer->body.find("no such book") != std::string::npos);
    CHECK(client.ask(R"(mutation { rename(id: 10, name: "A") { name slow } note })").body ==
          R"({"data":{"rename":{"name":"A","slow":"slow A"},"note":"nothing"}})");
}

TEST_CASE("execution: the fields of a query do not wait for each other", "[graphql][later]") {
    library::Client client;
    std::optional<Response> answer;
    client.service.serve(library::body_of("{ a: book(id: 10) { slow } b: book(id: 20) { slow } }"),
                         Context(client.desk),
                         [&](Response response) { answer = std::move(response); });
    REQUIRE(client.desk->waiting.size() == 2);
    std::swap(client.desk->waiting[0], client.desk->waiting[1]);
    client.desk->answer_all();
    REQUIRE(answer);
    CHECK(answer->body == R"({"data":{"a":{"slow":"slow Notes"},"b":{"slow":"slow Poems"}}})");
}

TEST_CASE("execution: nobody is told of what was cancelled or dropped", "[graphql][later]") {
    library::Client client;
    const auto token = std::make_shared<int>();
    int answers = 0;
    const auto serve = [&] {
        return client.service.serve(
            library::body_of(R"(mutation { rename(id: 10, name: "A") { slow } note })"),
            Context(client.desk), [&answers, token](const Response&) { ++answers; });
    };
    const auto cancelled = serve();
    CHECK(token.use_count() == 2);
    cancelled.cancel();
    CHECK(token.use_count() == 1);  // `done` is gone at once.
    client.desk->answer_all();
    CHECK(cancelled.finished());
    CHECK(client.desk->log == Log{"rename A"});

    const auto dropped = serve();
    client.desk->waiting.clear();
    CHECK(dropped.finished());
    CHECK(token.use_count() == 1);
    CHECK(answers == 0);
}

TEST_CASE("service: a request that is none is refused", "[graphql][service]") {
    const auto [body, message] = GENERATE(values<std::pair<std::string, std::string>>({
        {"", "The request is not JSON: expected a value at byte 0."},
        {"[]", "The request must be one JSON object."},
        {"{}", "Must provide query string."},
        {R"({"query": 1})", "Must provide query string."},
        {R"({"query": "{a}", "variables": []})", "\\\"variables\\\" must be an object or null."},
        {R"({"query": "{a}", "operationName": 1})",
         "\\\"operationName\\\" must be a string or null."},
    }));
    CAPTURE(body);
    library::Client client;
    std::optional<Response> answer;
    client.service.serve(body, Context(client.desk), [&](Response r) { answer = std::move(r); });
    REQUIRE(answer);
    CHECK(answer->status == 400);
    CHECK(answer->body == "{\"errors\":[{\"message\":\"" + message + "\"}]}");
}

TEST_CASE("service: null variables and names are none", "[graphql][service]") {
    library::Client client;
    const auto request = read_request(
        R"({"query": "{ many(count: 0) }", "variables": null, "operationName": null})");
    REQUIRE(request);
    const auto prepared = client.service.prepare(*request);
    REQUIRE(prepared);
    CHECK_FALSE(is_mutation(*prepared));
    CHECK(selects(*prepared, "many"));
    CHECK(execute_now(*prepared, Context(client.desk)).body == R"({"data":{"many":[]}})");
}

TEST_CASE("service: the least recently used document goes first", "[graphql][service]") {
    const auto document = std::make_shared<syntax::Document>();
    DocumentCache cache(2, 10'000);
    cache.add("a", document);
    cache.add("b", document);
    CHECK(cache.find("a") != nullptr);
    cache.add("c", document);
    CHECK(cache.find("b") == nullptr);
    CHECK(cache.find("a") != nullptr);
    CHECK(cache.size() == 2);
    cache.add(std::string(9'999, 'x'), document);
    CHECK(cache.size() == 2);
    cache.add(std::string(10'001, 'x'), document);
    CHECK(cache.size() == 2);
}

TEST_CASE("schema: what is declared wrongly is told, all of it", "[graphql][schema]") {
    SchemaBuilder schema;
    schema.interface("Named", "name: String!");
    schema.input("Loop", "again: Loop!");
    schema.query()
        .field("a: Zork", [](const Field&) { return nullptr; })
        .field("b(x: Int = \"t\"): Int", [](const Field&) { return 1; })
        .field("c Int", [](const Field&) { return 1; });
    const auto built = schema.build();
    REQUIRE_FALSE(built);
    CHECK(built.error() ==
          "field 'c Int' of 'Query': Syntax Error: Expected \":\", found Name \"Int\".\n"
          "field 'Query.a': unknown type 'Zork'\n"
          "field 'Query.b': default of 'x': Int cannot represent non-integer value: \"t\"");
}

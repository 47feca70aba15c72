#include "api/graphql/graphql.hpp"
#include "api/graphql/lexer.hpp"
#include "api/graphql/parser.hpp"
#include "graphql/library.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl::graphql;

namespace {

struct Wrong {
    std::string text;
    unsigned line;
    unsigned column;
    std::string message;
};

struct Invalid {
    std::string query;
    std::string message;
};

}  // namespace

TEST_CASE("documents: what cannot be parsed is told with its place", "[graphql][parser]") {
    const auto wrong = GENERATE(values<Wrong>({
        {"", 1, 1, "Syntax Error: Unexpected <EOF>."},
        {"{", 1, 2, "Syntax Error: Expected Name, found <EOF>."},
        {"{ }", 1, 3, "Syntax Error: Expected Name, found \"}\"."},
        {"{ a }}", 1, 6, "Syntax Error: Unexpected \"}\"."},
        {"{\n  a(b: )\r\n}", 2, 8, "Syntax Error: Unexpected \")\"."},
        {"{ \xc3\xa9 }", 1, 3, "Syntax Error: Unexpected character: \"\xc3\xa9\"."},
        {"#\xc3\xa9\xc3\xa9\n{ a(b: \"\xc3\xa9\" ?) }", 2, 12,
         "Syntax Error: Unexpected character: \"?\"."},
        {"{ a(b: 01) }", 1, 9, "Syntax Error: Invalid number, unexpected digit after 0: \"1\"."},
        {"{ a(b: 1x) }", 1, 9, "Syntax Error: Invalid number, expected digit but got: \"x\"."},
        {"{ a(b: 1.) }", 1, 10, "Syntax Error: Invalid number, expected digit but got: \")\"."},
        {"{ a(b: \"x) }", 1, 13, "Syntax Error: Unterminated string."},
        {"{ a(b: \"\"\"x) }", 1, 15, "Syntax Error: Unterminated string."},
        {R"({ a(b: "\q") })", 1, 9, R"(Syntax Error: Invalid character escape sequence: "\\q".)"},
        {"query Q($a: Int = $b) { a }", 1, 19,
         "Syntax Error: Unexpected variable \"$b\" in constant value."},
        {"fragment on on T { a }", 1, 10, "Syntax Error: Unexpected Name \"on\"."},
        {"{ a } type T { f: Int }", 1, 7,
         "The \"type\" definition is not executable: a document may hold operations and "
         "fragments."},
    }));
    CAPTURE(wrong.text);
    const auto parsed = parse_document(wrong.text, Limits{});
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message == wrong.message);
    REQUIRE(parsed.error().places.size() == 1);
    CHECK(parsed.error().places[0].line == wrong.line);
    CHECK(parsed.error().places[0].column == wrong.column);
}

TEST_CASE("documents: a block string loses its common indentation", "[graphql][lexer]") {
    CHECK(block_string_value("\n    a\n      b\r\n\n    c\n  ") == "a\n  b\n\nc");
    CHECK(block_string_value("  one line ") == "  one line ");
    CHECK(block_string_value("\n \n").empty());
}

TEST_CASE("documents: strings, comments and commas mean what they say", "[graphql][lexer]") {
    library::Client client;
    CHECK(client.ask("\xef\xbb\xbf# first\n{,echo(string: \"\\u00e9\\ud83d\\ude00\\n\",,)# end\n}")
              .body == R"({"data":{"echo":{"string":"é😀\n","filled":7,"must":[1]}}})");
}

TEST_CASE("documents: what does not fit the schema is refused before anything runs",
          "[graphql][validation]") {
    const auto invalid = GENERATE(values<Invalid>({
        {"{ nope }", R"(Cannot query field "nope" on type "Query".)"},
        {"{ __schema { types { name } } }", R"(Cannot query field "__schema" on type "Query".)"},
        {"{ book(id: 1) { __type(name: \"Book\") { name } } }",
         R"(Cannot query field "__type" on type "Book".)"},
        {"{ things { name } }", R"(Cannot query field "name" on type "Thing".)"},
        {"{ books(x: 1) { id } }", R"(Unknown argument "x" on field "Query.books".)"},
        {"{ many(count: 1, count: 2) }", R"(There can be only one argument named "count".)"},
        {"{ author { id } }",
         R"(Field "author" argument "id" of type "ID!" is required, but it was not provided.)"},
        {"{ books }", R"(Field "books" of type "[Book!]" must have a selection of subfields.)"},
        {"{ books { id { x } } }",
         R"(Field "id" must not have a selection since type "ID!" has no subfields.)"},
        {"{ ...F }", R"(Unknown fragment "F".)"},
        {"{ ... on Zork { id } }", R"(Unknown type "Zork".)"},
        {"{ ... on Int { id } }", R"(Fragment cannot condition on non composite type "Int".)"},
        {"{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
         R"(Cannot spread fragment "A" within itself.)"},
        {"{ books { id @defer } }", R"(Unknown directive "@defer".)"},
        {"query @skip(if: true) { books { id } }",
         R"(Directive "@skip" may not be used on QUERY.)"},
        {"{ books { id @skip } }",
         R"(Directive "@skip" argument "if" of type "Boolean!" is required, but it was not provided.)"},
        {"query ($a: Zork) { books { id } }", R"(Unknown type "Zork".)"},
        {"query ($a: Book) { books { id } }", R"(Variable "$a" cannot be non-input type "Book".)"},
        {"query ($a: Int, $a: Int) { books { id } }",
         R"(There can be only one variable named "$a".)"},
        {"query A { books { id } } query A { books { id } }",
         R"(There can be only one operation named "A".)"},
        {"{ books { id } } query A { books { id } }",
         "This anonymous operation must be the only defined operation."},
        {"subscription { books { id } }",
         "Schema is not configured to execute subscription operation."},
        {"query A { books { id } } query B { books { id } }",
         "Must provide operation name if query contains multiple operations."},
        {"{ books { a: id a: name } }",
         R"(Fields "a" conflict because "id" and "name" are different fields. Use different aliases on the fields to fetch both if this was intentional.)"},
        {"{ many(count: 1) many(count: 2) }",
         R"(Fields "many" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.)"},
        {"mutation { note(text: \"a\") rename(id: $x, name: \"b\") { id } }",
         R"(Argument "id" has an invalid value: Variable "$x" is not defined.)"},
    }));
    CAPTURE(invalid.query);
    library::Client client;
    CHECK(client.error_of(invalid.query) == invalid.message);
    const auto response = client.ask(invalid.query);
    CHECK(response.status == 400);
    CHECK(response.body.find("\"data\"") == std::string::npos);
    CHECK(client.desk->log.empty());
}

TEST_CASE("documents: an operation is chosen by its name", "[graphql]") {
    library::Client client;
    const char* const both = "query A { authors { id } } query B { many(count: 1) }";
    CHECK(client.ask(both, "{}", "B").body == R"({"data":{"many":[null]}})");
    CHECK(client.ask(both, "{}", "C").body ==
          R"({"errors":[{"message":"Unknown operation named \"C\"."}]})");
}

TEST_CASE("documents: too much is refused", "[graphql][limits]") {
    library::Client client;
    std::string aliases = "{";
    for (int i = 0; i < 10'000; ++i)
        aliases += " a" + std::to_string(i) + ": __typename";
    CHECK(client.error_of(aliases + "}") == "The document has more than 2000 fields.");

    std::string deep;
    for (int i = 0; i < 5'000; ++i)
        deep += "{ a ";
    CHECK(client.error_of(deep) == "The document is nested deeper than 32 levels.");
    CHECK(client.error_of("{ echo(json: " + std::string(5'000, '[')) ==
          "The document is nested deeper than 32 levels.");
    CHECK(client.error_of("{ a }" + std::string(300'000, ' ')) ==
          "The document is longer than 262144 bytes.");
    CHECK(client.error_of("{ echo(ints: [" + std::string(60'000, '1') + "]) }") ==
          "Argument \"ints\" has an invalid value at \"ints[0]\": Int cannot represent non 32-bit "
          "signed integer value: " +
              std::string(200, '1') + "...");
    std::string numbers = "{ echo(ints: [";
    for (int i = 0; i < 30'000; ++i)
        numbers += "1 ";
    CHECK(client.error_of(numbers + "]) }") == "The document has more than 20000 tokens.");

    // Each fragment doubles what the one before it asks for.
    std::string fans = "{ authors { ...F0 } }";
    for (int i = 0; i < 15; ++i) {
        const std::string next = i == 14 ? "id" : "...F" + std::to_string(i + 1);
        fans += " fragment F" + std::to_string(i) + " on Author { a: favorite { author { " + next +
                " } } b: favorite { author { " + next + " } } }";
    }
    CHECK(client.error_of(fans).find("fragments are put in.") != std::string::npos);

    Limits few;
    few.values = 100;
    library::Client poor(few);
    CHECK(poor.ask("{ many(count: 99) }").status == 200);
    CHECK(poor.error_of("{ many(count: 100) }") == "The response would have more than 100 values.");
}

#include "sweepctl/core/json_text.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace sweepctl;

TEST_CASE("json: what is written is read back the same", "[core][json]") {
    for (const char* text :
         {"null", "true", "false", "0", "-1", "3", "3.0", "1e-05", "-0.0", "1e+300", "NaN",
          "Infinity", "-Infinity", "123456789012345678901234567890", "\"\"", R"("a\"b\\\n\u0001é")",
          "[]", "[1,[2,{}]]", R"({"b":1,"a":[true,null]})"}) {
        CAPTURE(text);
        const auto value = parse_json(text);
        REQUIRE(value.ok());
        const auto again = parse_json(to_json(*value));
        REQUIRE(again.ok());
        REQUIRE(*again == *value);
        REQUIRE((*again).content().index() == (*value).content().index());
    }
}

TEST_CASE("json: what cannot be is refused with a place", "[core][json]") {
    for (const char* text :
         {"", " ", "nul", "01", "1.", ".5", "1e", "[1,]", "[1 2]", "{\"a\"}", "{a:1}", "\"abc",
          "\"\\x\"", "{}x", "\"\\u12\"", "\"a\nb\"", "-", "+1", "inf"}) {
        CAPTURE(text);
        REQUIRE_FALSE(parse_json(text).ok());
    }
    REQUIRE_FALSE(parse_json(std::string(100'000, '[')).ok());
}

TEST_CASE("json: the last of equal keys wins at the first's place", "[core][json]") {
    REQUIRE(to_json(*parse_json(R"({"a":1,"b":2,"a":3})")) == R"({"a":3,"b":2})");
}

TEST_CASE("json: bytes that are not UTF-8 become the replacement character", "[core][json]") {
    const auto value = parse_json(
        "\"a\xff\xc0\xaf"
        "b\"");
    REQUIRE(value.ok());
    REQUIRE(*(*value).get_if<std::string>() ==
            "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
            "b");
    std::string out;
    append_json_string(out, "\xed\xa0\x80");
    REQUIRE(parse_json(out).ok());
    REQUIRE(*(*parse_json(R"("\ud83d\ude00")")).get_if<std::string>() == "\xf0\x9f\x98\x80");
    REQUIRE(*(*parse_json(R"("\ud83dx")")).get_if<std::string>() == "\xef\xbf\xbdx");
}

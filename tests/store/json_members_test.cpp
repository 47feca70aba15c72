#include "store/json_members.hpp"

#include "sweepctl/core/json_text.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;

namespace {

std::string member(std::string_view object, std::string_view name) {
    return std::string(json_member(object, name).value_or("-"));
}

std::string path(std::string_view object, std::string_view name, bool through_value = false) {
    return std::string(json_path(object, name, through_value).value_or("-"));
}

}  // namespace

TEST_CASE("json members: each is found, whatever stands before it", "[store][json]") {
    const std::string object =
        R"({"a":1, "b" : "x,}\"]", "c":{"a":[2,{"z":"]"}]},"nan":NaN,"d":[1,{"a":3}] ,"\u00e9":true,)"
        R"("":null, "e":-1e5})";
    CHECK(member(object, "a") == "1");
    CHECK(member(object, "b") == R"("x,}\"]")");
    CHECK(member(object, "c") == R"({"a":[2,{"z":"]"}]})");
    CHECK(member(object, "nan") == "NaN");
    CHECK(member(object, "d") == R"([1,{"a":3}])");
    CHECK(member(object, "\xc3\xa9") == "true");
    CHECK(member(object, "") == "null");
    CHECK(member(object, "e") == "-1e5");
    CHECK(member(object, "z") == "-");
    CHECK(member(object, "x,") == "-");
}

TEST_CASE("json members: what is no whole object has no such members, and harms nobody",
          "[store][json]") {
    for (const char* text :
         {"", "{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\\", "[1]", "null", "{a:1}", "{\"b\":[",
          "{\"b\":\"", "{\"b\":{]}", "{\"b\" 1,\"a\":2}", "{,\"a\":1}"}) {
        INFO(text);
        CHECK(member(text, "a").size() <= 1);
        CHECK(path(text, "a.b.c", true).size() <= 1);
        CHECK_FALSE(wrapped_path(text, "a.b").has_value());
    }
}

TEST_CASE("json members: the same as reading the whole object", "[store][json]") {
    // A long one, so that the quick look for the name is taken as well.
    std::string object = "{";
    for (int i = 0; i < 100; ++i)
        object += "\"key" + std::to_string(i) + "\":{\"in\":" + std::to_string(i) + "},";
    object += R"("last":"\\"})";
    const Result<ParamValue, JsonError> parsed = parse_json(object);
    REQUIRE(parsed.ok());
    for (const auto& [name, value] : *parsed->get_if<ParamMap>()) {
        const auto text = json_member(object, name);
        REQUIRE(text);
        CHECK(*parse_json(*text) == value);
    }
    CHECK(path(object, "key77.in") == "77");
    CHECK(path(object, "key770") == "-");
}

TEST_CASE("json path: the literal name first, then groups", "[store][json]") {
    const std::string object =
        R"({"a.b":1,"a":{"b":2,"c":{"d":3}},"c":4,"x":{"value":5},"y":"value"})";
    CHECK(path(object, "a.b") == "1");
    CHECK(path(object, "a.c.d") == "3");
    CHECK(path(object, "a.c.e") == "-");
    CHECK(path(object, "c.d") == "-");
    CHECK(path(object, "c.value") == "-");
    CHECK(path(object, "c.value", true) == "4");
    CHECK(path(object, "a.value.c.d", true) == "3");
    CHECK(path(object, "a.value.c.value.d.value", true) == "3");
    CHECK(path(object, "x.value", true) == "5");
    CHECK(path(object, "x.value.value", true) == "5");
    CHECK(path(object, "y.value", true) == R"("value")");
    CHECK(path(object, "y.values", true) == "-");
}

TEST_CASE("json path: in a config as clients write it", "[store][json]") {
    const std::string config =
        R"({"_wandb":{"value":{"t":{}}},"lr":{"value":0.1},"opt":{"desc":null,"value":{"beta":2}},)"
        R"("a.b":{"value":3},"bare":4})";
    const auto at = [&](std::string_view name) {
        return std::string(wrapped_path(config, name).value_or("-"));
    };
    CHECK(at("lr") == "0.1");
    CHECK(at("lr.value") == "0.1");
    CHECK(at("opt.beta") == "2");
    CHECK(at("opt.value.beta") == "2");
    CHECK(at("opt.desc") == "-");
    CHECK(at("a.b") == "3");
    CHECK(at("a.b.value") == "3");
    CHECK(at("bare") == "-");
    CHECK(at("") == "-");
}

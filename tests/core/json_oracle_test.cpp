// What nlohmann/json and we both take must mean the same.

#include "sweepctl/core/json_text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <random>
#include <string>

using namespace sweepctl;

namespace {

/// Our text of a value, read by the other, against what the other reads from the original.
void require_same(const std::string& text) {
    CAPTURE(text);
    const auto theirs = nlohmann::ordered_json::parse(text, nullptr, false);
    const auto ours = parse_json(text);
    if (theirs.is_discarded()) return;  // NaN and what is no UTF-8 we take, they do not.
    REQUIRE(ours.ok());
    const auto again = nlohmann::ordered_json::parse(to_json(*ours), nullptr, false);
    REQUIRE_FALSE(again.is_discarded());
    REQUIRE(again == theirs);
}

}  // namespace

TEST_CASE("json: what the oracle reads, we read the same", "[core][json]") {
    for (const char* text :
         {"0", "-0.0", "1e5", "1E-5", "123456789", "-9223372036854775808", "0.1",
          "2.2250738585072014e-308", R"("\u0000\u001f\"\\\/\b\f\n\r\t")", R"("\ud83d\ude00 é")",
          "[]", "{}", "[null,true,false]", R"({"b":[1,{"a":2}],"a":{"":""}})", "  [ 1 , 2 ]  ",
          R"({"a":1,"a":2})"}) {
        require_same(text);
    }
}

TEST_CASE("json: what the oracle refuses, we refuse, but for Python's numbers", "[core][json]") {
    for (const char* text : {"", "[", "{", "[1,]", "{\"a\":}", "tru", "01", "1.", "\"\\q\"",
                             "\"\t\"", "1 2", "'a'", "{1:2}", "[1 2]", "+1", ".5", "0x10"}) {
        CAPTURE(text);
        REQUIRE(nlohmann::ordered_json::parse(text, nullptr, false).is_discarded());
        REQUIRE_FALSE(parse_json(text).ok());
    }
}

TEST_CASE("json: ten thousand random texts mean the same to both", "[core][json]") {
    constexpr const char* kPieces[] = {"{",     "}",           "[", "]",       ",",    ":",
                                            "\"a\"", "\"b\\n\"",    "1", "-2.5e3",  "true", "null",
                                            " ",     "\"\\u00e9\"", "0", "{\"k\":", "[[",   "]]"};
    const std::uint32_t seed = 20;
    CAPTURE(seed);
    std::minstd_rand random(seed);
    for (int round = 0; round < 10'000; ++round) {
        std::string text;
        for (auto i = random() % 12; i > 0; --i)
            text += kPieces[random() % std::size(kPieces)];
        CAPTURE(text);
        REQUIRE(parse_json(text).ok() !=
                nlohmann::ordered_json::parse(text, nullptr, false).is_discarded());
        require_same(text);
    }
}

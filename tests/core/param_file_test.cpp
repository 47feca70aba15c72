#include "sweepctl/core/command_line.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace sweepctl;

namespace {

std::string value_text(const ParamValue& value) {
    const std::string file = param_file({{"p", value}});
    const std::string head = "wandb_version: 1\n\np:\n  value:";
    REQUIRE(file.substr(0, head.size()) == head);
    return file.substr(head.size());
}

}  // namespace

TEST_CASE("parameter file: the head, then each name with its value", "[core][param_file]") {
    CHECK(
        param_file({{"lr", 0.1}, {"opt", ParamMap{{"beta", ParamList{1, "x"}}, {"m", nullptr}}}}) ==
        "wandb_version: 1\n\n"
        "lr:\n  value: 0.1\n"
        "opt:\n  value:\n    beta:\n      - 1\n      - x\n    m: null\n");
    CHECK(param_file({}) == "wandb_version: 1\n\n");
}

TEST_CASE("parameter file: a text is quoted where YAML 1.1 would take it for something else",
          "[core][param_file]") {
    struct Row {
        ParamValue value;
        const char* text;
    };
    const auto row = GENERATE(values<Row>({
        {"adam", " adam\n"},
        {"path/to/file.txt", " path/to/file.txt\n"},
        {"no", " \"no\"\n"},
        {"Yes", " \"Yes\"\n"},
        {"null", " \"null\"\n"},
        {"1e-5", " \"1e-5\"\n"},
        {"3", " \"3\"\n"},
        {".inf", " \".inf\"\n"},
        {"2024-01-01", " \"2024-01-01\"\n"},
        {"a b", " \"a b\"\n"},
        {"a: b", " \"a: b\"\n"},
        {"", " \"\"\n"},
        {"-x", " \"-x\"\n"},
        {"a\n\"b\"\\\t\x01", " \"a\\n\\\"b\\\"\\\\\\t\\x01\"\n"},
        {"é😀", " \"é😀\"\n"},
        {"\u0085\u2028\ufeff", " \"\\x85\\u2028\\uFEFF\"\n"},
        {1e-5, " 1.0e-05\n"},
        {1.5e-5, " 1.5e-05\n"},
        {1e16, " 1.0e+16\n"},
        {3.0, " 3.0\n"},
        {std::nan(""), " .nan\n"},
        {std::numeric_limits<double>::infinity(), " .inf\n"},
        {-std::numeric_limits<double>::infinity(), " -.inf\n"},
        {true, " true\n"},
        {nullptr, " null\n"},
        {ParamList{}, " []\n"},
        {ParamMap{}, " {}\n"},
        {ParamList{ParamList{1}, ParamMap{{"a b", 2}}},
         "\n    -\n      - 1\n    -\n      \"a b\": 2\n"},
    }));
    CHECK(value_text(row.value) == row.text);
}

TEST_CASE("parameter file: long names take the long form of a key", "[core][param_file]") {
    const std::string name(2000, 'n');
    CHECK(param_file({{name, 1}}) == "wandb_version: 1\n\n? \"" + name + "\"\n:\n  value: 1\n");
}

#include "cli/assignment.hpp"

#include "sweepctl/core/json_text.hpp"

#include "cli/cli_error.hpp"
#include "cli/config_words.hpp"

#include <catch2/catch.hpp>

using namespace sweepctl;
using namespace sweepctl::cli;

TEST_CASE("assignment: values are what YAML says", "[cli][assignment]") {
    const auto [text, json] = GENERATE(table<std::string, std::string>({
        {"3", "3"},
        {"-3", "-3"},
        {"+3", "3"},
        {"3.0", "3.0"},
        {"1e-5", "1e-05"},
        {".5", "0.5"},
        {"5.", "5.0"},
        {"true", "true"},
        {"True", "true"},
        {"FALSE", "false"},
        {"tRuE", "\"tRuE\""},
        {"null", "null"},
        {"~", "null"},
        {"", "\"\""},
        {"nan", "NaN"},
        {".inf", "Infinity"},
        {"-inf", "-Infinity"},
        {"[1, 2.5, \"a\"]", "[1,2.5,\"a\"]"},
        {"{\"a\": 1}", "{\"a\":1}"},
        {"\"3\"", "\"3\""},
        {"'3'", "\"3\""},
        {"sgd", "\"sgd\""},
        {"a=b", "\"a=b\""},
        {"1.2.3", "\"1.2.3\""},
        {"1e999", "Infinity"},
        {"-", "\"-\""},
        {"e", "\"e\""},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
    }));
    CAPTURE(text);
    // Compared as text, since 3 and 3.0 must differ.
    CHECK(to_json(parse_value(text)) == to_json(*parse_json(json)));
}

TEST_CASE("assignment: the first equals sign divides", "[cli][assignment]") {
    const Assignment assignment = parse_assignment("flag=a=b");
    CHECK(assignment.key == "flag");
    CHECK(assignment.value == ParamValue("a=b"));
    CHECK_THROWS_AS(parse_assignment("loss"), CliError);
    CHECK_THROWS_AS(parse_assignment("=3"), CliError);
}

TEST_CASE("assignment: dots lead into groups unless a parameter has them in its name",
          "[cli][assignment]") {
    const SearchSpace space{
        {{{"a.b"}, Constant{1}}, {{"opt", "lr"}, Constant{1}}, {{"opt", "x.y"}, Constant{1}}}};
    const auto config = [&](std::vector<std::string> words) {
        std::vector<Assignment> assignments;
        for (const std::string& word : words)
            assignments.push_back(parse_assignment(word));
        return to_json(config_from(assignments, space));
    };
    CHECK(config({"opt.lr=0.1", "a.b=2"}) == R"({"a.b":2,"opt":{"lr":0.1}})");
    CHECK(config({"opt.x.y=3", "opt.lr=0.1"}) == R"({"opt":{"lr":0.1,"x.y":3}})");
    CHECK(config({"new.group.key=1"}) == R"({"new":{"group":{"key":1}}})");
    CHECK(config({"opt={\"x.y\":1,\"lr\":2}"}) == R"({"opt":{"lr":2,"x.y":1}})");
    CHECK_THROWS_AS(config({"opt.lr=1", "opt.lr=2"}), CliError);
    CHECK_THROWS_AS(config({"opt=1", "opt.lr=2"}), CliError);
    CHECK_THROWS_AS(config({"a..c=1"}), CliError);
}

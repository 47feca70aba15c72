#include "sweepctl/core/command_line.hpp"

#include "spec/yaml_node.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace sweepctl;

namespace {

/// The document as Python would show it, or its first error with its place.
std::string read(std::string_view text) {
    Findings findings;
    const YamlDocument document = parse_yaml(text, findings);
    if (findings.has_errors()) {
        for (const Diagnostic& each : findings.take()) {
            if (each.severity != Severity::error) continue;
            return std::to_string(each.line) + ":" + std::to_string(each.column) + " " +
                   each.message;
        }
    }
    if (document.root() == nullptr) return "empty";
    return python_str(to_value(*document.root(), findings));
}

/// Whether some error says this.
bool complains(std::string_view text, std::string_view what) {
    Findings findings;
    static_cast<void>(parse_yaml(text, findings));
    const std::vector<Diagnostic> found = findings.take();
    return std::any_of(found.begin(), found.end(), [&](const Diagnostic& each) {
        return each.severity == Severity::error && each.line > 0 && each.column > 0 &&
               each.message.find(what) != std::string::npos;
    });
}

std::string repeated(std::string_view piece, std::size_t times) {
    std::string out;
    out.reserve(piece.size() * times);
    for (std::size_t i = 0; i < times; ++i)
        out += piece;
    return out;
}

}  // namespace

TEST_CASE("yaml: documents are read with the types of their scalars", "[spec][yaml]") {
    CHECK(read("a: 1\nb: [x, \"2\", '3', 4.5]\nc: {d: null, e: }\n") ==
          "{'a': 1, 'b': ['x', '2', '3', 4.5], 'c': {'d': None, 'e': None}}");
    CHECK(read("a: !!float 1e-5\nb: !!str 5\nc: ! 6\nd: \"1e-5\"\ne: !!int \"7\"\n") ==
          "{'a': 1e-05, 'b': '5', 'c': '6', 'd': '1e-5', 'e': 7}");
    CHECK(read("a: |\n  x\n  y\nb: >-\n  5\n") == "{'a': 'x\\ny\\n', 'b': '5'}");
    CHECK(read("\xef\xbb\xbf"
               "a: é\r\nb: 漢\r\n") == "{'a': 'é', 'b': '漢'}");
    CHECK(read("%YAML 1.1\n---\na: 1\n...\n") == "{'a': 1}");
    CHECK(read("1: a\nyes: b\n2.0: c\n") == "{'1': 'a', 'yes': 'b', '2.0': 'c'}");
    CHECK(read("").substr(0, 5) == "empty");
    CHECK(read("# nothing\n").substr(0, 5) == "empty");
    CHECK(read("---\n") == "None");
}

TEST_CASE("yaml: anchors, aliases and merges", "[spec][yaml]") {
    CHECK(read("a: &x {k: 1}\nb: *x\nc: [*x, *x]\n") ==
          "{'a': {'k': 1}, 'b': {'k': 1}, 'c': [{'k': 1}, {'k': 1}]}");
    CHECK(read("a: &x {k: 1, l: 2}\nb:\n  k: 3\n  <<: *x\n  m: 4\n") ==
          "{'a': {'k': 1, 'l': 2}, 'b': {'k': 3, 'l': 2, 'm': 4}}");
    // Of several the first wins, and the order is that of W&B's reader.
    CHECK(read("a: &x {k: 1, l: 2}\nb: &y {l: 3, m: 4}\nc: {<<: [*x, *y], n: 5}\n") ==
          "{'a': {'k': 1, 'l': 2}, 'b': {'l': 3, 'm': 4}, 'c': {'l': 2, 'm': 4, 'k': 1, 'n': 5}}");
    CHECK(read("a: {\"<<\": 1}\n") == "{'a': {'<<': 1}}");
    CHECK(read("a: &x k\n*x : 1\n") == "{'a': 'k', 'k': 1}");
    CHECK(read("a: &x 1\nb: &x 2\nc: *x\n") == "{'a': 1, 'b': 2, 'c': 2}");
}

TEST_CASE("yaml: what is wrong has its place", "[spec][yaml]") {
    struct Row {
        const char* text;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"a: 1\nb: 2\na: 3\n", "3:1 'a' is already a key of this map, from line 1"},
        {"x: {a: 1, a: 2}\n", "1:11 'a' is already a key of this map, from line 1"},
        {"a: 1\n\"a\": 2\n", "2:1 'a' is already a key of this map, from line 1"},
        {"a: {<<: {b: 1}, <<: {c: 1}}\n", "1:17 '<<' is already a key of this map, from line 1"},
        {"a: 1\n---\nb: 2\n", "2:1 a second document begins here"},
        {"- a\nb: 1\n", "2:1 this does not belong to what stands above"},
        {"a: *nope\n", "1:4 not YAML: the referenced anchor is not defined"},
        {"a: &x [*x]\n", "1:8 this alias stands for something that it is a part of"},
        {"a: &x {b: *x}\n", "1:11 this alias stands for something that it is a part of"},
        {"a: {<<: 5}\n", "1:9 '<<' must stand for a map or a list of maps, not '5'"},
        {"a: {<<: [{b: 1}, 5]}\n", "1:9 '<<' must stand for a map or a list of maps, not '5'"},
        {"a: !foo 1\n", "1:4 tag '!foo' does not fit here"},
        {"a: !!str {b: 1}\n", "1:4 tag 'tag:yaml.org,2002:str' does not fit here"},
        {"a: !!int x\n", "1:4 'x' is not what its tag '!!int' says"},
        {"a: !!python/object:os.system []\n",
         "1:4 tag 'tag:yaml.org,2002:python/object:os.system' does not fit here"},
        {"? [a]\n: 1\n", "1:3 a key must be a text, not a list or a map"},
        {"{a: 1}: 2\n", "1:1 a key must be a text, not a list or a map"},
        {"~: 1\n", "1:1 a key is missing or null here"},
        {": 1\n", "1:1 a key is missing or null here"},
        {"a:\n\t- b\n", "2:2 not YAML: illegal block entry"},
        {"a: b: c\n", "1:5 not YAML: illegal map value"},
        {"a: [1, 2\nb: 3\n", "2:2 not YAML: end of sequence flow not found"},
        {"a: {b: 1\n", "2:1 not YAML: end of map flow not found"},
        {"a: \"x\nb: 1\n", "1:4 this quote is never closed"},
        {"a: 'it''s\nb: 1\n", "1:4 this quote is never closed"},
        {"a: !!str &x \"y\nb: 1\n", "1:4 this quote is never closed"},
        {"a: &x\n  'y\nb: 1\n", "1:4 this quote is never closed"},
        {"a: \"x\\\"\n", "1:4 this quote is never closed"},
        {"a: \"x\" y\n", "1:8 not YAML: end of map not found"},
        {"a: @x\n", "1:4 not YAML: unknown token"},
        {"a: \"\\q\"\n", "1:7 not YAML: unknown escape character: q"},
        {"a: 1\nb: \xff\n", "2:4 not UTF-8: the byte '\\xff'"},
        {"a: \x1b[31m\n", "1:4 the control character '\\x1b'"},
        {"a: 1\rb: 2\r", "1:5 the control character '\\x0d'"},
    }));
    CAPTURE(row.text);
    CHECK(read(row.text) == row.error);
}

TEST_CASE("yaml: a quote that is closed is no unclosed one", "[spec][yaml]") {
    for (const char* text : {"a: \"x\"", "a: 'x'", "a: 'it''s'", "a: ''", "a: \"\"", "a: '''x'''",
                             "a: \"\\\\\"", "a: \"x\\\"y\"  # \"", "a: \"x\n  y\"\n",
                             "a: !!str &x \"y\"", "a: &x\n  'y'", "a: !!str x\"", "a: !!str"}) {
        CAPTURE(text);
        CHECK(read(text).substr(0, 5) == "{'a':");
    }
}

TEST_CASE("yaml: limits hold, at no cost", "[spec][yaml]") {
    constexpr std::string_view kDeep = "nested deeper than 64 levels";
    constexpr std::string_view kMany = "the spec has more than 1000000 values";
    CHECK(read(repeated("[", 64) + repeated("]", 64)).substr(0, 2) == "[[");
    CHECK(read(repeated("[", 65) + repeated("]", 65)) == "1:65 nested deeper than 64 levels");
    CHECK(complains(repeated("[", 100'000), kDeep));
    CHECK(complains(repeated("{a: ", 100'000), kDeep));
    CHECK(complains(repeated("- ", 1000), kDeep));
    CHECK(complains(std::string(5'000'000, ' '), "the spec is larger than 4 MiB"));

    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before +
                repeated(", " + before, 9) + "]\n";
    }
    CHECK(complains(bomb, kMany));

    std::string chain = "a0: &a0 [x]\n";
    for (int i = 1; i < 100; ++i) {
        chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" +
                 std::to_string(i - 1) + "]\n";
    }
    CHECK(complains(chain, kDeep));

    std::string merges = "x: &x {";
    for (int i = 0; i < 1000; ++i)
        merges += "k" + std::to_string(i) + ": 1, ";
    merges += "z: 1}\nl: [" + repeated("{<<: *x}, ", 2'000) + "{}]\n";
    CHECK(complains(merges, kMany));
}

TEST_CASE("yaml: more than a million plain values are too many", "[spec][yaml][.slow]") {
    CHECK(complains("a: [" + repeated("1,", 1'100'000) + "1]", "more than 1000000 values"));
    CHECK(complains(repeated("[", 4'000'000), "nested deeper than 64 levels"));
}

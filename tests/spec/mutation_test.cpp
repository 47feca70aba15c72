#include "sweepctl/core/command_line.hpp"
#include "sweepctl/search/strategies.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Whatever happens to a spec on its way through editors and merges: it is read, or refused with a
// place, and what is read can be searched and started.

using namespace sweepctl;

namespace {

constexpr std::array<std::string_view, 3> kSpecs{
    R"(program: train.py
method: random
name: a sweep
metric: {name: loss, goal: minimize, target: 0.1}
early_terminate: {type: hyperband, min_iter: 3}
run_cap: 20
command: ["${env}", "${interpreter}", "${program}", "--lr=${lr}", "${args}"]
parameters:
  lr: {distribution: log_uniform_values, min: 1e-5, max: 0.1}
  layers: {min: 1, max: 8}
  act: {values: [relu, tanh, "3", 3, null, true, [1, 2], {a: 1}], probabilities: [0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]}
  opt:
    parameters:
      momentum: {distribution: q_normal, mu: 0.9, sigma: 0.1, q: 0.05}
      decay: {distribution: beta, a: 2, b: 5}
sweepctl:
  seed: 7
  kill_delay: 30s
  retry: {max: 2, on: [failed, 75]}
  env: {A: x}
)",
    R"(# a grid
method: grid
program: a.sh
defaults: &defaults {distribution: q_uniform, min: 0, max: 1, q: 0.25}
parameters:
  a: {values: [1, 2.0, 'x y', "q\n", 1e-3]}
  b: *defaults
  c: {<<: *defaults, max: 2}
  d:
    min: -3
    max: 3
  e:
    value: |
      text
sweepctl: {order: random, fail_fast: false, resources: {gpus: 1}}
)",
    R"({"method": "random", "command": ["./x", "${args_json}", "${envvar:HOME:-/}"],
 "parameters": {"p": {"min": 0.0, "max": 1.0}, "q": {"parameters": {"r": {"value": [1, {"s": null}]}}}},
 "sweepctl": {"parallel": 2, "metrics": {"stdout": "json"}, "timeout": "5m"}}
)"};

constexpr std::array<std::string_view, 40> kPieces{
    ":",      ": ",      "- ",    "{",  "}",    "[",    "]",    ",",
    "\"",     "'",       "\n",    "  ", "\t",   "#",    "&a ",  "*a",
    "!!str ", "!x ",     "<<: ",  "|",  ">",    "%",    "@",    "---\n",
    "null",   "true",    "1e999", "-1", "0",    "010",  "1:30", ".nan",
    "${x}",   "${args}", "$${",   "é",  "\xff", "\x1b", "? ",   "99999999999999999999"};

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::size_t below(std::size_t n) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::size_t>((state_ >> 33U) % n);
    }

private:
    std::uint64_t state_;
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines(1);
    for (const char c : text) {
        lines.back().push_back(c);
        if (c == '\n') lines.emplace_back();
    }
    return lines;
}
std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text += line;
    return text;
}

std::string mutated(std::string text, Random& random) {
    if (text.empty()) return std::string(kPieces[random.below(kPieces.size())]);
    const std::size_t at = random.below(text.size());
    const std::string_view piece = kPieces[random.below(kPieces.size())];
    std::vector<std::string> lines = lines_of(text);
    std::string& line = lines[random.below(lines.size())];
    switch (random.below(9)) {
        case 0: return text.erase(at, 1 + random.below(4));
        case 1: return text.insert(at, piece);
        case 2: return text.replace(at, 1, piece);
        case 3: text[at] = static_cast<char>(random.below(256)); return text;
        case 4: line.clear(); return joined(lines);
        case 5: line += line; return joined(lines);
        case 6: std::swap(line, lines[random.below(lines.size())]); return joined(lines);
        case 7: line.insert(0, std::string(1 + random.below(3), ' ')); return joined(lines);
        default: return text.substr(0, at);
    }
}

void check_findings(const std::string& text, const ParsedSpec& parsed) {
    const auto line_count = static_cast<std::uint32_t>(lines_of(text).size());
    bool has_error = false;
    for (const Diagnostic& each : parsed.diagnostics) {
        has_error = has_error || each.severity == Severity::error;
        REQUIRE((each.line >= 1 && each.line <= line_count));
        REQUIRE(each.column >= 1);
        REQUIRE(!each.message.empty());
    }
    REQUIRE(has_error != parsed.spec.has_value());
    const std::string shown = render(parsed.diagnostics, "s", text);
    const bool clean = std::all_of(shown.begin(), shown.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t';
    });
    REQUIRE(clean);
}

void check_search(const SweepSpec& spec) {
    const auto strategy = make_strategy(spec.space, spec.search_options(1));
    for (const std::uint64_t number : {0U, 1U, 1000U}) {
        const auto config = strategy->suggest(number, {});
        const auto size = strategy->size();
        REQUIRE(config.has_value() == (!size || number < *size));
        if (!config) continue;
        if (size) REQUIRE(strategy->number_of(*config) == number);
        CommandInput input;
        input.command = spec.program.command;
        input.program = spec.program.program;
        input.config = *config;
        const auto argv = expand_command(input);
        if (argv) REQUIRE(!argv->empty());
        REQUIRE(!param_file(*config).empty());
    }
}

}  // namespace

TEST_CASE("mutations: a thousand broken specs are each read or refused with a place",
          "[spec][mutation]") {
    int refused = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        Random random(seed * 77 + 5);
        std::string text(kSpecs[seed % kSpecs.size()]);
        const std::size_t times = 1 + random.below(4);
        for (std::size_t i = 0; i < times; ++i)
            text = mutated(text, random);
        CAPTURE(seed, text);
        const ParsedSpec parsed = parse_spec(text);
        check_findings(text, parsed);
        if (parsed.spec) {
            check_search(*parsed.spec);
        } else {
            ++refused;
        }
    }
    // Neither all nor none: the mutations are neither too rough nor too mild to find anything.
    CHECK(refused > 300);
    CHECK(refused < 950);
}

TEST_CASE("mutations: the specs they begin with are good", "[spec][mutation]") {
    for (const std::string_view text : kSpecs) {
        const ParsedSpec parsed = parse_spec(text);
        INFO(render(parsed.diagnostics, "s", text));
        REQUIRE(parsed.spec);
        check_search(*parsed.spec);
    }
}

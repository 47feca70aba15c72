#include "sweepctl/core/command_line.hpp"
#include "sweepctl/search/strategies.hpp"

#include "spec_text.hpp"

#include <catch2/catch.hpp>

#include <string>

// The odd corners of real sweep files, from the text of the spec to the argv of its runs.

using namespace sweepctl;

namespace {

using Argv = std::vector<std::string>;

/// The arguments of a spec's first runs, as many as there are up to `count`.
std::vector<Argv> runs_of(const std::string& text, std::uint64_t count) {
    const SweepSpec spec = spec_of(text);
    const auto strategy = make_strategy(spec.space, spec.search_options(1));
    std::vector<Argv> runs;
    for (std::uint64_t number = 0; number < count; ++number) {
        const auto config = strategy->suggest(number, {});
        if (!config) break;
        CommandInput input;
        input.command = spec.program.command;
        input.program = spec.program.program;
        input.config = *config;
        const auto argv = expand_command(input);
        REQUIRE(argv);
        runs.push_back(*argv);
    }
    return runs;
}

std::string grid_with(const std::string& parameters, const std::string& command = "[\"${args}\"]") {
    return "method: grid\nprogram: train.py\ncommand: " + command + "\nparameters:\n" + parameters;
}

/// The single argument of each run of a grid over `p`.
Argv arguments_of(const std::string& values, const std::string& macro = "${args}") {
    Argv all;
    for (const Argv& argv : runs_of(grid_with("  p: " + values, "[\"" + macro + "\"]"), 100)) {
        REQUIRE(argv.size() <= 1);
        all.push_back(argv.empty() ? "(none)" : argv[0]);
    }
    return all;
}

}  // namespace

TEST_CASE("corners: a nested grid in its golden order", "[spec][corners]") {
    const auto runs = runs_of(grid_with(R"(  b: {values: [1, 2]}
  a: {values: [x, y]}
  opt: {parameters: {lr: {values: [.1, .01]}, beta: {value: 9}}}
  B: {value: 0}
)"),
                              100);
    REQUIRE(runs.size() == 8);
    CHECK(runs[0] == Argv{"--B=0", "--a=x", "--b=1", "--opt={'beta': 9, 'lr': 0.1}"});
    CHECK(runs[1] == Argv{"--B=0", "--a=x", "--b=1", "--opt={'beta': 9, 'lr': 0.01}"});
    CHECK(runs[2] == Argv{"--B=0", "--a=x", "--b=2", "--opt={'beta': 9, 'lr': 0.1}"});
    CHECK(runs[7] == Argv{"--B=0", "--a=y", "--b=2", "--opt={'beta': 9, 'lr': 0.01}"});
}

TEST_CASE("corners: bools as flags, null, and values that look alike", "[spec][corners]") {
    CHECK(arguments_of("{values: [true, false]}", "${args_no_boolean_flags}") ==
          Argv{"--p", "(none)"});
    CHECK(arguments_of("{values: [null, \"null\"]}") == Argv{"--p=None", "--p=null"});
    CHECK(arguments_of("{values: [3, 3.0, \"3\", true, 1]}") ==
          Argv{"--p=3", "--p=3", "--p=True", "--p=1"});
    CHECK(arguments_of("{values: [1, 1, 2, 1]}") == Argv{"--p=1", "--p=2"});
    CHECK(arguments_of("{values: ['', ' ', x]}") == Argv{"--p=", "--p= ", "--p=x"});
}

TEST_CASE("corners: strings reach the program as they are", "[spec][corners]") {
    CHECK(
        arguments_of(
            R"({values: ["a b", "it's", "\"q\"", "k=v", "two\nlines", "--dash", "-", "*", "$HOME", "é漢😀"]})") ==
        Argv{"--p=a b", "--p=it's", "--p=\"q\"", "--p=k=v", "--p=two\nlines", "--p=--dash", "--p=-",
             "--p=*", "--p=$HOME", "--p=é漢😀"});
    CHECK(runs_of(grid_with("  größe: {value: 1}\n"), 2) == std::vector<Argv>{{"--größe=1"}});
}

TEST_CASE("corners: lists and maps are one choice each", "[spec][corners]") {
    CHECK(arguments_of("{values: [[1, 2], [], {a: 1, b: [x]}, {}, {b: [x], a: 1}]}") ==
          Argv{"--p=[1, 2]", "--p=[]", "--p={'a': 1, 'b': ['x']}", "--p={}"});
    CHECK(arguments_of("{values: [{lr: 0.1, opt: sgd}, {lr: 0.01, opt: adam}]}",
                       "${p.opt}:${p.lr}") == Argv{"sgd:0.1", "adam:0.01"});
}

TEST_CASE("corners: constants alone are one run", "[spec][corners]") {
    CHECK(runs_of(grid_with("  a: {value: 1}\n  b: {value: x}\n"), 9) ==
          std::vector<Argv>{{"--a=1", "--b=x"}});
}

TEST_CASE("corners: numbers large, small and spelt in odd ways", "[spec][corners]") {
    CHECK(arguments_of("{values: [123456789012345678901234567890, -9223372036854775809]}") ==
          Argv{"--p=123456789012345678901234567890", "--p=-9223372036854775809"});
    CHECK(arguments_of("{values: [1e-5, \"1e-5\", 1.0e-5, 3e6, 0x1F, 1_000]}") ==
          Argv{"--p=1e-05", "--p=1e-5", "--p=3000000.0", "--p=31", "--p=1000"});
    CHECK(arguments_of("{values: [1:30, 010, .inf, .nan]}") ==
          Argv{"--p=90", "--p=8", "--p=inf", "--p=nan"});
    CHECK(arguments_of("{min: 9223372036854775806, max: 9223372036854775807}") ==
          Argv{"--p=9223372036854775806", "--p=9223372036854775807"});
}

TEST_CASE("corners: steps that do not divide the range", "[spec][corners]") {
    CHECK(arguments_of("{distribution: q_uniform, min: 0, max: 1, q: 0.3}") ==
          Argv{"--p=0.0", "--p=0.3", "--p=0.6", "--p=0.9"});
    CHECK(arguments_of("{distribution: q_uniform, min: 0.0, max: 0.3, q: 0.1}") ==
          Argv{"--p=0.0", "--p=0.1", "--p=0.2", "--p=0.3"});
    CHECK(arguments_of("{distribution: q_uniform, min: 0, max: 2}") ==
          Argv{"--p=0.0", "--p=1.0", "--p=2.0"});
    const std::string exclusive = "sweepctl: {grid_exclusive: true}\n";
    CHECK(runs_of(grid_with("  p: {distribution: q_uniform, min: 0, max: 2, q: 1}\n") + exclusive,
                  9) == std::vector<Argv>{{"--p=0"}, {"--p=1"}});
}

TEST_CASE("corners: an int range under 'uniform' gives floats", "[spec][corners]") {
    for (const Argv& argv :
         runs_of(with_parameter("{distribution: uniform, min: 1, max: 3}"), 20)) {
        REQUIRE(argv.size() == 4);
        CHECK(argv[3].find('.') != std::string::npos);
    }
}

TEST_CASE("corners: commands that are empty, or hold numbers and null", "[spec][corners]") {
    CHECK(runs_of(grid_with("  p: {value: 1}\n", "[]"), 1) ==
          std::vector<Argv>{{"/usr/bin/env", "python", "train.py", "--p=1"}});
    CHECK(runs_of(grid_with("  p: {value: 1}\n", "[./x, 5, 0.10, null, true]"), 1) ==
          std::vector<Argv>{{"./x", "5", "0.1", "None", "True"}});
}

TEST_CASE("corners: the docs' typo and hydra's texts", "[spec][corners]") {
    CHECK(errors_of("program: a\nmethod: grid\nparameter: {p: {value: 1}}\n") ==
          Argv{"3:1 'parameters' is missing"});
    CHECK(runs_of(
              grid_with("  optimizer.lr: {value: 0.1}\n",
                        "[\"${args_no_hyphens}\", \"hydra.run.dir=runs/${now:%Y}_${oc.env:ID}\"]"),
              1) ==
          std::vector<Argv>{{"optimizer.lr=0.1", "hydra.run.dir=runs/${now:%Y}_${oc.env:ID}"}});
}

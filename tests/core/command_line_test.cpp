#include "sweepctl/core/command_line.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace sweepctl;

namespace {

using Argv = std::vector<std::string>;

Config golden_config() {
    return {{"a", true},
            {"b", false},
            {"e", ""},
            {"l", ParamList{1, 2}},
            {"lr", 1.0e-5},
            {"n", nullptr},
            {"opt", ParamMap{{"lr", 0.1}, {"m", nullptr}}},
            {"s", "a b"},
            {"u", "é"}};
}

CommandInput input_of(Argv command, Config config = golden_config()) {
    CommandInput input;
    input.command = std::move(command);
    input.program = "train.py";
    input.config = std::move(config);
    input.json_file = "/runs/config.json";
    input.env = [](std::string_view name) -> std::optional<std::string> {
        if (name == "HOME") return "/home/ada";
        if (name == "EMPTY") return "";
        if (name == "lower_1") return "low";
        if (name == "TRICK") return "${lr}";
        return std::nullopt;
    };
    return input;
}

Argv expanded(Argv command, Config config = golden_config()) {
    const auto argv = expand_command(input_of(std::move(command), std::move(config)));
    if (!argv) return {"error: " + argv.error().message};
    return *argv;
}

std::string one(const std::string& chunk, Config config = golden_config()) {
    const Argv argv = expanded({chunk}, std::move(config));
    return argv.size() == 1 ? argv[0] : "(" + std::to_string(argv.size()) + " arguments)";
}

CommandError error_of(Argv command, Config config = golden_config()) {
    const auto argv = expand_command(input_of(std::move(command), std::move(config)));
    return argv ? CommandError{99, "none", ""} : argv.error();
}

}  // namespace

TEST_CASE("command: each macro gives the golden arguments", "[core][command]") {
    struct Row {
        const char* macro;
        Argv argv;
    };
    const auto row = GENERATE(values<Row>({
        {"${env}", {"/usr/bin/env"}},
        {"${interpreter}", {"python"}},
        {"${program}", {"train.py"}},
        {"${args}",
         {"--a=True", "--b=False", "--e=", "--l=[1, 2]", "--lr=1e-05", "--n=None",
          "--opt={'lr': 0.1, 'm': None}", "--s=a b", "--u=é"}},
        {"${args_no_hyphens}",
         {"a=True", "b=False", "e=", "l=[1, 2]", "lr=1e-05", "n=None", "opt={'lr': 0.1, 'm': None}",
          "s=a b", "u=é"}},
        {"${args_append_hydra}",
         {"+a=True", "+b=False", "+e=", "+l=[1, 2]", "+lr=1e-05", "+n=None",
          "+opt={'lr': 0.1, 'm': None}", "+s=a b", "+u=é"}},
        {"${args_override_hydra}",
         {"++a=True", "++b=False", "++e=", "++l=[1, 2]", "++lr=1e-05", "++n=None",
          "++opt={'lr': 0.1, 'm': None}", "++s=a b", "++u=é"}},
        {"${args_no_boolean_flags}",
         {"--a", "--e=", "--l=[1, 2]", "--lr=1e-05", "--n=None", "--opt={'lr': 0.1, 'm': None}",
          "--s=a b", "--u=é"}},
        {"${args_no_equals}",
         {"--a", "True", "--b", "False", "--e", "", "--l", "[1, 2]", "--lr", "1e-05", "--n", "None",
          "--opt", "{'lr': 0.1, 'm': None}", "--s", "a b", "--u", "é"}},
        {"${args_dotted}",
         {"--a=True", "--b=False", "--e=", "--l=[1, 2]", "--lr=1e-05", "--n=None", "--opt.lr=0.1",
          "--opt.m=None", "--s=a b", "--u=é"}},
        {"${args_json}",
         {R"({"a": true, "b": false, "e": "", "l": [1, 2], "lr": 1e-05, "n": null, )"
          R"("opt": {"lr": 0.1, "m": null}, "s": "a b", "u": "\u00e9"})"}},
        {"${args_json_file}", {"/runs/config.json"}},
    }));
    CAPTURE(row.macro);
    CHECK(expanded({row.macro}) == row.argv);
}

TEST_CASE("command: none given means the default command", "[core][command]") {
    CHECK(expanded({}, {{"x", 1}}) == Argv{"/usr/bin/env", "python", "train.py", "--x=1"});
    CHECK(default_command() == Argv{"${env}", "${interpreter}", "${program}", "${args}"});
    CHECK(uses_json_file({"./a", "${args_json_file}"}));
    CHECK(!uses_json_file({"./a", "x${args_json_file}"}));
    CHECK(!uses_json_file({}));
}

TEST_CASE("command: no words are split and nothing is quoted", "[core][command]") {
    const Config config{{"s", "a \"b\" 'c' $d `e` *"}, {"t", "--x=1\nnext"}};
    CHECK(expanded({"bash", "-c", "echo ${s}", "", "${args}"}, config) ==
          Argv{"bash", "-c", "echo a \"b\" 'c' $d `e` *", "", "--s=a \"b\" 'c' $d `e` *",
               "--t=--x=1\nnext"});
}

TEST_CASE("command: parameters are expanded anywhere in a chunk", "[core][command]") {
    const Config dotted{{"opt.lr", 7}, {"opt", ParamMap{{"lr", 8}, {"a.b", 9}}}, {"a b", 1}};
    CHECK(one("${lr}") == "1e-05");
    CHECK(one("--lr=${lr}") == "--lr=1e-05");
    CHECK(one("${a}${b}") == "TrueFalse");
    CHECK(one("x${opt.lr}y") == "x0.1y");
    CHECK(one("${opt}") == "{'lr': 0.1, 'm': None}");
    CHECK(one("${s}") == "a b");
    CHECK(one("[${e}]") == "[]");
    CHECK(one("${opt.lr}", dotted) == "7");
    CHECK(one("${opt.a.b}", dotted) == "9");
    CHECK(one("${a b}", dotted) == "1");
    // A macro as a whole chunk goes before a parameter of the same name.
    CHECK(one("${program}", {{"program", 5}}) == "train.py");
    CHECK(one("p${program}", {{"program", 5}}) == "p5");
}

TEST_CASE("command: what is not known inside a longer chunk stays as it is", "[core][command]") {
    CHECK(one("hydra.run.dir=runs/${now:%Y}_${oc.env:WANDB_RUN_ID}") ==
          "hydra.run.dir=runs/${now:%Y}_${oc.env:WANDB_RUN_ID}");
    CHECK(one("x=${args}") == "x=${args}");
    CHECK(one("${oc.env:${lr}}/x") == "${oc.env:1e-05}/x");
    CHECK(one("a ${ b") == "a ${ b");
    CHECK(one("a ${lr") == "a ${lr");
    CHECK(one("}{ ${lr}") == "}{ 1e-05");
    CHECK(one("{ ${lr}") == "{ 1e-05");
    CHECK(one("$lr {lr} $ {lr}") == "$lr {lr} $ {lr}");
}

TEST_CASE("command: two dollars make a literal macro", "[core][command]") {
    CHECK(one("$${lr}") == "${lr}");
    CHECK(one("$${args}") == "${args}");
    CHECK(one("a$${lr}b${lr}") == "a${lr}b1e-05");
    CHECK(one("$$${lr}") == "$${lr}");
    CHECK(one("$${") == "${");
    CHECK(one("${lr}$${lr}${lr}") == "1e-05${lr}1e-05");
    CHECK(one("$${${lr}") == "${1e-05");
}

TEST_CASE("command: environment variables", "[core][command]") {
    CHECK(one("${envvar:HOME}") == "/home/ada");
    CHECK(one("${envvar:HOME}/x/${envvar:HOME}") == "/home/ada/x//home/ada");
    CHECK(one("${envvar:lower_1}") == "low");
    CHECK(one("${envvar:EMPTY}").empty());
    CHECK(one("${envvar:NONE:-a default: {x}}") == "a default: {x}");
    CHECK(one("${envvar:NONE:-}").empty());
    CHECK(one("${envvar:EMPTY:-x}") == "x");
    CHECK(one("${envvar:HOME:-x}") == "/home/ada");
    CHECK(one("${envvar:NONE:-${envvar:HOME}/${lr}}") == "/home/ada/1e-05");
    CHECK(one("${envvar:TRICK}") == "${lr}");  // read once, not again

    const CommandError unset = error_of({"x", "a${envvar:NONE}"});
    CHECK(unset.chunk == 1);
    CHECK(unset.message == "environment variable 'NONE' is not set");
    CHECK(unset.hint == "set it, or give a default: '${envvar:NONE:-default}'");
    CHECK(error_of({"${envvar:a-b}"}).message ==
          "'a-b' is not the name of an environment variable");
    CHECK(error_of({"${envvar:}"}).message == "'' is not the name of an environment variable");
}

TEST_CASE("command: what cannot be expanded is said", "[core][command]") {
    CHECK(error_of({"x", "${arg}"}).message == "unknown macro '${arg}'");
    CHECK(error_of({"x", "${arg}"}).chunk == 1);
    CHECK(error_of({"${arg}"}).hint == "did you mean '${args}'?");
    CHECK(error_of({"${learning}"}).hint.substr(0, 20) == "known: ${env}, ${int");
    CHECK(error_of({"${args_dict}"}).message == "unknown macro '${args_dict}'");
    CHECK(error_of({"${a:${lr}}"}).message == "unknown macro '${a:${lr}}'");
    CHECK(error_of({"${}"}).message == "unknown macro '${}'");

    CommandInput input = input_of({"${program}"});
    input.program.reset();
    CHECK(expand_command(input).error().message == "'${program}' is used, but there is no program");

    const Config with_nul{{"s", std::string("a\0b", 3)}};
    CHECK(error_of({"${args}"}, with_nul).message ==
          "an argument would hold a NUL byte, which no program can be given");
    CHECK(one("${args_json}", with_nul) == R"({"s": "a\u0000b"})");
}

TEST_CASE("command: a hostile chunk costs no more than its length", "[core][command]") {
    std::string opens;
    std::string nested;
    for (int i = 0; i < 200'000; ++i) {
        opens += "${";
        nested += "${envvar:N:-";
    }
    nested.append(200'000, '}');
    CHECK(one(opens) == opens);
    CHECK(one(opens + "}") == opens + "}");
    CHECK(error_of({nested}).message == "'${envvar:...}' nested too deeply");
}

TEST_CASE("command: mistakes are seen before there is a configuration", "[core][command]") {
    const auto check = [](Argv command, bool has_program = true) {
        CommandShape shape{
            std::move(command), has_program, {{"lr"}, {"opt", "lr"}, {"batch_size"}}};
        return check_command(shape);
    };
    CHECK(check({}).empty());
    CHECK(check({"${env}", "${lr}", "x${opt.lr}", "${opt}", "${envvar:X}", "$${y}", "a"}).empty());
    CHECK(check({"${lr.key}"}).empty());  // the values may be maps
    CHECK(check({"dir=${now:%Y}"}).empty());

    auto found = check({"a", "${batchsize}"});
    REQUIRE(found.size() == 1);
    CHECK(found[0].error);
    CHECK(found[0].what.chunk == 1);
    CHECK(found[0].what.hint == "did you mean '${batch_size}'?");

    found = check({"bash", "-c", "train ${args}", "--x=${batchsize}"});
    REQUIRE(found.size() == 2);
    CHECK(!found[0].error);
    CHECK(found[0].what.message == "'${args}' inside a longer chunk stays as it is");
    CHECK(!found[1].error);
    CHECK(found[1].what.hint == "did you mean '${batch_size}'?");

    CHECK(check({}, false).size() == 1);
    CHECK(check({"${program}"}, false)[0].error);
    CHECK(check({"x${envvar:a b}"})[0].error);
    CHECK(check({std::string("a\0", 2)})[0].error);
}

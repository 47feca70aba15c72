#include "spec_text.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;

namespace {

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("spec: all of W&B's keys are read", "[spec][keys]") {
    const std::string text = R"(name: my sweep
description: what it is about
entity: ada
project: digits
program: train.py
method: random
run_cap: 5.0
metric: {name: val.loss, goal: maximize, target: 0.95, impute: best, impute_while_running: latest}
early_terminate: {type: hyperband, min_iter: 3, eta: 2, strict: false}
controller: {type: cloud}
apiVersion: v1
kind: sweep
command: ["${env}", python3, "${program}", "${args_no_equals}", 5, 1.0, true, 1e-5]
parameters:
  lr: {min: 0.1, max: 0.2}
)";
    const SweepSpec spec = spec_of(text);
    CHECK(spec.text == text);
    CHECK(spec.name == "my sweep");
    CHECK(spec.description == "what it is about");
    CHECK(spec.entity == "ada");
    CHECK(spec.project == "digits");
    CHECK(spec.program.program == "train.py");
    CHECK(spec.method == Method::random);
    CHECK(spec.policy.run_cap == 5);
    REQUIRE(spec.policy.metric);
    CHECK(spec.policy.metric->name == "val.loss");
    CHECK(spec.policy.metric->goal == Goal::maximize);
    CHECK(spec.policy.metric->target == 0.95);
    CHECK(spec.impute == Impute::best);
    CHECK(spec.impute_while_running == Impute::latest);
    REQUIRE(spec.policy.early_stop);
    const auto& hyperband = std::get<HyperbandRule>(*spec.policy.early_stop);
    CHECK(hyperband.min_iter == 3);
    CHECK(hyperband.eta == 2);
    CHECK(!hyperband.strict);
    CHECK(spec.program.command == Lines{"${env}", "python3", "${program}", "${args_no_equals}", "5",
                                        "1.0", "True", "1e-5"});
    CHECK(warnings_of(text).empty());
    CHECK(spec.space.parameters.size() == 1);
}

TEST_CASE("spec: what is left out has its default", "[spec][keys]") {
    const SweepSpec spec = spec_of(with_lines(""));
    CHECK(!spec.name);
    CHECK(spec.program.command.empty());
    CHECK(spec.program.interpreter == "python");
    CHECK(!spec.policy.metric);
    CHECK(!spec.policy.run_cap);
    CHECK(!spec.policy.parallel);
    CHECK(!spec.policy.timeout);
    CHECK(spec.policy.retry.max == 0);
    CHECK(spec.policy.retry.states == std::vector{RunState::crashed});
    REQUIRE(spec.policy.fail_fast);
    CHECK(spec.policy.fail_fast->runs == 10);
    CHECK(spec.policy.fail_fast->within == std::chrono::seconds{30});
    CHECK(spec.policy.resources.cpus == 1);
    CHECK(spec.policy.resources.gpus == 0);
    CHECK(spec.policy.heartbeat_timeout == std::chrono::seconds{300});
    CHECK(spec.program.kill_delay == std::chrono::seconds{30});
    CHECK(spec.program.straggler_grace == std::chrono::seconds{5});
    CHECK(spec.program.forward_signals);
    CHECK(spec.program.stdout_metrics == StdoutMetrics::none);
    CHECK(!spec.seed);
    CHECK(spec.order == GridOrder::listed);
    CHECK(!spec.impute);
    CHECK(!spec.policy.early_stop);
    CHECK(parse_spec(with_lines("metric: {name: x}")).spec->policy.metric->goal == Goal::minimize);
}

TEST_CASE("spec: every bad input has its message and place", "[spec][keys]") {
    struct Row {
        std::string text;
        Lines errors;
    };
    const auto row = GENERATE(values<Row>({
        {"", {"1:1 the spec is empty"}},
        {"null", {"1:1 the spec is empty"}},
        {"[]", {"1:1 the spec is empty"}},
        {"{}", {"1:1 the spec is empty"}},
        {"5", {"1:1 the spec must be a map of keys, not '5'"}},
        {"method:grid", {"1:1 the spec must be a map of keys, not the text 'method:grid'"}},
        {"- a", {"1:1 the spec must be a map of keys, not a list"}},
        {"name: x",
         {"1:1 'method' is missing", "1:1 'parameters' is missing", "1:1 'program' is missing"}},
        {"program: a\nmethod: foo\nparameters: {p: {value: 1}}", {"2:9 unknown method 'foo'"}},
        {"program: a\nmethod: Grid\nparameters: {p: {value: 1}}", {"2:9 unknown method 'Grid'"}},
        {"program: a\nmethod: [grid]\nparameters: {p: {value: 1}}",
         {"2:9 'method' must be a text, not a list"}},
        {"program: a\nmethod: null\nparameters: {p: {value: 1}}", {"1:1 'method' is missing"}},
        {"program: a\nmethod: bayes\nparameters: {p: {value: 1}}",
         {"2:9 'method: bayes' needs a 'metric'", "2:9 method 'bayes' is not in this version yet",
          "3:1 'method: bayes' needs a parameter that can vary"}},
        {"program: a\nmethod: custom\nparameters: {p: {value: 1}}",
         {"2:9 'method: custom' needs a 'scheduler'",
          "2:9 method 'custom' is not in this version yet"}},
        {"program: a\nmethod: grid\nparameters: {}", {"3:13 'parameters' has no parameters"}},
        {"program: a\nmethod: grid\nparameters: [a]",
         {"3:13 'parameters' must be a map of parameters, not a list"}},
        {"program: a\nmethod: grid\nparameter: {p: {value: 1}}", {"3:1 'parameters' is missing"}},
        {"program: null\nmethod: grid\nparameters: {p: {value: 1}}", {"1:1 'program' is missing"}},
        {"program: 5\nmethod: grid\nparameters: {p: {value: 1}}",
         {"1:10 'program' must be a text, not '5'"}},
        {"program: \"\"\nmethod: grid\nparameters: {p: {value: 1}}", {"1:10 'program' is empty"}},
        {with_lines("run_cap: 0"), {"4:10 'run_cap' must be a whole number from 1 on, not '0'"}},
        {with_lines("run_cap: '5'"),
         {"4:10 'run_cap' must be a whole number from 1 on, not the text '5'"}},
        {with_lines("run_cap: 2.5"),
         {"4:10 'run_cap' must be a whole number from 1 on, not '2.5'"}},
        {with_lines("run_cap: true"),
         {"4:10 'run_cap' must be a whole number from 1 on, not 'true'"}},
        {with_lines("command: python x.py"),
         {"4:10 'command' must be a list, not the text 'python x.py'"}},
        {with_lines("command: {a: b}"), {"4:10 'command' must be a list, not a map"}},
        {with_lines("command: [a, [b], {c: d}]"),
         {"4:14 a chunk of 'command' must be a text, not a list",
          "4:19 a chunk of 'command' must be a text, not a map"}},
        {with_lines("command: [a, '${arg}', 'x${envvar:a b}', '${program}']"),
         {"4:14 unknown macro '${arg}'", "4:24 'a b' is not the name of an environment variable"}},
        {"method: random\ncommand: ['${program}']\nparameters: {p: {value: 1}}",
         {"2:11 '${program}' is used, but there is no program"}},
        {with_lines("name: [x]"), {"4:7 'name' must be a text, not a list"}},
        {with_lines("name: true"), {"4:7 'name' must be a text, not 'true'"}},
        {with_lines("metric: loss"), {"4:9 'metric' must be a map, not the text 'loss'"}},
        {with_lines("metric: {goal: minimize}"), {"4:9 'metric.name' is missing"}},
        {with_lines("metric: {name: a, goal: max}"), {"4:25 unknown metric.goal 'max'"}},
        {with_lines("metric: {name: a, gaol: maximize}"), {"4:19 unknown key 'gaol' in 'metric'"}},
        {with_lines("metric: {name: a, target: '1'}"),
         {"4:27 'metric.target' must be a number, not the text '1'"}},
        {with_lines("metric: {name: a, target: .nan}"),
         {"4:27 'metric.target' must be a finite number, not '.nan'"}},
        {with_lines("metric: {name: a, impute: mean}"), {"4:27 unknown metric.impute 'mean'"}},
        {with_lines("metrics: [{name: a}, {name: b}]"),
         {"4:1 'metrics' goes with 'method: custom' only, not with 'random'"}},
        {with_lines("metrics: [{name: a}]\nmetric: {name: b}"),
         {"4:1 both 'metric' and 'metrics' are there",
          "4:1 'metrics' goes with 'method: custom' only, not with 'random'",
          "4:10 'metrics' must be a list of at least two metrics"}},
        {with_lines("early_terminate: {type: hyperband, min_iter: 3}"),
         {"4:1 'early_terminate' needs a 'metric'"}},
        {with_lines("metric: {name: a}\nearly_terminate: {min_iter: 3}"),
         {"5:18 'early_terminate.type' is missing"}},
        {with_lines("metric: {name: a}\nearly_terminate: {type: median, min_iter: 3}"),
         {"5:25 unknown early_terminate.type 'median'"}},
        {with_lines("metric: {name: a}\nearly_terminate: {type: hyperband}"),
         {"5:18 'early_terminate' has neither 'min_iter' nor 'max_iter'"}},
        {with_lines("metric: {name: a}\nearly_terminate: {type: hyperband, max_iter: 9}"),
         {"5:18 'early_terminate' has no 's'"}},
        {with_lines("metric: {name: a}\nearly_terminate: {type: hyperband, max_iter: 2, s: 2}"),
         {"5:18 'early_terminate' has no band to stop runs at"}},
        {with_lines("metric: {name: a}\nearly_terminate: {type: hyperband, max_iter: 9, s: 0}"),
         {"5:18 'early_terminate' has no band to stop runs at"}},
        {with_lines("metric: {name: a}\nearly_terminate: {type: hyperband, min_iter: 0}"),
         {"5:46 'early_terminate.min_iter' must be a whole number from 1 to 9007199254740992, not "
          "'0'"}},
        {with_lines("metric: {name: a}\nearly_terminate: {type: hyperband, min_iter: 1, eta: 1}"),
         {"5:54 'early_terminate.eta' must be above 1, not '1'"}},
        {with_lines(
             "metric: {name: a}\nearly_terminate: {type: hyperband, min_iter: 1, strict: 1}"),
         {"5:57 'early_terminate.strict' must be true or false, not '1'"}},
        {with_lines("controller: {type: here}"), {"4:20 unknown controller.type 'here'"}},
        {with_lines("controller: {type: local}\nscheduler: {engine: wandb}"),
         {"5:1 'scheduler' does not go with 'controller: {type: local}'"}},
        {with_lines("scheduler: {engine: foo, optimizer: x}"),
         {"4:21 unknown scheduler.engine 'foo'",
          "4:26 'scheduler.optimizer' needs 'scheduler.source'"}},
        {with_lines("sweepctl: 5"), {"4:11 'sweepctl' must be a map, not '5'"}},
    }));
    CAPTURE(row.text);
    CHECK(errors_of(row.text) == row.errors);
    CHECK(parse_spec(row.text).spec.has_value() == row.errors.empty());
}

TEST_CASE("spec: unknown keys at the top are warned of, or refused when strict", "[spec][keys]") {
    const std::string text = with_lines("foo: 1\nrun_cpa: 5");
    CHECK(warnings_of(text) == Lines{"4:1 unknown key 'foo', which is not acted on",
                                     "5:1 unknown key 'run_cpa', which is not acted on"});
    CHECK(parse_spec(text).spec);
    const SpecOptions strict{true};
    CHECK(findings_of(text, Severity::error, strict) ==
          Lines{"4:1 unknown key 'foo'", "5:1 unknown key 'run_cpa'"});
    CHECK(parse_spec(text).diagnostics[1].hint == "did you mean 'run_cap'?");
}

TEST_CASE("spec: keys of W&B that mean nothing here are named once", "[spec][keys]") {
    const std::string text =
        with_lines("job: a/b\nlaunch: {queue: q}\nsettings: {}\nimports: [x]\nkind: sweep");
    CHECK(warnings_of(text) == Lines{"4:1 not acted on: 'job', 'launch', 'settings', 'imports'"});
    CHECK(parse_spec(text).spec);
}

TEST_CASE("spec: a key that is null counts as absent, with a note", "[spec][keys]") {
    const std::string text =
        with_lines("metric: null\nearly_terminate:\nrun_cap: ~\ncommand: null");
    CHECK(notes_of(text) == Lines{"4:1 'metric' is null, the same as absent",
                                  "5:1 'early_terminate' is null, the same as absent",
                                  "6:1 'run_cap' is null, the same as absent",
                                  "7:1 'command' is null, the same as absent"});
    CHECK(parse_spec(text).spec);
    CHECK(spec_of("program: null\nmethod: grid\ncommand: [a]\nparameters: {p: {value: 1}}")
              .program.command == Lines{"a"});
}

TEST_CASE("spec: a name that is a number is taken as it is written", "[spec][keys]") {
    const SweepSpec spec = spec_of(with_lines("name: 007\nproject: 1_0\nentity: 1.50"));
    CHECK(spec.name == "007");
    CHECK(spec.project == "1_0");
    CHECK(spec.entity == "1.50");
}

TEST_CASE("spec: an empty command is the default one, odd chunks are texts", "[spec][keys]") {
    CHECK(spec_of(with_lines("command: []")).program.command.empty());
    const std::string text = with_lines("command: [a, null, 010, yes, 2024-01-01]");
    CHECK(spec_of(text).program.command == Lines{"a", "None", "8", "True", "2024-01-01"});
    CHECK(warnings_of(text).size() == 3);
}

TEST_CASE("spec: macros inside longer chunks that look wrong are warned of", "[spec][keys]") {
    CHECK(warnings_of(with_lines("command: ['x ${args}', 'a${pp}']")).size() == 2);
    CHECK(warnings_of(with_lines("command: ['dir=${now:%Y}_${oc.env:X}', '--p=${p}']")).empty());
    CHECK(errors_of(with_lines("command: ['${now:%Y}']")).size() == 1);
}

TEST_CASE("spec: all of a file's mistakes come at once, in order", "[spec][keys]") {
    const Lines errors = errors_of(
        "method: gird\nmetric: {goal: up}\nparameters:\n  a: 5\n  b: {min: 2, max: 1}\n"
        "run_cap: -1\nsweepctl: {parallel: 0, sed: 1}\n");
    CHECK(errors == Lines{"1:1 'program' is missing", "1:9 unknown method 'gird'",
                          "2:9 'metric.name' is missing", "2:16 unknown metric.goal 'up'",
                          "4:6 parameter 'a' must be a map, not '5'",
                          "5:12 parameter 'b': min 2 is not less than max 1",
                          "6:10 'run_cap' must be a whole number from 1 on, not '-1'",
                          "7:22 'sweepctl.parallel' must be a whole number from 1 to 1000000, not "
                          "'0'",
                          "7:25 unknown key 'sed' in 'sweepctl'"});
}

TEST_CASE("spec: what names a parameter that is wrong is not wrong for that", "[spec][keys]") {
    CHECK(errors_of("program: a\nmethod: grid\ncommand: ['${a}', '${b.c}', '${d}']\n"
                    "parameters: {a: {min: 2, max: 1}, b: {parameters: {c: 5}}, d: 6}\n"
                    "sweepctl: {when: {a: x, b.c: y}}\n") ==
          Lines{"4:23 parameter 'a': min 2 is not less than max 1",
                "4:55 parameter 'b.c' must be a map, not '5'",
                "4:63 parameter 'd' must be a map, not '6'",
                "5:12 'sweepctl.when' is not in this version yet"});
    CHECK(errors_of("program: a\nmetod:\nparameters: {p: {value: 1}}\n") ==
          Lines{"2:1 'method' is missing"});
}

TEST_CASE("spec: two parameters of one dotted name are warned of", "[spec][keys]") {
    CHECK(warnings_of(
              with_parameters("  opt: {parameters: {lr: {value: 1}}}\n  opt.lr: {value: 2}")) ==
          Lines{"5:3 a second parameter is called 'opt.lr'"});
}

TEST_CASE("spec: a thousand mistakes are counted, not listed", "[spec][keys]") {
    std::string parameters;
    for (int i = 0; i < 1000; ++i)
        parameters += "  p" + std::to_string(1000 + i) + ": 5\n";
    const Lines errors = errors_of(with_parameters(parameters));
    REQUIRE(errors.size() == 101);
    CHECK(errors[100] == "104:10 900 more errors from here on");
}

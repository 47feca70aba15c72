#include "sweepctl/core/command_line.hpp"

#include "spec_text.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <string>

using namespace sweepctl;

namespace {

std::string scale_word(Scale scale) {
    switch (scale) {
        case Scale::linear: return "linear";
        case Scale::log_exponents: return "log_exponents";
        case Scale::log_values: return "log_values";
        case Scale::inv_log_exponents: return "inv_log_exponents";
        case Scale::inv_log_values: return "inv_log_values";
    }
    return "";
}

std::string quantum_text(const std::optional<Quantum>& quantum) {
    if (!quantum) return "";
    return " q " + python_float(quantum->q) + (quantum->integer ? " integer" : "");
}

struct Described {
    std::string operator()(const Constant& constant) const {
        return "constant " + python_json(constant.value);
    }
    std::string operator()(const Categorical& choice) const {
        std::string text = "categorical " + python_json(ParamList(choice.values));
        for (const double probability : choice.probabilities)
            text += " " + python_float(probability);
        return text;
    }
    std::string operator()(const IntUniform& range) const {
        return "int " + std::to_string(range.min) + " " + std::to_string(range.max);
    }
    std::string operator()(const Uniform& uniform) const {
        return scale_word(uniform.scale) + " " + python_float(uniform.min) + " " +
               python_float(uniform.max) + quantum_text(uniform.quantum);
    }
    std::string operator()(const Normal& normal) const {
        return std::string(normal.log ? "log_normal " : "normal ") + python_float(normal.mu) + " " +
               python_float(normal.sigma) + quantum_text(normal.quantum);
    }
    std::string operator()(const Beta& beta) const {
        return "beta " + python_float(beta.a) + " " + python_float(beta.b) +
               quantum_text(beta.quantum);
    }
};

std::string read(const std::string& text) {
    return std::visit(Described{}, distribution_of(text));
}

}  // namespace

TEST_CASE("parameters: the distribution is as written, or inferred", "[spec][parameters]") {
    struct Row {
        const char* text;
        const char* distribution;
    };
    const auto row = GENERATE(values<Row>({
        {"{value: 3}", "constant 3"},
        {"{value: null}", "constant null"},
        {"{value: {a: [1, x]}}", "constant {\"a\": [1, \"x\"]}"},
        {"{value: 5, distribution: constant}", "constant 5"},
        {"{values: [1, 2.0, x, null, true, [1], {a: 1}]}",
         "categorical [1, 2.0, \"x\", null, true, [1], {\"a\": 1}]"},
        {"{values: [a]}", "categorical [\"a\"]"},
        {"{values: [a, a]}", "categorical [\"a\", \"a\"]"},
        {"{values: [a, b], distribution: categorical}", "categorical [\"a\", \"b\"]"},
        {"{values: [a, b], probabilities: [0.25, 0.75]}", "categorical [\"a\", \"b\"] 0.25 0.75"},
        {"{values: [a, b], probabilities: [1, 0]}", "categorical [\"a\", \"b\"] 1.0 0.0"},
        {"{values: [a, b], probabilities: [0.5, 0.5], distribution: categorical}",
         "categorical [\"a\", \"b\"] 0.5 0.5"},
        {"{values: [a, b], probabilities: [0.5, 0.5], distribution: categorical_w_probabilities}",
         "categorical [\"a\", \"b\"] 0.5 0.5"},
        {"{min: 1, max: 10}", "int 1 10"},
        {"{min: -9223372036854775808, max: 9223372036854775807}",
         "int -9223372036854775808 9223372036854775807"},
        {"{min: 1, max: 10, distribution: int_uniform}", "int 1 10"},
        {"{min: 1.0, max: 10.0, distribution: int_uniform}", "int 1 10"},
        {"{min: 1.0, max: 10.0}", "linear 1.0 10.0"},
        {"{min: 1, max: 10.5}", "linear 1.0 10.5"},
        {"{min: 1e-5, max: 0.1}", "linear 1e-05 0.1"},
        {"{min: 1, max: 10, distribution: uniform}", "linear 1.0 10.0"},
        {"{min: 0, max: 1, distribution: q_uniform}", "linear 0.0 1.0 q 1.0"},
        {"{min: 0, max: 1, distribution: q_uniform, q: 1}", "linear 0.0 1.0 q 1.0 integer"},
        {"{min: 0, max: 1, distribution: q_uniform, q: 0.1}", "linear 0.0 1.0 q 0.1"},
        {"{min: -3, max: 1, distribution: log_uniform}", "log_exponents -3.0 1.0"},
        {"{min: -3, max: 1, distribution: q_log_uniform, q: 0.5}", "log_exponents -3.0 1.0 q 0.5"},
        {"{min: -3, max: 1, distribution: inv_log_uniform}", "inv_log_exponents -3.0 1.0"},
        {"{min: 1e-4, max: 1e-1, distribution: log_uniform_values}", "log_values 0.0001 0.1"},
        {"{min: 32, max: 256, distribution: q_log_uniform_values, q: 8}",
         "log_values 32.0 256.0 q 8.0 integer"},
        {"{min: 0.1, max: 10, distribution: inv_log_uniform_values}", "inv_log_values 0.1 10.0"},
        {"{distribution: normal}", "normal 0.0 1.0"},
        {"{distribution: normal, mu: 2, sigma: 0}", "normal 2.0 0.0"},
        {"{distribution: q_normal, mu: 2, q: 2}", "normal 2.0 1.0 q 2.0 integer"},
        {"{distribution: log_normal, sigma: 0.5}", "log_normal 0.0 0.5"},
        {"{distribution: q_log_normal}", "log_normal 0.0 1.0 q 1.0"},
        {"{distribution: beta}", "beta 1.0 1.0"},
        {"{distribution: beta, a: 2, b: 5}", "beta 2.0 5.0"},
        {"{distribution: q_beta, a: 2, q: 0.1}", "beta 2.0 1.0 q 0.1"},
        {"{value: 3, distribution: null}", "constant 3"},
    }));
    CAPTURE(row.text);
    CHECK(read(row.text) == row.distribution);
}

TEST_CASE("parameters: every way to be wrong has its own reason and place", "[spec][parameters]") {
    struct Row {
        const char* text;
        std::vector<std::string> errors;
    };
    const auto row = GENERATE(values<Row>({
        {"5", {"4:6 parameter 'p' must be a map, not '5'"}},
        {"adam", {"4:6 parameter 'p' must be a map, not the text 'adam'"}},
        {"null", {"4:3 parameter 'p' must be a map, not null"}},
        {"", {"4:3 parameter 'p' must be a map, not null"}},
        {"[1, 2]", {"4:6 parameter 'p' must be a map, not a list"}},
        {"{}", {"4:6 parameter 'p' says nothing about its values"}},
        {"{distribution: null}", {"4:6 parameter 'p' says nothing about its values"}},
        {"{vlaues: [1]}", {"4:7 unknown key 'vlaues' in parameter 'p'"}},
        {"{values: [1], foo: 1, bar: 2}",
         {"4:20 unknown key 'foo' in parameter 'p'", "4:28 unknown key 'bar' in parameter 'p'"}},
        {"{value: 1, values: [1]}", {"4:17 'values' of parameter 'p' does not go with 'value'"}},
        {"{values: [1], min: 1, max: 2}",
         {"4:20 'min' of parameter 'p' does not go with 'values'",
          "4:28 'max' of parameter 'p' does not go with 'values'"}},
        {"{values: []}", {"4:15 'values' of parameter 'p' is an empty list"}},
        {"{values: 5}", {"4:15 'values' of parameter 'p' must be a list, not '5'"}},
        {"{values: {a: 1}}", {"4:15 'values' of parameter 'p' must be a list, not a map"}},
        {"{min: 1}", {"4:6 parameter 'p' has no 'max'"}},
        {"{max: 1.5}", {"4:6 parameter 'p' has no 'min'"}},
        {"{min: 2, max: 1}", {"4:12 parameter 'p': min 2 is not less than max 1"}},
        {"{min: 1, max: 1}", {"4:12 parameter 'p': min 1 is not less than max 1"}},
        {"{min: 1.0, max: 1.0}", {"4:12 parameter 'p': min 1.0 is not less than max 1.0"}},
        {"{min: '1e-5', max: 1.0}",
         {"4:12 'min' of parameter 'p' must be a number, not the text '1e-5'"}},
        {"{min: true, max: false}",
         {"4:12 'min' of parameter 'p' must be a number, not 'true'",
          "4:23 'max' of parameter 'p' must be a number, not 'false'"}},
        {"{min: null, max: 1}", {"4:7 'min' of parameter 'p' must be a number, not null"}},
        {"{min: 0.0, max: .inf}",
         {"4:22 'max' of parameter 'p' must be a finite number, not '.inf'"}},
        {"{min: 0.0, max: 1e999}", {"4:22 the number '1e999' is out of range"}},
        {"{min: 0, max: 99999999999999999999}",
         {"4:20 'max' of parameter 'p' must be an integer of at most 64 bits, not "
          "'99999999999999999999'"}},
        {"{min: 0.5, max: 3, distribution: int_uniform}",
         {"4:12 'min' of parameter 'p' must be an integer of at most 64 bits, not '0.5'"}},
        {"{min: 0, max: 1, q: 1}", {"4:23 parameter 'p' has 'q', but no distribution"}},
        {"{mu: 1, sigma: 2}", {"4:7 parameter 'p' has 'mu', but no distribution"}},
        {"{sigma: 2}", {"4:7 parameter 'p' has 'sigma', but no distribution"}},
        {"{a: 2, b: 2}", {"4:7 parameter 'p' has 'a', but no distribution"}},
        {"{q: 2}", {"4:7 parameter 'p' has 'q', but no distribution"}},
        {"{probabilities: [1]}", {"4:7 parameter 'p' has probabilities, but no values"}},
        {"{min: 0.0, max: 1.0, distribution: unifrom}",
         {"4:41 unknown distribution 'unifrom' of parameter 'p'"}},
        {"{min: 0.0, max: 1.0, distribution: Uniform}",
         {"4:41 unknown distribution 'Uniform' of parameter 'p'"}},
        {"{min: 0.0, max: 1.0, distribution: [x]}",
         {"4:41 'distribution' of parameter 'p' must be a text, not a list"}},
        {"{distribution: uniform, min: 0, max: 1, q: 1}",
         {"4:46 'q' of parameter 'p' does not go with distribution 'uniform'"}},
        {"{distribution: uniform, min: 0}", {"4:21 parameter 'p' has no 'max'"}},
        {"{distribution: categorical_w_probabilities, values: [1]}",
         {"4:21 parameter 'p' has no 'probabilities'"}},
        {"{distribution: constant, values: [1]}",
         {"4:21 parameter 'p' has no 'value'",
          "4:31 'values' of parameter 'p' does not go with distribution 'constant'"}},
        {"{distribution: normal, min: 0, max: 1}",
         {"4:29 'min' of parameter 'p' does not go with distribution 'normal'",
          "4:37 'max' of parameter 'p' does not go with distribution 'normal'"}},
        {"{distribution: log_uniform_values, min: 0, max: 1}",
         {"4:46 'min' of parameter 'p' must be above 0 for a logarithm, not '0'"}},
        {"{distribution: inv_log_uniform_values, min: -1, max: 1}",
         {"4:50 'min' of parameter 'p' must be above 0 for a logarithm, not '-1'"}},
        {"{distribution: log_uniform, min: 0, max: 1000}",
         {"4:47 values of parameter 'p' are beyond all numbers"}},
        {"{distribution: inv_log_uniform, min: -1000, max: 0}",
         {"4:43 values of parameter 'p' are beyond all numbers"}},
        {"{distribution: q_uniform, min: 0, max: 1, q: 0}",
         {"4:51 'q' of parameter 'p' must be above 0, not '0'"}},
        {"{distribution: q_uniform, min: 0, max: 1, q: -0.1}",
         {"4:51 'q' of parameter 'p' must be above 0, not '-0.1'"}},
        {"{distribution: q_uniform, min: 0, max: 1, q: x}",
         {"4:51 'q' of parameter 'p' must be a number, not the text 'x'"}},
        {"{distribution: q_uniform, min: 0, max: 1e10, q: 1e-10}",
         {"4:54 'q' of parameter 'p' is too small beside the bounds: a step changes nothing"}},
        {"{distribution: normal, sigma: -1}",
         {"4:36 'sigma' of parameter 'p' must be 0 or above, not '-1'"}},
        {"{distribution: log_normal, mu: 1000}",
         {"4:37 values of parameter 'p' are beyond all numbers"}},
        {"{distribution: log_normal, mu: 700, sigma: 3}",
         {"4:37 values of parameter 'p' are beyond all numbers"}},
        {"{distribution: log_normal, sigma: 200}",
         {"4:40 values of parameter 'p' are beyond all numbers"}},
        {"{distribution: q_log_normal, mu: -1000}",
         {"4:39 values of parameter 'p' are beyond all numbers"}},
        {"{distribution: normal, mu: 1e300, sigma: 1e308}",
         {"4:33 values of parameter 'p' are beyond all numbers"}},
        {"{distribution: q_normal, sigma: 1e300}",
         {"4:6 'q' of parameter 'p' is too small beside the bounds: a step changes nothing"}},
        {"{distribution: beta, a: 0}",
         {"4:30 'a' of parameter 'p' must be above 0 and at most 1e9, not '0'"}},
        {"{distribution: beta, b: 1e10}",
         {"4:30 'b' of parameter 'p' must be above 0 and at most 1e9, not '1e10'"}},
        {"{values: [a, b], probabilities: [1]}",
         {"4:38 parameter 'p' has 2 values, but 1 probabilities"}},
        {"{values: [a, b], probabilities: [0.5, 0.6]}",
         {"4:38 the probabilities of 'p' sum to 1.1, not to 1"}},
        {"{values: [a, b], probabilities: [0.5, 0.4999999]}",
         {"4:38 the probabilities of 'p' sum to 0.9999999, not to 1"}},
        {"{values: [a, b], probabilities: [-0.5, 1.5]}",
         {"4:39 a probability of 'p' is below 0: '-0.5'"}},
        {"{values: [a, b], probabilities: [x, 1]}",
         {"4:39 a probability of 'p' must be a number, not the text 'x'"}},
        {"{values: [a, b], probabilities: 1}",
         {"4:38 'probabilities' of parameter 'p' must be a list, not '1'"}},
        {"{parameters: {}}", {"4:19 'p.parameters' has no parameters"}},
        {"{parameters: 5}", {"4:19 'p.parameters' must be a map of parameters, not '5'"}},
        {"{parameters: {x: {value: 1}}, value: 3}", {"4:36 'value' beside 'parameters' in 'p'"}},
        {"{parameters: {x: {min: 2, max: 1}}}",
         {"4:29 parameter 'p.x': min 2 is not less than max 1"}},
        {"{parameters: {x: {parameters: {y: {}}}}}",
         {"4:40 parameter 'p.x.y' says nothing about its values"}},
    }));
    CAPTURE(row.text);
    CHECK(errors_of(with_parameter(row.text)) == row.errors);
}

TEST_CASE("parameters: hints point at what was meant", "[spec][parameters]") {
    struct Row {
        const char* text;
        const char* hint;
    };
    const auto row = GENERATE(values<Row>({
        {"5", "write 'p: {value: 5}'"},
        {"[1]", "write 'p: {values: [...]}'"},
        {"{vlaues: [1]}", "did you mean 'values'? known: value, values, "},
        {"{min:1, max: 2}", "a space is missing after the ':'"},
        {"{x: {value: 1}, y: {value: 2}}", "a group's parameters stand below a key 'parameters'"},
        {"{min: '1e-5', max: 1.0}", "take the quotes off: 1e-5"},
        {"{min: 0.0, max: 1.0, distribution: unifrom}", "did you mean 'uniform'?"},
        {"{min: 0.0, max: 1.0, distribution: Log_Uniform}", "did you mean 'log_uniform'?"},
        {"{distribution: log_uniform_values, min: 1, max: 2, q: 1}",
         "did you mean distribution 'q_log_uniform_values'?"},
        {"{distribution: beta, min: 1}", "'beta' takes a, b"},
        {"{distribution: log_uniform, min: 0, max: 1000}",
         "the bounds are exponents of e here; log_uniform_values takes the values themselves"},
    }));
    CAPTURE(row.text);
    const ParsedSpec parsed = parse_spec(with_parameter(row.text));
    const auto error = std::find_if(parsed.diagnostics.begin(), parsed.diagnostics.end(),
                                    [](const auto& d) { return d.severity == Severity::error; });
    REQUIRE(error != parsed.diagnostics.end());
    CHECK(error->hint.substr(0, std::string(row.hint).size()) == row.hint);
}

TEST_CASE("parameters: what is odd but works is warned of", "[spec][parameters]") {
    struct Row {
        const char* text;
        const char* warning;
    };
    const auto row = GENERATE(values<Row>({
        {"{min: 1, max: 2.5}",
         "4:12 one bound of parameter 'p' is an integer and the other is not: both are taken as "
         "floats"},
        {"{distribution: log_uniform, min: -3, max: 1}",
         "4:21 'log_uniform' takes min and max of parameter 'p' as exponents of e"},
        {"{distribution: q_uniform, min: 0.6, max: 0.9, q: 0.5}",
         "4:55 no multiple of 'q' of parameter 'p' lies within the bounds, so values will lie "
         "outside"},
        {"{values: [yes, x]}", "4:16 'yes' is read as true"},
        {"{values: [off, x]}", "4:16 'off' is read as false"},
        {"{values: [1:30]}", "4:16 '1:30' is read as a number in base 60"},
        {"{value: 010}", "4:14 '010' is read as an octal number"},
        {"{value: 08}", "4:14 '08' is read as a text"},
        {"{value: {a: [on]}}", "4:19 'on' is read as true"},
    }));
    CAPTURE(row.text);
    CHECK(warnings_of(with_parameter(row.text)) == std::vector<std::string>{row.warning});
}

TEST_CASE("parameters: a float in the newer form is noted, a few times", "[spec][parameters]") {
    CHECK(notes_of(with_parameter("{values: [1e-5, \"1e-5\", 1.0e-5]}")) ==
          std::vector<std::string>{"4:16 '1e-5' is read as a number"});
    std::string many = "{values: [";
    for (int i = 0; i < 50; ++i)
        many += "1e" + std::to_string(i) + ", ";
    const auto notes = notes_of(with_parameter(many + "x]}"));
    REQUIRE(notes.size() == 6);
    CHECK(notes[5] == "4:41 45 more values read in such a way from here on");
}

TEST_CASE("parameters: odd names are warned of, impossible ones refused", "[spec][parameters]") {
    const auto named = [](const std::string& name) {
        return with_parameters("  " + name + ": {value: 1}");
    };
    for (const char* name : {"lr", "_x", "a.b-c_1", "LR9"}) {
        CAPTURE(name);
        CHECK(parse_spec(named(name)).diagnostics.empty());
    }
    for (const char* name : {"a b", "größe", "9lives", "a/b", "\"a=b\"", "-x"}) {
        CAPTURE(name);
        CHECK(warnings_of(named(name)).size() == 1);
        CHECK(spec_of(named(name)).space.parameters.size() == 1);
    }
    CHECK(warnings_of(named("yes")) ==
          std::vector<std::string>{"4:3 parameter 'yes' is called as it is written"});
    CHECK(spec_of(named("yes")).space.parameters[0].path[0] == "yes");
    CHECK(warnings_of(named("\"yes\"")).empty());
    CHECK(errors_of(named("\"\"")) ==
          std::vector<std::string>{"4:3 '' cannot be a parameter's name"});
    CHECK(errors_of(named("\"a\\0b\"")).size() == 1);
    CHECK(errors_of(named("wandb_version")).size() == 1);
}

TEST_CASE("parameters: sorted by code point at each level, groups where they sort",
          "[spec][parameters]") {
    const SweepSpec spec = spec_of(
        with_parameters("  b: {value: 1}\n"
                        "  opt:\n    parameters:\n      lr: {value: 1}\n      beta: {value: 1}\n"
                        "      in: {parameters: {z: {value: 1}, A: {value: 1}}}\n"
                        "  é: {value: 1}\n  B: {value: 1}\n  opt.x: {value: 1}\n  a: {value: 1}"));
    std::vector<std::string> paths;
    for (const Parameter& parameter : spec.space.parameters) {
        std::string path;
        for (const std::string& level : parameter.path)
            path += "/" + level;
        paths.push_back(path);
    }
    CHECK(paths == std::vector<std::string>{"/B", "/a", "/b", "/opt/beta", "/opt/in/A", "/opt/in/z",
                                            "/opt/lr", "/opt.x", "/é"});
}

TEST_CASE("parameters: a grid takes what has an end", "[spec][parameters]") {
    for (const char* text :
         {"{value: 1}", "{values: [1, 2]}", "{min: 1, max: 3}",
          "{distribution: q_uniform, min: 0, max: 1, q: 0.5}",
          "{distribution: categorical, values: [1]}", "{parameters: {x: {values: [1, 2]}}}"}) {
        CAPTURE(text);
        CHECK(errors_of(with_parameter(text, "grid")).empty());
    }
    CHECK(errors_of(with_parameter("{min: 0.0, max: 1.0}", "grid")) ==
          std::vector<std::string>{
              "4:6 parameter 'p' (uniform) has no end of values, which a grid cannot have"});
    CHECK(errors_of(with_parameter("{parameters: {x: {distribution: normal}}}", "grid")) ==
          std::vector<std::string>{
              "4:23 parameter 'p.x' (normal) has no end of values, which a grid cannot have"});
    CHECK(errors_of(
              with_parameter("{distribution: q_log_uniform_values, min: 1, max: 9, q: 1}", "grid"))
              .size() == 1);
    CHECK(
        errors_of(with_parameter("{values: [1, 2], probabilities: [0.5, 0.5]}", "grid")) ==
        std::vector<std::string>{"4:23 parameter 'p' has probabilities, which a grid cannot have"});
    CHECK(warnings_of(with_parameter("{values: [3, x, 3.0, x]}", "grid")) ==
          std::vector<std::string>{
              "4:22 '3.0' is the same choice as '3' before it, in parameter 'p'",
              "4:27 the text 'x' is the same choice as the text 'x' before it, in parameter 'p'"});
    CHECK(warnings_of(with_parameter("{values: [3, 3.0]}", "random")).empty());
}

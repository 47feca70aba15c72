#include "sweepctl/spec/config_check.hpp"

#include "sweepctl/core/json_text.hpp"

#include "spec_text.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

// What lies in a space is judged in prior_check_test.cpp; here is what only those need to know who
// make up a configuration.

using namespace sweepctl;

namespace {

constexpr const char* kSpec = R"(program: train.py
method: grid
parameters:
  lr: {values: [0.1, 0.01]}
  epochs: {value: 5}
  opt: {parameters: {name: {values: [sgd, adam]}, beta: {value: 0.5}, eps: {value: 1e-8}}}
sweepctl: {when: {opt.beta: "opt.name = adam", opt.eps: "opt.beta > 0"}}
)";

Config config_of(const char* json) {
    return *parse_json(json)->get_if<ParamMap>();
}

/// The kind's letter, the parameter, the message.
std::vector<std::string> faults(const SearchSpace& space, const char* json) {
    std::vector<std::string> lines;
    for (const ConfigFault& fault : config_faults(space, config_of(json))) {
        lines.push_back(std::string(1, "umo"[static_cast<int>(fault.kind)]) + " " +
                        fault.parameter + ": " + fault.message);
    }
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("config check: constants are filled in, those only that would be there",
          "[spec][config_check]") {
    const SearchSpace space = spec_of(kSpec).space;
    const auto filled = [&](const char* json) {
        return to_json(with_constants(space, config_of(json)));
    };
    CHECK(filled(R"({"opt":{"name":"adam"},"lr":0.1})") ==
          R"({"epochs":5,"lr":0.1,"opt":{"beta":0.5,"eps":1e-08,"name":"adam"}})");
    CHECK(filled(R"({"lr":0.1,"opt":{"name":"sgd"}})") ==
          R"({"epochs":5,"lr":0.1,"opt":{"name":"sgd"}})");
    CHECK(filled(R"({"lr":0.1,"epochs":7})") == R"({"epochs":7,"lr":0.1})");
    CHECK(filled(R"({"opt":3})") == R"({"epochs":5,"opt":3})");
    const SearchSpace grouped =
        spec_of(with_parameters("  opt: {parameters: {beta: {value: 1}}}", "random")).space;
    CHECK(to_json(with_constants(grouped, config_of("{}"))) == R"({"opt":{"beta":1}})");
    CHECK(to_json(with_constants(grouped, config_of(R"({"opt":3})"))) == R"({"opt":3})");
}

TEST_CASE("config check: what is wrong is of some kind, and of some parameter",
          "[spec][config_check]") {
    const SearchSpace space = spec_of(kSpec).space;
    CHECK(faults(space, R"({"lr":0.1,"opt":{"name":"sgd"}})") == Lines{});
    CHECK(faults(space, R"({"lr":0.1})") == Lines{"m opt.name: it has no value of 'opt.name'"});
    CHECK(faults(space, R"({"lr":0.1,"opt":{"name":"sgd","beta":0.5}})") ==
          Lines{"o opt.beta: 'opt.beta' is 0.5, though it is there only when 'opt.name = adam'"});
    CHECK(faults(space, R"({"lr":0.1,"opt.name":"sgd"})") ==
          Lines{"u opt.name: the sweep has no parameter called 'opt.name': it is 'name' in the "
                "group 'opt'",
                "m opt.name: it has no value of 'opt.name'"});
    CHECK(faults(space, R"({"opt":{"nam":"sgd"},"lr":0.2,"epochs":6})") ==
          Lines{"u opt.nam: the sweep has no parameter 'opt.nam' (did you mean 'opt.name'?)",
                "o epochs: 'epochs' is 6, which is always 5 here",
                "o lr: 'lr' is 0.2, which is not one of its values: 0.1, 0.01",
                "m opt.name: it has no value of 'opt.name'"});
    const SearchSpace many = spec_of(with_parameter(
                                 "{values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}")).space;
    CHECK(faults(many, R"({"p":12})") ==
          Lines{"o p: 'p' is 12, which is not one of its values: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, "
                "..."});
}

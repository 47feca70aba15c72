#include "sweepctl/spec/prior_check.hpp"

#include "sweepctl/core/json_text.hpp"

#include "spec_text.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sweepctl;

namespace {

constexpr const char* kSpec = R"(program: train.py
method: bayes
metric: {name: loss}
parameters:
  lr: {distribution: log_uniform_values, min: 1e-5, max: 1e-1}
  layers: {min: 1, max: 3}
  opt: {parameters: {name: {values: [sgd, adam]}, beta: {min: 0.0, max: 1.0}}}
  width: {distribution: q_uniform, min: 8, max: 64, q: 8}
  seed: {value: 3}
)";

/// A run that fits kSpec, with some of its values replaced or (null) left out.
std::string config(const std::string& lr = "0.01",
                   const std::string& layers = "2",
                   const std::string& opt = R"({"name":"sgd","beta":0.5})",
                   const std::string& more = R"("width":16,"seed":3)") {
    return "{\"lr\":" + lr + ",\"layers\":" + layers + ",\"opt\":" + opt + "," + more + "}";
}

CheckedPrior checked(const SweepSpec& spec,
                     const std::string& config,
                     const std::string& more = R"("state":"finished","summary":{"loss":1})") {
    const auto told = told_run_from(*parse_json("{\"name\":\"a\",\"config\":" + config + "," + more + "}"));
    REQUIRE(told);
    return check_prior(spec, prior_of(spec, "runs.jsonl", {*told}));
}

std::vector<std::string> faults(const SweepSpec& spec, const std::string& config) {
    std::vector<std::string> messages;
    for (const PriorFault& fault : checked(spec, config).faults)
        messages.push_back(fault.message);
    return messages;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("prior check: what lies in the space is taken", "[spec][prior]") {
    const SweepSpec spec = spec_of(kSpec);
    const CheckedPrior good = checked(spec, config());
    CHECK(good.faults.empty());
    CHECK_FALSE(good.useless);
    REQUIRE(good.prior.runs.size() == 1);
    CHECK(good.prior.metric == "loss");
    CHECK(good.prior.runs[0].metric == MetricValues{1, 1, 1});
    // A grid knows its cells by all of their values.
    const CheckedPrior fuller = checked(spec, config("0.01", "2", R"({"name":"sgd","beta":0.5})", R"("width":16)"));
    CHECK(fuller.prior.runs.at(0).config == good.prior.runs[0].config);
    CHECK(faults(spec, config("0.1", "3.0")) == Lines{});  // Bounds are in it, and 3.0 is 3.
    CHECK(faults(spec, config("1e-5", "1", R"({"name":"adam","beta":0})", "\"width\":4")) ==
          Lines{});  // The nearest multiple of 8; what is constant may be left out.
}

TEST_CASE("prior check: what does not is told", "[spec][prior]") {
    const SweepSpec spec = spec_of(kSpec);
    CHECK(faults(spec, config("0.5")) == Lines{"'lr' is 0.5, above the maximum 0.1"});
    CHECK(faults(spec, config("1e-6")) == Lines{"'lr' is 1e-06, below the minimum 1e-05"});
    CHECK(faults(spec, config("\"0.01\"")) == Lines{"'lr' is \"0.01\", which is not a finite number"});
    CHECK(faults(spec, config("NaN")) == Lines{"'lr' is NaN, which is not a finite number"});
    CHECK(faults(spec, config("0.01", "2.5")) == Lines{"'layers' is 2.5, which is not an integer"});
    CHECK(faults(spec, config("0.01", "4")) == Lines{"'layers' is 4, above the maximum 3"});
    CHECK(faults(spec, config("0.01", "2", R"({"name":"lion"})")) ==
          Lines{"it has no value of 'opt.beta'",
                "'opt.name' is \"lion\", which is not one of its values: \"sgd\", \"adam\""});
    CHECK(faults(spec, config("0.01", "2", "3")) ==
          Lines{"the sweep has no parameter 'opt'", "it has no value of 'opt.beta'",
                "it has no value of 'opt.name'"});
    CHECK(faults(spec, config("0.01", "2", R"({"name":"sgd","beta":0.5,"bet":1})",
                              R"("width":16,"sed":3)")) ==
          Lines{"the sweep has no parameter 'opt.bet' (did you mean 'opt.beta'?)",
                "the sweep has no parameter 'sed' (did you mean 'seed'?)"});
    CHECK(faults(spec, config("0.01", "2", R"({"name":"sgd","beta":0.5})",
                              R"("width":80,"seed":4)")) ==
          Lines{"'seed' is 4, which is always 3 here", "'width' is 80, above the maximum 64"});
}

TEST_CASE("prior check: runs must have ended, some with the metric", "[spec][prior]") {
    const SweepSpec spec = spec_of(kSpec);
    const auto said = [&](const char* more) {
        const CheckedPrior result = checked(spec, config(), more);
        return (result.faults.empty() ? "" : result.faults[0].message) + "/" +
               result.useless.value_or("");
    };
    CHECK(said(R"("state":"running")") == "it has not ended/none of the runs fits this sweep");
    CHECK(said(R"("state":"finished","summary":{"los":1})") ==
          "/none of the runs has a number of 'loss'");
    CHECK(said(R"("state":"crashed")") == "/none of the runs has a number of 'loss'");
    CHECK(said(R"("state":"killed","end_reason":"early_terminate","history":[{"loss":3}])") == "/");
    CHECK(check_prior(spec, Prior{}).useless == "there are no runs");

    // A grid needs none, and chance learns nothing.
    const std::string grid =
        "program: train.py\nmethod: grid\nparameters: {x: {values: [1, 2, 2.5, yes]}}\n";
    const CheckedPrior cells = checked(spec_of(grid), R"({"x":2.0})", R"("state":"finished")");
    CHECK(cells.faults.empty());
    CHECK_FALSE(cells.useless);
    CHECK(faults(spec_of(grid), R"({"x":1.5})") ==
          Lines{"'x' is 1.5, which is not one of its values: 1, 2, 2.5, true"});
    std::string chance = grid;
    chance.replace(chance.find("grid"), 4, "random");
    CHECK(checked(spec_of(chance), R"({"x":2.0})", R"("state":"finished")").useless ==
          "method random learns nothing");
}

TEST_CASE("prior check: linked and conditional parameters", "[spec][prior]") {
    const SweepSpec spec = spec_of(R"(program: train.py
method: bayes
metric: {name: loss}
parameters:
  opt: {values: [sgd, adam]}
  momentum: {min: 0.0, max: 1.0}
  layers: {values: [1, 2]}
  width: {values: [8, 16]}
  z: {distribution: log_normal, mu: 0, sigma: 1}
  b: {distribution: beta, a: 2, b: 2}
sweepctl: {when: {momentum: "opt = sgd"}, zip: [[layers, width]]}
)");
    const std::string rest = R"(,"z":2,"b":0.5)";
    CHECK(faults(spec, R"({"opt":"adam","layers":1,"width":8)" + rest + "}") == Lines{});
    CHECK(faults(spec, R"({"opt":"sgd","momentum":0.5,"layers":2,"width":16)" + rest + "}") ==
          Lines{});
    CHECK(faults(spec, R"({"opt":"sgd","layers":1,"width":8)" + rest + "}") ==
          Lines{"it has no value of 'momentum'"});
    CHECK(faults(spec, R"({"opt":"adam","layers":1,"width":16)" + rest + "}") ==
          Lines{"its values of 'layers', 'width' do not belong together ('zip')"});
    CHECK(faults(spec, R"({"opt":"adam","layers":1,"width":8,"z":0,"b":1.5})") ==
          Lines{"'b' is 1.5, above the maximum 1", "'z' is 0, which is not positive"});
}

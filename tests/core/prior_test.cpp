#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/prior.hpp"
#include "sweepctl/core/told_run.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace sweepctl;

TEST_CASE("told run: what it logged becomes extremes and a last value", "[core][prior]") {
    const auto told = told_run_from(*parse_json(
        R"({"name":"a","state":"finished","config":{"b":1,"a":{"z":2,"y":3}},"extra":[],)"
        R"("history":[{"loss":3},{"loss":"NaN"},{"other":1},{"loss":1}],"summary":{"loss":2}})"));
    REQUIRE(told);
    const Run run = run_from(*told, 4, MetricGoal{"loss", Goal::minimize, {}});
    CHECK(run.number == 5);
    CHECK(run.suggestion == 4);
    CHECK(run.config == Config{{"a", ParamMap{{"y", 3}, {"z", 2}}}, {"b", 1}});
    const PriorRun prior = prior_run_of(run, "loss");
    CHECK(prior.metric == MetricValues{1, 3, 2});
    CHECK_FALSE(prior_run_of(run, "other").metric);
    CHECK_FALSE(prior_run_of(run, "").metric);
}

TEST_CASE("told run: what is wrong is said", "[core][prior]") {
    const auto fault = [](const char* json) {
        const auto told = told_run_from(*parse_json(json));
        return told ? std::string{} : told.error().message;
    };
    CHECK(fault("3") == "a run is an object");
    CHECK(fault(R"({"state":"finished"})") == "the run has no 'name'");
    CHECK(fault(R"({"name":"a"})") == "the run has no 'state'");
    CHECK(fault(R"({"name":"a","state":"done"})") == "unknown state 'done'");
    CHECK(fault(R"({"name":1,"state":"failed"})") == "'name' must be a text");
    CHECK(fault(R"({"name":"a","state":"failed","config":[]})") == "'config' must be an object");
    CHECK(fault(R"({"name":"a","state":"failed","history":{}})") ==
          "'history' must be a list of objects");
    CHECK(fault(R"({"name":"a","state":"failed","history":[1]})") ==
          "'history' must be a list of objects");
    CHECK(fault(R"({"name":"a","state":"failed","suggestion":-1})") ==
          "'suggestion' must be a number from 0 on");
}

TEST_CASE("prior: written and read again it is the same", "[core][prior]") {
    Prior prior{"a file", "val.loss", {}};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const auto& values : {MetricValues{1, 3, 2}, MetricValues{1, 3, 1}, MetricValues{1, 3, 3},
                               MetricValues{2, 2, 2}, MetricValues{-1e308, 0.1, 5e-324}}) {
        prior.runs.push_back({"run", RunState::finished, EndReason::exit, {{"x", 1.0}}, values});
    }
    prior.runs.push_back({"none", RunState::crashed, std::nullopt, {{"x", nan}, {"y", 3}}, {}});
    prior.runs.push_back({"early", RunState::killed, EndReason::early_terminate, {}, {}});
    const auto again = prior_runs_from(to_json_lines(prior), prior.metric);
    REQUIRE(again);
    CHECK(to_json_lines({prior.source, prior.metric, *again}) == to_json_lines(prior));
    for (std::size_t i = 0; i < again->size(); ++i) {
        CAPTURE(i);
        CHECK((*again)[i] == prior.runs[i]);
    }
    CHECK(valued(prior) == 5);

    const MetricGoal goal{"val.loss", Goal::maximize, {}};
    CHECK(observation_of(prior, 0, goal)->order == Observation::prior(0));
    CHECK(observation_of(prior, 0, goal)->metric == MetricValues{1, 3, 2});
    CHECK_FALSE(observation_of(prior, 0, MetricGoal{"loss", Goal::minimize, {}})->metric);
    CHECK(observation_of(prior, 6, goal)->fate == RunFate::stopped_early);
    CHECK_FALSE(prior_runs_from("{}", "loss"));
    CHECK_FALSE(prior_runs_from("{", "loss"));
}

TEST_CASE("prior: their orders come before all others", "[core][prior]") {
    CHECK(Observation::turn(Observation::prior(0)) < Observation::turn(Observation::prior(1)));
    CHECK(Observation::turn(Observation::prior(1'000'000)) < Observation::turn(0));
    CHECK(Observation::turn(0) < Observation::turn(1));
    CHECK(Observation::turn(1'000'000'000) < Observation::turn(Observation::unnumbered(0)));
    CHECK(Observation::turn(Observation::unnumbered(1)) <
          Observation::turn(Observation::unnumbered(2)));
}

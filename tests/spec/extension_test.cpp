#include "spec_text.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

std::string with_own(const std::string& text) {
    return with_lines("sweepctl: {" + text + "}");
}

}  // namespace

TEST_CASE("sweepctl keys: all are read", "[spec][extension]") {
    const SweepSpec spec = spec_of(R"(method: grid
program: train.py
parameters: {p: {values: [1, 2]}}
sweepctl:
  parallel: 4
  kill_delay: 10
  straggler_grace: 500ms
  heartbeat_timeout: 2h
  timeout: 1.5
  retry: {max: 3, on: [failed, killed, 75, 1]}
  resources: {cpus: 2, gpus: 1}
  env: {A: 1e-5, B: on, C: "x y", D: ""}
  workdir: sub/dir
  interpreter: /usr/bin/python3
  seed: 18446744073709551615
  order: random
  grid_exclusive: true
  fail_fast: {runs: 3, within: 5m}
  metrics: {stdout: kv}
  forward_signals: no
  repeats: 1
)");
    CHECK(spec.policy.parallel == 4);
    CHECK(spec.program.kill_delay == 10s);
    CHECK(spec.program.straggler_grace == 500ms);
    CHECK(spec.policy.heartbeat_timeout == 2h);
    CHECK(spec.policy.timeout == 1500ms);
    CHECK(spec.policy.retry.max == 3);
    CHECK(spec.policy.retry.states == std::vector{RunState::failed, RunState::killed});
    CHECK(spec.policy.retry.exit_codes == std::vector{75, 1});
    CHECK(spec.policy.resources.cpus == 2);
    CHECK(spec.policy.resources.gpus == 1);
    CHECK(spec.program.env == std::vector<std::pair<std::string, std::string>>{
                                  {"A", "1e-5"}, {"B", "on"}, {"C", "x y"}, {"D", ""}});
    CHECK(spec.program.workdir == "sub/dir");
    CHECK(spec.program.interpreter == "/usr/bin/python3");
    CHECK(spec.seed == 18446744073709551615ULL);
    CHECK(spec.order == GridOrder::random);
    CHECK(spec.grid_exclusive);
    CHECK(spec.policy.fail_fast->runs == 3);
    CHECK(spec.policy.fail_fast->within == 5min);
    CHECK(spec.program.stdout_metrics == StdoutMetrics::kv);
    CHECK(!spec.program.forward_signals);
    const SearchOptions options = spec.search_options(5);
    CHECK(options.method == Method::grid);
    CHECK(options.order == GridOrder::random);
    CHECK(options.grid_exclusive);
    CHECK(options.seed == 5);
}

TEST_CASE("sweepctl keys: short forms", "[spec][extension]") {
    CHECK(!spec_of(with_own("fail_fast: false")).policy.fail_fast);
    CHECK(spec_of(with_own("fail_fast: true")).policy.fail_fast->runs == 10);
    CHECK(spec_of(with_own("retry: {max: 1, on: failed}")).policy.retry.states ==
          std::vector{RunState::failed});
    const RetryPolicy only_code = spec_of(with_own("retry: {max: 1, on: 3}")).policy.retry;
    CHECK(only_code.states.empty());
    CHECK(only_code.exit_codes == std::vector{3});
    CHECK(spec_of(with_own("kill_delay: 0")).program.kill_delay == 0s);
    CHECK(spec_of(with_own("kill_delay: 1:30")).program.kill_delay == 90s);
    CHECK(!spec_of(with_lines("sweepctl: null")).seed);
    CHECK(!spec_of(with_lines("sweepctl: {timeout: null}")).policy.timeout);
}

TEST_CASE("sweepctl keys: what is wrong", "[spec][extension]") {
    struct Row {
        const char* text;
        Lines errors;
    };
    const auto row = GENERATE(values<Row>({
        {"paralel: 3", {"4:12 unknown key 'paralel' in 'sweepctl'"}},
        {"parallel: 0",
         {"4:22 'sweepctl.parallel' must be a whole number from 1 to 1000000, not '0'"}},
        {"parallel: '4'",
         {"4:22 'sweepctl.parallel' must be a whole number from 1 to 1000000, not the text '4'"}},
        {"kill_delay: soon",
         {"4:24 'sweepctl.kill_delay' must be a duration, not the text 'soon'"}},
        {"kill_delay: -1", {"4:24 'sweepctl.kill_delay' must be a duration, not '-1'"}},
        {"kill_delay: 5 m", {"4:24 'sweepctl.kill_delay' must be a duration, not the text '5 m'"}},
        {"kill_delay: [5]", {"4:24 'sweepctl.kill_delay' must be a duration, not a list"}},
        {"kill_delay: 99999999d",
         {"4:24 'sweepctl.kill_delay' must be a duration, not the text '99999999d'"}},
        {"kill_delay: .inf", {"4:24 'sweepctl.kill_delay' must be a duration, not '.inf'"}},
        {"timeout: 0", {"4:21 'sweepctl.timeout' must be at least 1ms, not '0'"}},
        {"heartbeat_timeout: 500ms",
         {"4:31 'sweepctl.heartbeat_timeout' must be at least 1s, not the text '500ms'"}},
        {"retry: 3", {"4:19 'sweepctl.retry' must be a map, not '3'"}},
        {"retry: {max: -1}",
         {"4:25 'sweepctl.retry.max' must be a whole number from 0 to 1000000, not '-1'"}},
        {"retry: {on: [finished, 0, 256, [x]]}",
         {"4:25 'sweepctl.retry.on' takes states and exit codes, not the text 'finished'",
          "4:35 'sweepctl.retry.on' takes states and exit codes, not '0'",
          "4:38 'sweepctl.retry.on' takes states and exit codes, not '256'",
          "4:43 'sweepctl.retry.on' takes states and exit codes, not a list"}},
        {"retry: {mxa: 1}", {"4:20 unknown key 'mxa' in 'sweepctl.retry'"}},
        {"resources: {cpus: 0}",
         {"4:30 'sweepctl.resources.cpus' must be a whole number from 1 to 1000000, not '0'"}},
        {"resources: {gpu: 1}", {"4:24 unknown key 'gpu' in 'sweepctl.resources'"}},
        {"env: [A=1]", {"4:17 'sweepctl.env' must be a map, not a list"}},
        {"env: {A: [1], B: null, 'C=D': x}",
         {"4:21 'sweepctl.env.A' must be a text, not a list",
          "4:26 'sweepctl.env.B' must be a text, not null",
          "4:35 'C=D' cannot name an environment variable"}},
        {"env: {A: \"x\\0y\"}", {"4:21 'sweepctl.env.A' holds a NUL byte"}},
        {"workdir: 5", {"4:21 'sweepctl.workdir' must be a text, not '5'"}},
        {"interpreter: ''", {"4:25 'sweepctl.interpreter' is empty"}},
        {"seed: -1", {"4:18 'sweepctl.seed' must be a whole number from 0 on, not '-1'"}},
        {"seed: 18446744073709551616",
         {"4:18 'sweepctl.seed' must be a whole number from 0 on, not '18446744073709551616'"}},
        {"order: sorted", {"4:19 unknown sweepctl.order 'sorted'"}},
        {"fail_fast: 3", {"4:23 'sweepctl.fail_fast' must be a map or false, not '3'"}},
        {"fail_fast: {runs: 0}",
         {"4:30 'sweepctl.fail_fast.runs' must be a whole number from 1 to 1000000, not '0'"}},
        {"metrics: {stdout: xml}", {"4:30 unknown sweepctl.metrics.stdout 'xml'"}},
        {"forward_signals: 1", {"4:29 'sweepctl.forward_signals' must be true or false, not '1'"}},
        {"when: {p: \"q = 1\"}", {"4:12 'sweepctl.when' is not in this version yet"}},
        {"when: {x: 1}",
         {"4:12 'sweepctl.when' is not in this version yet",
          "4:19 'sweepctl.when' names 'x', which is no parameter",
          "4:22 'sweepctl.when.x' must be a filter, not '1'"}},
        {"zip: [[p, x], [p]]",
         {"4:12 'sweepctl.zip' is not in this version yet",
          "4:22 'sweepctl.zip' names 'x', which is no parameter",
          "4:26 'sweepctl.zip' takes lists of parameters that vary together, two or more in each"}},
        {"zip: p", {"4:17 'sweepctl.zip' must be a list, not the text 'p'"}},
        {"repeats: 3", {"4:12 'sweepctl.repeats' is not in this version yet"}},
        {"repeats: 0",
         {"4:21 'sweepctl.repeats' must be a whole number from 1 to 1000000, not '0'"}},
        {"early_stop: {type: median, min_iter: 5, min_runs: 5}",
         {"4:24 'sweepctl.early_stop' needs a 'metric'"}},
        {"early_stop: {type: asha, eta: 1, min_runs: 5}",
         {"4:24 'sweepctl.early_stop' needs a 'metric'",
          "4:42 'sweepctl.early_stop.eta' must be above 1, not '1'",
          "4:45 unknown key 'min_runs' in 'sweepctl.early_stop'"}},
        {"early_stop: {type: hyperband}",
         {"4:24 'sweepctl.early_stop' needs a 'metric'",
          "4:31 unknown sweepctl.early_stop.type 'hyperband'"}},
        {"early_stop: {min_iter: 0}",
         {"4:24 'sweepctl.early_stop.type' is missing",
          "4:24 'sweepctl.early_stop' needs a 'metric'",
          "4:35 'sweepctl.early_stop.min_iter' must be a whole number from 1 to 9007199254740992, "
          "not '0'"}},
        {"random_without_replacement: true",
         {"4:12 unknown key 'random_without_replacement' in 'sweepctl'"}},
    }));
    CAPTURE(row.text);
    CHECK(errors_of(with_own(row.text)) == row.errors);
}

TEST_CASE("sweepctl keys: early stopping has its defaults, and one rule a sweep",
          "[spec][extension]") {
    const auto rule_of = [](const std::string& text) {
        return *spec_of(with_lines("metric: {name: loss}\nsweepctl: {early_stop: " + text + "}"))
                    .policy.early_stop;
    };
    const auto median = std::get<MedianRule>(rule_of("{type: median}"));
    CHECK(median.min_iter == 5);
    CHECK(median.min_runs == 5);
    CHECK(std::get<MedianRule>(rule_of("{type: median, min_iter: 10, min_runs: 3}")).min_runs == 3);
    const auto asha = std::get<AshaRule>(rule_of("{type: asha}"));
    CHECK(asha.min_iter == 9);
    CHECK(asha.eta == 3);
    CHECK(std::get<AshaRule>(rule_of("{type: asha, min_iter: 4, eta: 2.5}")).eta == 2.5);
    CHECK(errors_of(with_lines("metric: {name: loss}\n"
                               "early_terminate: {type: hyperband, min_iter: 3}\n"
                               "sweepctl: {early_stop: {type: median}}")) ==
          Lines{"6:24 both 'early_terminate' and 'sweepctl.early_stop' are there"});
}

TEST_CASE("sweepctl keys: what says nothing is warned of", "[spec][extension]") {
    CHECK(warnings_of(with_own("order: random")) ==
          Lines{"4:12 'sweepctl.order' says nothing to 'method: random'"});
    CHECK(warnings_of(with_own("env: {WANDB_RUN_ID: x}")) ==
          Lines{"4:18 'WANDB_RUN_ID' is set for each run, whatever is written here"});
}

TEST_CASE("sweepctl keys: zipped parameters have equally many values", "[spec][extension]") {
    const Lines errors = errors_of(
        "program: a\nmethod: grid\nparameters: {a: {values: [1, 2]}, b: {values: [1]}}\n"
        "sweepctl: {zip: [[a, b]]}\n");
    CHECK(errors == Lines{"4:12 'sweepctl.zip' is not in this version yet",
                          "4:22 parameter 'b' has 1 value, those it varies with have 2"});
}

#include "sweepctl/core/run_rules.hpp"

#include "sweepctl/core/metric_summary.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <csignal>
#include <limits>
#include <set>
#include <utility>

// The rules of one run's life, each as a table.

using namespace sweepctl;

namespace {

struct EndRow {
    bool stopping;
    bool preempting;
    EndKind kind;
    int code;
    int order_signal;
    RunState state;
    EndReason reason;
    bool requeue;
};

std::string describe(const EndRow& row) {
    return std::string(row.stopping ? "stopping " : "") + (row.preempting ? "preempting " : "") +
           "kind " + std::to_string(static_cast<int>(row.kind)) + " code " +
           std::to_string(row.code) + " our signal " + std::to_string(row.order_signal);
}

}  // namespace

TEST_CASE("run: how an end is judged", "[core][run_rules]") {
    using enum RunState;
    using R = EndReason;
    using K = EndKind;
    constexpr bool y = true;
    constexpr bool n = false;
    const auto row = GENERATE(values<EndRow>({
        // Nothing requested: R4, R5, R6.
        {n, n, K::exited, 0, 0, finished, R::exit, n},
        {n, n, K::exited, 1, 0, failed, R::exit, n},
        {n, n, K::exited, 126, 0, failed, R::exit, n},
        {n, n, K::exited, 130, 0, failed, R::exit, n},
        {n, n, K::exited, 143, 0, failed, R::exit, n},
        {n, n, K::exited, 255, 0, failed, R::exit, n},
        {n, n, K::signaled, SIGINT, 0, killed, R::signal, n},
        {n, n, K::signaled, SIGTERM, 0, crashed, R::signal, n},
        {n, n, K::signaled, SIGKILL, 0, crashed, R::signal, n},
        {n, n, K::signaled, SIGSEGV, 0, crashed, R::signal, n},
        {n, n, K::spawn_error, 127, 0, failed, R::spawn_error, n},
        {n, n, K::spawn_error, 126, 0, failed, R::spawn_error, n},
        {n, n, K::runner_lost, 0, 0, crashed, R::runner_lost, n},
        {n, n, K::machine_restart, 0, 0, crashed, R::machine_restart, n},
        // The agent's own order, by a person who ended the agent.
        {n, n, K::exited, 0, SIGTERM, killed, R::agent_shutdown, n},
        {n, n, K::signaled, SIGKILL, SIGKILL, killed, R::agent_shutdown, n},
        // Stopping, and our signal was sent first: R11.
        {y, n, K::exited, 0, SIGTERM, killed, R::stop_run, n},
        {y, n, K::exited, 1, SIGTERM, killed, R::stop_run, n},
        {y, n, K::signaled, SIGTERM, SIGTERM, killed, R::stop_run, n},
        {y, n, K::signaled, SIGKILL, SIGKILL, killed, R::stop_run, n},
        {y, n, K::signaled, SIGSEGV, SIGTERM, killed, R::stop_run, n},
        // Stopping, but it had ended before: R12.
        {y, n, K::exited, 0, 0, finished, R::exit, n},
        {y, n, K::exited, 3, 0, failed, R::exit, n},
        {y, n, K::signaled, SIGSEGV, 0, crashed, R::signal, n},
        {y, n, K::signaled, SIGINT, 0, killed, R::signal, n},
        {y, n, K::spawn_error, 127, 0, failed, R::spawn_error, n},
        // Stopping, and nobody saw how it ended: it was to end, and it did.
        {y, n, K::runner_lost, 0, 0, killed, R::stop_run, n},
        {y, n, K::machine_restart, 0, 0, killed, R::stop_run, n},
        // Preempting: R13, R14.
        {n, y, K::exited, 0, 0, finished, R::exit, n},
        {n, y, K::exited, 1, 0, crashed, R::preempted, y},
        {n, y, K::exited, 143, 0, crashed, R::preempted, y},
        {n, y, K::signaled, SIGKILL, 0, crashed, R::preempted, y},
        {n, y, K::signaled, SIGINT, 0, crashed, R::preempted, y},
        {n, y, K::exited, 1, SIGTERM, crashed, R::preempted, y},
        {n, y, K::runner_lost, 0, 0, crashed, R::preempted, y},
        {n, y, K::machine_restart, 0, 0, crashed, R::preempted, y},
        {n, y, K::spawn_error, 127, 0, failed, R::spawn_error, n},
        // Preempting and stopping: R15, an explicit stop beats requeue.
        {y, y, K::exited, 0, SIGTERM, killed, R::stop_run, n},
        {y, y, K::exited, 0, 0, finished, R::exit, n},
        {y, y, K::exited, 1, SIGTERM, killed, R::stop_run, n},
        {y, y, K::exited, 1, 0, killed, R::stop_run, n},
        {y, y, K::signaled, SIGKILL, 0, killed, R::stop_run, n},
        {y, y, K::runner_lost, 0, 0, killed, R::stop_run, n},
    }));
    CAPTURE(describe(row));
    Run run;
    run.state = running;
    run.stopping = row.stopping;
    if (row.stopping) run.stop_reason = R::stop_run;
    run.preempting = row.preempting;
    RunEnded ended;
    ended.kind = row.kind;
    ended.code = row.code;
    ended.order_signal = row.order_signal;

    const EndVerdict verdict = judge_end(run, ended);
    CHECK(verdict.requeue == row.requeue);
    if (!row.requeue) CHECK(to_string(verdict.state) == to_string(row.state));
    CHECK(to_string(verdict.reason) == to_string(row.reason));
    // How it ended is kept, whatever it counts as.
    switch (row.kind) {
        case K::exited:
        case K::spawn_error:
            CHECK(verdict.exit_code == row.code);
            CHECK_FALSE(verdict.term_signal);
            break;
        case K::signaled:
            CHECK(verdict.term_signal == row.code);
            CHECK_FALSE(verdict.exit_code);
            break;
        case K::runner_lost:
        case K::machine_restart:
            CHECK_FALSE(verdict.exit_code);
            CHECK_FALSE(verdict.term_signal);
            break;
    }
}

TEST_CASE("run: the reason of an ordered end is the order's", "[core][run_rules]") {
    const auto reason = GENERATE(EndReason::stop_run, EndReason::cancel, EndReason::early_terminate,
                                 EndReason::timeout, EndReason::agent_shutdown);
    Run run;
    run.state = RunState::running;
    run.stopping = true;
    run.stop_reason = reason;
    RunEnded ended;
    ended.code = 1;
    ended.order_signal = SIGTERM;
    CHECK(judge_end(run, ended).state == RunState::killed);
    CHECK(judge_end(run, ended).reason == reason);
}

TEST_CASE("run: every pair of states", "[core][run_rules]") {
    using enum RunState;
    const std::set<std::pair<RunState, RunState>> legal{
        {pending, running},  {pending, failed}, {pending, killed},  {running, pending},
        {running, finished}, {running, failed}, {running, crashed}, {running, killed},
        {failed, pending},   {killed, pending}, {crashed, pending}, {crashed, running},
        {crashed, finished}, {crashed, failed}, {crashed, killed},  {crashed, crashed},
        {finished, pending}};
    for (const RunState from : kAllRunStates) {
        for (const RunState to : kAllRunStates) {
            CAPTURE(to_string(from), to_string(to));
            CHECK(legal_transition(from, to) == legal.contains({from, to}));
        }
    }
}

TEST_CASE("run: which ends the spec sends on again", "[core][run_rules]") {
    Run run;
    run.state = RunState::crashed;
    RetryPolicy policy;
    CHECK_FALSE(retries(policy, run));  // max is 0
    policy.max = 2;
    CHECK(retries(policy, run));
    run.retries = 1;
    CHECK(retries(policy, run));
    run.retries = 2;
    CHECK_FALSE(retries(policy, run));
    run.retries = 0;
    run.stopping = true;
    CHECK_FALSE(retries(policy, run));
    run.stopping = false;
    run.state = RunState::failed;
    run.exit_code = 75;
    CHECK_FALSE(retries(policy, run));
    policy.exit_codes = {75};
    CHECK(retries(policy, run));
    run.exit_code = 74;
    CHECK_FALSE(retries(policy, run));
    policy.states = {RunState::failed};
    CHECK(retries(policy, run));
    run.state = RunState::killed;
    CHECK_FALSE(retries(policy, run));
    run.state = RunState::finished;
    CHECK_FALSE(retries(policy, run));
}

namespace {

std::vector<MetricPoint> line_of(const std::string& name, ParamValue value) {
    return {MetricPoint{name, std::move(value)}};
}

}  // namespace

TEST_CASE("run: what is not a finite number is kept and never compared", "[core][run_rules]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double inf = std::numeric_limits<double>::infinity();
    std::vector<MetricSummary> summary;
    take_in(summary, {line_of("loss", nan), line_of("loss", "diverged")});
    const MetricGoal minimize{"loss", Goal::minimize, std::nullopt};
    const MetricGoal maximize{"loss", Goal::maximize, std::nullopt};
    Run run;
    run.summary = summary;
    CHECK_FALSE(best_value(run, minimize));
    CHECK(find(run.summary, "loss")->last == ParamValue("diverged"));
    for (const double value : {0.5, -inf, 0.25, inf, nan, 0.75})
        take_in(run.summary, {line_of("loss", value)});
    take_in(run.summary, {line_of("loss", true)});
    CHECK(best_value(run, minimize) == 0.25);
    CHECK(best_value(run, maximize) == 0.75);
    const MetricSummary& loss = *find(run.summary, "loss");
    CHECK(loss.count == 3);
    CHECK(loss.first == 0.5);
    CHECK(loss.latest == 0.75);
    CHECK(loss.last == ParamValue(true));
    CHECK_FALSE(best_value(run, {"accuracy", Goal::maximize, std::nullopt}));
}

TEST_CASE("run: a target is reached by equality", "[core][run_rules]") {
    const MetricGoal low{"loss", Goal::minimize, 0.5};
    CHECK(low.reached(0.5));
    CHECK(low.reached(0.4));
    CHECK_FALSE(low.reached(0.6));
    const MetricGoal high{"accuracy", Goal::maximize, 0.5};
    CHECK(high.reached(0.5));
    CHECK(high.reached(0.6));
    CHECK_FALSE(high.reached(0.4));
    CHECK_FALSE((MetricGoal{"loss", Goal::minimize, std::nullopt}.reached(-1e9)));
}

#include "sweepctl/core/json_text.hpp"

#include "agent_peer.hpp"
#include "api_fixture.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <set>
#include <string>

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

std::string run_path(const RunId& run, const std::string& verb = {}) {
    return "/api/v1/runs/" + run.text + (verb.empty() ? "" : "/" + verb);
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Executes the sweep's next `count` runs, with these exit codes in turn.
std::vector<RunId> execute(AgentPeer& agent, const std::vector<int>& codes) {
    std::vector<RunId> runs;
    for (const int code : codes) {
        const StartOrder start = agent.next<StartOrder>();
        agent.started(start.execution);
        agent.exited(start.execution, code);
        runs.push_back(start.execution.run);
    }
    return runs;
}

void wait_for_state(ApiFixture& fixture,
                    const std::string& sweep,
                    RunState state,
                    std::uint64_t count) {
    fixture.wait_until([&] {
        const SweepRecord* record = fixture.controller().world().find_sweep(SweepId{sweep});
        return record->counts[state] == count && fixture.controller().settled();
    });
}

}  // namespace

TEST_CASE("runs: they are listed by number, filtered and sorted", "[api][runs]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    const std::string path = "/api/v1/sweeps/" + sweep + "/runs";
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    const std::vector<RunId> runs = execute(agent, {0, 1, 0, 1, 0, 0});
    wait_for_state(fixture, sweep, RunState::finished, 4);

    const ApiReply all = fixture.get(path);
    REQUIRE(all.status == 200);
    CHECK(fixture.faults(all.json, "RunPage") == "");
    REQUIRE(all.list("items").size() == 6);
    for (std::size_t i = 0; i < 6; ++i)
        CHECK(ApiReply::member(all.list("items")[i], "id") == ParamValue(runs[i].text));
    CHECK(fixture.get(path + "?state=failed").list("items").size() == 2);
    CHECK(fixture.get(path + "?state=failed,finished").list("items").size() == 6);
    CHECK(fixture.get(path + "?filter=lr%20%3D%200.1").list("items").size() == 2);
    CHECK(fixture.get(path + "?filter=exit_code%20%3D%201&limit=1").list("items").size() == 1);
    const ApiReply sorted = fixture.get(path + "?sort=-number&limit=1");
    CHECK(ApiReply::member(sorted.list("items").at(0), "id") == ParamValue(runs[5].text));

    const ApiReply bad = fixture.get(path + "?filter=lr%20%3D%3D%3D");
    CHECK(bad.status == 422);
    CHECK(fixture.faults(bad.json, "Problem") == "");
    CHECK(fixture.get(path + "?state=fialed").status == 422);
    CHECK(fixture.get(path + "?cursor=rubbish").status == 422);
    CHECK(fixture.get(path + "?limit=0").status == 422);
    CHECK(fixture.get(path + "?limit=99999999999999999999999").list("items").size() == 6);
    CHECK(fixture.get(path + "?limit=-3").status == 422);
}

TEST_CASE("runs: one is shown with all that is known of it", "[api][runs]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    const StartOrder start = agent.next<StartOrder>();
    agent.started(start.execution);
    MetricsLogged metrics;
    metrics.execution = start.execution;
    metrics.lines = {R"({"loss":0.5})", R"({"loss":0.25,"note":"x"})"};
    metrics.offset_end = 40;
    metrics.points = {{{"loss", 0.5}}, {{"loss", 0.25}, {"note", "x"}}};
    agent.say(metrics);
    agent.next<MetricsAck>();
    const ApiReply live = fixture.get(run_path(start.execution.run));
    CHECK(fixture.faults(live.json, "RunInFull") == "");
    CHECK(live.text("state") == "running");
    CHECK(live.number("pid") == 4242);
    CHECK(live.at("summary", "loss") == ParamValue(0.25));

    agent.exited(start.execution, 3);
    wait_for_state(fixture, sweep, RunState::failed, 1);
    const ApiReply ended = fixture.get(run_path(start.execution.run));
    CHECK(fixture.faults(ended.json, "RunInFull") == "");
    CHECK(ended.text("end_reason") == "exit");
    CHECK(ended.number("exit_code") == 3);
    CHECK(ended.list("metrics").size() == 2);

    const ApiReply lines = fixture.get(run_path(start.execution.run, "metrics") + "?limit=1");
    CHECK(fixture.faults(lines.json, "MetricsPage") == "");
    REQUIRE(lines.list("items").size() == 1);
    CHECK(ApiReply::member(lines.list("items")[0], "data") == ParamValue(ParamMap{{"loss", 0.5}}));
    const ApiReply rest = fixture.get(run_path(start.execution.run, "metrics") + "?after=" +
                                      to_json(ApiReply::member(lines.list("items")[0], "line")));
    REQUIRE(rest.list("items").size() == 1);
    CHECK(fixture.get("/api/v1/runs/no-such-run/metrics").status == 404);
}

TEST_CASE("runs: a run is enqueued, once per configuration", "[api][runs]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec, {{"paused", true}});
    const std::string path = "/api/v1/sweeps/" + sweep + "/runs";
    const ApiReply first = fixture.post(path, R"({"config": {"lr": 0.01, "layers": 2}})");
    REQUIRE(first.status == 201);
    CHECK(fixture.faults(first.json, "Done") == "");
    const ApiReply run = fixture.get("/api/v1/runs/" + first.text("id"));
    CHECK(run.text("state") == "pending");
    CHECK(run.text("origin") == "enqueued");
    CHECK(to_json(run.at("config")) == R"({"layers":2,"lr":0.01})");
    CHECK(fixture.post(path, R"({"config": {"layers": 2.0, "lr": 0.01}})").status == 409);
    CHECK(fixture.post(path, R"({"config": [1]})").status == 422);
    CHECK(fixture.post(path, "{}").status == 422);
    CHECK(fixture.post(path, R"({"config": {"": 1}})").status == 422);
    CHECK(fixture.post(path, R"({"config": {}, "front": 1})").status == 422);
}

TEST_CASE("runs: what is enqueued lies in the sweep's space", "[api][runs]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(
        "program: train.py\nmethod: grid\nparameters:\n"
        "  big: {value: 123456789012345678901234567890}\n"
        "  z: {parameters: {a: {values: [.nan, 2]}, b: {values: [1, 2]}, c: {value: 3}}}\n",
        {{"paused", true}});
    const std::string path = "/api/v1/sweeps/" + sweep + "/runs";
    const ApiReply whole = fixture.post(path, R"({"config": {"z": {"b": 1, "a": NaN}}})");
    REQUIRE(whole.status == 201);
    CHECK(to_json(fixture.get("/api/v1/runs/" + whole.text("id")).at("config")) ==
          R"({"big":123456789012345678901234567890,"z":{"a":"NaN","b":1,"c":3}})");
    // Without its constants it is the same cell.
    CHECK(fixture.post(path, R"({"config": {"z": {"a": NaN, "b": 1, "c": 3}}})").status == 409);

    const ApiReply outside = fixture.post(path, R"({"config": {"z": {"a": 3, "d": 1}, "bag": 1}})");
    REQUIRE(outside.status == 422);
    CHECK(fixture.faults(outside.json, "Problem") == "");
    CHECK(outside.text("detail") ==
          "the sweep has no parameter 'bag' (did you mean 'big'?); "
          "the sweep has no parameter 'z.d' (did you mean 'z.a'?); "
          "'z.a' is 3, which is not one of its values: NaN, 2");
    CHECK(ApiReply::member(outside.list("errors")[0], "field") == ParamValue("config"));
    // The program may know a value by itself.
    CHECK(fixture.post(path, R"({"config": {"z": {"a": 2}}})").status == 201);
}

TEST_CASE("runs: stop-run takes signals by name and number", "[api][runs]") {
    ApiFixture fixture;
    fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1", 4);
    std::vector<StartOrder> starts;
    for (int i = 0; i < 4; ++i)
        starts.push_back(agent.next<StartOrder>());
    const auto stop_with = [&](const std::string& body) {
        const StartOrder start = std::move(starts.back());
        starts.pop_back();
        agent.started(start.execution);
        agent.next<AckOrder>();
        const ApiReply reply = fixture.post(run_path(start.execution.run, "stop"), body);
        CAPTURE(body, reply.http.body);
        REQUIRE(reply.status == 200);
        CHECK(fixture.faults(reply.json, "Done") == "");
        return agent.next<SignalOrder>();
    };
    CHECK_FALSE(stop_with("{}").signal);
    CHECK(stop_with(R"({"signal": "INT", "force": false})").signal == 2);
    CHECK(stop_with(R"({"signal": "sigusr1"})").signal == 10);
    CHECK(stop_with(R"({"signal": 9, "force": true})").kind == SignalKind::kill);
    const std::string path = "/api/v1/runs/no-such-run/stop";
    for (const char* signal : {"0", "65", "33", "-2", "\"\"", "\"NOPE\"", "true", "2.5", "[]"}) {
        CAPTURE(signal);
        CHECK(fixture.post(path, std::string(R"({"signal": )") + signal + "}").status == 422);
    }
    CHECK(fixture.post(path, R"({"signal": null})").status == 404);
}

TEST_CASE("runs: retry, delete and explain", "[api][runs]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    const RunId failed = execute(agent, {2}).front();
    const StartOrder live = agent.next<StartOrder>();
    agent.started(live.execution);
    wait_for_state(fixture, sweep, RunState::failed, 1);
    wait_for_state(fixture, sweep, RunState::running, 1);

    const ApiReply why = fixture.get(run_path(failed, "explain"));
    CHECK(fixture.faults(why.json, "Explanation") == "");
    CHECK(mentions(why.text("summary"), "is failed"));
    CHECK(mentions(to_json(why.at("lines")), "its program exited with code 2"));
    CHECK(mentions(to_json(fixture.get(run_path(live.execution.run, "explain")).at("lines")),
                   "executes it"));

    CHECK(fixture.remove(run_path(live.execution.run)).status == 409);
    CHECK(fixture.remove(run_path(live.execution.run) + "?force=1").status == 409);
    CHECK(fixture.post(run_path(live.execution.run, "retry")).status == 409);
    const ApiReply again = fixture.post(run_path(failed, "retry"), R"({"force": true})");
    CHECK(again.status == 200);
    CHECK(mentions(again.text("message"), "attempt 2"));
    agent.exited(live.execution);
    const StartOrder second = agent.next<StartOrder>();
    CHECK(second.execution.run == failed);
    CHECK(second.execution.attempt == 2);
    agent.started(second.execution);
    agent.exited(second.execution);
    wait_for_state(fixture, sweep, RunState::finished, 2);
    const ApiReply shown = fixture.get(run_path(failed));
    CHECK(fixture.faults(shown.json, "RunInFull") == "");
    CHECK(shown.list("attempts").size() == 2);
    CHECK(fixture.remove(run_path(failed)).status == 200);
    CHECK(fixture.get(run_path(failed)).status == 404);
}

TEST_CASE("runs: all failed ones of a sweep are retried at once", "[api][runs]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(
        "program: a.py\nmethod: random\nrun_cap: 450\nsweepctl: {fail_fast: false}\n"
        "parameters: {x: {min: 0.0, max: 1.0}}\n");
    const std::string path = "/api/v1/sweeps/" + sweep + "/retry";
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1", 64);
    execute(agent, std::vector<int>(450, 1));
    wait_for_state(fixture, sweep, RunState::failed, 450);
    CHECK(fixture.post(path, R"({"states": ["finished"]})").status == 422);
    const ApiReply none = fixture.post(path, R"({"states": ["killed"]})");
    CHECK(none.status == 200);
    CHECK(none.list("runs").empty());
    const ApiReply all = fixture.post(path, R"({"states": ["failed", "crashed"], "force": false})");
    REQUIRE(all.status == 200);
    CHECK(fixture.faults(all.json, "Retried") == "");
    std::set<std::string> ids;
    for (const ParamValue& id : all.list("runs"))
        ids.insert(*id.get_if<std::string>());
    CHECK(ids.size() == 450);
    CHECK(all.text("message") == "450 runs go again");
}

TEST_CASE("runs: retried ones of a sweep that gives none out are said to wait", "[api][runs]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(
        "program: a.py\nmethod: grid\nsweepctl: {fail_fast: false}\n"
        "parameters: {x: {values: [1, 2, 3]}}\n");
    const std::string path = "/api/v1/sweeps/" + sweep;
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1", 2);
    execute(agent, {1, 1});
    wait_for_state(fixture, sweep, RunState::failed, 2);
    REQUIRE(fixture.post(path + "/pause", "{}").status == 200);
    const ApiReply all = fixture.post(path + "/retry", "{}");
    REQUIRE(all.status == 200);
    CHECK(all.text("message") == "2 runs go again; they wait, because the sweep is paused");
}

#include "sweepctl/controller/sweep_plan.hpp"
#include "sweepctl/core/json_text.hpp"

#include "agent_peer.hpp"
#include "api_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

constexpr const char* kSweeps = "/api/v1/sweeps";

std::string random_spec(const std::string& more = {}) {
    return "program: train.py\nmethod: random\nparameters: {lr: {min: 0.0, max: 1.0}}\n" + more;
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("launch: a sweep is created, stored and shown", "[api][launch]") {
    ApiFixture fixture;
    const ApiReply created = fixture.post(kSweeps, fixture.launch_body(kGridSpec));
    REQUIRE(created.status == 201);
    CHECK(fixture.faults(created.json, "Launched") == "");
    CHECK(created.text("status") == "pending");
    CHECK(created.text("method") == "grid");
    CHECK(created.number("expected_runs") == 6);
    CHECK(created.number("seed") == 123456789);
    CHECK(created.text("name") == created.text("id"));
    CHECK(created.text("project") == "uncategorized");
    CHECK(created.text("entity") == "tester");
    CHECK(created.list("warnings").empty());
    CHECK(created.header("Location") == "/api/v1/sweeps/" + created.text("id"));

    const ApiReply shown = fixture.get("/api/v1/sweeps/" + created.text("id"));
    REQUIRE(shown.status == 200);
    CHECK(fixture.faults(shown.json, "SweepWithSpec") == "");
    CHECK(shown.text("spec") == kGridSpec);
    CHECK(shown.at("metric", "goal") == ParamValue("minimize"));
}

TEST_CASE("launch: what is given wins over the environment, and that over the spec",
          "[api][launch]") {
    ApiFixture fixture;
    const std::string spec =
        random_spec("project: from-spec\nentity: spec-team\nname: spec name\n");
    const ParamMap env{{"WANDB_PROJECT", "from-env"}, {"WANDB_ENTITY", ""}, {"HOME", "/root"}};
    ApiReply reply = fixture.post(kSweeps, fixture.launch_body(spec));
    CHECK(reply.text("project") == "from-spec");
    CHECK(reply.text("entity") == "spec-team");
    CHECK(reply.text("name") == "spec name");
    reply = fixture.post(kSweeps, fixture.launch_body(spec, {{"env", env}}));
    CHECK(reply.text("project") == "from-env");
    CHECK(reply.text("entity") == "spec-team");
    reply = fixture.post(
        kSweeps,
        fixture.launch_body(
            spec, {{"env", env}, {"project", "given"}, {"entity", "me"}, {"name", "a name"}}));
    CHECK(reply.text("project") == "given");
    CHECK(reply.text("entity") == "me");
    CHECK(reply.text("name") == "a name");
}

TEST_CASE("launch: a seed is taken from the request, the spec, or drawn", "[api][launch]") {
    ApiFixture fixture;
    const std::string spec = random_spec("sweepctl: {seed: 7}\n");
    CHECK(fixture.post(kSweeps, fixture.launch_body(random_spec())).number("seed") == 123456789);
    CHECK(fixture.post(kSweeps, fixture.launch_body(spec)).number("seed") == 7);
    CHECK(fixture.post(kSweeps, fixture.launch_body(spec, {{"seed", 8}})).number("seed") == 8);
    const ApiReply largest = fixture.post(
        kSweeps, fixture.launch_body(spec, {{"seed", BigInt{"18446744073709551615"}}}));
    REQUIRE(largest.status == 201);
    CHECK(largest.at("seed") == ParamValue(BigInt{"18446744073709551615"}));
    const ApiReply shown = fixture.get("/api/v1/sweeps/" + largest.text("id"));
    CHECK(shown.at("seed") == ParamValue(BigInt{"18446744073709551615"}));
}

TEST_CASE("launch: parallel and paused override the spec, also after a restart", "[api][launch]") {
    ApiFixture fixture;
    const std::string spec = random_spec("run_cap: 9\nsweepctl: {parallel: 2, workdir: sub/dir}\n");
    const std::string id =
        fixture.launch(spec, {{"parallel", 3}, {"paused", true}, {"env", ParamMap{{"A", "b"}}}});
    const ApiReply shown = fixture.get("/api/v1/sweeps/" + id);
    CHECK(shown.number("parallel") == 3);
    CHECK(shown.number("run_cap") == 9);
    CHECK(shown.text("status") == "paused");

    const Snapshot stored = fixture.on_loop([&] { return fixture.store().load(); });
    REQUIRE(stored.sweeps.size() == 1);
    const std::optional<SweepPlan> plan = plan_of(stored.sweeps.front());
    REQUIRE(plan);
    CHECK(plan->setup.policy.parallel == 3);
    CHECK(plan->setup.policy.run_cap == 9);
    CHECK(plan->brief.cwd == "/tmp/sub/dir");
    CHECK(plan->brief.launch_dir == "/tmp");
    CHECK(plan->brief.launch_env == std::vector<std::pair<std::string, std::string>>{{"A", "b"}});
    CHECK(plan->brief.project == "uncategorized");
}

TEST_CASE("launch: a bad spec is refused with all of its errors and creates nothing",
          "[api][launch]") {
    ApiFixture fixture;
    const ApiReply reply = fixture.post(
        kSweeps, fixture.launch_body("method: rnadom\nparameters:\n  lr: {min: 2, max: 1}\n",
                                     {{"file_name", "mine.yaml"}}));
    REQUIRE(reply.status == 422);
    CHECK(reply.header("Content-Type") == "application/problem+json");
    CHECK(fixture.faults(reply.json, "Problem") == "");
    CHECK(reply.list("diagnostics").size() >= 2);
    CHECK(mentions(reply.text("rendered"), "mine.yaml:1:9: error: "));
    CHECK(mentions(reply.text("detail"), "errors"));
    CHECK(fixture.get(kSweeps).list("items").empty());
}

TEST_CASE("launch: unknown keys warn, and are errors when strict", "[api][launch]") {
    ApiFixture fixture;
    const std::string spec = random_spec("colour: blue\n");
    const ApiReply warned = fixture.post(kSweeps, fixture.launch_body(spec));
    REQUIRE(warned.status == 201);
    CHECK(mentions(warned.text("rendered"), "warning: "));
    CHECK(warned.list("diagnostics").size() == 1);
    CHECK(fixture.post(kSweeps, fixture.launch_body(spec, {{"strict", true}})).status == 422);
}

TEST_CASE("launch: a search that is not there is refused", "[api][launch]") {
    ApiFixture fixture;
    const std::string spec =
        "program: a.py\nmethod: custom\nscheduler: {engine: optuna, source: a.py}\n"
        "parameters: {lr: {min: 0.0, max: 1.0}}\n";
    const ApiReply reply = fixture.post(kSweeps, fixture.launch_body(spec));
    CHECK(reply.status == 422);
    CHECK(mentions(reply.text("rendered"), "'custom'"));

    NewSweep stored;
    stored.origin.spec = spec;
    CHECK_FALSE(plan_of(stored));
    stored.origin.spec = "]";
    CHECK_FALSE(plan_of(stored));
}

TEST_CASE("launch: what the agents cannot do is warned of", "[api][launch]") {
    ApiFixture fixture;
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1", 2, 1);
    agent.next<WelcomeOrder>();
    const auto warnings = [&](const std::string& spec, ParamMap more = {}) {
        const ApiReply reply = fixture.post(kSweeps, fixture.launch_body(spec, std::move(more)));
        return to_json(reply.at("warnings"));
    };
    CHECK(warnings(random_spec(), {{"paused", true}, {"parallel", 2}}) == "[]");
    CHECK(mentions(warnings(random_spec(), {{"paused", true}, {"parallel", 5}}), "parallel is 5"));
    CHECK(mentions(warnings(random_spec("sweepctl: {resources: {gpus: 2}}\n"), {{"paused", true}}),
                   "2 GPUs"));
    CHECK(mentions(warnings(random_spec("sweepctl: {resources: {cpus: 3}}\n"), {{"paused", true}}),
                   "3 slots"));
}

TEST_CASE("launch: each wrong field is named, all at once", "[api][launch]") {
    ApiFixture fixture;
    const ApiReply reply = fixture.post(
        kSweeps, R"({"spec": 3, "cwd": "/tmp", "parallel": 0, "paused": "yes", "seed": -1,
                     "env": {"A": 1}, "paralel": 4})");
    REQUIRE(reply.status == 422);
    CHECK(fixture.faults(reply.json, "Problem") == "");
    std::string fields;
    for (const ParamValue& error : reply.list("errors"))
        fields += *ApiReply::member(error, "field").get_if<std::string>() + " ";
    CHECK(fields == "spec parallel seed paused env paralel ");
    CHECK(mentions(reply.text("detail"), "did you mean 'parallel'?"));
    CHECK(mentions(reply.text("detail"), "'parallel' must be a whole number from 1 to"));
}

TEST_CASE("launch: names that would be no ids, and paths that are none, are refused",
          "[api][launch]") {
    ApiFixture fixture;
    const auto detail = [&](ParamMap more) {
        const ApiReply reply =
            fixture.post(kSweeps, fixture.launch_body(random_spec(), std::move(more)));
        CHECK(reply.status == 422);
        return reply.text("detail");
    };
    CHECK(mentions(detail({{"project", "a/b"}}), "'project' must be a name without '/'"));
    CHECK(mentions(detail({{"entity", "a\nb"}}), "'entity' must be a text without control"));
    CHECK(mentions(detail({{"name", std::string(200, 'x')}}), "at most 128 bytes"));
    CHECK(mentions(detail({{"env", ParamMap{{"A=B", "c"}}}}), "without '='"));
    CHECK(mentions(detail({{"env", ParamMap{{"A", std::string("b\0c", 3)}}}}), "without NUL"));
    const ApiReply relative =
        fixture.post(kSweeps, to_json(ParamMap{{"spec", random_spec()}, {"cwd", "here"}}));
    CHECK(relative.status == 422);
    CHECK(mentions(relative.text("detail"), "'cwd' must be an absolute path, not 'here'"));
    CHECK(fixture.get(kSweeps).list("items").empty());
}

TEST_CASE("launch: specs of hostile size or content are refused", "[api][launch]") {
    ApiFixture fixture;
    const ApiReply large = fixture.post(
        kSweeps, fixture.launch_body("program: a.py\n#" + std::string(10'000'000, 'x')));
    CHECK(large.status == 422);
    CHECK(large.list("diagnostics").size() == 1);
    CHECK(large.http.body.size() < 100'000);
    CHECK(fixture.post(kSweeps, std::string(17'000'000, ' ')).status == 413);
    const ApiReply nul =
        fixture.post(kSweeps, fixture.launch_body(std::string("method: gr\0id\n", 14)));
    CHECK(nul.status == 422);
    std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
    for (char c = 'b'; c < 'l'; ++c) {
        bomb += std::string(1, c) + ": &" + c + " [";
        for (int i = 0; i < 10; ++i)
            bomb += std::string(i == 0 ? "" : ", ") + "*" + static_cast<char>(c - 1);
        bomb += "]\n";
    }
    CHECK(fixture.post(kSweeps, fixture.launch_body(bomb)).status == 422);
    CHECK(fixture.get("/api/v1/health").status == 200);
}

namespace {

constexpr const char* kBayes =
    "program: train.py\nmethod: bayes\nmetric: {name: loss}\n"
    "parameters: {lr: {min: 0.0, max: 1.0}, n: {values: [1, 2]}}\n";

/// {"runs": [...]}: a prior of these lines.
ParamMap prior_of(const std::string& lines) {
    return {{"prior", ParamMap{{"source", "runs.jsonl"}, {"runs", *parse_json("[" + lines + "]")}}}};
}

std::string prior_line(const std::string& name, double lr, double loss) {
    return to_json(ParamMap{{"name", name},
                            {"state", "finished"},
                            {"config", ParamMap{{"lr", lr}, {"n", 1}}},
                            {"summary", ParamMap{{"loss", loss}, {"other", 3}}}});
}

}  // namespace

TEST_CASE("launch: prior runs are stored, shown and handed to the search", "[api][launch]") {
    ApiFixture fixture;
    const ApiReply created = fixture.post(
        kSweeps, fixture.launch_body(kBayes, prior_of(prior_line("a", 0.25, 3) + "," +
                                                      R"({"name":"b","state":"crashed",)"
                                                      R"("config":{"n":2,"lr":1}})")));
    REQUIRE(created.status == 201);
    CHECK(fixture.faults(created.json, "Launched") == "");
    CHECK(created.at("prior", "runs") == ParamValue(2));
    const ApiReply shown = fixture.get("/api/v1/sweeps/" + created.text("id"));
    CHECK(fixture.faults(shown.json, "SweepWithSpec") == "");
    CHECK(shown.at("prior", "source") == ParamValue("runs.jsonl"));
    CHECK(shown.at("prior", "runs") == ParamValue(2));
    CHECK(shown.at("prior", "with_metric") == ParamValue(1));
    CHECK(fixture.faults(fixture.get(kSweeps).json, "SweepPage") == "");
    const ApiReply prior = fixture.get("/api/v1/sweeps/" + created.text("id") + "/prior");
    REQUIRE(prior.status == 200);
    CHECK(fixture.faults(prior.json, "PriorRuns") == "");
    CHECK(to_json(prior.at("runs")) ==
          R"([{"name":"a","state":"finished","config":{"lr":0.25,"n":1},"history":[{"loss":3.0}]},)"
          R"({"name":"b","state":"crashed","config":{"lr":1,"n":2}}])");

    const Snapshot stored = fixture.on_loop([&] { return fixture.store().load(); });
    REQUIRE(stored.sweeps.size() == 1);
    REQUIRE(stored.sweeps[0].origin.prior);
    CHECK(stored.sweeps[0].origin.prior->runs.size() == 2);
    const ApiReply explained =
        fixture.get("/api/v1/sweeps/" + created.text("id") + "/explain");
    CHECK(mentions(to_json(explained.json), "its search knows 2 prior runs from runs.jsonl"));

    const ApiReply none = fixture.get("/api/v1/sweeps/" + fixture.launch(kBayes) + "/prior");
    CHECK(none.at("runs") == ParamValue(ParamList{}));
    CHECK(none.at("source").is_null());
}

TEST_CASE("launch: prior runs that the search cannot learn from are refused", "[api][launch]") {
    ApiFixture fixture;
    const auto refused = [&](const ParamMap& more) {
        const ApiReply reply = fixture.post(kSweeps, fixture.launch_body(kBayes, more));
        CHECK(reply.status == 422);
        CHECK(fixture.faults(reply.json, "Problem") == "");
        return to_json(reply.json);
    };
    const std::string two = refused(prior_of(prior_line("a", 2, 3) + "," + prior_line("b", -1, 3)));
    CHECK(mentions(two, "prior run 1 ('a'): 'lr' is 2.0, above the maximum 1"));
    CHECK(mentions(two, "prior run 2 ('b'): 'lr' is -1.0, below the minimum 0"));
    CHECK(mentions(refused(prior_of(R"({"name":"a"})")), "prior run 1: the run has no 'state'"));
    CHECK(mentions(refused(prior_of("")), "'prior' is of no use: there are no runs"));
    CHECK(mentions(refused({{"prior", ParamMap{}}}), "must name either a 'sweep' or the 'runs'"));
    CHECK(mentions(refused({{"prior", ParamMap{{"sweep", "x"}, {"runs", ParamList{}}}}}),
                   "must name either a 'sweep' or the 'runs'"));
    const ApiReply nobody = fixture.post(
        kSweeps, fixture.launch_body(kBayes, {{"prior", ParamMap{{"sweep", "nosuch"}}}}));
    CHECK(nobody.status == 404);
    CHECK(fixture.get(kSweeps).list("items").empty());
}

TEST_CASE("launch: the ended runs of another sweep are a prior, as far as they fit",
          "[api][launch]") {
    ApiFixture fixture;
    const std::string first = fixture.launch(
        "program: train.py\nmethod: grid\nmetric: {name: loss}\n"
        "parameters: {lr: {values: [0.5, 5.0]}, n: {values: [1]}}\nsweepctl: {parallel: 1}\n");
    AgentPeer agent(fixture.unix_address());
    agent.hello("a");
    for (int i = 0; i < 2; ++i) {
        const auto start = agent.next<StartOrder>();
        agent.started(start.execution);
        MetricsLogged metrics;
        metrics.agent = AgentId{"a"};
        metrics.execution = start.execution;
        metrics.offset_end = 11;
        metrics.lines = {R"({"loss":2})"};
        metrics.points = {{{"loss", 2}}};
        agent.say(metrics);
        static_cast<void>(agent.next<MetricsAck>());
        agent.exited(start.execution);
    }
    fixture.wait_until([&] {
        const SweepRecord* sweep = fixture.controller().world().find_sweep(SweepId{first});
        return sweep->status == SweepStatus::finished && fixture.controller().settled();
    });

    ApiReply reply = fixture.post(
        kSweeps, fixture.launch_body(kBayes, {{"prior", ParamMap{{"sweep", first}}}, {"paused", true}}));
    REQUIRE(reply.status == 201);
    CHECK(reply.at("prior", "source") == ParamValue("sweep " + first));
    CHECK(reply.at("prior", "runs") == ParamValue(1));
    CHECK(reply.at("prior", "with_metric") == ParamValue(1));
    REQUIRE(reply.list("warnings").size() == 1);
    CHECK(mentions(to_json(reply.list("warnings")[0]), "1 run of 2"));
    CHECK(mentions(to_json(reply.list("warnings")[0]), "above the maximum 1"));

    // Several are one, in whatever order they are named.
    const auto told = [](const std::string& name) {
        return ParamMap{{"source", name + ".csv"}, {"runs", *parse_json("[" + prior_line(name, 0.25, 3) + "]")}};
    };
    const ParamList parts{told("b"), ParamMap{{"sweep", first}}, told("a")};
    const ApiReply many =
        fixture.post(kSweeps, fixture.launch_body(kBayes, {{"prior", parts}, {"paused", true}}));
    REQUIRE(many.status == 201);
    CHECK(many.at("prior", "source") == ParamValue("b.csv, sweep " + first + ", a.csv"));
    CHECK(many.at("prior", "with_metric") == ParamValue(3));
    const ParamList known = fixture.get("/api/v1/sweeps/" + many.text("id") + "/prior").list("runs");
    REQUIRE(known.size() == 3);
    CHECK(mentions(to_json(known[0]), R"("name":"a")"));
    CHECK(mentions(to_json(known[1]), R"("name":"b")"));
    CHECK(mentions(to_json(known[2]), R"("lr":0.5)"));
    CHECK(fixture.post(kSweeps, fixture.launch_body(kBayes, {{"prior", ParamList{told("a"), 1}}})).status ==
          422);

    // It is the new sweep's own.
    REQUIRE(fixture.remove("/api/v1/sweeps/" + first).status == 200);
    CHECK(fixture.get("/api/v1/sweeps/" + reply.text("id") + "/prior").list("runs").size() == 1);

    reply = fixture.post(kSweeps,
                         fixture.launch_body(kBayes, {{"prior", ParamMap{{"sweep", reply.text("id")}}}}));
    CHECK(reply.status == 422);
    CHECK(mentions(to_json(reply.json), "is of no use: there are no runs"));
}

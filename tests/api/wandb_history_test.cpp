#include "agent_peer.hpp"
#include "wandb_client.hpp"

#include <catch2/catch.hpp>

#include <string>

// The history of a run whose program logs to the file that it is given, with W&B's client or
// without, as W&B's public API reads it.

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

/// A run of our own agent that has logged four lines.
class LoggingRun {
public:
    LoggingRun() : agent_(api.unix_address()) {
        const std::string sweep = api.launch(kGridSpec);
        const ApiReply shown = api.get("/api/v1/sweeps/" + sweep);
        project_ = shown.text("project");
        entity_ = shown.text("entity");
        agent_.hello("a1");
        start_ = agent_.next<StartOrder>();
        agent_.started(start_.execution);
        MetricsLogged metrics;
        metrics.execution = start_.execution;
        metrics.lines = {R"({"loss":0.5})", R"({"loss":0.25})", R"({"loss":1,"_step":10})",
                         R"({"acc":1,"_step":4})"};
        metrics.offset_end = 80;
        metrics.points = {{{"loss", 0.5}}, {{"loss", 0.25}}, {{"loss", 1}}, {{"acc", 1}}};
        agent_.say(metrics);
        agent_.next<MetricsAck>();
    }

    /// A field of the run by the field that leads to it, as JSON.
    std::string asked(const std::string& way, const std::string& selection) {
        const ApiReply reply =
            graphql("query($name: String!, $project: String!, $entity: String) { project(name: "
                    "$project, entityName: $entity) { run: " +
                        way + "(name: $name) { asked: " + selection + " } } }",
                    {{"name", name()}, {"project", project_}, {"entity", entity_}});
        return to_json(reply.at("data", "project", "run", "asked"));
    }
    std::string field(const std::string& selection) { return asked("run", selection); }
    /// Its program calls wandb.init: the number of lines that it is told.
    std::string init() {
        const ApiReply reply = graphql(
            "mutation($name: String!, $project: String!, $entity: String) { upsertBucket(input: "
            "{name: $name, modelName: $project, entityName: $entity, host: \"there\"}) { bucket "
            "{ historyLineCount } } }",
            {{"name", name()}, {"project", project_}, {"entity", entity_}});
        return to_json(reply.at("data", "upsertBucket", "bucket", "historyLineCount"));
    }
    ApiReply stream(const std::string& body) {
        HttpCall call;
        call.method = "POST";
        call.target = "/files/" + entity_ + "/" + project_ + "/" + name() + "/file_stream";
        call.body = body;
        return api.call(call);
    }
    ApiReply graphql(const std::string& document, ParamMap variables) {
        return api.post("/graphql", to_json(ParamMap{{"query", document},
                                                     {"variables", std::move(variables)}}));
    }
    [[nodiscard]] std::string name() const { return start_.execution.run.text; }

    ApiFixture api;

private:
    AgentPeer agent_;
    StartOrder start_;
    std::string project_;
    std::string entity_;
};

}  // namespace

TEST_CASE("history: of a run without a client, all that it logged", "[api][wandb][history]") {
    LoggingRun run;
    CHECK(run.field("historyLineCount") == "4");
    CHECK(run.field("historyKeys").starts_with(R"({"lastStep":10,)"));
    CHECK(run.field("history(samples: 10)") ==
          R"(["{\"loss\":0.5,\"_step\":0}","{\"loss\":0.25,\"_step\":1}",)"
          R"("{\"loss\":1,\"_step\":10}","{\"acc\":1,\"_step\":4}"])");
    // A scan asks for range after range, up to the last step.
    CHECK(run.field("history(minStep: 0, maxStep: 4, samples: 10)") ==
          R"(["{\"loss\":0.5,\"_step\":0}","{\"loss\":0.25,\"_step\":1}"])");
    CHECK(run.field("history(minStep: 4, maxStep: 11, samples: 10)") ==
          R"(["{\"loss\":1,\"_step\":10}","{\"acc\":1,\"_step\":4}"])");
    CHECK(run.field(R"(sampledHistory(specs: ["{\"keys\":[\"loss\",\"_step\"]}"]))") ==
          R"([[{"loss":0.5,"_step":0},{"loss":0.25,"_step":1},{"loss":1,"_step":10}]])");
}

TEST_CASE("history: one query names so many keys", "[api][wandb][history]") {
    LoggingRun run;
    const auto spec = [](std::size_t count) {
        std::string keys;
        for (std::size_t k = 0; k < count; ++k)
            keys += R"(\"loss\",)";
        return R"(sampledHistory(specs: ["{\"keys\":[)" + keys + R"(\"_step\"]}"]))";
    };
    CHECK(run.field(spec(999)).starts_with(R"([[{"loss":0.5,"_step":0},)"));
    CHECK(run.field(spec(1'000)) == "null");
}

TEST_CASE("history: a client counts only what it streamed", "[api][wandb][history]") {
    LoggingRun run;
    CHECK(run.init() == "0");
    CHECK(run.stream(R"({"files":{"wandb-history.jsonl":{"offset":0,"content":[)"
                     R"("{\"_step\":0,\"loss\":7}","{\"_step\":1,\"loss\":8}"]}}})")
              .status == 200);
    CHECK(run.init() == "2");
    CHECK(run.asked("bucket", "historyLineCount") == "2");
    CHECK(run.field("historyLineCount") == "6");
    CHECK(run.field("history(samples: 10)").find(R"({\"_step\":1,\"loss\":8})") !=
          std::string::npos);
}

// What clients of all ages ask before they do anything, and of what they need not be told more.

#include "wandb_client.hpp"

#include <catch2/catch.hpp>

using namespace sweepctl;
using namespace sweepctl::test;

TEST_CASE("wandb documents: a client before 0.26 asks what the types have", "[api][wandb]") {
    ApiFixture api;
    WandbRun run(api, "r1");
    const ApiReply types = run.graphql(
        "query ProbeServerCapabilities { QueryType: __type(name: \"Query\") { ...fieldData } "
        "MutationType: __type(name: \"Mutation\") { ...fieldData } "
        "ServerSettingsType: __type(name: \"ServerSettings\") { ...fieldData } "
        "DeleteFilesInputType: __type(name: \"DeleteFilesInput\") { inputFields { name } } "
        "Artifacts: __type(name: \"CreateArtifactInput\") { inputFields { name } } } "
        "fragment fieldData on __Type { fields { name } }");
    CHECK(types.status == 200);
    const auto text = [&](const char* type) { return to_json(types.at("data", type)); };
    CHECK(text("QueryType").find(R"({"name":"serverInfo"})") != std::string::npos);
    CHECK(text("MutationType").find(R"({"name":"upsertBucket"})") != std::string::npos);
    CHECK(text("MutationType").find("createArtifact") == std::string::npos);
    CHECK(text("ServerSettingsType") == R"({"fields":[{"name":"serverMessages"}]})");
    CHECK(text("DeleteFilesInputType").find(R"({"name":"projectId"})") != std::string::npos);
    CHECK(text("Artifacts") == "null");
}

TEST_CASE("wandb documents: a client before 0.20 is told that nobody has a message for it",
          "[api][wandb]") {
    ApiFixture api;
    WandbRun run(api, "r1");
    const ApiReply reply = run.graphql(
        "mutation { upsertBucket(input: {name: \"r1\", modelName: \"proj\"}) { bucket { name } "
        "serverSettings { serverMessages { utfText plainText htmlText messageType messageLevel } } "
        "} }");
    CHECK(to_json(reply.at("data", "upsertBucket", "serverSettings")) == R"({"serverMessages":[]})");
    // Its version of a server's own kind would have to be a text.
    const ApiReply info = run.graphql(
        "{ serverInfo { latestLocalVersionInfo { outOfDate latestVersionString } } }");
    CHECK(to_json(info.at("data", "serverInfo")) == R"({"latestLocalVersionInfo":null})");
}

TEST_CASE("wandb documents: no line of a history is in a file of parquet", "[api][wandb]") {
    ApiFixture api;
    WandbRun run(api, "r1");
    run.init();
    const char* const asked = "parquetHistory(liveKeys: [\"_step\"]) { parquetUrls liveData }";
    CHECK(run.field(asked) == R"({"parquetUrls":[],"liveData":[]})");
    run.lines("wandb-history.jsonl", 0, {R"({"_step":0,"loss":1})"});
    CHECK(run.field(asked) == R"({"parquetUrls":[],"liveData":[{"_step":0}]})");
}

TEST_CASE("wandb documents: a page of steps has all of its rows", "[api][wandb]") {
    ApiFixture api;
    WandbRun run(api, "r1");
    run.init();
    // Its program was started twice under the same name.
    run.lines("wandb-history.jsonl", 0,
              {R"({"_step":0,"x":1})", R"({"_step":1,"x":2})", R"({"_step":0,"x":3})"});
    const std::string all = R"(["{\"_step\":0,\"x\":1}","{\"_step\":1,\"x\":2}",)"
                            R"("{\"_step\":0,\"x\":3}"])";
    CHECK(run.field("history(minStep: 0, maxStep: 2, samples: 2)") == all);
    CHECK(run.field("history(samples: 2)") != all);
    CHECK(run.field("sampledHistory(specs: [\"{\\\"keys\\\":[\\\"x\\\"],\\\"minStep\\\":0,"
                    "\\\"maxStep\\\":2,\\\"samples\\\":2}\"])") ==
          R"([[{"x":1},{"x":2},{"x":3}]])");
}

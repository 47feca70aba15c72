#include "wandb_client.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <zlib.h>

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

std::string gzip(const std::string& plain) {
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("deflateInit2");
    std::string packed(deflateBound(&stream, plain.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

constexpr const char* kHistory = "wandb-history.jsonl";

}  // namespace

TEST_CASE("file stream: what a process sends is there, and its end is the run's",
          "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    CHECK(run.state() == R"("running")");
    const ApiReply reply = run.stream(
        R"({"files": {
            "wandb-history.jsonl": {"offset": 0, "content": [
                "{\"_step\":0,\"loss\":NaN,\"n\":{\"x\":1}}", "{\"_step\":1,\"loss\":0.5}"]},
            "wandb-summary.json": {"offset": 0, "content": ["{\"loss\":0.5,\"worst\":NaN}"]},
            "wandb-events.jsonl": {"offset": 0, "content": [
                "{\"system.cpu\":3.5,\"_wandb\":true}", "{\"system.memory\":7}"]},
            "output.log": {"offset": 0, "content": ["2026-11-27T10:00:00 one"]}},
           "uploaded": ["requirements.txt"], "dropped": 0})");
    CHECK(reply.status == 200);
    CHECK(reply.http.body == "{}");
    CHECK(run.field("historyLineCount") == "2");
    CHECK(run.field("history") ==
          R"(["{\"_step\":0,\"loss\":NaN,\"n\":{\"x\":1}}","{\"_step\":1,\"loss\":0.5}"])");
    CHECK(run.field("summaryMetrics").find("0.5") != std::string::npos);
    CHECK(run.field("systemMetrics").find(R"(\"system.memory\":7)") != std::string::npos);
    CHECK(run.field("systemMetrics").find(R"(\"system.cpu\":3.5)") != std::string::npos);
    CHECK(run.field("eventsLineCount") == "2");
    CHECK(run.field("logLineCount") == "1");
    CHECK(run.stream("{}").http.body == "{}");
    CHECK(run.stream(R"({"complete": true, "exitcode": 0})").status == 200);
    CHECK(run.state() == R"("finished")");
}

TEST_CASE("file stream: a code that is not 0 is a failure", "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    CHECK(run.stream(R"({"complete": true, "exitcode": 3})").status == 200);
    CHECK(run.state() == R"("failed")");
}

TEST_CASE("file stream: lines that are known already change nothing", "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    const std::vector<std::string> first{R"({"a":1})", R"({"a":2})"};
    CHECK(run.lines(kHistory, 0, first).status == 200);
    CHECK(run.lines(kHistory, 0, first).status == 200);
    CHECK(run.field("historyLineCount") == "2");
    // Half of it is new.
    CHECK(run.lines(kHistory, 1, {R"({"a":2})", R"({"a":3})"}).status == 200);
    CHECK(run.field("history") ==
          R"(["{\"a\":1,\"_step\":0}","{\"a\":2,\"_step\":1}","{\"a\":3,\"_step\":2}"])");
    // A client that lost lines goes on where it thinks it is.
    CHECK(run.lines(kHistory, 7, {R"({"a":8})"}).status == 200);
    CHECK(run.field("history") ==
          R"(["{\"a\":1,\"_step\":0}","{\"a\":2,\"_step\":1}","{\"a\":3,\"_step\":2}",)"
          R"("{\"a\":8,\"_step\":3}"])");
}

TEST_CASE("file stream: a progress bar writes its line again", "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    CHECK(run.lines("output.log", 0, {"start", "10%"}).status == 200);
    CHECK(run.lines("output.log", 1, {"100%", "end"}).status == 200);
    CHECK(
        run.field("logLines(last: 10) { edges { node { line } } }") ==
        R"({"edges":[{"node":{"line":"start"}},{"node":{"line":"100%"}},{"node":{"line":"end"}}]})");
    // Of a second process of the same run.
    CHECK(run.lines("output_w0.log", 0, {"x"}).status == 200);
    CHECK(run.field("logLineCount") == "3");
}

TEST_CASE("file stream: a line that is no object keeps its number and ends no stream",
          "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    const ApiReply reply = run.lines(kHistory, 0, {R"({"a":1})", R"({"a":)", "[1]", R"({"a":4})"});
    CHECK(reply.status == 200);
    CHECK(reply.number("invalid_lines") == 2);
    CHECK(run.field("history") ==
          R"(["{\"a\":1,\"_step\":0}","{\"_step\":1}","{\"_step\":2}","{\"a\":4,\"_step\":3}"])");
    CHECK(run.lines(kHistory, 4, {R"({"a":5})"}).http.body == "{}");
    CHECK(run.field("historyLineCount") == "5");
    CHECK(run.lines("wandb-summary.json", 0, {"nothing"}).number("invalid_lines") == 1);
}

TEST_CASE("file stream: bodies come packed, too", "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    const std::string plain =
        R"({"files":{"wandb-history.jsonl":{"offset":0,"content":["{\"a\":1}"]}}})";
    const HttpFields packed{{"Content-Encoding", "gzip"}};
    CHECK(run.stream(gzip(plain), packed).status == 200);
    CHECK(run.field("historyLineCount") == "1");

    CHECK(run.stream(plain, packed).status == 400);
    CHECK(run.stream(gzip(plain).substr(0, 30), packed).status == 400);
    CHECK(run.stream(gzip(plain) + "more", packed).status == 400);
    CHECK(run.stream(plain, {{"Content-Encoding", "br"}}).status == 415);
    CHECK(run.stream(plain, {{"Content-Encoding", "identity"}}).status == 200);
    CHECK(run.field("historyLineCount") == "1");
}

TEST_CASE("file stream: a bomb is not unpacked, a large body not read", "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    constexpr std::size_t kMax = std::size_t{16} << 20;
    const std::string large = R"({"x":")" + std::string(kMax, 'a') + R"("})";
    const std::string bomb = gzip(large);
    REQUIRE(bomb.size() < 100'000);
    CHECK(run.stream(bomb, {{"Content-Encoding", "gzip"}}).status == 413);
    CHECK(run.stream(large).status == 413);
    const std::string just = R"({"x":")" + std::string(kMax - 8, 'a') + R"("})";
    CHECK(run.stream(gzip(just), {{"Content-Encoding", "gzip"}}).status == 200);
    CHECK(run.stream(just).status == 200);
    CHECK(run.state() == R"("running")");
}

TEST_CASE("file stream: what no client sends is refused whole", "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    const std::string line = R"("wandb-history.jsonl":{"offset":0,"content":["{\"a\":1}"]})";
    const std::vector<std::string> bodies{
        "",
        "nothing",
        "[]",
        R"({"complete": true, "files": 1})",
        R"({"files": {)" + line + R"(}, "complete": "yes"})",
        R"({"files": {)" + line + R"(}, "preempting": 1})",
        R"({"files": {)" + line + R"(}, "complete": true, "exitcode": "0"})",
        R"({"files": {)" + line + R"(}, "complete": true, "exitcode": 99999999999})",
        R"({"files": {)" + line + R"(}, "uploaded": "x"})",
        R"({"files": {)" + line + R"(}, "uploaded": [1]})",
        R"({"files": {)" + line + R"(, "output.log": []}})",
        R"({"files": {)" + line + R"(, "output.log": {"offset": -1}}})",
        R"({"files": {)" + line + R"(, "output.log": {"offset": "1"}}})",
        R"({"files": {)" + line + R"(, "output.log": {"offset": 1.5}}})",
        R"({"files": {)" + line + R"(, "output.log": {"content": "text"}}})",
        R"({"files": {)" + line + R"(, "output.log": {"content": [1]}}})",
        R"({"files": {)" + line + R"(}} and more)",
        std::string(100'000, '['),
    };
    for (const std::string& body : bodies) {
        CAPTURE(body.substr(0, 100));
        CHECK(run.stream(body).status == 400);
    }
    CHECK(run.lines("output.log", 0, {}).status == 200);
    CHECK(run.stream(R"({"files":{"wandb-history.jsonl":{"offset":9223372036854775807,)"
                     R"("content":["{}"]}}})")
              .status == 422);
    CHECK(run.field("historyLineCount") == "0");
    CHECK(run.state() == R"("running")");
}

TEST_CASE("file stream: values whose names multiply are refused whole", "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    const std::string id = run.init();
    // Five MiB with a hundred of names.
    std::string line = "{\"" + std::string(190, 'g') + "\":{";
    for (int k = 0; k < 500'000; ++k)
        line += (k == 0 ? "\"" : ",\"") + std::to_string(k) + "\":1";
    line += "}}";
    CHECK(run.lines(kHistory, 0, {R"({"a":1})", line}).status == 413);
    CHECK(run.field("historyLineCount") == "0");
    CHECK(run.state() == R"("running")");
    const ApiReply update = run.graphql(
        "mutation($id: String!, $summary: JSONString) { upsertBucket(input: {id: $id, "
        "summaryMetrics: $summary}) { inserted } }",
        {{"id", id}, {"summary", line}});
    CHECK(update.status == 400);
    CHECK(run.lines(kHistory, 0, {R"({"a":1})"}).status == 200);
    CHECK(run.field("summaryMetrics") == R"("{\"a\":1}")");
}

TEST_CASE("file stream: a run that is to stop hears it with its next lines",
          "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    const std::string id = run.init();
    CHECK(run.stream("{}").http.body == "{}");
    run.graphql("mutation($id: ID!) { stopRun(input: {id: $id}) { success } }", {{"id", id}});
    CHECK(run.stream("{}").http.body == R"({"stopped":true})");
    CHECK(run.stream(R"({"complete": true, "exitcode": 255})").status == 200);
    CHECK(run.state() == R"("killed")");
}

TEST_CASE("file stream: of a run that is not there", "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    CHECK(run.stream("{}").status == 410);
    const std::string id = run.init();
    CHECK(run.stream("{}").status == 200);
    run.stream(R"({"complete": true, "exitcode": 0})");
    run.graphql("mutation($id: ID!) { deleteRun(input: {id: $id}) { success } }", {{"id", id}});
    CHECK(run.lines(kHistory, 0, {R"({"a":1})"}).status == 410);
}

TEST_CASE("file stream: no answer before the lines are stored", "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    const std::string body =
        R"({"files":{"wandb-history.jsonl":{"offset":0,"content":["{\"a\":1}"]}}})";
    const std::string request = "POST " + run.path("file_stream") +
                                " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body;
    fixture.on_loop([&] { fixture.store().slow = true; });
    RawClient first = RawClient::over_unix(fixture.unix_path());
    first.send(request);
    fixture.wait_until([&] { return fixture.store().waiting(); });
    // The same again, since no answer came: it has to wait for the same commit.
    RawClient again = RawClient::over_unix(fixture.unix_path());
    again.send(request);
    CHECK(run.field("historyLineCount") == "0");
    const auto answered = [](const RawClient& client) {
        pollfd watched{client.fd(), POLLIN, 0};
        return ::poll(&watched, 1, 0) != 0;
    };
    CHECK_FALSE(answered(first));
    CHECK_FALSE(answered(again));
    fixture.on_loop([&] { fixture.store().hurry(); });
    CHECK(status_of(first.read_reply()) == 200);
    CHECK(run.field("historyLineCount") == "1");
    CHECK(status_of(again.read_reply()) == 200);
    CHECK(run.field("historyLineCount") == "1");
}

TEST_CASE("file stream: a live run that is deleted", "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    const std::string id = run.init();
    CHECK(run.lines(kHistory, 0, {R"({"a":1})"}).status == 200);
    const ApiReply done =
        run.graphql("mutation($id: ID!) { deleteRun(input: {id: $id}) { success } }", {{"id", id}});
    CHECK(to_json(done.at("data", "deleteRun")) == R"({"success":true})");
    CHECK(run.lines(kHistory, 1, {R"({"a":2})"}).status == 410);
    CHECK(run.stream("{}").status == 410);
    // What its process says of itself later does not bring it back.
    const ApiReply late = run.graphql(
        "mutation($config: JSONString) { upsertBucket(input: {name: \"r1\", modelName: \"proj\", "
        "entityName: \"me\", config: $config}) { inserted } }",
        {{"config", R"({"_wandb":{"value":{"t":{},"e":{"w":{"os":"Linux"}}}}})"}});
    CHECK(late.status == 410);
    CHECK(run.field("id") == "null");
    CHECK(run.graphql("mutation($id: ID!) { deleteRun(input: {id: $id}) { success } }",
                      {{"id", id}})
              .status == 404);
}

TEST_CASE("file stream: trouble here is no reason for a client to give up",
          "[api][wandb][stream]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    fixture.on_loop([&] { fixture.store().full = true; });
    // Once when it becomes known, once when it is.
    for (int i = 0; i < 2; ++i) {
        const ApiReply reply = run.lines(kHistory, 0, {R"({"a":1})"});
        CHECK(reply.status == 507);
        CHECK(reply.header("Retry-After") == "5");
    }
    fixture.on_loop([&] { fixture.store().full = false; });
    fixture.wait_until([&] { return fixture.controller().settled(); });
    CHECK(run.lines(kHistory, 0, {R"({"a":1})"}).status == 200);
    CHECK(run.field("historyLineCount") == "1");

    fixture.on_loop([&] { fixture.api().begin_shutdown(); });
    const ApiReply leaving = run.stream("{}");
    CHECK(leaving.status == 503);
    CHECK(leaving.header("Retry-After") == "1");
}

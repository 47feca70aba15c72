#include "sweepctl/core/json_text.hpp"

#include "api_fixture.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// The status of a request line as it is.
int status_of_target(ApiFixture& fixture, const std::string& target) {
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return status_of(client.read_reply());
}

}  // namespace

TEST_CASE("requests: what is not there is 404, what is not taken is 405", "[api][requests]") {
    ApiFixture fixture;
    for (const char* target :
         {"/", "/api", "/api/v1", "/api/v1/", "/api/v1/sweep", "/api/v1/sweeps/", "/api/v2/sweeps",
          "/api/v1/sweeps//runs", "/api/v1/runs/a/b/c", "/API/V1/sweeps", "/metrics/",
          "/api/v1/sweeps/../health"}) {
        CAPTURE(target);
        const ApiReply reply = fixture.get(target);
        CHECK(reply.status == 404);
        CHECK(fixture.faults(reply.json, "Problem") == "");
    }
    const ApiReply wrong = fixture.post("/api/v1/health");
    CHECK(wrong.status == 405);
    CHECK(wrong.header("Allow") == "GET, HEAD");
    CHECK(fixture.remove("/api/v1/sweeps").header("Allow") == "GET, HEAD, POST");
    HttpCall odd;
    odd.method = "PATCH";
    odd.target = "/api/v1/sweeps/abc";
    CHECK(fixture.call(odd).header("Allow") == "GET, HEAD, DELETE");
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("HEAD /api/v1/sweeps HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const std::string head = client.read_to_end();
    CHECK(status_of(head) == 200);
    CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("requests: an encoded slash separates nothing", "[api][requests]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    CHECK(status_of_target(fixture, "/api/v1/sweeps/" + sweep) == 200);
    CHECK(status_of_target(fixture, "/api/v1/%73weeps/" + sweep) == 200);
    CHECK(status_of_target(fixture, "/api/v1/sweeps/" + sweep + "%2Fruns") == 404);
    CHECK(status_of_target(fixture, "/api/v1%2Fsweeps") == 404);
    CHECK(status_of_target(fixture, "/api/v1/sweeps/%2e%2e%2f") == 404);
    CHECK(status_of_target(fixture, "/api/v1/sweeps/%00") == 400);
    CHECK(status_of_target(fixture, "/api/v1/sweeps/%zz") == 400);
    CHECK(status_of_target(fixture, "/api/v1/sweeps/%ff%fe") == 404);
    CHECK(status_of_target(fixture, "/api/v1/sweeps/'%20OR%201=1--") == 404);
    CHECK(status_of_target(fixture, "/api/v1/sweeps/%25") == 404);
    CHECK(status_of_target(fixture, "/api/v1/sweeps/_") == 404);
    CHECK(status_of_target(fixture, "/api/v1/sweeps/*") == 404);
    CHECK(status_of_target(fixture, "http://127.0.0.1/api/v1/sweeps/" + sweep) == 200);
}

TEST_CASE("requests: a parameter that is not known is refused", "[api][requests]") {
    ApiFixture fixture;
    const ApiReply reply = fixture.get("/api/v1/sweeps?statsu=paused");
    CHECK(reply.status == 422);
    CHECK(fixture.faults(reply.json, "Problem") == "");
    CHECK(reply.text("detail") == "unknown parameter 'statsu'; did you mean 'status'?");
}

TEST_CASE("requests: a body that is not JSON is refused with the place", "[api][requests]") {
    ApiFixture fixture;
    struct Row {
        std::string body;
        int status;
    };
    const auto row = GENERATE(values<Row>({
        {"{\"spec\": ", 400},
        {"{\"spec\": 'x'}", 400},
        {"{}{}", 400},
        {"nonsense", 400},
        {std::string("{\"a\0b\": 1}", 10), 400},
        {std::string(100'000, '['), 400},
        {"[]", 422},
        {"null", 422},
        {"\"text\"", 422},
        {"{\"spec\": \"\xff\xfe\", \"cwd\": \"/tmp\"}", 422},
        {"", 422},
        {"{\"spec\": {\"spec\": 1}, \"cwd\": \"/tmp\"}", 422},
    }));
    CAPTURE(row.body.substr(0, 40));
    const ApiReply reply = fixture.post("/api/v1/sweeps", row.body);
    CHECK(reply.status == row.status);
    CHECK(fixture.faults(reply.json, "Problem") == "");
    CHECK(reply.http.body.size() < 2000);
    if (row.status == 400) CHECK(mentions(reply.text("detail"), "the body is not JSON: byte "));
}

TEST_CASE("requests: a compressed body is refused, an empty one is an empty object",
          "[api][requests]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    HttpCall call;
    call.method = "POST";
    call.target = "/api/v1/sweeps/" + sweep + "/pause";
    call.body = "{}";
    call.headers = {{"Content-Encoding", "gzip"}};
    CHECK(fixture.call(call).status == 415);
    CHECK(fixture.post(call.target, " \n").status == 200);
    CHECK(fixture.post(call.target, "{\"grace\": 3}").status == 422);
    CHECK(fixture.post(call.target, std::string(2'000'000, ' ')).status == 413);
}

TEST_CASE("requests: random ones never break it", "[api][requests]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec, {{"paused", true}});
    const std::string run =
        fixture.post("/api/v1/sweeps/" + sweep + "/runs", R"({"config": {"lr": 0.1}})").text("id");
    const std::vector<std::string> paths{"/api/v1/sweeps",
                                         "/api/v1/sweeps/" + sweep,
                                         "/api/v1/runs/" + run,
                                         "/api/v1/sweeps/" + sweep + "/runs",
                                         "/api/v1/events",
                                         "/api/v1/sweeps/" + sweep + "/retry",
                                         "/api/v1/agents/a/drain",
                                         "/api/v1/runs/" + run + "/log",
                                         "/api/v1/runs/" + run + "/metrics",
                                         "/api/v1/runs/" + run + "/stop"};
    const std::vector<std::string> values{"null",        "0",
                                          "-1",          "1e400",
                                          "NaN",         "\"\"",
                                          "\"x\"",       "[]",
                                          "{}",          "true",
                                          "\"\\u0000\"", "18446744073709551616",
                                          "[[[[]]]]",    "{\"a\": {\"b\": []}}",
                                          "\"\\ud800\""};
    const std::vector<std::string> names{"spec",   "cwd",    "env",   "config", "front",  "states",
                                         "force",  "signal", "limit", "after",  "seed",   "cursor",
                                         "filter", "sort",   "state", "offset", "attempt"};
    const std::uint32_t seed = 20261122;
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto pick = [&](const auto& list) -> const std::string& {
        return list[random() % list.size()];
    };
    for (int i = 0; i < 600; ++i) {
        HttpCall call;
        call.method = pick(std::vector<std::string>{"GET", "POST", "DELETE", "PUT"});
        call.target = pick(paths);
        if (call.method == "DELETE") call.target += "x";  // What is there stays.
        for (auto k = random() % 3; k > 0; --k) {
            call.target += (call.target.find('?') == std::string::npos ? "?" : "&") + pick(names) +
                           "=" + std::to_string(static_cast<std::int32_t>(random()));
        }
        if (call.method == "POST") {
            call.body = "{";
            for (auto k = random() % 4; k > 0; --k)
                call.body += "\"" + pick(names) + "\": " + pick(values) + (k > 1 ? ", " : "");
            call.body += random() % 10 == 0 ? "" : "}";
        }
        CAPTURE(call.method, call.target, call.body);
        const ApiReply reply = fixture.call(call);
        REQUIRE(reply.status >= 200);
        REQUIRE(reply.status < 500);
        if (reply.status >= 400) REQUIRE(fixture.faults(reply.json, "Problem") == "");
    }
    CHECK(fixture.on_loop([&] { return fixture.controller().world().broken_invariant(); }) == "");
}

#include "sweepctl/core/json_text.hpp"

#include "agent_peer.hpp"
#include "api/route.hpp"
#include "api_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;
using namespace sweepctl::test;

TEST_CASE("secrets: no answer holds the launch environment or the token", "[api][secrets]") {
    ApiFixture fixture;
    const ParamMap env{{"API_KEY", "s3cr3t-value"}, {"S3CR3T_NAME", "x"}};
    const ApiReply created =
        fixture.post("/api/v1/sweeps", fixture.launch_body(kGridSpec, {{"env", env}}));
    REQUIRE(created.status == 201);
    const std::string sweep = created.text("id");
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    const StartOrder start = agent.next<StartOrder>();
    agent.started(start.execution);
    agent.exited(start.execution, 1);
    fixture.wait_until([&] {
        return fixture.controller().settled() &&
               fixture.controller().world().find_run(start.execution.run) == nullptr;
    });

    std::string all = created.http.body;
    for (const api::Route& route : api::all_routes()) {
        if (route.method != "GET" || route.name == "connectAgent") continue;
        std::string target(route.pattern);
        if (const auto at = target.find("{id}"); at != std::string::npos) {
            target.replace(
                at, 4,
                target.find("/runs/{id}") == std::string::npos ? sweep : start.execution.run.text);
        }
        CAPTURE(target);
        const ApiReply reply = fixture.get(target);
        CHECK((reply.status == 200 || reply.status == 404));
        all += reply.http.body;
        for (const auto& [name, value] : reply.http.headers)
            all += name + value;
    }
    // Refusals quote what was sent, but never this.
    all +=
        fixture
            .post("/api/v1/sweeps",
                  fixture.launch_body(kGridSpec, {{"env", ParamMap{{"A", ParamList{"s3cr3t"}}}}}))
            .http.body;
    all += fixture
               .post("/api/v1/sweeps",
                     fixture.launch_body(kGridSpec,
                                         {{"env", ParamMap{{"A", std::string("s3cr3t\0", 7)}}}}))
               .http.body;
    CHECK(all.find("s3cr3t") == std::string::npos);
    CHECK(all.find("S3CR3T") == std::string::npos);
    CHECK(all.find(kToken) == std::string::npos);
}

TEST_CASE("secrets: over TCP what is worth anything needs the token", "[api][secrets]") {
    ApiFixture fixture;
    for (const api::Route& route : api::all_routes()) {
        std::string target(route.pattern);
        if (const auto at = target.find("{id}"); at != std::string::npos)
            target.replace(at, 4, "x");
        CAPTURE(route.method, target);
        auto client = RawClient::over_tcp(fixture.port());
        client.send(std::string(route.method) + " " + target +
                    " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n");
        // Telemetry is refused to everybody: clients only ask whether somebody takes it.
        const int expected = route.name == "getHealth"   ? 200
                             : route.name == "telemetry" ? 404
                                                         : 401;
        CHECK(status_of(client.read_reply()) == expected);
    }
    // What merely decodes to the open path is not it.
    auto client = RawClient::over_tcp(fixture.port());
    client.send("GET /api/v1/sweeps%2F..%2Fhealth HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    CHECK(status_of(client.read_reply()) == 401);
}

TEST_CASE("secrets: an agent elsewhere gets no launch environment", "[api][secrets]") {
    ApiFixture fixture;
    const ParamMap env{{"API_KEY", "s3cr3t-value"}};
    fixture.launch(kGridSpec, {{"env", env}});
    {
        AgentPeer far(fixture.tcp_address());
        far.hello("far1");
        CHECK(far.next<SweepBrief>().launch_env.empty());
        const StartOrder start = far.next<StartOrder>();
        far.started(start.execution);
        far.exited(start.execution);
        far.next<AckOrder>();
    }
    AgentPeer near(fixture.unix_address());
    near.hello("near1");
    const SweepBrief brief = near.next<SweepBrief>();
    REQUIRE(brief.launch_env.size() == 1);
    CHECK(brief.launch_env.front().second == "s3cr3t-value");
}

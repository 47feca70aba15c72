#include "agent_peer.hpp"
#include "api_fixture.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <string>

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

void fill(ApiFixture& fixture, bool full) {
    fixture.on_loop([&] { fixture.store().full = full; });
}

}  // namespace

TEST_CASE("store trouble: what would change something is told at once, reads go on",
          "[api][trouble]") {
    ApiFixture fixture;
    const std::string id = fixture.launch(kGridSpec);
    CHECK(fixture.get("/api/v1/status").list("troubles").empty());
    fill(fixture, true);
    // Who came just before hears it too, as soon as it is known.
    const ApiReply first = fixture.post("/api/v1/sweeps/" + id + "/pause");
    CHECK(first.status == 507);
    CHECK(fixture.faults(first.json, "Problem") == "");
    CHECK(first.text("detail") ==
          "nothing can be stored at present: database or disk is full; what was asked takes effect "
          "as soon as it can be");
    const ApiReply second = fixture.post("/api/v1/sweeps", fixture.launch_body(kGridSpec));
    CHECK(second.status == 507);
    CHECK(second.text("detail") == "nothing can be stored at present: database or disk is full");
    CHECK(fixture.remove("/api/v1/sweeps/" + id).status == 507);
    CHECK(fixture.get("/api/v1/sweeps/" + id).text("status") == "pending");
    CHECK(fixture.get("/metrics").http.body.find("sweepctl_store_trouble 1\n") !=
          std::string::npos);
    const ApiReply status = fixture.get("/api/v1/status");
    CHECK(fixture.faults(status.json, "Status") == "");
    REQUIRE(status.list("troubles").size() == 1);
    const ParamValue& trouble = status.list("troubles")[0];
    CHECK(ApiReply::member(trouble, "agent").is_null());
    CHECK(ApiReply::member(trouble, "message") ==
          ParamValue("nothing can be stored: database or disk is full"));
    const std::string since = *ApiReply::member(trouble, "since").get_if<std::string>();
    const ApiReply why = fixture.get("/api/v1/sweeps/" + id + "/explain");
    CHECK(why.list("lines")[0] ==
          ParamValue("nothing can be stored since " + since +
                     ": database or disk is full; what happens meanwhile is told when it can be"));
    CHECK(fixture.post("/api/v1/shutdown").status == 202);

    fill(fixture, false);
    fixture.wait_until([&] { return fixture.controller().settled(); });
    // It was kept, and has taken effect now.
    CHECK(fixture.get("/api/v1/sweeps/" + id).text("status") == "paused");
    CHECK(fixture.get("/api/v1/status").list("troubles").empty());
    CHECK(fixture.post("/api/v1/sweeps/" + id + "/resume").status == 200);
}

TEST_CASE("store trouble: a retry of many that is stopped by it says so", "[api][trouble]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    for (int i = 0; i < 3; ++i) {
        const StartOrder start = agent.next<StartOrder>();
        agent.started(start.execution);
        agent.exited(start.execution, 1);
    }
    fixture.wait_until([&] {
        return fixture.controller().settled() &&
               fixture.controller().world().find_sweep(SweepId{sweep})->counts[RunState::failed] ==
                   3;
    });
    fill(fixture, true);
    CHECK(fixture.post("/api/v1/sweeps/" + sweep + "/retry").status == 507);
    fill(fixture, false);
    fixture.wait_until([&] { return fixture.controller().settled(); });
    CHECK(fixture.post("/api/v1/sweeps/" + sweep + "/retry").status == 200);
}

TEST_CASE("leaving: a call that waits is answered when the API goes", "[api][trouble]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    const StartOrder start = agent.next<StartOrder>();
    agent.started(start.execution);
    agent.next<AckOrder>();
    auto waiting = std::async(std::launch::async,
                              [&] { return fixture.post("/api/v1/sweeps/" + sweep + "/cancel"); });
    agent.next<SignalOrder>();
    fixture.drop_api();
    const ApiReply reply = waiting.get();
    CHECK(reply.status == 503);
    CHECK(fixture.get("/api/v1/health").status == 503);
}

#include "sweepctl/wire/agent_protocol.hpp"

#include "agent_peer.hpp"
#include "api_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <variant>

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

AgentHello hello_of(const std::string& id, std::uint32_t slots = 1) {
    AgentHello hello;
    hello.agent.id = AgentId{id};
    hello.agent.host = "testhost";
    hello.agent.boot_id = "boot-1";
    hello.agent.pid = 77;
    hello.agent.slots = slots;
    hello.report.agent = hello.agent.id;
    return hello;
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string agent_state(ApiFixture& fixture, const std::string& id) {
    const ApiReply agents = fixture.get("/api/v1/agents");
    CHECK(fixture.faults(agents.json, "AgentList") == "");
    for (const ParamValue& agent : agents.list("items")) {
        if (ApiReply::member(agent, "id") == ParamValue(id))
            return *ApiReply::member(agent, "state").get_if<std::string>();
    }
    return "(none)";
}

void wait_for_agent(ApiFixture& fixture, const std::string& id, AgentState state) {
    fixture.wait_until([&] {
        for (const World::AgentView& agent : fixture.controller().world().agents()) {
            if (agent.record.id.text == id) return agent.record.state == state;
        }
        return false;
    });
}

/// Whether the controller still serves, which nothing an agent says may change.
void check_served(ApiFixture& fixture) {
    CHECK(fixture.get("/api/v1/status").status == 200);
    CHECK(fixture.on_loop([&] { return fixture.controller().world().broken_invariant(); }) == "");
}

}  // namespace

TEST_CASE("agents: one links up, works and leaves", "[api][agents]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    {
        AgentPeer agent(fixture.unix_address());
        agent.hello("a1");
        agent.next<WelcomeOrder>();
        CHECK(agent_state(fixture, "a1") == "online");
        const SweepBrief brief = agent.next<SweepBrief>();
        CHECK(brief.sweep.text == sweep);
        CHECK(brief.program == "train.py");
        CHECK(brief.cwd == "/tmp");
        const StartOrder start = agent.next<StartOrder>();
        agent.started(start.execution);
        agent.exited(start.execution);
        agent.next<StartOrder>();
        agent.say(AgentLeaving{AgentId{"a1"}, "nothing to do"});
        agent.close();
        wait_for_agent(fixture, "a1", AgentState::lost);
    }
    CHECK(agent_state(fixture, "a1") == "lost");
    const ApiReply not_linked = fixture.post("/api/v1/agents/a1/drain");
    CHECK(not_linked.status == 409);
    CHECK(fixture.post("/api/v1/agents/nobody/drain").status == 404);
}

TEST_CASE("agents: a draining one takes nothing more and is forgotten when it left",
          "[api][agents]") {
    ApiFixture fixture;
    AgentPeer agent(fixture.unix_address());
    agent.hello("abc1", 2);
    AgentPeer other(fixture.unix_address());
    other.hello("abd2", 2);
    agent.next<WelcomeOrder>();
    other.next<WelcomeOrder>();
    const ApiReply ambiguous = fixture.post("/api/v1/agents/ab/drain");
    CHECK(ambiguous.status == 409);
    CHECK(ambiguous.list("candidates").size() == 2);
    const ApiReply reply = fixture.post("/api/v1/agents/abc/drain");
    REQUIRE(reply.status == 200);
    CHECK(fixture.faults(reply.json, "Done") == "");
    CHECK(reply.text("id") == "abc1");
    agent.next<DrainOrder>();
    CHECK(agent_state(fixture, "abc1") == "draining");
    agent.close();
    fixture.wait_until([&] { return fixture.controller().world().agents().size() == 1; });
}

TEST_CASE("agents: a second link takes the first one's place", "[api][agents]") {
    ApiFixture fixture;
    fixture.launch(kGridSpec);
    AgentPeer first(fixture.unix_address());
    first.hello("a1");
    const StartOrder held = first.next<StartOrder>();
    AgentPeer second(fixture.unix_address());
    second.hello("a1");
    CHECK(mentions(first.closed_with(), "another link of this agent has come"));
    second.next<WelcomeOrder>();
    // The new link knows nothing of what the old one was told: it hears the brief again, and the
    // claim that it does not hold is given out anew.
    CHECK(second.next<SweepBrief>().program == "train.py");
    const StartOrder again = second.next<StartOrder>();
    CHECK(again.execution.run == held.execution.run);
    CHECK(again.execution.fence > held.execution.fence);
    CHECK(agent_state(fixture, "a1") == "online");
    check_served(fixture);
}

TEST_CASE("agents: nothing decided before its hello reaches a new link", "[api][agents]") {
    ApiFixture fixture;
    fixture.launch(kGridSpec);
    AgentPeer first(fixture.unix_address());
    fixture.on_loop([&] { fixture.store().slow = true; });
    first.hello("a1");
    fixture.wait_until([&] { return fixture.store().waiting(); });
    // The first link's run is decided, but not stored. Its order would now go to the second link,
    // whose hello says that nothing is held: the claim is given out again.
    AgentPeer second(fixture.unix_address());
    second.hello("a1");
    CHECK(mentions(first.closed_with(), "another link of this agent has come"));
    fixture.on_loop([&] { fixture.store().hurry(); });
    second.next<WelcomeOrder>();
    CHECK(second.next<SweepBrief>().program == "train.py");
    const StartOrder start = second.next<StartOrder>();
    second.started(start.execution);
    second.next<AckOrder>();
    CHECK(fixture.get("/api/v1/runs/" + start.execution.run.text).text("state") == "running");
    check_served(fixture);
}

TEST_CASE("agents: who only has the token cannot take a trusted agent's place", "[api][agents]") {
    ApiFixture fixture;
    AgentPeer trusted(fixture.unix_address());
    trusted.hello("a1");
    trusted.next<WelcomeOrder>();
    AgentPeer thief(fixture.tcp_address());
    thief.hello("a1");
    CHECK(mentions(thief.closed_with(), "agent a1 is linked over the unix socket"));
    CHECK(fixture.on_loop([&] { return fixture.agents().trusted(AgentId{"a1"}); }));
    CHECK(agent_state(fixture, "a1") == "online");
}

TEST_CASE("agents: a link that is no agent's is closed with the reason", "[api][agents]") {
    ApiFixture fixture;
    const auto refused = [&](const std::string& text) {
        AgentPeer agent(fixture.unix_address());
        agent.say_text(text);
        return agent.closed_with();
    };
    CHECK(mentions(refused("hello?"), "not JSON"));
    CHECK(mentions(refused("[]"), "must be an object"));
    CHECK(mentions(refused(R"({"type":"greeting"})"), "unknown message 'greeting'"));
    CHECK(mentions(refused(R"({"type":"heartbeat","agent":"a"})"), "must be a hello"));
    CHECK(mentions(refused(R"({"type":"hello","protocol":99,"agent":"a"})"), "'protocol' must be"));
    CHECK(mentions(refused(encode(hello_of(""))), "agent"));
    CHECK(mentions(refused(encode(hello_of("../../etc"))), "is not an agent's id"));
    CHECK(mentions(refused(encode(hello_of(std::string(65, 'a')))), "is not an agent's id"));
    CHECK(mentions(refused(encode(hello_of("a1", 0))), "1 to 4096 slots"));
    CHECK(mentions(refused(encode(hello_of("a1", 4'000'000'000))), "1 to 4096 slots"));
    AgentPeer silent(fixture.unix_address());
    CHECK(mentions(silent.closed_with(), "no hello came in time"));
    CHECK(fixture.get("/api/v1/agents").list("items").empty());
}

TEST_CASE("agents: what is not true of its own runs changes nothing", "[api][agents]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    AgentPeer honest(fixture.unix_address());
    honest.hello("honest");
    const StartOrder start = honest.next<StartOrder>();
    honest.started(start.execution);
    honest.next<AckOrder>();

    AgentPeer liar(fixture.tcp_address());
    AgentHello hello = hello_of("liar");
    hello.live = {start.execution, {RunId{"no-such-run"}, 7, 9'000'000'000}};
    hello.held = {start.execution, start.execution};
    hello.report.returned = {start.execution};
    liar.say(hello);
    liar.next<WelcomeOrder>();
    const StartOrder own = liar.next<StartOrder>();

    // In another's name, with another's run, with every number at its end.
    AgentReport report;
    report.agent = AgentId{"honest"};
    report.sequence = UINT64_MAX / 2;
    report.window = UINT32_MAX;
    RunEnded ended;
    ended.execution = start.execution;
    ended.code = INT32_MIN;
    ended.at = WallTime{Duration{INT64_MAX}};
    ended.started_at = WallTime{Duration{INT64_MIN}};
    ended.detail = std::string(100'000, '\x01');
    ended.cpu_us = UINT64_MAX;
    report.ended = {ended};
    report.drained = {start.execution, start.execution};
    report.returned = {start.execution};
    report.started = {{start.execution, WallTime{Duration{INT64_MIN}}, -5}};
    liar.say(report);
    liar.next<AckOrder>();
    AgentHeartbeat heartbeat;
    heartbeat.agent = AgentId{"honest"};
    heartbeat.live = {{start.execution, -1}, {{RunId{"x"}, 0, 0}, std::nullopt}};
    liar.say(heartbeat);
    liar.next<AckOrder>();
    const ApiReply run = fixture.get("/api/v1/runs/" + start.execution.run.text);
    CHECK(run.text("state") == "running");
    CHECK(run.text("agent") == "honest");
    CHECK(run.number("pid") == 4242);

    // The same of its own run is believed, within bounds.
    ended.execution = own.execution;
    report.ended = {ended};
    report.sequence += 1;
    report.shortage = AgentShortage{WallTime::max(), std::string(100'000, '\x01')};
    liar.say(report);
    liar.next<AckOrder>();
    CHECK(fixture.faults(fixture.get("/api/v1/status").json, "Status") == "");
    CHECK(fixture.get("/api/v1/status").http.body.size() < 5000);
    const ApiReply lied = fixture.get("/api/v1/runs/" + own.execution.run.text);
    CHECK(fixture.faults(lied.json, "RunInFull") == "");
    CHECK(lied.text("state") == "failed");
    CHECK(lied.text("detail").size() < 5000);

    MetricsLogged metrics;
    metrics.agent = AgentId{"honest"};
    metrics.execution = start.execution;
    metrics.offset_end = 10;
    metrics.lines = {R"({"loss":-1e9})"};
    metrics.points = {{{"loss", -1e9}}};
    liar.say(metrics);
    CHECK(mentions(liar.closed_with(), "which another agent has"));
    CHECK(fixture.get("/api/v1/sweeps/" + sweep).at("best").is_null());
    check_served(fixture);
}

TEST_CASE("agents: a metrics file that was cut is read on", "[api][agents]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    MetricsLogged metrics;
    metrics.agent = AgentId{"a1"};
    metrics.execution = agent.next<StartOrder>().execution;
    agent.started(metrics.execution);
    const auto log = [&](std::uint64_t begin, std::uint64_t end, double loss) {
        metrics.offset = begin;
        metrics.offset_end = end;
        metrics.truncated = end < begin;
        metrics.lines = {R"({"loss":)" + std::to_string(loss) + "}"};
        agent.say(metrics);
        return agent.next<MetricsAck>().offset;
    };
    CHECK(log(0, 50, 0.5) == 50);
    CHECK(log(50, 10, 0.25) == 10);
    CHECK(log(10, 20, 0.125) == 20);
    CHECK(fixture.get("/api/v1/sweeps/" + sweep).at("best", "value") == ParamValue(0.125));
}

TEST_CASE("agents: an agent that breaks the protocol later loses its link, and may come again",
          "[api][agents]") {
    ApiFixture fixture;
    for (const char* text : {"{", R"({"type":"report","started":[{"e":["r",1]}]})",
                             R"({"type":"metrics","e":["r",1,1],"offset":5,"offset_end":1})"}) {
        CAPTURE(text);
        AgentPeer agent(fixture.unix_address());
        agent.hello("a1");
        agent.next<WelcomeOrder>();
        agent.say_text(text);
        CHECK(agent.closed_with() != "(still open)");
        wait_for_agent(fixture, "a1", AgentState::lost);
    }
    AgentPeer twice(fixture.unix_address());
    twice.hello("a1");
    twice.hello("a1");
    CHECK(mentions(twice.closed_with(), "a second hello on one link"));
    AgentPeer again(fixture.unix_address());
    again.hello("a1");
    again.next<WelcomeOrder>();
    check_served(fixture);
}

TEST_CASE("agents: connect needs a WebSocket", "[api][agents]") {
    ApiFixture fixture;
    CHECK(fixture.get("/api/v1/agents/connect").status == 426);
    CHECK(fixture.post("/api/v1/agents/connect").status == 405);
}

#include "agent_peer.hpp"
#include "api_fixture.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <future>
#include <string>

#include <sys/stat.h>

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

std::string log_target(const RunId& run, const std::string& query = {}) {
    return "/api/v1/runs/" + run.text + "/log" + query;
}

/// Writes what the run's program would have.
void write_log(ApiFixture& fixture,
               const std::string& sweep,
               const ExecutionRef& execution,
               const std::string& text) {
    const std::string directory = fixture.home() + "/sweeps/" + sweep;
    std::filesystem::create_directories(directory);
    std::ofstream(directory + "/" + execution.run.text + "." + std::to_string(execution.attempt) +
                  ".log")
        << text;
}

}  // namespace

TEST_CASE("logs: a live run's output is read piece by piece", "[api][logs]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    const StartOrder start = agent.next<StartOrder>();
    const RunId run = start.execution.run;

    const ApiReply before = fixture.get(log_target(run));
    CHECK(before.status == 200);
    CHECK(before.http.body.empty());
    CHECK(before.header("X-Run-State") == "pending");
    CHECK(before.header("X-Run-Live") == "1");
    CHECK(before.header("X-Next-Offset") == "0");

    agent.started(start.execution);
    agent.next<AckOrder>();
    const std::string bytes("one\ntwo\n\xff\xfe\0three\n", 17);
    write_log(fixture, sweep, start.execution, bytes);
    const ApiReply all = fixture.get(log_target(run));
    CHECK(all.header("Content-Type") == "application/octet-stream");
    CHECK(all.http.body == bytes);
    CHECK(all.header("X-Next-Offset") == "17");
    CHECK(all.header("X-Log-Size") == "17");
    CHECK(all.header("X-Run-State") == "running");
    const ApiReply piece = fixture.get(log_target(run, "?offset=4&limit=3"));
    CHECK(piece.http.body == "two");
    CHECK(piece.header("X-Next-Offset") == "7");
    const ApiReply past = fixture.get(log_target(run, "?offset=1000"));
    CHECK(past.http.body.empty());
    CHECK(past.header("X-Next-Offset") == "17");
    CHECK(fixture.get(log_target(run, "?offset=18446744073709551615")).http.body.empty());

    agent.exited(start.execution);
    fixture.wait_until([&] {
        return fixture.controller().settled() &&
               fixture.controller().world().find_run(run) == nullptr;
    });
    const ApiReply ended = fixture.get(log_target(run));
    CHECK(ended.http.body == bytes);
    CHECK(ended.header("X-Run-State") == "finished");
    CHECK(ended.header("X-Run-Live") == "0");
}

TEST_CASE("logs: pieces are bounded, whatever is asked", "[api][logs]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    const StartOrder start = agent.next<StartOrder>();
    write_log(fixture, sweep, start.execution, std::string(3'000'000, 'x'));
    const ApiReply piece = fixture.get(log_target(start.execution.run, "?limit=99999999"));
    CHECK(piece.http.body.size() == 1'048'576);
    CHECK(piece.header("X-Log-Size") == "3000000");
    CHECK(fixture.get(log_target(start.execution.run, "?limit=abc")).status == 422);
    CHECK(fixture.get(log_target(start.execution.run, "?attempt=2")).status == 404);
    CHECK(fixture.get(log_target(start.execution.run, "?attempt=0")).status == 404);
    CHECK(fixture.get("/api/v1/runs/no-such-run/log").status == 404);
}

TEST_CASE("logs: what is no file is not read", "[api][logs]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    const StartOrder start = agent.next<StartOrder>();
    const std::string directory = fixture.home() + "/sweeps/" + sweep;
    std::filesystem::create_directories(directory);
    const std::string path = directory + "/" + start.execution.run.text + ".1.log";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(fixture.get(log_target(start.execution.run)).status == 500);
    std::filesystem::remove(path);
    std::filesystem::create_symlink("/etc/passwd", path);
    CHECK(fixture.get(log_target(start.execution.run)).status == 500);
}

TEST_CASE("logs: an agent elsewhere is asked for its runs' output", "[api][logs]") {
    ApiFixture fixture;
    fixture.launch(kGridSpec);
    AgentPeer agent(fixture.tcp_address());
    agent.hello("far1");
    const StartOrder start = agent.next<StartOrder>();
    agent.started(start.execution);
    agent.next<AckOrder>();
    const auto ask = [&] {
        return std::async(std::launch::async, [&] {
            return fixture.get(log_target(start.execution.run, "?offset=5&limit=4"));
        });
    };
    auto asked = ask();
    const TailOrder order = agent.next<TailOrder>();
    CHECK(order.run == start.execution.run);
    CHECK(order.attempt == 1);
    CHECK(order.offset == 5);
    CHECK(order.limit == 4);
    // Another agent has no say in it, and neither has a number that nobody asked with.
    AgentPeer other(fixture.tcp_address());
    other.hello("far2");
    other.next<WelcomeOrder>();
    other.say(LogChunk{order.id, 3, "lie", ""});
    other.say(LogChunk{order.id + 1, 3, "lie", ""});
    agent.say(LogChunk{order.id, 100, "abcdefgh", ""});
    const ApiReply reply = asked.get();
    CHECK(reply.status == 200);
    CHECK(reply.http.body == "abcd");
    CHECK(reply.header("X-Next-Offset") == "9");
    CHECK(reply.header("X-Log-Size") == "100");
    CHECK(reply.header("X-Run-Live") == "1");

    asked = ask();
    agent.say(LogChunk{agent.next<TailOrder>().id, 0, "", "cannot read it"});
    const ApiReply refused = asked.get();
    CHECK(refused.status == 404);
    CHECK(refused.text("detail") == "agent far1 says: cannot read it");

    asked = ask();
    agent.next<TailOrder>();
    agent.close();
    CHECK(asked.get().status == 504);
    fixture.wait_until([&] { return !fixture.agents().linked(AgentId{"far1"}); });
    const ApiReply unreachable = fixture.get(log_target(start.execution.run));
    CHECK(unreachable.status == 404);
    CHECK(unreachable.text("detail").find("far1, which is not connected") != std::string::npos);
}

#include "sweepctl/core/json_text.hpp"

#include "agent_peer.hpp"
#include "api_fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace sweepctl;
using namespace sweepctl::test;
using namespace std::chrono_literals;

namespace {

/// Reads a stream on a thread of its own until it has seen enough.
class StreamReader {
public:
    StreamReader(const ServerAddress& address,
                 const std::string& target,
                 std::size_t wanted,
                 const std::string& last_id = {}) {
        future_ = std::async(std::launch::async, [=, this] {
            HttpClient client(address);
            StreamCall call;
            call.target = target;
            call.last_event_id = last_id;
            std::vector<ServerEvent> events;
            const auto end = client.events(call, [&](const ServerEvent& event) {
                events.push_back(event);
                return events.size() < wanted;
            });
            if (end) last_id_ = end.value().last_event_id;
            return events;
        });
    }
    std::vector<ServerEvent> events() {
        if (future_.wait_for(kPatience) != std::future_status::ready)
            throw std::runtime_error("the stream does not bring what was waited for");
        return future_.get();
    }
    [[nodiscard]] const std::string& last_id() const { return last_id_; }

private:
    std::string last_id_;
    std::future<std::vector<ServerEvent>> future_;
};

std::string member(const ServerEvent& event, const std::string& name) {
    const auto json = parse_json(event.data);
    const auto* text = ApiReply::member(json.value(), name).get_if<std::string>();
    return text == nullptr ? "(null)" : *text;
}

/// A connection that has an open stream, by its head.
RawClient open_stream(ApiFixture& fixture, const std::string& target) {
    auto client = RawClient::over_unix(fixture.unix_path());
    client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
    CHECK(status_of(client.read_until("\r\n\r\n")) == 200);
    return client;
}

}  // namespace

TEST_CASE("events: a page has everything, oldest first", "[api][events]") {
    ApiFixture fixture;
    const std::string first = fixture.launch(kGridSpec);
    const std::string second = fixture.launch(kGridSpec);
    REQUIRE(fixture.post("/api/v1/sweeps/" + first + "/pause").status == 200);
    const ApiReply page = fixture.get("/api/v1/events");
    CHECK(fixture.faults(page.json, "EventPage") == "");
    REQUIRE(page.list("items").size() == 3);
    CHECK(ApiReply::member(page.list("items")[2], "to") == ParamValue("paused"));
    CHECK(ApiReply::member(page.list("items")[2], "actor") == ParamValue("user tester"));
    CHECK(fixture.get("/api/v1/events?sweep=" + first).list("items").size() == 2);
    CHECK(fixture.get("/api/v1/events?sweep=" + second.substr(0, 6)).list("items").size() == 1);
    CHECK(fixture.get("/api/v1/events?after=2").list("items").size() == 1);
    CHECK(fixture.get("/api/v1/events?after=18446744073709551615").list("items").empty());
    const ApiReply one = fixture.get("/api/v1/events?limit=1");
    CHECK(one.list("items").size() == 1);
    CHECK_FALSE(one.at("next_cursor").is_null());
    CHECK(fixture.get("/api/v1/events?sweep=no-such-sweep").status == 404);
    CHECK(fixture.get("/api/v1/events?after=x").status == 422);
}

TEST_CASE("events: a stream brings what was and what comes, once and in order", "[api][events]") {
    ApiFixture fixture;
    constexpr int kBefore = 1200;  // More than one page of them.
    const std::string sweep = fixture.launch(kGridSpec);
    const auto toggle = [&](int count, int at_once) {
        for (int i = 0; i < count; i += at_once) {
            fixture.on_loop([&] {
                for (int k = i; k < i + at_once; ++k) {
                    CommandSweep event;
                    event.sweep = SweepId{sweep};
                    event.command = k % 2 == 0 ? SweepCommand::pause : SweepCommand::resume;
                    fixture.controller().request(std::move(event), [](const Answer&) {});
                }
            });
            fixture.wait_until([&] { return fixture.controller().settled(); });
        }
    };
    toggle(kBefore, 200);
    StreamReader all(fixture.unix_address(), "/api/v1/events?after=0", kBefore + 401);
    StreamReader resumed(fixture.tcp_address(), "/api/v1/events", 501, "1100");
    StreamReader none(fixture.unix_address(), "/api/v1/events?sweep=" + sweep + "&after=100",
                      kBefore + 301);
    toggle(400, 4);  // Meanwhile.
    std::uint64_t expected = 1;
    for (const ServerEvent& event : all.events()) {
        REQUIRE(event.id == std::to_string(expected));
        ++expected;
    }
    CHECK(expected == kBefore + 402);
    expected = 1101;
    for (const ServerEvent& event : resumed.events())
        REQUIRE(event.id == std::to_string(expected++));
    expected = 101;
    for (const ServerEvent& event : none.events())
        REQUIRE(event.id == std::to_string(expected++));
}

TEST_CASE("events: a stream without a beginning starts now, and says where that is",
          "[api][events]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    auto client = open_stream(fixture, "/api/v1/events");
    CHECK(client.read_until("\n\n").find("id: 1\n") != std::string::npos);
    fixture.post("/api/v1/sweeps/" + sweep + "/pause");
    const std::string event = client.read_until("\n\n");
    CHECK(event.find("id: 2\ndata: {") != std::string::npos);
}

TEST_CASE("events: a stream of one sweep or run has nothing of others", "[api][events]") {
    ApiFixture fixture;
    const std::string one = fixture.launch(kGridSpec);
    const std::string other = fixture.launch(kGridSpec, {{"paused", true}});
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1", 2);
    const StartOrder start = agent.next<StartOrder>();
    const StartOrder next = agent.next<StartOrder>();
    agent.started(start.execution);
    agent.started(next.execution);
    agent.next<AckOrder>();
    agent.next<AckOrder>();
    StreamReader of_sweep(fixture.unix_address(), "/api/v1/events?sweep=" + other + "&after=0", 4);
    StreamReader of_run(fixture.unix_address(),
                        "/api/v1/events?run=" + start.execution.run.text + "&after=0", 3);
    fixture.post("/api/v1/sweeps/" + one + "/pause");
    fixture.post("/api/v1/sweeps/" + other + "/resume");
    fixture.post("/api/v1/sweeps/" + other + "/stop");
    agent.exited(next.execution);
    agent.exited(start.execution);
    for (const ServerEvent& event : of_sweep.events())
        CHECK(member(event, "sweep") == other);
    const std::vector<ServerEvent> of_that_run = of_run.events();
    CHECK(member(of_that_run.front(), "to") == "pending");
    CHECK(member(of_that_run.back(), "to") == "finished");
    for (const ServerEvent& event : of_that_run) {
        CHECK(member(event, "run") == start.execution.run.text);
        CHECK(fixture.faults(parse_json(event.data).value(), "Event") == "");
    }
}

TEST_CASE("events: a reader who is too slow is cut, and goes on where he was", "[api][events]") {
    ApiFixture fixture;
    const std::string sweep = fixture.launch(kGridSpec);
    auto slow = open_stream(fixture, "/api/v1/events?after=0");
    slow.read_until("\n\n");
    // Long texts fill the stream's queue; nobody reads meanwhile.
    bool cut = false;
    for (int round = 0; round < 200 && !cut; ++round) {
        fixture.on_loop([&] {
            for (int i = 0; i < 20; ++i) {
                CommandSweep event;
                event.sweep = SweepId{sweep};
                event.command =
                    (round * 20 + i) % 2 == 0 ? SweepCommand::pause : SweepCommand::resume;
                event.request.actor = std::string(100'000, 'x');
                fixture.controller().request(std::move(event), [](const Answer&) {});
            }
        });
        fixture.wait_until([&] { return fixture.controller().settled(); });
        cut = fixture.on_loop([&] { return fixture.http_counts().connections_open < 2; });
    }
    REQUIRE(cut);
    // What it has is whole events, in order; the rest is had with the last id.
    std::string text = slow.read_to_end();
    std::uint64_t last = 1;
    for (auto at = text.find("id: "); at != std::string::npos; at = text.find("id: ", at + 1)) {
        const std::uint64_t id = std::stoull(text.substr(at + 4));
        if (text.find("\n\n", at) == std::string::npos) break;
        REQUIRE(id == last + 1);
        last = id;
    }
    StreamReader rest(fixture.unix_address(), "/api/v1/events", 5, std::to_string(last));
    for (const ServerEvent& event : rest.events())
        CHECK(event.id == std::to_string(++last));
}

TEST_CASE("events: a bad Last-Event-ID and an unknown sweep are refused before the stream opens",
          "[api][events]") {
    ApiFixture fixture;
    const auto status = [&](const std::string& target, const std::string& header) {
        auto client = RawClient::over_unix(fixture.unix_path());
        client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n" +
                    header + "\r\n");
        return status_of(client.read_reply());
    };
    CHECK(status("/api/v1/events", "Last-Event-ID: abc\r\n") == 422);
    CHECK(status("/api/v1/events", "Last-Event-ID: -1\r\n") == 422);
    CHECK(status("/api/v1/events", "Last-Event-ID: 99999999999999999999999\r\n") == 422);
    CHECK(status("/api/v1/events?sweep=no-such-sweep", "") == 404);
}

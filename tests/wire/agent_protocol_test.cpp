#include "sweepctl/wire/agent_protocol.hpp"

#include "sweepctl/base/base64.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace sweepctl;

namespace {

ExecutionRef execution(const char* run, std::uint32_t attempt, Fence fence) {
    return {RunId{run}, attempt, fence};
}

/// What is decoded says the same as what was encoded exactly when it encodes to the same text.
void require_round_trip(const AgentMessage& message) {
    const std::string text = encode(message);
    CAPTURE(text);
    const auto again = decode_message(text);
    REQUIRE(again.ok());
    REQUIRE((*again).index() == message.index());
    REQUIRE(encode(*again) == text);
}

}  // namespace

TEST_CASE("agent protocol: every message survives the wire", "[wire][agent_protocol]") {
    AgentHello hello;
    hello.agent.id = AgentId{"a1"};
    hello.agent.host = "host \"quoted\" \xc3\xa9";
    hello.agent.boot_id = "b";
    hello.agent.pid = 42;
    hello.agent.slots = 8;
    hello.agent.gpus = 2;
    hello.agent.local = true;
    hello.agent.only_sweep = SweepId{"s1"};
    hello.live = {execution("r1", 1, 7)};
    hello.held = {execution("r2", 3, std::numeric_limits<std::int64_t>::max())};
    hello.report.sequence = 9;
    hello.report.window = 16;
    hello.report.claims_max = 0;
    hello.report.shortage = {WallTime{Duration{1'700'000'000'000}}, "no space \"left\""};
    hello.report.draining = true;
    RunEnded ended;
    ended.execution = execution("r3", 1, 8);
    ended.kind = EndKind::spawn_error;
    ended.code = 127;
    ended.at = WallTime{Duration{1'700'000'000'123}};
    ended.started_at = WallTime{Duration{1'700'000'000'000}};
    ended.detail = "no such file\nand a line";
    ended.drained = false;
    hello.report.ended = {ended};
    hello.report.started = {{execution("r1", 1, 7), ended.at, 4711},
                            {execution("r9", 1, 10), ended.at, std::nullopt}};
    hello.report.drained = {execution("r4", 2, 5)};
    hello.report.returned = {execution("r5", 1, 6)};
    require_round_trip(hello);

    AgentReport report = hello.report;
    report.agent = AgentId{"a1"};
    require_round_trip(report);
    const auto decoded = decode_message(encode(AgentMessage(report)));
    const auto& same = std::get<AgentReport>(*decoded);
    REQUIRE(same.ended.at(0).code == 127);
    REQUIRE(same.ended.at(0).kind == EndKind::spawn_error);
    REQUIRE_FALSE(same.ended.at(0).drained);
    REQUIRE(same.ended.at(0).at == ended.at);
    REQUIRE(same.started.at(0).pid == 4711);
    REQUIRE(same.claims_max == 0U);
    REQUIRE(same.shortage->since == hello.report.shortage->since);
    REQUIRE(same.shortage->message == hello.report.shortage->message);

    require_round_trip(
        AgentHeartbeat{AgentId{"a1"}, {{execution("r1", 1, 7), 12}, {execution("r2", 1, 8), {}}}});
    require_round_trip(LogChunk{3, 100, std::string("\0\xff\n", 3), ""});
    require_round_trip(AgentLeaving{AgentId{"a1"}, "done"});
}

TEST_CASE("agent protocol: metrics keep NaN, nested values and what is flagged",
          "[wire][agent_protocol]") {
    MetricsLogged metrics;
    metrics.agent = AgentId{"a"};
    metrics.execution = execution("r", 1, 2);
    metrics.offset = 10;
    metrics.offset_end = 99;
    metrics.lines = {R"({"loss":NaN,"eval":{"acc":0.5,"n":3},"_step":1})"};
    metrics.preempting = true;
    metrics.invalid = "garbage \x01";
    const auto decoded = decode_message(encode(AgentMessage(metrics)));
    REQUIRE(decoded.ok());
    const auto& same = std::get<MetricsLogged>(*decoded);
    REQUIRE(same.lines == metrics.lines);
    REQUIRE(same.points.size() == 1);
    REQUIRE(same.points[0].size() == 3);
    REQUIRE(same.points[0][1].name == "eval.acc");
    REQUIRE(same.points[0][1].value == ParamValue(0.5));
    REQUIRE(same.preempting);
    REQUIRE(same.invalid == metrics.invalid);
    REQUIRE(same.source == MetricsSource::file);
    REQUIRE_FALSE(same.truncated);
    metrics.truncated = true;
    REQUIRE(std::get<MetricsLogged>(*decode_message(encode(AgentMessage(metrics)))).truncated);
}

TEST_CASE("agent protocol: names of metrics that grow without end are left out",
          "[wire][agent_protocol]") {
    const std::string deep(150, 'd');
    const std::string line = "{\"" + deep + "\":{\"a\":1,\"" + deep + "\":{\"b\":2,\"c\":3}}}";
    const auto read = read_metrics_line(line);
    REQUIRE(read);
    REQUIRE(read->points.size() == 1);
    REQUIRE(read->points[0].name == deep + ".a");
}

TEST_CASE("agent protocol: metrics and their acknowledgement name the file they are about",
          "[wire][agent_protocol]") {
    MetricsLogged metrics;
    metrics.agent = AgentId{"a"};
    metrics.execution = execution("r", 1, 2);
    metrics.source = MetricsSource::output;
    metrics.offset_end = 3;
    const std::string text = encode(AgentMessage(metrics));
    REQUIRE(std::get<MetricsLogged>(*decode_message(text)).source == MetricsSource::output);
    std::string other = text;
    other.replace(other.find("\"output\""), 8, "\"beyond\"");
    REQUIRE_FALSE(decode_message(other).ok());

    const auto orders = decode_orders(
        encode({AgentOrder(MetricsAck{{}, execution("r", 1, 2), metrics.source, 3})}));
    REQUIRE(std::get<MetricsAck>(orders->at(0)).source == MetricsSource::output);
    REQUIRE(std::get<MetricsAck>(orders->at(0)).offset == 3);
}

TEST_CASE("agent protocol: every order survives the wire", "[wire][agent_protocol]") {
    SweepBrief brief;
    brief.sweep = SweepId{"s"};
    brief.project = "p";
    brief.program = "train.py";
    brief.command = {"${env}", "a b"};
    brief.interpreter = "python";
    brief.cwd = "/tmp";
    brief.launch_dir = "/tmp";
    brief.launch_env = {{"PATH", "/bin"}, {"EMPTY", ""}};
    brief.env = {{"X", "1=2"}};
    brief.kill_delay = Duration{1500};
    brief.stdout_metrics = StdoutMetrics::kv;
    StartOrder start;
    start.execution = execution("r", 2, 3);
    start.sweep = brief.sweep;
    start.name = "s-1";
    start.config = {{"lr", ParamValue(1e-5)},
                    {"n", ParamValue(3)},
                    {"opt", ParamValue(ParamMap{{"x", nullptr}})}};
    start.resources = {2, 1};
    start.sweep_limit = 4;
    start.repeat = 2;
    const std::vector<AgentOrder> orders{
        brief,
        start,
        RevokeOrder{{}, {execution("r", 1, 2)}},
        SignalOrder{{}, execution("r", 1, 2), SignalKind::stop, 2},
        SignalOrder{{}, execution("r", 1, 2), SignalKind::kill, std::nullopt},
        AckOrder{{}, 7},
        DrainOrder{},
        WelcomeOrder{AgentId{"a"}, 1, 0, {}},
        MetricsAck{{}, execution("r", 1, 2), MetricsSource::file, 1234},
        ExitOrder{},
        TailOrder{{}, 5, SweepId{"s"}, RunId{"r"}, 1, 100, 200}};
    const std::string text = encode(orders);
    const auto again = decode_orders(text);
    REQUIRE(again.ok());
    REQUIRE((*again).size() == orders.size());
    for (std::size_t i = 0; i < orders.size(); ++i)
        REQUIRE((*again)[i].index() == orders[i].index());
    REQUIRE(encode(*again) == text);
    const auto& same = std::get<StartOrder>((*again)[1]);
    REQUIRE(same.config == start.config);
    REQUIRE(same.sweep_limit == 4U);
    CHECK(same.repeat == 2);
    REQUIRE(std::get<SweepBrief>((*again)[0]).launch_env == brief.launch_env);
}

TEST_CASE("agent protocol: what is broken is refused by name", "[wire][agent_protocol]") {
    const auto refused = [](const char* text, const char* word) {
        CAPTURE(text);
        const auto message = decode_message(text);
        REQUIRE_FALSE(message.ok());
        REQUIRE_THAT(message.error(), Catch::Contains(word));
    };
    refused("", "JSON");
    refused("[]", "object");
    refused("{}", "unknown message ''");
    refused(R"({"type":"dance"})", "'dance'");
    refused(R"({"type":"hello","protocol":2,"agent":"a"})", "protocol");
    refused(R"({"type":"hello","protocol":1})", "agent");
    refused(R"({"type":"report","agent":"a","sequence":-1})", "sequence");
    refused(R"({"type":"report","agent":"a","drained":[["r",1]]})", "execution");
    refused(R"({"type":"report","agent":"a","ended":[{"e":["r",1,1],"kind":"vanished"}]})", "kind");
    refused(R"({"type":"metrics","agent":"a","e":["r",1,1],"lines":[1]})", "lines");
    REQUIRE_FALSE(decode_orders(R"([{"type":"start","e":["r",1,1]}])").ok());
    REQUIRE_FALSE(decode_orders(R"([{"type":"sing"}])").ok());
    REQUIRE(decode_orders("[]").ok());
}

TEST_CASE("agent protocol: unknown fields are ignored", "[wire][agent_protocol]") {
    REQUIRE(decode_message(R"({"type":"leaving","agent":"a","mood":"fine"})").ok());
}

TEST_CASE("base64: all bytes come back, and nothing else is taken", "[wire][base64]") {
    for (std::size_t length = 0; length < 300; ++length) {
        std::string bytes;
        for (std::size_t i = 0; i < length; ++i)
            bytes.push_back(static_cast<char>(i * 37 + length));
        REQUIRE(base64_decode(base64_encode(bytes)) == bytes);
    }
    REQUIRE(base64_encode("ab") == "YWI=");
    for (const char* bad : {"a", "YWI", "YW=I", "====", "Y===", "YW!="}) {
        CAPTURE(bad);
        REQUIRE_FALSE(base64_decode(bad).has_value());
    }
}

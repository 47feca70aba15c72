#include "sweepctl/wire/agent_protocol.hpp"

#include "sweepctl/base/base64.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/run_rules.hpp"

#include "wire/message_fields.hpp"

#include <string>
#include <utility>

namespace sweepctl {

namespace {

// --- Writing
// ------------------------------------------------------------------------------------------------

/// Builds one JSON object. Fields without a value are left out.
class Object {
public:
    explicit Object(std::string& out) : out_(out) { out_.push_back('{'); }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    ~Object() { out_.push_back('}'); }

    std::string& key(std::string_view name) {
        if (!first_) out_.push_back(',');
        first_ = false;
        out_.push_back('"');
        out_ += name;
        out_ += "\":";
        return out_;
    }
    void text(std::string_view name, std::string_view value) {
        if (!value.empty()) append_json_string(key(name), value);
    }
    template <typename Number>
    void number(std::string_view name, Number value) {
        key(name) += std::to_string(value);
    }
    void flag(std::string_view name, bool value) {
        if (value) key(name) += "true";
    }
    void time(std::string_view name, const std::optional<WallTime>& value) {
        if (value) number(name, value->time_since_epoch().count());
    }
    /// `write(std::string&, item)` appends each item.
    template <typename List, typename Write>
    void list(std::string_view name, const List& items, Write write) {
        if (items.empty()) return;
        std::string& out = key(name);
        out.push_back('[');
        bool first = true;
        for (const auto& item : items) {
            if (!first) out.push_back(',');
            first = false;
            write(out, item);
        }
        out.push_back(']');
    }

private:
    std::string& out_;
    bool first_ = true;
};

/// [run, attempt, fence]
void put(std::string& out, const ExecutionRef& execution) {
    out.push_back('[');
    append_json_string(out, execution.run.text);
    out += "," + std::to_string(execution.attempt) + "," + std::to_string(execution.fence) + "]";
}

std::string_view word(EndKind kind) {
    switch (kind) {
        case EndKind::exited: return "exited";
        case EndKind::signaled: return "signaled";
        case EndKind::spawn_error: return "spawn_error";
        case EndKind::runner_lost: return "runner_lost";
        case EndKind::machine_restart: return "machine_restart";
    }
    std::abort();
}

void put(std::string& out, const RunStarted& started) {
    Object object(out);
    put(object.key("e"), started.execution);
    object.time("at", started.at);
    if (started.pid) object.number("pid", *started.pid);
}

void put(std::string& out, const RunEnded& ended) {
    Object object(out);
    put(object.key("e"), ended.execution);
    object.text("kind", word(ended.kind));
    object.number("code", ended.code);
    if (ended.order_signal != 0) object.number("order_signal", ended.order_signal);
    object.time("at", ended.at);
    object.time("started_at", ended.started_at);
    object.text("detail", ended.detail);
    object.number("cpu_us", ended.cpu_us);
    object.number("max_rss_kib", ended.max_rss_kib);
    if (!ended.drained) object.key("drained") += "false";
}

void put_report(Object& object, const AgentReport& report) {
    object.number("sequence", report.sequence);
    object.number("window", report.window);
    if (report.claims_max) object.number("claims_max", *report.claims_max);
    if (report.shortage) {
        object.text("shortage", report.shortage->message);
        object.time("shortage_since", report.shortage->since);
    }
    if (report.draining) object.flag("draining", true);
    object.list("started", report.started,
                [](std::string& out, const RunStarted& item) { put(out, item); });
    object.list("ended", report.ended,
                [](std::string& out, const RunEnded& item) { put(out, item); });
    const auto put_ref = [](std::string& out, const ExecutionRef& item) { put(out, item); };
    object.list("drained", report.drained, put_ref);
    object.list("returned", report.returned, put_ref);
}

void put_pairs(Object& object,
               std::string_view name,
               const std::vector<std::pair<std::string, std::string>>& pairs) {
    object.list(name, pairs, [](std::string& out, const auto& pair) {
        out.push_back('[');
        append_json_string(out, pair.first);
        out.push_back(',');
        append_json_string(out, pair.second);
        out.push_back(']');
    });
}

constexpr std::string_view kOutputSource = "output";

/// Left out for the metrics file, which is what most are about.
void put_source(Object& object, MetricsSource source) {
    if (source == MetricsSource::output) object.text("source", kOutputSource);
}

std::string_view word(StdoutMetrics kind) {
    switch (kind) {
        case StdoutMetrics::none: return "none";
        case StdoutMetrics::json: return "json";
        case StdoutMetrics::kv: return "kv";
    }
    std::abort();
}

void put_string(std::string& out, const std::string& item) {
    append_json_string(out, item);
}

struct MessageWriter {
    std::string& out;

    void operator()(const AgentHello& hello) const {
        Object object(out);
        object.text("type", "hello");
        object.number("protocol", kAgentProtocol);
        object.text("agent", hello.agent.id.text);
        object.text("host", hello.agent.host);
        object.text("boot_id", hello.agent.boot_id);
        object.number("pid", hello.agent.pid);
        object.number("slots", hello.agent.slots);
        object.number("gpus", hello.agent.gpus);
        object.flag("local", hello.agent.local);
        if (hello.agent.only_sweep) object.text("sweep", hello.agent.only_sweep->text);
        const auto put_ref = [](std::string& text, const ExecutionRef& item) { put(text, item); };
        object.list("live", hello.live, put_ref);
        object.list("held", hello.held, put_ref);
        put_report(object, hello.report);
    }
    void operator()(const AgentReport& report) const {
        Object object(out);
        object.text("type", "report");
        object.text("agent", report.agent.text);
        put_report(object, report);
    }
    void operator()(const AgentHeartbeat& heartbeat) const {
        Object object(out);
        object.text("type", "heartbeat");
        object.text("agent", heartbeat.agent.text);
        object.list("live", heartbeat.live, [](std::string& text, const auto& item) {
            Object entry(text);
            put(entry.key("e"), item.first);
            if (item.second) entry.number("pid", *item.second);
        });
    }
    void operator()(const MetricsLogged& metrics) const {
        Object object(out);
        object.text("type", "metrics");
        object.text("agent", metrics.agent.text);
        put(object.key("e"), metrics.execution);
        put_source(object, metrics.source);
        object.number("offset", metrics.offset);
        object.number("offset_end", metrics.offset_end);
        object.list("lines", metrics.lines,
                    [](std::string& text, const std::string& line) { text += line; });
        object.flag("preempting", metrics.preempting);
        if (metrics.invalid) append_json_string(object.key("invalid"), *metrics.invalid);
        if (metrics.truncated) object.flag("truncated", true);
    }
    void operator()(const LogChunk& chunk) const {
        Object object(out);
        object.text("type", "log_chunk");
        object.number("id", chunk.id);
        object.number("size", chunk.size);
        object.text("bytes", base64_encode(chunk.bytes));
        object.text("error", chunk.error);
    }
    void operator()(const AgentLeaving& leaving) const {
        Object object(out);
        object.text("type", "leaving");
        object.text("agent", leaving.agent.text);
        object.text("reason", leaving.reason);
    }
};

struct OrderWriter {
    std::string& out;

    void operator()(const SweepBrief& brief) const {
        Object object(out);
        object.text("type", "sweep");
        object.text("sweep", brief.sweep.text);
        object.text("project", brief.project);
        object.text("entity", brief.entity);
        if (brief.program) append_json_string(object.key("program"), *brief.program);
        object.list("command", brief.command, put_string);
        object.text("interpreter", brief.interpreter);
        object.text("cwd", brief.cwd);
        object.text("launch_dir", brief.launch_dir);
        put_pairs(object, "launch_env", brief.launch_env);
        put_pairs(object, "env", brief.env);
        object.number("kill_delay_ms", brief.kill_delay.count());
        object.number("straggler_grace_ms", brief.straggler_grace.count());
        object.flag("forward_signals", brief.forward_signals);
        if (brief.stdout_metrics != StdoutMetrics::none)
            object.text("stdout_metrics", word(brief.stdout_metrics));
    }
    void operator()(const StartOrder& order) const {
        Object object(out);
        object.text("type", "start");
        put(object.key("e"), order.execution);
        object.text("sweep", order.sweep.text);
        object.text("name", order.name);
        append_json(object.key("config"), ParamValue(order.config));
        if (order.resources.cpus != 1) object.number("cpus", order.resources.cpus);
        if (order.resources.gpus != 0) object.number("gpus", order.resources.gpus);
        if (order.sweep_limit) object.number("sweep_limit", *order.sweep_limit);
        if (order.repeat != 0) object.number("repeat", order.repeat);
    }
    void operator()(const RevokeOrder& order) const {
        Object object(out);
        object.text("type", "revoke");
        object.list("claims", order.claims,
                    [](std::string& text, const ExecutionRef& item) { put(text, item); });
    }
    void operator()(const SignalOrder& order) const {
        Object object(out);
        object.text("type", "signal");
        put(object.key("e"), order.execution);
        object.text("kind", order.kind == SignalKind::stop ? "stop" : "kill");
        if (order.signal) object.number("signal", *order.signal);
    }
    void operator()(const AckOrder& order) const {
        Object object(out);
        object.text("type", "ack");
        object.number("sequence", order.sequence);
    }
    void operator()(const DrainOrder&) const { Object(out).text("type", "drain"); }
    void operator()(const WelcomeOrder& order) const {
        Object object(out);
        object.text("type", "welcome");
        object.text("agent", order.agent.text);
        object.number("sequence", order.sequence);
    }
    void operator()(const MetricsAck& order) const {
        Object object(out);
        object.text("type", "metrics_ack");
        put(object.key("e"), order.execution);
        put_source(object, order.source);
        object.number("offset", order.offset);
    }
    void operator()(const ExitOrder&) const { Object(out).text("type", "exit"); }
    void operator()(const TailOrder& order) const {
        Object object(out);
        object.text("type", "tail");
        object.number("id", order.id);
        object.text("sweep", order.sweep.text);
        object.text("run", order.run.text);
        object.number("attempt", order.attempt);
        object.number("offset", order.offset);
        object.number("limit", order.limit);
    }
};

// --- Reading
// ------------------------------------------------------------------------------------------------

using Fields = MessageFields;

EndKind end_kind(Fields& fields) {
    const std::string kind = fields.text("kind");
    for (const EndKind known : {EndKind::exited, EndKind::signaled, EndKind::spawn_error,
                                EndKind::runner_lost, EndKind::machine_restart}) {
        if (word(known) == kind) return known;
    }
    fields.wrong("kind", "a kind of end");
    return EndKind::runner_lost;
}

AgentReport read_report(Fields& fields) {
    AgentReport report;
    report.agent = AgentId{fields.text("agent")};
    report.sequence = fields.number<std::uint64_t>("sequence");
    report.window = fields.number<std::uint32_t>("window");
    if (fields.has("claims_max")) report.claims_max = fields.number<std::uint32_t>("claims_max");
    if (fields.has("shortage")) {
        report.shortage =
            AgentShortage{fields.time("shortage_since").value_or(WallTime{}), fields.text("shortage")};
    }
    report.draining = fields.flag("draining");
    fields.objects("started", [&](Fields& item) {
        RunStarted started;
        started.execution = item.execution("e");
        started.at = item.time("at").value_or(WallTime{});
        if (item.has("pid")) started.pid = item.number<int>("pid");
        report.started.push_back(std::move(started));
    });
    fields.objects("ended", [&](Fields& item) {
        RunEnded ended;
        ended.execution = item.execution("e");
        ended.kind = end_kind(item);
        ended.code = item.number<int>("code");
        ended.order_signal = item.number<int>("order_signal");
        ended.at = item.time("at").value_or(WallTime{});
        ended.started_at = item.time("started_at");
        ended.detail = item.text("detail");
        ended.cpu_us = item.number<std::uint64_t>("cpu_us");
        ended.max_rss_kib = item.number<std::uint64_t>("max_rss_kib");
        ended.drained = item.flag("drained", true);
        report.ended.push_back(std::move(ended));
    });
    report.drained = fields.executions("drained");
    report.returned = fields.executions("returned");
    return report;
}

AgentHello read_hello(Fields& fields) {
    AgentHello hello;
    if (const int protocol = fields.number<int>("protocol"); protocol != kAgentProtocol) {
        fields.wrong("protocol",
                     std::to_string(kAgentProtocol) + ", this controller's; update the agent");
    }
    hello.agent.id = AgentId{fields.text("agent")};
    hello.agent.host = fields.text("host");
    hello.agent.boot_id = fields.text("boot_id");
    hello.agent.pid = fields.number<int>("pid");
    hello.agent.slots = fields.number<std::uint32_t>("slots");
    hello.agent.gpus = fields.number<std::uint32_t>("gpus");
    hello.agent.local = fields.flag("local");
    if (fields.has("sweep")) hello.agent.only_sweep = SweepId{fields.text("sweep")};
    if (hello.agent.id.empty()) fields.wrong("agent", "the agent's id");
    hello.live = fields.executions("live");
    hello.held = fields.executions("held");
    hello.report = read_report(fields);
    return hello;
}

AgentHeartbeat read_heartbeat(Fields& fields) {
    AgentHeartbeat heartbeat;
    heartbeat.agent = AgentId{fields.text("agent")};
    fields.objects("live", [&](Fields& item) {
        std::optional<int> pid;
        if (item.has("pid")) pid = item.number<int>("pid");
        heartbeat.live.emplace_back(item.execution("e"), pid);
    });
    return heartbeat;
}

/// Of a message about metrics; the file is meant where nothing is said.
MetricsSource read_source(Fields& fields) {
    const std::optional<std::string> source = fields.maybe_text("source");
    if (!source) return MetricsSource::file;
    if (*source != kOutputSource) fields.wrong("source", "a file that metrics come from");
    return MetricsSource::output;
}

StdoutMetrics read_stdout_metrics(Fields& fields) {
    const std::optional<std::string> kind = fields.maybe_text("stdout_metrics");
    if (!kind) return StdoutMetrics::none;
    for (const StdoutMetrics known :
         {StdoutMetrics::none, StdoutMetrics::json, StdoutMetrics::kv}) {
        if (word(known) == *kind) return known;
    }
    fields.wrong("stdout_metrics", "a kind of metrics that is known here");
    return StdoutMetrics::none;
}

MetricsLogged read_metrics(Fields& fields) {
    MetricsLogged metrics;
    metrics.agent = AgentId{fields.text("agent")};
    metrics.execution = fields.execution("e");
    metrics.source = read_source(fields);
    metrics.offset = fields.number<std::uint64_t>("offset");
    metrics.offset_end = fields.number<std::uint64_t>("offset_end");
    for (const ParamValue& line : fields.list("lines")) {
        const auto* map = line.get_if<ParamMap>();
        if (map == nullptr) {
            fields.wrong("lines", "a list of objects");
            break;
        }
        metrics.lines.push_back(to_json(line));
        metrics.points.push_back(metric_points(*map));
    }
    metrics.preempting = fields.flag("preempting");
    metrics.invalid = fields.maybe_text("invalid");
    metrics.truncated = fields.flag("truncated");
    return metrics;
}

SweepBrief read_brief(Fields& fields) {
    SweepBrief brief;
    brief.sweep = SweepId{fields.text("sweep")};
    brief.project = fields.text("project");
    brief.entity = fields.text("entity");
    brief.program = fields.maybe_text("program");
    for (const ParamValue& chunk : fields.list("command")) {
        const auto* text = chunk.get_if<std::string>();
        if (text == nullptr) {
            fields.wrong("command", "a list of strings");
            break;
        }
        brief.command.push_back(*text);
    }
    brief.interpreter = fields.text("interpreter");
    brief.cwd = fields.text("cwd");
    brief.launch_dir = fields.text("launch_dir");
    brief.launch_env = fields.pairs("launch_env");
    brief.env = fields.pairs("env");
    brief.kill_delay = Duration{fields.number<std::int64_t>("kill_delay_ms", 30'000)};
    brief.straggler_grace = Duration{fields.number<std::int64_t>("straggler_grace_ms", 5'000)};
    brief.forward_signals = fields.flag("forward_signals");
    brief.stdout_metrics = read_stdout_metrics(fields);
    return brief;
}

StartOrder read_start(Fields& fields, const ParamMap& map) {
    StartOrder order;
    order.execution = fields.execution("e");
    order.sweep = SweepId{fields.text("sweep")};
    order.name = fields.text("name");
    const ParamValue* config = find(map, "config");
    const auto* entries = config == nullptr ? nullptr : config->get_if<ParamMap>();
    if (entries == nullptr) {
        fields.wrong("config", "an object");
    } else {
        order.config = *entries;
    }
    order.resources.cpus = fields.number<std::uint32_t>("cpus", 1);
    order.resources.gpus = fields.number<std::uint32_t>("gpus", 0);
    if (fields.has("sweep_limit")) order.sweep_limit = fields.number<std::uint32_t>("sweep_limit");
    order.repeat = fields.number<std::uint32_t>("repeat", 0);
    return order;
}

Result<AgentOrder, std::string> read_order(const ParamMap& map) {
    std::string error;
    Fields fields(map, error);
    const std::string type = fields.text("type");
    const auto checked = [&](AgentOrder order) -> Result<AgentOrder, std::string> {
        if (!error.empty()) return Failure{type + ": " + error};
        return order;
    };
    if (type == "sweep") return checked(read_brief(fields));
    if (type == "start") return checked(read_start(fields, map));
    if (type == "revoke") return checked(RevokeOrder{{}, fields.executions("claims")});
    if (type == "signal") {
        SignalOrder order;
        order.execution = fields.execution("e");
        order.kind = fields.text("kind") == "stop" ? SignalKind::stop : SignalKind::kill;
        if (fields.has("signal")) order.signal = fields.number<int>("signal");
        return checked(std::move(order));
    }
    if (type == "ack") return checked(AckOrder{{}, fields.number<std::uint64_t>("sequence")});
    if (type == "drain") return checked(DrainOrder{});
    if (type == "welcome") {
        WelcomeOrder welcome;
        welcome.agent = AgentId{fields.text("agent")};
        welcome.sequence = fields.number<std::uint64_t>("sequence");
        return checked(std::move(welcome));
    }
    if (type == "metrics_ack") {
        return checked(MetricsAck{{},
                                  fields.execution("e"),
                                  read_source(fields),
                                  fields.number<std::uint64_t>("offset")});
    }
    if (type == "exit") return checked(ExitOrder{});
    if (type == "tail") {
        TailOrder order;
        order.id = fields.number<std::uint64_t>("id");
        order.sweep = SweepId{fields.text("sweep")};
        order.run = RunId{fields.text("run")};
        order.attempt = fields.number<std::uint32_t>("attempt", 1);
        order.offset = fields.number<std::uint64_t>("offset");
        order.limit = fields.number<std::uint32_t>("limit");
        return checked(std::move(order));
    }
    return Failure{"unknown order '" + type + "'"};
}

LogChunk read_log_chunk(Fields& fields) {
    LogChunk chunk;
    chunk.id = fields.number<std::uint64_t>("id");
    chunk.size = fields.number<std::uint64_t>("size");
    const std::optional<std::string> bytes = base64_decode(fields.text("bytes"));
    if (bytes) {
        chunk.bytes = *bytes;
    } else {
        fields.wrong("bytes", "base64");
    }
    chunk.error = fields.text("error");
    return chunk;
}

}  // namespace

std::string encode(const AgentMessage& message) {
    std::string out;
    std::visit(MessageWriter{out}, message);
    return out;
}

std::string encode(const std::vector<AgentOrder>& orders) {
    std::string out = "[";
    for (const AgentOrder& order : orders) {
        if (out.size() > 1) out.push_back(',');
        std::visit(OrderWriter{out}, order);
    }
    out.push_back(']');
    return out;
}

Result<AgentMessage, std::string> decode_message(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return Failure{"not JSON: " + value.error().message};
    const auto* map = (*value).get_if<ParamMap>();
    if (map == nullptr) return Failure{std::string("a message must be an object")};
    std::string error;
    Fields fields(*map, error);
    const std::string type = fields.text("type");
    const auto checked = [&](AgentMessage message) -> Result<AgentMessage, std::string> {
        if (!error.empty()) return Failure{type + ": " + error};
        return message;
    };
    if (type == "report") return checked(read_report(fields));
    if (type == "heartbeat") return checked(read_heartbeat(fields));
    if (type == "metrics") return checked(read_metrics(fields));
    if (type == "hello") return checked(read_hello(fields));
    if (type == "log_chunk") return checked(read_log_chunk(fields));
    if (type == "leaving")
        return checked(AgentLeaving{AgentId{fields.text("agent")}, fields.text("reason")});
    return Failure{"unknown message '" + type + "'"};
}

Result<std::vector<AgentOrder>, std::string> decode_orders(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return Failure{"not JSON: " + value.error().message};
    const auto* list = (*value).get_if<ParamList>();
    if (list == nullptr) return Failure{std::string("orders must be a list")};
    std::vector<AgentOrder> orders;
    orders.reserve(list->size());
    for (const ParamValue& item : *list) {
        const auto* map = item.get_if<ParamMap>();
        if (map == nullptr) return Failure{std::string("an order must be an object")};
        Result<AgentOrder, std::string> order = read_order(*map);
        if (!order) return Failure{order.error()};
        orders.push_back(std::move(order).value());
    }
    return orders;
}

std::optional<MetricsLine> read_metrics_line(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return std::nullopt;
    const auto* map = (*value).get_if<ParamMap>();
    if (map == nullptr) return std::nullopt;
    MetricsLine line;
    line.points = metric_points(*map);
    if (const ParamValue* preempting = find(*map, "_preempting")) {
        const auto* truth = preempting->get_if<bool>();
        line.preempting = truth != nullptr && *truth;
    }
    return line;
}

}  // namespace sweepctl

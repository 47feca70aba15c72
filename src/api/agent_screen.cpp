#include "api/agent_screen.hpp"

#include "sweepctl/base/shown.hpp"
#include "sweepctl/wire/agent_protocol.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

namespace sweepctl::api {

namespace {

constexpr std::size_t kIdLongest = 128;
constexpr std::size_t kDetailLongest = 2000;
// What the store can hold, and half of it left for sums.
constexpr std::uint64_t kCountMax =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / 2;

bool is_agent_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_' || c == '.';
    });
}

bool is_run_id(std::string_view id) {
    return !id.empty() && id.size() <= kIdLongest && std::none_of(id.begin(), id.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

bool all_named(const std::vector<ExecutionRef>& executions) {
    return std::all_of(executions.begin(), executions.end(),
                       [](const ExecutionRef& each) { return is_run_id(each.run.text); });
}

/// Clocks of hosts differ, but not by days, and nothing was before 1970.
WallTime believable(WallTime time, WallTime now) {
    return std::clamp(time, WallTime{}, now + std::chrono::hours{24});
}

std::optional<std::string> screen_report(AgentReport& report, std::uint32_t slots, WallTime now) {
    report.window = std::min(report.window, std::max(slots, kWindowMax));
    if (report.shortage) {
        report.shortage->since = believable(report.shortage->since, now);
        report.shortage->message = shown(report.shortage->message, kDetailLongest);
    }
    for (RunStarted& started : report.started) {
        if (!is_run_id(started.execution.run.text)) return "a run's id that is none";
        started.at = believable(started.at, now);
    }
    for (RunEnded& ended : report.ended) {
        if (!is_run_id(ended.execution.run.text)) return "a run's id that is none";
        ended.at = believable(ended.at, now);
        if (ended.started_at) ended.started_at = believable(*ended.started_at, now);
        ended.detail = shown(ended.detail, kDetailLongest);
        ended.cpu_us = std::min(ended.cpu_us, kCountMax);
        ended.max_rss_kib = std::min(ended.max_rss_kib, kCountMax);
    }
    if (!all_named(report.drained) || !all_named(report.returned)) return "a run's id that is none";
    return std::nullopt;
}

std::optional<std::string> screen_metrics(MetricsLogged& metrics) {
    if (!is_run_id(metrics.execution.run.text)) return "a run's id that is none";
    const bool backwards = metrics.offset > metrics.offset_end && !metrics.truncated;
    if (backwards || metrics.offset_end > kCountMax) return "metrics that end before they begin";
    if (metrics.invalid) metrics.invalid = shown(*metrics.invalid, kDetailLongest);
    return std::nullopt;
}

}  // namespace

std::optional<std::string> screen_hello(AgentHello& hello, bool local, WallTime now) {
    AgentRecord& agent = hello.agent;
    if (!is_agent_id(agent.id.text)) {
        return "'" + shown(agent.id.text) +
               "' is not an agent's id: at most 64 letters, digits, '-', '_' and '.'";
    }
    if (agent.slots < 1 || agent.slots > kAgentSlotsMax) {
        return "an agent has 1 to " + std::to_string(kAgentSlotsMax) + " slots, not " +
               std::to_string(agent.slots);
    }
    if (agent.gpus > kGpusMax) {
        return "an agent has at most " + std::to_string(kGpusMax) + " GPUs, not " +
               std::to_string(agent.gpus);
    }
    if (hello.live.size() > kExecutionsMax || hello.held.size() > kExecutionsMax)
        return "more runs than " + std::to_string(kExecutionsMax);
    if (!all_named(hello.live) || !all_named(hello.held)) return "a run's id that is none";
    if (agent.only_sweep && !is_run_id(agent.only_sweep->text)) return "a sweep's id that is none";
    agent.host = shown(agent.host, 255);
    agent.boot_id = shown(agent.boot_id, 64);
    agent.pid = std::max(agent.pid, 0);
    agent.local = agent.local && local;
    hello.report.agent = agent.id;
    return screen_report(hello.report, agent.slots, now);
}

std::optional<std::string> screen(AgentMessage& message, const AgentRecord& self, WallTime now) {
    struct Screen {
        const AgentRecord& self;
        WallTime now;

        std::optional<std::string> operator()(AgentHello&) const {
            return "a second hello on one link";
        }
        std::optional<std::string> operator()(AgentReport& report) const {
            report.agent = self.id;
            return screen_report(report, self.slots, now);
        }
        std::optional<std::string> operator()(AgentHeartbeat& heartbeat) const {
            heartbeat.agent = self.id;
            if (heartbeat.live.size() > kExecutionsMax)
                return "more runs than " + std::to_string(kExecutionsMax);
            for (auto& [execution, pid] : heartbeat.live) {
                if (!is_run_id(execution.run.text)) return "a run's id that is none";
                if (pid && *pid <= 0) pid.reset();
            }
            return std::nullopt;
        }
        std::optional<std::string> operator()(MetricsLogged& metrics) const {
            metrics.agent = self.id;
            return screen_metrics(metrics);
        }
        std::optional<std::string> operator()(LogChunk& chunk) const {
            chunk.error = shown(chunk.error, kDetailLongest);
            return std::nullopt;
        }
        std::optional<std::string> operator()(AgentLeaving& leaving) const {
            leaving.agent = self.id;
            leaving.reason = shown(leaving.reason, kDetailLongest);
            return std::nullopt;
        }
    };
    return std::visit(Screen{self, now}, message);
}

}  // namespace sweepctl::api

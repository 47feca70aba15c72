#include "api/backend.hpp"
#include "api/routes/routes.hpp"

#include <algorithm>
#include <map>

// GET /metrics: the Prometheus text format.

namespace sweepctl::api {

namespace {

class MetricsText {
public:
    void family(std::string_view name, std::string_view kind, std::string_view help) {
        name_ = name;
        text_ += "# HELP ";
        text_ += name;
        text_ += ' ';
        text_ += help;
        text_ += "\n# TYPE ";
        text_ += name;
        text_ += ' ';
        text_ += kind;
        text_ += '\n';
    }
    void value(std::uint64_t number) { line({}, {}, std::to_string(number)); }
    /// Labels are our own words: nothing in them needs escaping.
    void value(std::string_view label, std::string_view word, std::uint64_t number) {
        line(label, word, std::to_string(number));
    }
    void seconds(Duration time) {
        const std::int64_t ms = time.count();
        std::string digits = std::to_string(ms % 1000);
        digits.insert(0, 3 - digits.size(), '0');
        line({}, {}, std::to_string(ms / 1000) + "." + digits);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    void line(std::string_view label, std::string_view word, const std::string& number) {
        text_ += name_;
        if (!label.empty()) {
            text_ += '{';
            text_ += label;
            text_ += "=\"";
            text_ += word;
            text_ += "\"}";
        }
        text_ += ' ';
        text_ += number;
        text_ += '\n';
    }

    std::string text_;
    std::string_view name_;
};

void append_runs_and_sweeps(MetricsText& text, const World& world, const StoreCounts& stored) {
    text.family("sweepctl_runs", "gauge", "Runs by state.");
    for (const RunState state : kAllRunStates)
        text.value("state", to_string(state), stored.runs[state]);
    std::map<SweepStatus, std::uint64_t> sweeps;
    for (const SweepId& id : world.sweep_ids())
        ++sweeps[world.find_sweep(id)->status];
    text.family("sweepctl_sweeps", "gauge", "Sweeps by status.");
    for (const SweepStatus status : kAllSweepStatuses)
        text.value("status", to_string(status), sweeps[status]);
    text.family("sweepctl_live_runs", "gauge", "Runs whose program is executed now.");
    text.value(world.live_runs());
}

void append_agents(MetricsText& text, const World& world) {
    std::map<AgentState, std::uint64_t> agents;
    std::uint64_t slots = 0;
    std::uint64_t busy = 0;
    for (const World::AgentView& agent : world.agents()) {
        ++agents[agent.record.state];
        if (agent.record.state == AgentState::lost) continue;
        slots += agent.record.slots;
        busy += agent.busy;
    }
    text.family("sweepctl_agents", "gauge", "Agents by state.");
    for (const AgentState state : {AgentState::online, AgentState::draining, AgentState::lost})
        text.value("state", to_string(state), agents[state]);
    text.family("sweepctl_slots", "gauge", "Slots of the agents that are not lost.");
    text.value(slots);
    text.family("sweepctl_slots_busy", "gauge", "Slots taken.");
    text.value(busy);
}

void append_http(MetricsText& text, const HttpServerCounts& counts) {
    text.family("sweepctl_http_requests_total", "counter", "HTTP requests served.");
    text.value(counts.requests);
    text.family("sweepctl_http_refused_total", "counter",
                "HTTP requests refused before they were served.");
    text.value(counts.refused);
    text.family("sweepctl_http_connections", "gauge", "HTTP connections open.");
    text.value(counts.connections_open);
    text.family("sweepctl_http_connections_total", "counter", "HTTP connections accepted.");
    text.value(counts.connections_accepted);
    text.family("sweepctl_http_connections_rejected_total", "counter",
                "HTTP connections turned away.");
    text.value(counts.connections_rejected);
}

}  // namespace

void get_prometheus(const CallPtr& call) {
    call->backend().read(
        call, Pace::quick,
        [](ReadSession& session) -> Result<StoreCounts, Problem> { return store_counts(session); },
        [call](const StoreCounts& stored) {
            const Backend& backend = call->backend();
            const World& world = backend.controller.world();
            MetricsText text;
            text.family("sweepctl_up_seconds", "gauge", "Time since the controller started.");
            text.seconds(
                std::max(Duration{0}, backend.about.now().wall - backend.about.started_at));
            append_runs_and_sweeps(text, world, stored);
            append_agents(text, world);
            text.family("sweepctl_store_trouble", "gauge", "1 while nothing can be stored.");
            text.value(backend.controller.store_trouble() ? 1 : 0);
            text.family("sweepctl_commits_total", "counter", "Transactions made durable.");
            text.value(backend.controller.commits());
            if (backend.about.http_counts) append_http(text, backend.about.http_counts());
            HttpResponse response;
            response.content_type = "text/plain; version=0.0.4; charset=utf-8";
            response.body = text.take();
            call->answer(std::move(response));
        });
}

}  // namespace sweepctl::api

#include "records.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/time_text.hpp"
#include "sweepctl/store/sqlite_store.hpp"

#include <stdexcept>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace sweepctl {

namespace {

/// `name=value` lines.
class Description {
public:
    template <typename T>
    Description& add(const char* name, const T& value) {
        text_ += name;
        text_ += '=';
        append(value);
        text_ += '\n';
        return *this;
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    void append(const std::string& value) { append_json_string(text_, value); }
    void append(double value) { append_json(text_, value); }
    void append(const ParamValue& value) { append_json(text_, value); }
    void append(WallTime value) { append_rfc3339(text_, value); }
    void append(RunState value) { text_ += to_string(value); }
    void append(SweepStatus value) { text_ += to_string(value); }
    void append(AgentState value) { text_ += to_string(value); }
    void append(EndReason value) { text_ += to_string(value); }
    template <std::integral T>
    void append(T value) {
        text_ += std::to_string(value);
    }
    template <typename Tag>
    void append(const Id<Tag>& value) {
        append(value.text);
    }
    template <typename T>
    void append(const std::optional<T>& value) {
        if (value) {
            append(*value);
        } else {
            text_ += "none";
        }
    }
    void append(const std::vector<std::uint64_t>& values) {
        for (const std::uint64_t value : values)
            text_ += std::to_string(value) + " ";
    }

    std::string text_;
};

}  // namespace

WallTime at(std::int64_t milliseconds) {
    return WallTime{Duration{milliseconds}};
}

NewSweep make_sweep(const std::string& id) {
    NewSweep sweep;
    sweep.record.id = SweepId(id);
    sweep.record.name = "sweep " + id;
    sweep.record.project = "digits";
    sweep.record.entity = "local";
    sweep.record.status = SweepStatus::running;
    sweep.record.metric_name = "loss";
    sweep.record.created_at = at(1'795'341'600'000);
    sweep.origin.spec = "method: grid\n";
    sweep.origin.method = "grid";
    sweep.origin.seed = 7;
    sweep.origin.cwd = "/home/user";
    return sweep;
}

Run make_run(const std::string& id, const std::string& sweep, std::uint64_t number) {
    Run run;
    run.id = RunId(id);
    run.sweep = SweepId(sweep);
    run.number = number;
    run.name = id;
    run.suggestion = number - 1;
    run.config = {{"lr", 0.1}};
    run.created_at = at(1'795'341'600'000 + static_cast<std::int64_t>(number));
    return run;
}

Run in_state(Run run, RunState state) {
    run.state = state;
    run.claim.reset();
    run.end_reason.reset();
    run.ended_at.reset();
    run.exit_code.reset();
    run.term_signal.reset();
    if (state == RunState::pending) return run;
    run.agent = AgentId("agent1");
    run.host = "here";
    run.pid = 4711;
    run.started_at = run.created_at + Duration{10};
    if (state == RunState::running) {
        run.claim = Claim{AgentId("agent1"), 5, ClaimPhase::started, false};
        return run;
    }
    run.ended_at = run.created_at + Duration{1'000};
    run.end_reason = EndReason::exit;
    if (state == RunState::finished) run.exit_code = 0;
    if (state == RunState::failed) run.exit_code = 1;
    if (state == RunState::crashed) {
        run.end_reason = EndReason::signal;
        run.term_signal = 11;
    }
    if (state == RunState::killed) run.end_reason = EndReason::stop_run;
    return run;
}

MetricSummary make_metric(const std::string& name, double value) {
    MetricSummary metric;
    metric.name = name;
    metric.last = value;
    metric.count = 1;
    metric.first = metric.min = metric.max = metric.latest = value;
    return metric;
}

AuditEvent state_event(std::uint64_t id, const Run& run, const std::string& from) {
    AuditEvent event;
    event.id = id;
    event.time = run.created_at;
    event.actor = "controller";
    event.sweep = run.sweep;
    event.run = run.id;
    event.attempt = run.attempt;
    event.kind = "run_state";
    event.from = from;
    event.to = to_string(run.state);
    if (run.end_reason) event.reason = to_string(*run.end_reason);
    return event;
}

std::string text_of(const Run& run) {
    Description text;
    text.add("id", run.id).add("sweep", run.sweep).add("number", run.number).add("name", run.name);
    text.add("origin", static_cast<int>(run.origin)).add("suggestion", run.suggestion);
    text.add("priority", run.priority).add("config", ParamValue(run.config));
    text.add("state", run.state).add("attempt", run.attempt).add("retries", run.retries);
    text.add("requeued", run.requeued);
    text.add("preempting", run.preempting).add("stopping", run.stopping);
    text.add("retry_wanted", run.retry_wanted).add("stop_reason", run.stop_reason);
    text.add("stop_signal", run.stop_signal).add("end_reason", run.end_reason);
    text.add("exit_code", run.exit_code).add("term_signal", run.term_signal);
    text.add("end_detail", run.end_detail).add("created_at", run.created_at);
    text.add("started_at", run.started_at).add("ended_at", run.ended_at);
    text.add("heartbeat_at", run.heartbeat_at).add("host", run.host).add("boot_id", run.boot_id);
    text.add("pid", run.pid).add("agent", run.agent);
    if (run.claim) {
        text.add("claim.agent", run.claim->agent).add("claim.fence", run.claim->fence);
        text.add("claim.phase", static_cast<int>(run.claim->phase));
        text.add("claim.revoking", run.claim->revoking);
    }
    if (run.client) {
        const ClientSide& client = *run.client;
        text.add("client.wire_name", client.wire_name).add("client.speaks", client.speaks);
        text.add("client.told_to_stop", client.told_to_stop).add("client.gone", client.gone);
        text.add("client.history_lines", client.history_lines);
        text.add("client.event_lines", client.event_lines);
        text.add("client.output_lines", client.output_lines);
        text.add("client.history_base", client.history_base);
        text.add("client.event_base", client.event_base);
        text.add("client.output_base", client.output_base);
        text.add("client.last_step", client.last_step);
    }
    for (const MetricSummary& metric : run.summary) {
        text.add("metric", metric.name).add("last", metric.last).add("count", metric.count);
        text.add("first", metric.first).add("min", metric.min).add("max", metric.max);
        text.add("latest", metric.latest);
    }
    text.add("metrics_offset", run.metrics_offset).add("output_offset", run.output_offset);
    text.add("metrics_lines", run.metrics_lines);
    text.add("bad_metrics_reported", run.bad_metrics_reported)
        .add("cut_metrics_reported", run.cut_metrics_reported);
    text.add("cpu_us", run.cpu_us);
    text.add("max_rss_kib", run.max_rss_kib);
    return text.take();
}

std::string text_of(const SweepRecord& sweep) {
    Description text;
    text.add("id", sweep.id).add("name", sweep.name).add("project", sweep.project);
    text.add("entity", sweep.entity).add("status", sweep.status).add("reason", sweep.reason);
    text.add("exhausted", sweep.exhausted).add("target_reached", sweep.target_reached);
    text.add("parallel", sweep.parallel).add("run_cap", sweep.run_cap);
    text.add("expected_runs", sweep.expected_runs).add("next_number", sweep.next_number);
    for (const RunState state : kAllRunStates)
        text.add("count", sweep.counts[state]);
    if (sweep.best) text.add("best.run", sweep.best->run).add("best.value", sweep.best->value);
    text.add("metric", sweep.metric_name).add("maximize", sweep.metric_maximize);
    text.add("cursor", sweep.coverage.cursor).add("freed", sweep.coverage.freed);
    text.add("taken", sweep.coverage.taken).add("created_at", sweep.created_at);
    text.add("started_at", sweep.started_at).add("ended_at", sweep.ended_at);
    text.add("description", sweep.description).add("prior_filters", sweep.prior_filters);
    text.add("prior_cells", sweep.prior_cells);
    text.add("loose", sweep.loose).add("needs_own_agent", sweep.needs_own_agent);
    return text.take();
}

std::string text_of(const NewSweep& sweep) {
    Description text;
    text.add("spec", sweep.origin.spec).add("method", sweep.origin.method);
    text.add("seed", sweep.origin.seed).add("cwd", sweep.origin.cwd);
    for (const auto& [name, value] : sweep.origin.env)
        text.add("name", name).add("value", value);
    if (sweep.origin.prior != nullptr) {
        text.add("source", sweep.origin.prior->source).add("metric", sweep.origin.prior->metric);
        text.add("prior", to_json_lines(*sweep.origin.prior));
    }
    return text_of(sweep.record) + text.take();
}

std::string text_of(const AgentRecord& agent) {
    Description text;
    text.add("id", agent.id).add("host", agent.host).add("boot_id", agent.boot_id);
    text.add("pid", agent.pid).add("state", agent.state).add("slots", agent.slots);
    text.add("gpus", agent.gpus).add("local", agent.local).add("only_sweep", agent.only_sweep);
    text.add("heartbeat_at", agent.heartbeat_at).add("foreign", agent.foreign);
    text.add("created_at", agent.created_at);
    return text.take();
}

std::string text_of(const Attempt& attempt) {
    Description text;
    text.add("run", attempt.run).add("attempt", attempt.attempt).add("state", attempt.state);
    text.add("end_reason", attempt.end_reason).add("exit_code", attempt.exit_code);
    text.add("term_signal", attempt.term_signal).add("end_detail", attempt.end_detail);
    text.add("agent", attempt.agent).add("host", attempt.host).add("pid", attempt.pid);
    text.add("started_at", attempt.started_at).add("ended_at", attempt.ended_at);
    return text.take();
}

std::string text_of(const RunId& run, const RunDetails& details) {
    Description text;
    text.add("run", run).add("notes", details.notes).add("group", details.group);
    text.add("job_type", details.job_type);
    if (details.tags) text.add("tags", details.tags->size());
    for (const std::string& tag : details.tags.value_or(std::vector<std::string>{}))
        text.add("tag", tag);
    text.add("commit", details.commit).add("program", details.program).add("repo", details.repo);
    text.add("username", details.username).add("config_json", details.config_json);
    text.add("summary_json", details.summary_json);
    text.add("system_metrics_json", details.system_metrics_json);
    return text.take();
}

std::string text_of(const FileRow& file) {
    Description text;
    text.add("run", file.run).add("name", file.name).add("size", file.size);
    text.add("md5", file.md5_base64).add("mimetype", file.mimetype);
    text.add("updated_at", file.updated_at);
    return text.take();
}

std::string text_of(const ProjectRow& project) {
    Description text;
    text.add("entity", project.entity).add("name", project.name);
    text.add("created_at", project.created_at).add("description", project.description);
    return text.take();
}

std::string text_of(const AuditEvent& event) {
    Description text;
    text.add("id", event.id).add("time", event.time).add("actor", event.actor);
    text.add("sweep", event.sweep).add("run", event.run).add("attempt", event.attempt);
    text.add("kind", event.kind).add("from", event.from).add("to", event.to);
    text.add("reason", event.reason).add("detail", event.detail);
    return text.take();
}

WakeUp::WakeUp() : fd_(::eventfd(0, EFD_CLOEXEC)) {
    if (fd_ < 0) throw std::runtime_error("no eventfd");
}

WakeUp::~WakeUp() {
    ::close(fd_);
}

std::function<void()> WakeUp::callback() {
    return [fd = fd_] {
        const std::uint64_t one = 1;
        if (::write(fd, &one, sizeof one) != sizeof one) std::abort();
    };
}

bool WakeUp::poll_until(const std::function<void()>& poll, const std::function<bool()>& done) {
    constexpr int kPatienceMs = 20'000;
    while (!done()) {
        pollfd waiting{fd_, POLLIN, 0};
        if (::poll(&waiting, 1, kPatienceMs) != 1) return false;
        std::uint64_t count = 0;
        if (::read(fd_, &count, sizeof count) != sizeof count) return false;
        poll();
    }
    return true;
}

StoredDatabase::StoredDatabase()
    : path_(directory_ / "sweepctl.db"), store_(open_sqlite_store(path_, wake_.callback())) {}

void StoredDatabase::commit(Changes changes) {
    if (const auto error = commit_now(*store_, wake_, std::move(changes))) {
        throw std::runtime_error(error->message);
    }
}

std::optional<StoreError> commit_now(Store& store, WakeUp& wake, Changes changes) {
    bool answered = false;
    std::optional<StoreError> result;
    store.commit(std::move(changes), [&](std::optional<StoreError> error) {
        answered = true;
        result = std::move(error);
    });
    if (!wake.poll_until([&] { store.poll(); }, [&] { return answered; })) {
        throw std::runtime_error("the store does not answer");
    }
    return result;
}

}  // namespace sweepctl

// The metrics of a run, read from the file that it was told to append to and, where its sweep says
// so, from what it prints. Each file has an offset of its own, up to which the controller has taken
// its lines in; what is not acknowledged is sent again.

#include "sweepctl/agent/agent.hpp"
#include "sweepctl/base/check.hpp"

#include <algorithm>

namespace sweepctl {

namespace {

/// What a program prints is looked at so often while it lives.
constexpr Duration kOutputPause = std::chrono::milliseconds{50};

}  // namespace

void Agent::name_files(Execution& execution, const std::string& stem) {
    execution.metrics.path = stem + ".metrics.jsonl";
    execution.output.path = stem + ".log";
}

void Agent::metrics_changed(const RunId& run, std::uint32_t attempt) {
    Execution* execution = find(run, attempt);
    if (execution == nullptr) return;
    execution->metrics.dirty = true;
    pump_metrics(*execution);
    flush();
}

void Agent::output_changed(const RunId& run, std::uint32_t attempt) {
    Execution* execution = find(run, attempt);
    if (execution == nullptr) return;
    execution->output.dirty = true;
    pump_metrics(*execution);
    flush();
}

/// Sends the next lines; one message is under way at a time. After the program's end reads on until
/// nothing is left, and then lets the end be reported.
void Agent::pump_metrics(Execution& execution) {
    if (execution.metrics_in_flight) return;
    if (read_on(execution, MetricsSource::file)) return;
    if (read_on(execution, MetricsSource::output)) return;
    report_end_if_ready(execution);
}

/// How metrics stand in the output, if anywhere; done with it where they do not.
std::optional<MetricsFormat> Agent::output_format(const Execution& execution) {
    const auto brief = briefs_.find(execution.sweep);
    if (brief == briefs_.end()) return std::nullopt;
    switch (brief->second.stdout_metrics) {
        case StdoutMetrics::none: return std::nullopt;
        case StdoutMetrics::json: return MetricsFormat::printed_json;
        case StdoutMetrics::kv: return MetricsFormat::printed_pairs;
    }
    SWEEPCTL_CHECK(false);
}

/// Whether lines were sent.
bool Agent::read_on(Execution& execution, MetricsSource source) {
    Reading& reading = source == MetricsSource::file ? execution.metrics : execution.output;
    const bool final = execution.end.has_value();
    if (reading.done || (!final && (!reading.dirty || !welcomed_))) return false;
    MetricsFormat format = MetricsFormat::metrics_file;
    if (source == MetricsSource::output) {
        const std::optional<MetricsFormat> printed = output_format(execution);
        // The sweep of a run that was taken over is explained before the welcome, or not at all.
        if (!printed && (welcomed_ || briefs_.contains(execution.sweep))) reading.done = true;
        if (!printed || !welcomed_) return false;
        format = *printed;
        const SteadyTime now = clock_.now().steady;
        if (!final) {
            if (now < reading.next_look) {
                look_at(reading.next_look);
                return false;
            }
            reading.next_look = now + kOutputPause;
            // Before it is read, so that nothing is missed.
            files_.follow_output(execution.ref.run, execution.ref.attempt, reading.path);
        }
    }
    MetricsChunk chunk;
    if (!reading.path.empty())
        chunk = files_.read_metrics(reading.path, reading.read, format, final);
    if (chunk.offset_end <= reading.read && !chunk.truncated) {
        reading.dirty = false;
        reading.done = final;
        return false;
    }
    if (!welcomed_) return false;  // Sent once the link is there again; the end waits for it.
    reading.dirty = true;
    if (chunk.lines.empty() && !chunk.truncated && (!chunk.invalid || reading.mistake_told)) {
        reading.read = chunk.offset_end;
        look_at(final || source == MetricsSource::file ? clock_.now().steady : reading.next_look);
        return false;
    }
    MetricsLogged message;
    message.agent = settings_.record.id;
    message.execution = execution.ref;
    message.source = source;
    message.offset = reading.acked;
    message.offset_end = chunk.offset_end;
    message.lines = std::move(chunk.lines);
    message.preempting = chunk.preempting;
    message.invalid = std::move(chunk.invalid);
    message.truncated = chunk.truncated;
    const bool mistake = message.invalid.has_value();
    // The controller must see the start before the first values of a run.
    if (anything_to_report() && !in_flight_) flush();
    execution.metrics_in_flight = link_.send(message);
    reading.mistake_told = reading.mistake_told || (mistake && execution.metrics_in_flight);
    return true;
}

void Agent::on(const MetricsAck& order) {
    Execution* execution = find(order.execution);
    if (execution == nullptr) return;
    Reading& reading = order.source == MetricsSource::file ? execution->metrics : execution->output;
    execution->metrics_in_flight = false;
    reading.acked = reading.read = order.offset;
    reading.dirty = true;
    pump_metrics(*execution);
    flush();
}

void Agent::look_at(SteadyTime time) {
    next_look_ = next_look_ ? std::min(*next_look_, time) : time;
}

void Agent::look_again() {
    next_look_.reset();
    for (auto& [key, execution] : executions_) {
        if (execution.metrics.dirty || execution.output.dirty || execution.end)
            pump_metrics(execution);
    }
}

}  // namespace sweepctl

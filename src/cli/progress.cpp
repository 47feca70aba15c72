#include "cli/progress.hpp"

#include "cli/json_view.hpp"
#include "cli/sweep_view.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace sweepctl::cli {

namespace {

constexpr std::chrono::seconds kPaceWindow{60};
constexpr std::size_t kBarMost = 40;
constexpr std::size_t kWidthUnknown = 80;

/// Parts painted one by one and cut as a whole: colour codes take no columns.
class Line {
public:
    Line(const Terminal& terminal, std::size_t width) : terminal_(terminal), room_(width) {}

    Line& add(std::string_view text, Style style = Style::plain) {
        const std::string cut = fit(text, room_, terminal_.unicode() ? "…" : "..");
        room_ -= std::min(room_, display_width(cut));
        out_ += terminal_.paint(style, cut);
        return *this;
    }
    [[nodiscard]] std::size_t room() const { return room_; }
    [[nodiscard]] std::string text() const { return out_; }

private:
    const Terminal& terminal_;
    std::size_t room_;
    std::string out_;
};

Duration running_time(const ParamValue& sweep, WallTime now) {
    const auto begin = time_field(sweep, "started_at");
    if (!begin) return Duration{0};
    return std::max(time_field(sweep, "ended_at").value_or(now) - *begin, Duration{0});
}

std::string head_line(const Progress& progress,
                      const Terminal& terminal,
                      WallTime now,
                      std::size_t width) {
    const ParamValue& sweep = progress.sweep;
    const std::string status = text_field(sweep, "status");
    const std::string reason = printable(text_field(sweep, "reason"));
    Line line(terminal, width);
    line.add("sweep ").add(cell_text(field(sweep, "id")), Style::bold);
    line.add("  ").add(printable(status), style_of_state(status));
    if (!reason.empty()) line.add(" (" + reason + ")");
    line.add("  " + duration_text(running_time(sweep, now)), Style::dim);
    if (const std::string name = text_field(sweep, "name");
        !name.empty() && name != text_field(sweep, "id")) {
        line.add("  " + printable(name));
    }
    return line.text();
}

std::string bar_line(const Progress& progress, const Terminal& terminal, std::size_t width) {
    const ParamValue& sweep = progress.sweep;
    const std::uint64_t done = counts_of(sweep).ended();
    const auto expected = int_field(sweep, "expected_runs");
    Line line(terminal, width);
    if (!expected || *expected <= 0) return line.add(plural(done, "run") + " ended").text();
    const std::uint64_t whole = std::max(static_cast<std::uint64_t>(*expected), done);
    std::string text = "  " + count_text(done) + "/" + count_text(whole) + "  " +
                       std::to_string(done * 100 / whole) + "%";
    if (const auto left = progress.pace.time_for(whole - done);
        left && text_field(sweep, "status") == "running") {
        text += "  eta " + duration_text(*left);
    }
    const std::size_t beside = display_width(text) + 2;
    if (width > beside + 8) {
        line.add(progress_bar(done, whole, std::min(kBarMost, width - beside), terminal.unicode()),
                 Style::green);
    }
    return line.add(text).text();
}

std::string counts_line(const Progress& progress, const Terminal& terminal, std::size_t width) {
    const Counts counts = counts_of(progress.sweep);
    Line line(terminal, width);
    bool first = true;
    const auto add = [&](std::uint64_t count, std::string_view word, bool always) {
        if (count == 0 && !always) return;
        line.add(first ? "" : "   ");
        line.add(count_text(count) + " " + std::string(word),
                 count == 0 ? Style::dim : style_of_state(word));
        first = false;
    };
    add(counts.running, "running", true);
    add(counts.pending, "pending", false);
    add(counts.finished, "finished", true);
    add(counts.failed, "failed", true);
    add(counts.crashed, "crashed", false);
    add(counts.killed, "killed", false);
    return line.text();
}

std::string latest_line(const EndedRun& run, const Terminal& terminal, std::size_t width) {
    Line line(terminal, width);
    line.add("  " + clock_text(run.time) + "  ", Style::dim).add(printable(run.id) + "  ");
    line.add(pad(printable(run.state), 8), style_of_state(run.state));
    if (!run.end.empty()) line.add("  " + run.end);
    if (!run.metric.empty()) line.add("  " + run.metric);
    if (!run.config.empty()) line.add("  " + run.config, Style::dim);
    return line.text();
}

}  // namespace

void Pace::add(WallTime time, std::uint64_t ended) {
    // After a deletion there are fewer; and what was seen before tells nothing then.
    if (!samples_.empty() && samples_.back().second > ended) samples_.clear();
    if (!samples_.empty() && samples_.back().second == ended) return;
    samples_.emplace_back(time, ended);
    while (samples_.size() > 2 && samples_.front().first + kPaceWindow < time) {
        samples_.pop_front();
    }
}

std::optional<Duration> Pace::time_for(std::uint64_t remaining) const {
    if (samples_.size() < 2) return std::nullopt;
    const auto span = samples_.back().first - samples_.front().first;
    const std::uint64_t ended = samples_.back().second - samples_.front().second;
    if (ended == 0 || span <= Duration{0}) return std::nullopt;
    const double ms = static_cast<double>(span.count()) / static_cast<double>(ended) *
                      static_cast<double>(remaining);
    constexpr double kYearMs = 366.0 * 86'400e3;
    if (!std::isfinite(ms) || ms > kYearMs) return std::nullopt;
    return Duration{std::llround(ms)};
}

std::string progress_bar(std::uint64_t done, std::uint64_t whole, std::size_t width, bool unicode) {
    const double share =
        whole == 0 ? 0.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(whole));
    // Full only when it is.
    const auto filled = static_cast<std::size_t>(std::floor(share * static_cast<double>(width)));
    std::string out = unicode ? "" : "[";
    for (std::size_t i = 0; i < width; ++i) {
        if (unicode) {
            out += i < filled ? "█" : "░";
        } else {
            out += i < filled ? '#' : '-';
        }
    }
    return unicode ? out : out + "]";
}

std::string config_text(const ParamMap& config) {
    std::string out;
    for (const auto& [name, value] : flatten(config)) {
        out += (out.empty() ? "" : " ") + printable(name) + "=" +
               (value.is_null() ? "null" : cell_text(value));
    }
    return out;
}

std::vector<std::string> progress_lines(const Progress& progress,
                                        const Terminal& terminal,
                                        WallTime now,
                                        std::size_t height_max) {
    // One column stays free: writing into the last one wraps on some terminals.
    const std::size_t width = (terminal.width() == 0 ? kWidthUnknown : terminal.width()) - 1;
    std::vector<std::string> out{head_line(progress, terminal, now, width),
                                 bar_line(progress, terminal, width),
                                 counts_line(progress, terminal, width)};
    if (!field(progress.sweep, "best").is_null()) {
        const std::string metric = text_field(field(progress.sweep, "metric"), "name");
        out.push_back(
            Line(terminal, width)
                .add("best " + (metric.empty() ? "" : printable(metric) + " "), Style::dim)
                .add(best_text(progress.sweep))
                .text());
    }
    const std::string warning = metric_warning(progress.sweep);
    if (!warning.empty()) out.push_back(Line(terminal, width).add(warning, Style::yellow).text());
    if (!progress.note.empty()) {
        out.push_back(Line(terminal, width).add(printable(progress.note), Style::yellow).text());
    }
    for (const EndedRun& run : progress.latest)
        out.push_back(latest_line(run, terminal, width));
    if (out.size() > height_max) out.resize(height_max);
    return out;
}

}  // namespace sweepctl::cli

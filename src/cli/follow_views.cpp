#include "cli/follow_views.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/run_state.hpp"

#include "cli/cli_error.hpp"
#include "cli/controller.hpp"
#include "cli/json_view.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"
#include "cli/sweep_view.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

namespace sweepctl::cli {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kLatestShown = 5;
constexpr milliseconds kFrame{100};
constexpr milliseconds kTick{1000};  // The clock on the screen.
constexpr milliseconds kBatch{500};
constexpr std::size_t kLinesABatch = 5;

/// The state that a run ended in by this event; nullopt when it is another event.
std::optional<RunState> end_by(const ParamValue& event) {
    if (text_field(event, "kind") != "run_state") return std::nullopt;
    const auto state = run_state_from(text_field(event, "to"));
    return state && is_ended(*state) ? state : std::nullopt;
}

/// "(timeout)"; nothing where the state says it all.
std::string reason_text(const ParamValue& event) {
    const std::string reason = text_field(event, "reason");
    const std::string detail = text_field(event, "detail");
    std::string out = reason == "exit" || reason == "finish" ? "" : printable(reason);
    if (!detail.empty()) out += (out.empty() ? "" : ", ") + printable(detail);
    return out;
}

void count(Counts& counts, RunState state) {
    switch (state) {
        case RunState::pending:
        case RunState::running: break;
        case RunState::finished: ++counts.finished; break;
        case RunState::failed: ++counts.failed; break;
        case RunState::crashed: ++counts.crashed; break;
        case RunState::killed: ++counts.killed; break;
    }
}

/// What goes to stderr may get lost there; what was asked for on stdout may not.
void show(int fd, const std::string& text) {
    if (!write_all(fd, text) && fd == STDOUT_FILENO) {
        throw CliError(kError,
                       std::string("cannot write to standard output: ") + std::strerror(errno));
    }
}

}  // namespace

void SilentView::note(const std::string& text) {
    session_.messages.note(text);
}

void LinesView::line(const std::string& text) {
    show(fd_, clock_text(wall_now()) + " " + text + "\n");
}

void LinesView::sweep(const ParamValue& sweep) {
    const std::string status = text_field(sweep, "status");
    const std::string reason = printable(text_field(sweep, "reason"));
    best_ = field(sweep, "best").is_null() ? "" : best_text(sweep);
    if (const std::string warning = metric_warning(sweep); !warning.empty() && !warned_) {
        warned_ = true;
        line(warning);
    }
    if (status == status_) return;
    draw(true);
    status_ = status;
    line("sweep " + cell_text(field(sweep, "id")) + " is " + printable(status) +
         (reason.empty() ? "" : " (" + reason + ")") + ", " + progress_text(sweep) + " ended" +
         (counts_of(sweep).total() == 0 ? "" : ": " + counts_text(counts_of(sweep))));
}

void LinesView::event(const ParamValue& event) {
    const auto state = end_by(event);
    if (!state) return;
    count(ended_, *state);
    if (ends_.empty()) first_at_ = Clock::now();
    if (ends_.size() > kLinesABatch) return;
    const std::string reason = reason_text(event);
    ends_.push_back("run " + cell_text(field(event, "run")) + " " + std::string(to_string(*state)) +
                    (reason.empty() ? "" : " (" + reason + ")"));
}

void LinesView::note(const std::string& text) {
    draw(true);
    line(text);
}

std::optional<milliseconds> LinesView::period() const {
    return ends_.empty() ? std::nullopt : std::optional(kBatch);
}

void LinesView::draw(bool last) {
    if (ends_.empty() || (!last && Clock::now() - first_at_ < kBatch)) return;
    if (ends_.size() <= kLinesABatch) {
        for (const std::string& end : ends_)
            line(end);
    } else {
        line(plural(ended_.ended(), "run") + " ended: " + counts_text(ended_));
    }
    ends_.clear();
    ended_ = {};
    if (best_ != best_shown_) line("best " + best_);
    best_shown_ = best_;
}

void ScreenView::sweep(const ParamValue& sweep) {
    news_ = true;
    progress_.sweep = sweep;
    progress_.note.clear();
    progress_.pace.add(wall_now(), counts_of(sweep).ended());
}

void ScreenView::event(const ParamValue& event) {
    const auto state = end_by(event);
    if (!state) return;
    news_ = true;
    progress_.latest.push_front({.time = time_field(event, "time").value_or(wall_now()),
                                 .id = text_field(event, "run"),
                                 .state = std::string(to_string(*state)),
                                 .end = reason_text(event),
                                 .config = {},
                                 .metric = {}});
    if (progress_.latest.size() > kLatestShown) progress_.latest.pop_back();
}

void ScreenView::note(const std::string& text) {
    news_ = true;
    progress_.note = text;
}

std::optional<milliseconds> ScreenView::period() const {
    return news_ ? kFrame : kTick;
}

/// Only what is on the screen is looked up, and each once.
void ScreenView::look_up_latest() {
    if (!progress_.note.empty()) return;  // Nobody is there to answer.
    Controller* const controller = session_.reachable_controller();
    if (controller == nullptr) return;
    const std::string metric = text_field(field(progress_.sweep, "metric"), "name");
    for (EndedRun& ended : progress_.latest) {
        if (!ended.config.empty() || ended.id.empty()) continue;
        HttpCall call;
        call.target = id_target("runs", ended.id);
        call.timeout = milliseconds{1000};
        const auto reply = controller->http().request(call);
        if (!reply || !reply.value().ok()) return;
        const auto run = parse_json(reply.value().body);
        if (!run) return;
        ended.config = config_text(map_field(*run, "config"));
        if (ended.config.empty()) ended.config = "(no parameters)";
        ended.end = run_end_text(*run);
        const ParamValue& value = field(field(*run, "summary"), metric);
        if (!metric.empty() && !value.is_null()) {
            ended.metric = printable(metric) + "=" + cell_text(value);
        }
    }
}

void ScreenView::draw(bool last) {
    const auto now = Clock::now();
    const milliseconds gap = news_ ? kFrame : kTick;
    if (progress_.sweep.is_null() || (!last && now - drawn_at_ < gap)) return;
    drawn_at_ = now;
    news_ = false;
    look_up_latest();
    const std::size_t height = terminal_.height();
    const std::vector<std::string> lines =
        progress_lines(progress_, terminal_, wall_now(), height > 1 ? height - 1 : 1);
    std::string out;
    if (drawn_ > 0) out += "\x1b[" + std::to_string(drawn_) + "A";
    for (const std::string& line : lines)
        out += "\r\x1b[2K" + line + "\n";
    // There may have been more lines before.
    out += "\x1b[J";
    drawn_ = lines.size();
    show(fd_, out);
}

std::unique_ptr<FollowView> make_view(Session& session, int fd) {
    Terminal terminal = Terminal::of(fd);
    if (terminal.interactive()) {
        return std::make_unique<ScreenView>(session, fd, std::move(terminal));
    }
    return std::make_unique<LinesView>(fd);
}

}  // namespace sweepctl::cli

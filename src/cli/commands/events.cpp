#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/event_feed.hpp"
#include "cli/fields.hpp"
#include "cli/follow.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace sweepctl::cli {

namespace {

struct Options {
    std::vector<std::string> sweep;
    std::optional<std::string> run;
    bool follow = false;
    bool json = false;
};

std::string event_line(const Terminal& terminal, const ParamValue& event) {
    std::string out = terminal.paint(Style::dim, cell_text(field(event, "time"))) + "  ";
    const std::string run = text_field(event, "run");
    const std::string sweep = text_field(event, "sweep");
    if (!run.empty()) {
        out += "run " + printable(run);
    } else if (!sweep.empty()) {
        out += "sweep " + printable(sweep);
    }
    const auto attempt = int_field(event, "attempt");
    if (attempt && *attempt > 1) out += " (attempt " + std::to_string(*attempt) + ")";
    out += ": " + cell_text(field(event, "kind"));
    const std::string from = printable(text_field(event, "from"));
    const std::string to = printable(text_field(event, "to"));
    if (!from.empty() || !to.empty()) {
        out +=
            " " + from + (from.empty() ? "-> " : " -> ") + terminal.paint(style_of_state(to), to);
    }
    const std::string reason = printable(text_field(event, "reason"));
    const std::string detail = printable(text_field(event, "detail"));
    if (!reason.empty()) out += ", " + reason;
    if (!detail.empty()) out += " (" + detail + ")";
    const std::string actor = printable(text_field(event, "actor"));
    if (!actor.empty() && actor != "controller") out += ", by " + actor;
    return out;
}

void print(Session& session, const Options& options, const ParamValue& event) {
    session.out.line(options.json ? strict_json(project(event, event_fields()))
                                  : event_line(session.out.terminal(), event));
}

/// All there are; the id of the last.
std::string print_past(Session& session, const Options& options, const Query& query) {
    std::string last = "0";
    for (;;) {
        Query page = query;
        page.emplace_back("after", last);
        page.emplace_back("limit", "1000");
        const ParamValue reply = session.controller().get(api_target("events", page));
        const ParamList& items = list_field(reply, "items");
        for (const ParamValue& event : items)
            print(session, options, event);
        if (items.empty()) return last;
        const std::string before = std::exchange(last, cell_text(field(items.back(), "id")));
        if (field(reply, "next_cursor").is_null()) return last;
        if (last == before) throw CliError(kError, "the controller's list does not go on");
    }
}

[[noreturn]] void follow_events(Session& session,
                                const Options& options,
                                Query query,
                                const std::string& last) {
    query.emplace_back("after", last);
    EventFeed feed(controller_finder(session), api_target("events", query), last, kPatience);
    bool lost = false;
    for (;;) {
        session.out.flush();
        session.out.wait_readable(feed.fd());
        for (const FeedItem& item : feed.take()) {
            switch (item.kind) {
                case FeedItem::Kind::event: print(session, options, item.event); break;
                case FeedItem::Kind::lost:
                    lost = true;
                    session.messages.note("the controller is gone; waiting up to " +
                                          duration_text(kPatience) + " for it to come back");
                    break;
                case FeedItem::Kind::back:
                    if (std::exchange(lost, false)) session.messages.note("the controller is back");
                    session.forget_controller();
                    break;
                case FeedItem::Kind::gave_up: throw_lost();
                case FeedItem::Kind::refused:
                    // Asked once more, the controller says why.
                    static_cast<void>(session.controller().get(api_target("events", query)));
                    throw CliError(kError, "the controller does not stream events");
            }
        }
    }
}

int events(Session& session, const Options& options) {
    if (options.sweep.size() > 1) throw CliError(kUsage, "events takes one sweep");
    Query query;
    Controller& controller = session.controller();
    if (!options.sweep.empty()) {
        const ParamValue sweep = controller.get(id_target("sweeps", options.sweep.front()));
        query.emplace_back("sweep", text_field(sweep, "id"));
    }
    if (options.run) {
        query.emplace_back("run",
                           text_field(controller.get(id_target("runs", *options.run)), "id"));
    }
    const std::string last = print_past(session, options, query);
    if (options.follow) follow_events(session, options, query, last);
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->sweep, ValueKind::sweep, "SWEEP",
                         "the sweep's id; all sweeps unless given", false);
    arguments.option("--run", options->run, ValueKind::run, "RUN", "only this run's");
    arguments.flag("-f,--follow", options->follow, "go on with those that come, until Ctrl-C");
    arguments.flag("--json", options->json, "print one JSON object a line");
    return [options](Session& session) { return events(session, *options); };
}

}  // namespace

const Verb kEventsVerb{
    .name = "events",
    .group = "follow",
    .summary = "print what happened: who did what to what, when and why",
    .details = {},
    .examples =
        "sweepctl events k3f9x2ab\n"
        "sweepctl events -f --json k3f9x2ab | jq -c 'select(.to == \"failed\")'",
    .declare = &declare,
};

}  // namespace sweepctl::cli

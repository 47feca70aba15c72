#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/exit_codes.hpp"
#include "cli/fields.hpp"
#include "cli/json_array.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/sweep_view.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"

#include <memory>
#include <optional>

namespace sweepctl::cli {

namespace {

struct Options {
    std::optional<std::string> status;
    std::optional<std::uint64_t> limit;
    bool json = false;
};

std::vector<Cell> row_of(const ParamValue& sweep, WallTime now) {
    const Counts counts = counts_of(sweep);
    const std::string status = text_field(sweep, "status");
    const auto created = time_field(sweep, "created_at");
    return {
        Cell{cell_text(field(sweep, "id")), Style::bold},
        Cell{cell_text(field(sweep, "name"))},
        Cell{cell_text(field(sweep, "project"))},
        Cell{printable(status), style_of_state(status)},
        Cell{progress_text(sweep)},
        Cell{count_text(counts.running)},
        Cell{count_text(counts.unfinished()), counts.unfinished() > 0 ? Style::red : Style::plain},
        Cell{field(sweep, "best").is_null() ? "-"
                                            : cell_text(field(field(sweep, "best"), "value"))},
        Cell{created ? ago_text(*created, now) : "-"}};
}

int ls(Session& session, const Options& options) {
    Query query;
    if (options.status) query.emplace_back("status", *options.status);
    JsonArray array(session.out);
    Table table({{"SWEEP"},
                 {"NAME"},
                 {"PROJECT", false, true},
                 {"STATUS"},
                 {"ENDED", true},
                 {"LIVE", true},
                 {"UNFINISHED", true},
                 {"BEST", true, true},
                 {"CREATED", true, true}});
    const WallTime now = wall_now();
    std::uint64_t left = options.limit.value_or(0) == 0 ? UINT64_MAX : *options.limit;
    session.controller().each_item("sweeps", query, [&](const ParamValue& sweep) {
        if (options.json) {
            // The list has no specs; "show" has.
            ParamValue item = reorder(sweep, sweep_fields());
            std::erase_if(*std::get_if<ParamMap>(&item.content()),
                          [](const auto& entry) { return entry.first == "spec"; });
            array.add(item);
        } else {
            table.add(row_of(sweep, now));
        }
        return --left > 0;
    });
    if (options.json) {
        array.end();
    } else if (table.empty()) {
        session.messages.note(options.status ? "no sweep has that status"
                                             : "no sweeps yet; 'sweepctl launch SPEC' makes one");
    } else {
        session.out.write(table.text(session.out.terminal()));
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.option("--status", options->status, ValueKind::text, "S,S",
                     "only sweeps with one of these statuses");
    arguments.option("--limit", options->limit, "N", "at most so many, the newest first");
    arguments.flag("--json", options->json, "print an array of objects");
    return [options](Session& session) { return ls(session, *options); };
}

}  // namespace

const Verb kLsVerb{
    .name = "ls",
    .group = "look",
    .summary = "list the sweeps, the newest first",
    .details = {},
    .examples =
        "sweepctl ls\n"
        "sweepctl ls --status running,paused --json",
    .declare = &declare,
};

}  // namespace sweepctl::cli

#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/exit_codes.hpp"
#include "cli/fields.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/sweep_view.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"

#include <memory>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string run;
    bool json = false;
};

void print_facts(Output& out, const ParamValue& run) {
    const auto line = [&](std::string_view name, const std::string& value) {
        if (!value.empty() && value != "-") {
            out.line(out.terminal().paint(Style::dim, pad(name, 12)) + value);
        }
    };
    const std::string end = run_end_text(run);
    out.line(out.terminal().paint(Style::bold, cell_text(field(run, "id"))) + "  " +
             cell_text(field(run, "name")));
    line("state",
         out.terminal().paint(style_of_state(text_field(run, "state")), run_state_text(run)) +
             (end.empty() ? "" : " (" + end + ")"));
    line("detail", printable(text_field(run, "detail")));
    line("stop", cell_text(field(run, "stop_reason")));
    line("sweep", cell_text(field(run, "sweep")));
    line("number", cell_text(field(run, "number")));
    line("attempt", cell_text(field(run, "attempt")));
    line("origin", cell_text(field(run, "origin")));
    line("exit code", cell_text(field(run, "exit_code")));
    line("time", run_time_text(run));
    if (const auto cpu = number_field(run, "cpu_seconds"); cpu && *cpu > 0) {
        line("cpu", number_text(*cpu) + "s");
    }
    if (const auto rss = number_field(run, "max_rss_kib"); rss && *rss > 0) {
        line("memory", number_text(*rss / 1024.0) + " MiB at most");
    }
    line("host", cell_text(field(run, "host")));
    line("pid", cell_text(field(run, "pid")));
    line("agent", cell_text(field(run, "agent")));
    line("created", cell_text(field(run, "created_at")));
    line("started", cell_text(field(run, "started_at")));
    line("ended", cell_text(field(run, "ended_at")));
    line("heartbeat", cell_text(field(run, "heartbeat_at")));
    line("log", cell_text(field(run, "log_path")));
}

void print_config(Output& out, const ParamValue& run) {
    const auto leaves = flatten(map_field(run, "config"));
    if (leaves.empty()) return;
    std::size_t width = 0;
    for (const auto& [name, value] : leaves) {
        width = std::max(width, display_width(printable(name)));
    }
    out.line("\n" + out.terminal().paint(Style::dim, "parameters"));
    for (const auto& [name, value] : leaves) {
        out.line("  " + pad(printable(name), width + 2) +
                 (value.is_null() ? "null" : cell_text(value)));
    }
}

void print_metrics(Output& out, const ParamValue& run) {
    Table table({{"METRIC"},
                 {"LAST", true},
                 {"BEST", true},
                 {"FIRST", true},
                 {"MIN", true},
                 {"MAX", true},
                 {"COUNT", true}});
    for (const ParamValue& metric : list_field(run, "metrics")) {
        const std::string name = text_field(metric, "name");
        if (name.empty() || name.front() == '_') continue;
        std::vector<Cell> row{{printable(name)}};
        for (const char* column : {"last", "best", "first", "min", "max", "count"}) {
            row.emplace_back(cell_text(field(metric, column)));
        }
        table.add(std::move(row));
    }
    if (!table.empty()) out.write("\n" + table.text(out.terminal()));
}

void print_attempts(Output& out, const ParamValue& run) {
    Table table({{"EARLIER ATTEMPT"}, {"STATE"}, {"END"}, {"TIME", true}, {"HOST"}, {"STARTED"}});
    for (const ParamValue& attempt : list_field(run, "attempts")) {
        // The newest one is what the facts above are about.
        if (cell_text(field(attempt, "attempt")) == cell_text(field(run, "attempt"))) continue;
        const std::string state = text_field(attempt, "state");
        table.add({{cell_text(field(attempt, "attempt"))},
                   {printable(state), style_of_state(state)},
                   {run_end_text(attempt)},
                   {run_time_text(attempt)},
                   {cell_text(field(attempt, "host"))},
                   {cell_text(field(attempt, "started_at"))}});
    }
    if (!table.empty()) out.write("\n" + table.text(out.terminal()));
}

int run(Session& session, const Options& options) {
    const ParamValue found = session.controller().get(id_target("runs", options.run));
    if (options.json) {
        session.out.line(strict_json(reorder(found, run_fields())));
        return kOk;
    }
    print_facts(session.out, found);
    print_config(session.out, found);
    print_metrics(session.out, found);
    print_attempts(session.out, found);
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->run, ValueKind::run, "RUN", "the run's id");
    arguments.flag("--json", options->json, "print one JSON object");
    return [options](Session& session) { return run(session, *options); };
}

}  // namespace

const Verb kRunVerb{
    .name = "run",
    .group = "look",
    .summary = "show one run: its state and why, parameters, metrics, earlier attempts",
    .details = {},
    .examples = "sweepctl run r8a2kk3p",
    .declare = &declare,
};

}  // namespace sweepctl::cli

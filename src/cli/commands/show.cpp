#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/exit_codes.hpp"
#include "cli/fields.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/sweep_view.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <memory>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string sweep;
    bool spec = false;
    bool prior = false;
    bool json = false;
};

std::string metric_text(const ParamValue& metric) {
    if (metric.is_null()) return "-";
    return cell_text(field(metric, "name")) + ", " + cell_text(field(metric, "goal"));
}

std::string prior_text(const ParamValue& prior) {
    if (prior.is_null()) return "-";
    const auto count = [&](std::string_view name) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(0, int_field(prior, name).value_or(0)));
    };
    return count_text(count("runs")) + (count("runs") == 1 ? " run, " : " runs, ") +
           count_text(count("with_metric")) + " with the metric, from " +
           cell_text(field(prior, "source"));
}

void print(Session& session, const ParamValue& sweep) {
    Output& out = session.out;
    const auto line = [&](std::string_view name, const std::string& value) {
        if (!value.empty() && value != "-") {
            out.line(out.terminal().paint(Style::dim, pad(name, 12)) + value);
        }
    };
    const std::string status = text_field(sweep, "status");
    const std::string reason = printable(text_field(sweep, "reason"));
    out.line(out.terminal().paint(Style::bold, cell_text(field(sweep, "id"))) + "  " +
             cell_text(field(sweep, "name")));
    line("status", out.terminal().paint(style_of_state(status), printable(status)) +
                       (reason.empty() ? "" : " (" + reason + ")"));
    line("project", cell_text(field(sweep, "entity")) + "/" + cell_text(field(sweep, "project")));
    line("method", cell_text(field(sweep, "method")));
    line("runs", counts_text(counts_of(sweep)));
    line("expected", field(sweep, "expected_runs").is_null()
                         ? "without end"
                         : progress_text(sweep) + " ended" +
                               (bool_field(sweep, "exhausted") ? ", all created" : ""));
    line("metric", metric_text(field(sweep, "metric")));
    line("best", best_text(sweep));
    line("parallel", cell_text(field(sweep, "parallel")));
    line("run_cap", cell_text(field(sweep, "run_cap")));
    line("seed", cell_text(field(sweep, "seed")));
    line("prior", prior_text(field(sweep, "prior")));
    line("created", cell_text(field(sweep, "created_at")));
    line("started", cell_text(field(sweep, "started_at")));
    line("ended", cell_text(field(sweep, "ended_at")));
    const std::string warning = metric_warning(sweep);
    if (!warning.empty()) out.line(out.terminal().paint(Style::yellow, warning));
}

int show(Session& session, const Options& options) {
    if (options.prior) {
        const ParamValue prior =
            session.controller().get(id_target("sweeps", options.sweep, "prior"));
        for (const ParamValue& run : list_field(prior, "runs"))
            session.out.line(strict_json(run));
        return kOk;
    }
    const ParamValue sweep = session.controller().get(id_target("sweeps", options.sweep));
    if (options.json) {
        session.out.line(strict_json(reorder(sweep, sweep_fields())));
    } else if (options.spec) {
        session.out.write(text_field(sweep, "spec"));
    } else {
        print(session, sweep);
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->sweep, ValueKind::sweep, "SWEEP", "the sweep's id");
    arguments.flag("--spec", options->spec, "print the spec that it was launched with");
    arguments.flag("--prior", options->prior,
                   "print the runs that it was launched to know, as --prior of launch and suggest "
                   "takes them");
    arguments.flag("--json", options->json, "print one JSON object");
    return [options](Session& session) { return show(session, *options); };
}

}  // namespace

const Verb kShowVerb{
    .name = "show",
    .group = "look",
    .summary = "show one sweep",
    .details = {},
    .examples =
        "sweepctl show k3f9x2ab\n"
        "sweepctl show k3f9x2ab --spec > again.yaml",
    .declare = &declare,
};

}  // namespace sweepctl::cli

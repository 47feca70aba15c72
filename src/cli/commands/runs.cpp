#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/exit_codes.hpp"
#include "cli/fields.hpp"
#include "cli/json_array.hpp"
#include "cli/json_view.hpp"
#include "cli/runs_table.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace sweepctl::cli {

namespace {

constexpr std::uint64_t kTableLimit = 100;
constexpr std::uint64_t kPage = 1000;

struct Options {
    std::string sweep;
    std::optional<std::string> state;
    std::optional<std::string> filter;
    std::optional<std::string> sort;
    std::optional<std::uint64_t> limit;
    bool json = false;
};

/// UINT64_MAX: all there are.
std::uint64_t limit_of(const Options& options) {
    if (!options.limit) return options.json ? UINT64_MAX : kTableLimit;
    return *options.limit == 0 ? UINT64_MAX : *options.limit;
}

int runs(Session& session, const Options& options) {
    const std::uint64_t limit = limit_of(options);
    Query query;
    if (options.state) query.emplace_back("state", *options.state);
    if (options.filter) query.emplace_back("filter", *options.filter);
    if (options.sort) query.emplace_back("sort", *options.sort);

    Controller& controller = session.controller();
    const ParamValue sweep = controller.get(id_target("sweeps", options.sweep));
    const std::string path = "sweeps/" + text_field(sweep, "id") + "/runs";
    // One more than is shown tells whether there are more.
    const std::uint64_t wanted = limit == UINT64_MAX || options.json ? limit : limit + 1;
    query.emplace_back("limit", std::to_string(std::min(wanted, kPage)));

    JsonArray array(session.out);
    ParamList rows;
    std::uint64_t seen = 0;
    const auto take = [&](const ParamValue& run) {
        ++seen;
        if (options.json) {
            array.add(project(run, run_fields()));
        } else {
            rows.push_back(run);
        }
        return seen < wanted;
    };
    with_options({{"state", "--state"}, {"filter", "--filter"}, {"sort", "--sort"}},
                 [&] { controller.each_item(path, query, take); });
    if (options.json) {
        array.end();
        return kOk;
    }
    const bool more = rows.size() > limit;
    if (more) rows.resize(limit);
    if (rows.empty()) {
        session.messages.note("no such runs");
        return kOk;
    }
    session.out.write(
        runs_table(sweep, rows, options.sort.value_or("")).text(session.out.terminal()));
    if (more) {
        session.messages.note("these are the first " + count_text(limit) + "; --limit 0 shows all");
    }
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->sweep, ValueKind::sweep, "SWEEP", "the sweep's id");
    arguments.option("--state", options->state, ValueKind::text, "S,S",
                     "only runs in one of these states: pending, running, finished, failed, "
                     "crashed, killed");
    arguments.option("--filter", options->filter, ValueKind::text, "EXPR",
                     "only runs for which EXPR holds, like 'config.lr > 0.01 and loss < 1'");
    arguments.option("--sort", options->sort, ValueKind::text, "KEY",
                     "by a field, a parameter or a metric; -KEY for the largest first");
    arguments.option("--limit", options->limit, "N",
                     "at most so many; 100 in a table unless given, 0 for all");
    arguments.flag("--json", options->json, "print an array of objects, all runs unless limited");
    return [options](Session& session) { return runs(session, *options); };
}

}  // namespace

const Verb kRunsVerb{
    .name = "runs",
    .group = "look",
    .summary = "list a sweep's runs, with their parameters and metrics",
    .details =
        "A filter is made of KEY OP VALUE, and, or, not and parentheses. OP is one of = != "
        "< <= > >= ~ (regular expression) and in (A, B). KEY is a field of --json, "
        "tags, group, job_type, notes, commit, username, duration (seconds), updated_at, "
        "config.NAME, summary.NAME, or just NAME where that is unambiguous.",
    .examples =
        "sweepctl runs k3f9x2ab --sort -val_accuracy --limit 10\n"
        "sweepctl runs k3f9x2ab --state failed,crashed\n"
        "sweepctl runs k3f9x2ab --filter 'lr >= 0.01 and not optimizer = sgd' --json",
    .declare = &declare,
};

}  // namespace sweepctl::cli

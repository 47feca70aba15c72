#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/run_rules.hpp"
#include "sweepctl/store/reader.hpp"

#include "store/json_object.hpp"
#include "store/read_session.hpp"
#include "store/run_text.hpp"
#include "store/words.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kPrior =
    "SELECT sweep_priors.source, sweep_priors.metric, sweep_priors.runs FROM sweeps"
    " LEFT JOIN sweep_priors ON sweep_priors.sweep = sweeps.key"
    " WHERE sweeps.deleted = 0 AND sweeps.id = ?1";
constexpr std::string_view kEnded =
    "SELECT runs.name, runs.state, runs.end_reason, runs.config, runs.config_exact, runs.summary,"
    " runs.summary_exact, runs.summary_stats FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
    " WHERE sweeps.deleted = 0 AND sweeps.id = ?1 AND runs.state NOT IN ('pending', 'running')"
    " ORDER BY runs.number";

}  // namespace

std::optional<std::string> prior_json(ReadSession& session, const SweepId& sweep) {
    sqlite::Rows row = session.statement(std::string(kPrior)).query(sweep.text);
    if (!row.next()) return std::nullopt;
    std::string text;
    JsonObject prior(text);
    if (row.is_null(0)) {
        prior.null("source");
        prior.null("metric");
        prior.value("runs") += "[]";
        prior.close();
        return text;
    }
    prior.text("source", row, 0);
    prior.text_or_null("metric", row.text(1));
    std::string& runs = prior.value("runs");
    runs += '[';
    std::string_view lines = row.text(2);
    bool first = true;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        const auto json = parse_json(line);
        if (!json) throw std::runtime_error("the stored prior runs are not JSON");
        if (!std::exchange(first, false)) runs += ',';
        append_plain_json(runs, *json);
    }
    runs += ']';
    prior.close();
    return text;
}

std::vector<PriorRun> ended_runs(ReadSession& session,
                                 const SweepId& sweep,
                                 const std::string& metric) {
    std::vector<PriorRun> runs;
    for (sqlite::Rows row = session.statement(std::string(kEnded)).query(sweep.text); row.next();) {
        const auto exact = [&](int column) -> std::optional<std::string_view> {
            if (row.is_null(column)) return std::nullopt;
            return row.text(column);
        };
        Run run;
        run.name = row.string(0);
        run.state = stored_run_state(row.text(1));
        if (!row.is_null(2)) run.end_reason = stored_end_reason(row.text(2));
        if (!fate_of(run.state, run.end_reason)) continue;  // It tells nothing.
        run.config = config_from_text(row.text(3), exact(4));
        run.summary = summary_from_text(row.text(5), exact(6), row.text(7));
        runs.push_back(prior_run_of(run, metric));
    }
    return runs;
}

}  // namespace sweepctl

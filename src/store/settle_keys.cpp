#include "store/settle_keys.hpp"

#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/base/shown.hpp"

#include "store/run_values.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace sweepctl {

namespace {

// The first and the last runs are asked; names that these do not know, all of them.
constexpr std::size_t kSample = 200;
constexpr std::size_t kKnownMax = 12;
constexpr std::string_view kMetricName = "SELECT metric_name FROM sweeps WHERE key = ?1";
constexpr std::string_view kFirst =
    " FROM runs WHERE runs.sweep = ?1 ORDER BY runs.number LIMIT ?2";
constexpr std::string_view kLast =
    " FROM runs WHERE runs.sweep = ?1 ORDER BY runs.number DESC LIMIT ?2";

struct Bare {
    RunKey* key;
    bool parameter = false;
    bool metric = false;
    [[nodiscard]] bool settled() const { return parameter || metric; }
};

class Names {
public:
    Names(ReadSession& session, const SweepNames& sweep) : session_(session), sweep_(sweep) {}

    /// Asks the runs that `rest` selects; stops early when `until_settled` and all are.
    void ask(std::vector<Bare>& bare,
             std::string_view rest,
             std::int64_t limit,
             bool until_settled) {
        const ValueColumns columns{.fields = false, .config = true, .summary = true};
        const std::string sql = "SELECT " + columns.sql() + std::string(rest);
        sqlite::Rows row = session_.statement(sql).query(sweep_.key, limit);
        RowValues values(session_, row, columns);
        const auto settled = [](const Bare& one) { return one.settled(); };
        while (row.next()) {
            values.next_run(sweep_);
            any_run_ = true;
            for (Bare& one : bare) {
                one.parameter |= values.has_parameter(one.key->name);
                one.metric |= values.has_metric(one.key->name);
            }
            if (until_settled) {
                if (std::all_of(bare.begin(), bare.end(), settled)) return;
                continue;
            }
            for (const auto& [name, value] : values.config())
                known_.insert(name);
            for (const auto& [name, value] : values.summary())
                known_.insert(name);
        }
    }
    [[nodiscard]] bool any_run() const { return any_run_; }
    [[nodiscard]] const std::set<std::string>& known() const { return known_; }

private:
    ReadSession& session_;
    const SweepNames& sweep_;
    std::set<std::string> known_;
    bool any_run_ = false;
};

std::string unknown(const std::string& name, const std::set<std::string>& known) {
    std::string message = "no run of this sweep has a parameter or metric '" + shown(name) + "'";
    std::vector<std::string_view> words(known.begin(), known.end());
    words.insert(words.end(), run_field_names().begin(), run_field_names().end());
    const std::string_view meant = did_you_mean(name, words);
    if (!meant.empty()) return message + ": did you mean '" + shown(meant) + "'?";
    std::size_t listed = 0;
    for (const std::string& word : known) {
        if (listed == kKnownMax) return message + ", ...";
        message += (listed++ == 0 ? "; known: " : ", ") + shown(word);
    }
    return message;
}

}  // namespace

std::optional<FilterError> settle_keys(ReadSession& session,
                                       const SweepNames& sweep,
                                       const std::vector<RunKey*>& keys) {
    std::vector<Bare> bare;
    for (RunKey* key : keys) {
        if (key->source == KeySource::either) bare.push_back(Bare{key});
    }
    if (bare.empty()) return std::nullopt;
    {
        // The metric that the spec names is known before anybody has logged it.
        sqlite::Rows row = session.statement(kMetricName).query(sweep.key);
        const std::string metric = row.next() ? row.string(0) : "";
        for (Bare& one : bare)
            one.metric = one.key->name == metric;
    }
    Names names(session, sweep);
    names.ask(bare, kFirst, kSample, false);
    names.ask(bare, kLast, kSample, false);
    const bool all_settled =
        std::all_of(bare.begin(), bare.end(), [](const Bare& one) { return one.settled(); });
    if (!all_settled) names.ask(bare, kFirst, -1, true);
    for (const Bare& one : bare) {
        const std::string name = shown(one.key->name);
        if (one.parameter && one.metric) {
            return FilterError{one.key->offset, "'" + name +
                                                    "' is a parameter and a metric: write " +
                                                    "config." + name + " or summary." + name};
        }
        if (!one.settled() && names.any_run()) {
            return FilterError{one.key->offset, unknown(one.key->name, names.known())};
        }
        one.key->source = one.parameter ? KeySource::config : KeySource::summary;
    }
    return std::nullopt;
}

}  // namespace sweepctl

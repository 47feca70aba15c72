#include "sweepctl/core/told_run.hpp"

#include "sweepctl/base/shown.hpp"
#include "sweepctl/core/run_rules.hpp"
#include "sweepctl/core/run_state.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sweepctl {

namespace {

/// Takes the members of one object, the first fault among them.
class Members {
public:
    [[nodiscard]] const std::optional<ToldRunError>& error() const { return error_; }
    void refuse(std::string message, std::string hint = {}) {
        if (!error_) error_ = ToldRunError{std::move(message), std::move(hint)};
    }

    std::string word(std::string_view key, const ParamValue& value) {
        if (value.is_null()) return {};
        const auto* text = value.get_if<std::string>();
        if (text == nullptr) refuse(quoted(key) + " must be a text");
        return text == nullptr ? std::string{} : *text;
    }
    std::uint64_t count(std::string_view key, const ParamValue& value) {
        const auto* number = value.get_if<std::int64_t>();
        if (number != nullptr && *number >= 0) return static_cast<std::uint64_t>(*number);
        refuse(quoted(key) + " must be a number from 0 on");
        return 0;
    }
    ParamMap map(std::string_view key, ParamValue& value) {
        if (value.is_null()) return {};
        auto* map = std::get_if<ParamMap>(&value.content());
        if (map != nullptr) return std::move(*map);
        refuse(key == "history" ? "'history' must be a list of objects"
                                : quoted(key) + " must be an object");
        return {};
    }
    std::vector<ParamMap> maps(std::string_view key, ParamValue& value) {
        std::vector<ParamMap> result;
        if (value.is_null()) return result;
        auto* rows = std::get_if<ParamList>(&value.content());
        if (rows == nullptr) {
            refuse(quoted(key) + " must be a list of objects");
            return result;
        }
        for (ParamValue& row : *rows)
            result.push_back(map(key, row));
        return result;
    }

private:
    static std::string quoted(std::string_view key) { return "'" + std::string(key) + "'"; }

    std::optional<ToldRunError> error_;
};

}  // namespace

Result<ToldRun, ToldRunError> told_run_from(ParamValue json) {
    auto* object = std::get_if<ParamMap>(&json.content());
    if (object == nullptr) return Failure{ToldRunError{"a run is an object", {}}};
    ToldRun run;
    Members members;
    for (auto& [key, value] : *object) {
        if (key == "name") run.name = members.word(key, value);
        if (key == "state") run.state = members.word(key, value);
        if (key == "config") run.config = members.map(key, value);
        if (key == "summary") run.summary = members.map(key, value);
        if (key == "history") run.history = members.maps(key, value);
        if (key == "end_reason") run.end_reason = members.word(key, value);
        if (key == "number" && !value.is_null()) run.number = members.count(key, value);
        if (key != "suggestion") continue;
        run.unsuggested = value.is_null();
        if (!value.is_null()) run.suggestion = members.count(key, value);
    }
    if (run.name.empty()) members.refuse("the run has no 'name'");
    if (run.state.empty()) members.refuse("the run has no 'state'");
    if (!run_state_from(run.state)) {
        members.refuse("unknown state '" + shown(run.state) + "'",
                       "known: pending, running, finished, failed, crashed, killed");
    }
    if (members.error()) return Failure{*members.error()};
    return run;
}

ParamMap in_order(ParamMap map) {
    std::sort(map.begin(), map.end(),
              [](const auto& left, const auto& right) { return left.first < right.first; });
    for (auto& [name, value] : map) {
        if (auto* group = std::get_if<ParamMap>(&value.content())) *group = in_order(*group);
    }
    return map;
}

Run run_from(const ToldRun& told, std::uint64_t index, const std::optional<MetricGoal>& metric) {
    Run run;
    run.number = told.number.value_or(index + 1);
    run.name = told.name;
    run.state = *run_state_from(told.state);
    run.end_reason = end_reason_from(told.end_reason);
    run.config = in_order(told.config);
    if (!told.unsuggested) run.suggestion = told.suggestion.value_or(index);
    if (!metric) return run;
    std::vector<double> values;
    for (const ParamMap& line : told.history) {
        for (const double value : finite_values(line, metric->name))
            values.push_back(value);
    }
    for (const double value : finite_values(told.summary, metric->name))
        values.push_back(value);
    if (values.empty()) return run;
    MetricSummary& summary = run.summary.emplace_back();
    summary.name = metric->name;
    summary.count = values.size();
    summary.first = values.front();
    summary.latest = values.back();
    summary.min = *std::min_element(values.begin(), values.end());
    summary.max = *std::max_element(values.begin(), values.end());
    return run;
}

}  // namespace sweepctl

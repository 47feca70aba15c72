#include "cli/runs_table.hpp"

#include "cli/json_view.hpp"
#include "cli/sweep_view.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sweepctl::cli {

namespace {

/// One run's parameters or metrics. There may be thousands, so they are found by name at once.
class Leaves {
public:
    explicit Leaves(std::vector<std::pair<std::string, ParamValue>> entries)
        : entries_(std::move(entries)) {
        for (std::size_t i = 0; i < entries_.size(); ++i)
            places_.emplace(entries_[i].first, i);
    }

    [[nodiscard]] const auto& entries() const { return entries_; }
    [[nodiscard]] const ParamValue* find(const std::string& name) const {
        const auto place = places_.find(name);
        return place == places_.end() ? nullptr : &entries_[place->second].second;
    }

private:
    std::vector<std::pair<std::string, ParamValue>> entries_;
    std::unordered_map<std::string, std::size_t> places_;
};

/// All names in the order first seen.
std::vector<std::string> names_of(const std::vector<Leaves>& rows) {
    std::vector<std::string> out;
    std::unordered_set<std::string> seen;
    for (const Leaves& row : rows) {
        for (const auto& [name, value] : row.entries()) {
            if (seen.insert(name).second) out.push_back(name);
        }
    }
    return out;
}

bool same_everywhere(const std::vector<Leaves>& rows, const std::string& name) {
    const ParamValue* const first = rows.front().find(name);
    return std::all_of(rows.begin(), rows.end(), [&](const Leaves& row) {
        const ParamValue* const value = row.find(name);
        return first != nullptr && value != nullptr && *value == *first;
    });
}

void to_front(std::vector<std::string>& names, const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) std::rotate(names.begin(), found, std::next(found));
}

std::string without_prefix(std::string_view key) {
    if (!key.empty() && key.front() == '-') key.remove_prefix(1);
    for (const std::string_view prefix : {"summary.", "config."}) {
        if (key.substr(0, prefix.size()) == prefix) key.remove_prefix(prefix.size());
    }
    return std::string(key);
}

std::string leaf_text(const Leaves& leaves, const std::string& name) {
    const ParamValue* const value = leaves.find(name);
    if (value == nullptr) return "-";
    // A parameter may be null; a missing one is not the same.
    return value->is_null() ? "null" : cell_text(*value);
}

bool numeric_everywhere(const std::vector<Leaves>& rows, const std::string& name) {
    double scratch = 0.0;
    return std::all_of(rows.begin(), rows.end(), [&](const Leaves& row) {
        const ParamValue* const value = row.find(name);
        return value == nullptr || value->number(scratch) != nullptr;
    });
}

}  // namespace

Table runs_table(const ParamValue& sweep, const ParamList& runs, std::string_view sort_key) {
    std::vector<Leaves> configs;
    std::vector<Leaves> summaries;
    bool attempts = false;
    bool ends = false;
    for (const ParamValue& run : runs) {
        configs.emplace_back(flatten(map_field(run, "config")));
        summaries.emplace_back(flatten(map_field(run, "summary")));
        attempts = attempts || int_field(run, "attempt").value_or(1) > 1;
        ends = ends || !run_end_text(run).empty();
    }
    std::vector<std::string> parameters = names_of(configs);
    if (runs.size() > 1) {
        std::erase_if(parameters,
                      [&](const std::string& name) { return same_everywhere(configs, name); });
    }
    std::vector<std::string> metrics = names_of(summaries);
    // What the runner or the program notes for itself.
    std::erase_if(metrics, [](const std::string& name) { return name.front() == '_'; });
    to_front(metrics, text_field(field(sweep, "metric"), "name"));
    to_front(metrics, without_prefix(sort_key));

    std::vector<Column> columns{{"RUN"}, {"STATE"}};
    if (attempts) columns.push_back({"ATTEMPT", true});
    columns.push_back({"TIME", true, true});
    if (ends) columns.push_back({"END", false, true});
    for (const std::string& name : parameters) {
        columns.push_back({printable(name), numeric_everywhere(configs, name), true});
    }
    for (const std::string& name : metrics) {
        columns.push_back({printable(name), numeric_everywhere(summaries, name), true});
    }

    Table table(std::move(columns));
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const ParamValue& run = runs[i];
        std::vector<Cell> row{{cell_text(field(run, "id")), Style::bold},
                              {run_state_text(run), style_of_state(text_field(run, "state"))}};
        if (attempts) row.emplace_back(cell_text(field(run, "attempt")));
        row.emplace_back(run_time_text(run));
        if (ends) row.emplace_back(run_end_text(run));
        for (const std::string& name : parameters)
            row.emplace_back(leaf_text(configs[i], name));
        for (const std::string& name : metrics)
            row.emplace_back(leaf_text(summaries[i], name));
        table.add(std::move(row));
    }
    return table;
}

}  // namespace sweepctl::cli

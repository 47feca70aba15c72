#include "cli/csv_runs.hpp"

#include "cli/assignment.hpp"
#include "cli/cli_error.hpp"
#include "cli/config_words.hpp"
#include "cli/csv.hpp"
#include "cli/csv_rows.hpp"
#include "cli/json_view.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace sweepctl::cli {

namespace {

std::string dotted(const Parameter& parameter) {
    std::string text;
    for (const std::string& name : parameter.path)
        text += (text.empty() ? "" : ".") + name;
    return text;
}

/// What the cells of each column are.
class Columns {
public:
    Columns(const std::vector<std::string>& names, const SweepSpec& spec) : space_(spec.space) {
        constexpr std::string_view config = "config.";
        constexpr std::string_view summary = "summary.";
        const auto begins = [](std::string_view name, std::string_view with) {
            return name.substr(0, with.size()) == with;
        };
        const bool exported = std::any_of(names.begin(), names.end(), [&](const auto& name) {
            return begins(name, config) || begins(name, summary);
        });
        const std::string metric = spec.policy.metric ? spec.policy.metric->name : "";
        for (const std::string& name : names) {
            Column column{Kind::other, name, nullptr, {}};
            if (exported && !metric.empty() && name == best_column(metric)) {
                column = {Kind::best, metric, nullptr, {}};
            } else if (exported && begins(name, config)) {
                column = {Kind::config, name.substr(config.size()), nullptr, {}};
            } else if (exported && begins(name, summary)) {
                column = {Kind::summary, name.substr(summary.size()), nullptr, {}};
            } else if (!exported && parameter(name) != nullptr) {
                column.kind = Kind::config;
            } else if (name == "name" || name == "state" || name == "end_reason") {
                column.kind = Kind::word;
            } else if (!exported && name == metric) {
                column.kind = Kind::summary;
            }
            if (column.kind == Kind::config) find_parameter(column);
            columns_.push_back(std::move(column));
        }
    }

    /// A name that two columns have, where it matters.
    [[nodiscard]] std::optional<std::string> repeated() const {
        std::set<std::pair<Kind, std::string>> seen;
        for (const Column& column : columns_) {
            if (column.kind != Kind::other && !seen.emplace(column.kind, column.name).second)
                return column.name;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::size_t size() const { return columns_.size(); }

    /// A row as told_run_from() takes it: of two equal keys, which are words, the last.
    [[nodiscard]] ParamMap run(const CsvRow& row) const {
        ParamMap words{{"name", "line " + std::to_string(row.line)}, {"state", "finished"}};
        std::vector<Assignment> config;
        const std::map<const Parameter*, Cells> objects = objects_of(row);
        for (const auto& [parameter, cells] : objects)
            config.push_back({dotted(*parameter), whole(cells, *parameter)});
        ParamMap summary;
        ParamList history;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const auto& [kind, name, parameter, part] = columns_[i];
            const std::string& cell = row.cells[i];
            switch (kind) {
                case Kind::other: break;
                case Kind::word:
                    if (!cell.empty()) words.emplace_back(name, cell);
                    break;
                case Kind::best:
                    if (!cell.empty()) history.emplace_back(ParamMap{{name, parse_value(cell)}});
                    break;
                case Kind::config:
                    if (!part.empty() || objects.contains(parameter)) break;
                    if (std::optional<ParamValue> value = value_of(cell, parameter))
                        config.push_back({name, std::move(*value)});
                    break;
                case Kind::summary:
                    if (!cell.empty()) summary.emplace_back(name, parse_value(cell));
                    break;
            }
        }
        words.emplace_back("config", config_from(config, space_));
        words.emplace_back("summary", std::move(summary));
        words.emplace_back("history", std::move(history));
        return words;
    }

private:
    enum class Kind : std::uint8_t { other, word, config, summary, best };
    struct Column {
        Kind kind;
        std::string name;
        const Parameter* parameter;  ///< of a known one
        std::string part;            ///< where it has this entry only of values that are objects
    };

    void find_parameter(Column& column) const {
        column.parameter = parameter(column.name);
        for (std::size_t dot = column.name.find('.');
             column.parameter == nullptr && dot != std::string::npos;
             dot = column.name.find('.', dot + 1)) {
            column.parameter = parameter(column.name.substr(0, dot));
            if (column.parameter != nullptr) column.part = column.name.substr(dot + 1);
        }
    }

    using Cells = std::map<std::string, std::string>;  ///< of one object, by `part`

    /// Of each parameter whose value in this row is an object.
    [[nodiscard]] std::map<const Parameter*, Cells> objects_of(const CsvRow& row) const {
        std::map<const Parameter*, Cells> objects;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const Column& column = columns_[i];
            if (!column.part.empty() && !row.cells[i].empty())
                objects[column.parameter].emplace(column.part, row.cells[i]);
        }
        return objects;
    }

    /// The object that was written as these cells.
    [[nodiscard]] static ParamValue whole(const Cells& cells, const Parameter& parameter) {
        if (const auto* choice = std::get_if<Categorical>(&parameter.distribution)) {
            for (const ParamValue& value : choice->values) {
                const auto* object = value.get_if<ParamMap>();
                if (object == nullptr) continue;
                Cells texts;
                for (const auto& [name, leaf] : flatten(*object)) {
                    if (!leaf.is_null()) texts.emplace(name, csv_text(leaf));
                }
                if (texts == cells) return value;
            }
        }
        ParamMap object;
        for (const auto& [name, text] : cells)
            object.emplace_back(name, parse_value(text));
        return object;
    }

    [[nodiscard]] const Parameter* parameter(const std::string& name) const {
        const auto found = std::find_if(space_.parameters.begin(), space_.parameters.end(),
                                        [&](const Parameter& p) { return dotted(p) == name; });
        return found == space_.parameters.end() ? nullptr : &*found;
    }

    [[nodiscard]] bool conditional(const Parameter& parameter) const {
        return std::any_of(space_.conditions.begin(), space_.conditions.end(),
                           [&](const Condition& condition) {
                               return &space_.parameters[condition.parameter] == &parameter;
                           });
    }

    /// A cell does not say whether 3 is a text; the parameter's list of values does.
    [[nodiscard]] std::optional<ParamValue> value_of(const std::string& cell,
                                                     const Parameter* parameter) const {
        const bool nothing = cell.empty();
        if (parameter == nullptr)
            return nothing ? std::nullopt : std::optional(parse_value(cell));
        if (nothing && conditional(*parameter)) return std::nullopt;
        if (const auto* choice = std::get_if<Categorical>(&parameter->distribution)) {
            for (const ParamValue& value : choice->values) {
                if (csv_text(value) == cell) return value;
            }
        }
        const auto* constant = std::get_if<Constant>(&parameter->distribution);
        if (constant != nullptr && csv_text(constant->value) == cell) return constant->value;
        return nothing ? std::nullopt : std::optional(parse_value(cell));
    }

    const SearchSpace& space_;
    std::vector<Column> columns_;
};

}  // namespace

std::vector<FileRun> runs_in_csv(std::string_view text,
                                 const std::string& file,
                                 const SweepSpec& spec) {
    CsvRows rows(text, file);
    const std::optional<CsvRow> header = rows.next();
    if (!header) return {};
    const Columns columns(header->cells, spec);
    if (const std::optional<std::string> twice = columns.repeated())
        refuse_csv(file, header->line, "the column '" + printable(*twice) + "' is there twice");
    std::vector<FileRun> runs;
    while (const std::optional<CsvRow> row = rows.next()) {
        if (row->cells.size() != columns.size()) {
            refuse_csv(file, row->line,
                       std::to_string(row->cells.size()) + " cells; the header has " +
                       std::to_string(columns.size()));
        }
        auto run = told_run_from(columns.run(*row));
        if (!run) refuse_csv(file, row->line, run.error().message, run.error().hint);
        runs.push_back({std::move(*run), row->line});
    }
    return runs;
}

}  // namespace sweepctl::cli

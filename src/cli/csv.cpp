#include "cli/csv.hpp"

#include "sweepctl/core/json_text.hpp"

#include "cli/json_view.hpp"

#include <unordered_map>
#include <utility>

namespace sweepctl::cli {

namespace {

void add_leaves(std::string& out, const ParamMap& map, const std::vector<std::string>& names) {
    std::unordered_map<std::string, std::string> texts;
    for (const auto& [name, value] : flatten(map))
        texts[name] = csv_text(value);
    for (const std::string& name : names) {
        const auto found = texts.find(name);
        out += ',';
        if (found != texts.end()) out += csv_cell(found->second);
    }
}

}  // namespace

std::string csv_text(const ParamValue& value) {
    if (value.is_null()) return {};
    if (const auto* text = value.get_if<std::string>()) return *text;
    return to_json(value);
}

std::string csv_cell(std::string_view text) {
    if (text.find_first_of(",\"\n") == std::string_view::npos) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

std::string best_column(std::string_view metric) {
    return "best." + std::string(metric);
}

CsvColumns::CsvColumns(const std::vector<std::string_view>& fields,
                       const std::set<std::string>& config_names,
                       const std::set<std::string>& summary_names,
                       std::string metric)
    : config_names_(config_names.begin(), config_names.end()),
      summary_names_(summary_names.begin(), summary_names.end()),
      metric_(std::move(metric)) {
    for (const std::string_view name : fields) {
        if (name != "config" && name != "summary") fields_.emplace_back(name);
    }
}

std::string CsvColumns::header() const {
    std::string out;
    const auto add = [&](const std::string& name) {
        out += (out.empty() ? "" : ",") + csv_cell(name);
    };
    for (const std::string& name : fields_)
        add(name);
    for (const std::string& name : config_names_)
        add("config." + name);
    for (const std::string& name : summary_names_)
        add("summary." + name);
    if (!metric_.empty()) add(best_column(metric_));
    return out + "\n";
}

std::string CsvColumns::row(const ParamValue& run) const {
    std::string out;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        if (i > 0) out += ',';
        out += csv_cell(csv_text(field(run, fields_[i])));
    }
    add_leaves(out, map_field(run, "config"), config_names_);
    add_leaves(out, map_field(run, "summary"), summary_names_);
    if (!metric_.empty()) out += ',' + csv_cell(csv_text(field(run, "best")));
    return out + "\n";
}

}  // namespace sweepctl::cli

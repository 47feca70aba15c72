#include "cli/json_view.hpp"

#include "sweepctl/core/json_text.hpp"

#include "cli/text.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sweepctl::cli {

namespace {

void flatten_into(std::vector<std::pair<std::string, ParamValue>>& out,
                  const std::string& prefix,
                  const ParamMap& map) {
    for (const auto& [name, value] : map) {
        const std::string path = prefix.empty() ? name : prefix + "." + name;
        const auto* inner = value.get_if<ParamMap>();
        if (inner != nullptr && !inner->empty()) {
            flatten_into(out, path, *inner);
        } else {
            out.emplace_back(path, value);
        }
    }
}

ParamValue finite(const ParamValue& value) {
    if (const auto* number = value.get_if<double>(); number != nullptr && !std::isfinite(*number)) {
        if (std::isnan(*number)) return "NaN";
        return *number > 0 ? "Infinity" : "-Infinity";
    }
    if (const auto* list = value.get_if<ParamList>()) {
        ParamList out;
        out.reserve(list->size());
        for (const ParamValue& item : *list)
            out.push_back(finite(item));
        return out;
    }
    if (const auto* map = value.get_if<ParamMap>()) {
        ParamMap out;
        out.reserve(map->size());
        for (const auto& [name, item] : *map)
            out.emplace_back(name, finite(item));
        return out;
    }
    return value;
}

}  // namespace

const ParamValue& field(const ParamValue& object, std::string_view name) {
    static const ParamValue null;
    const auto* map = object.get_if<ParamMap>();
    const ParamValue* found = map == nullptr ? nullptr : find(*map, name);
    return found == nullptr ? null : *found;
}

std::string text_field(const ParamValue& object, std::string_view name) {
    const auto* text = field(object, name).get_if<std::string>();
    return text == nullptr ? std::string{} : *text;
}

bool bool_field(const ParamValue& object, std::string_view name) {
    const auto* value = field(object, name).get_if<bool>();
    return value != nullptr && *value;
}

std::optional<std::int64_t> int_field(const ParamValue& object, std::string_view name) {
    const auto* value = field(object, name).get_if<std::int64_t>();
    return value == nullptr ? std::nullopt : std::optional{*value};
}

std::optional<double> number_field(const ParamValue& object, std::string_view name) {
    double scratch = 0.0;
    const double* value = field(object, name).number(scratch);
    return value == nullptr ? std::nullopt : std::optional{*value};
}

const ParamList& list_field(const ParamValue& object, std::string_view name) {
    static const ParamList none;
    const auto* list = field(object, name).get_if<ParamList>();
    return list == nullptr ? none : *list;
}

const ParamMap& map_field(const ParamValue& object, std::string_view name) {
    static const ParamMap none;
    const auto* map = field(object, name).get_if<ParamMap>();
    return map == nullptr ? none : *map;
}

std::string strict_json(const ParamValue& value) {
    return to_json(finite(value));
}

ParamValue project(const ParamValue& object, const std::vector<std::string_view>& names) {
    ParamMap out;
    out.reserve(names.size());
    for (const std::string_view name : names)
        out.emplace_back(name, field(object, name));
    return out;
}

ParamValue reorder(const ParamValue& object, const std::vector<std::string_view>& names) {
    ParamValue out = project(object, names);
    auto& fields = *std::get_if<ParamMap>(&out.content());
    if (const auto* map = object.get_if<ParamMap>()) {
        for (const auto& [name, value] : *map) {
            if (std::find(names.begin(), names.end(), name) == names.end()) {
                fields.emplace_back(name, value);
            }
        }
    }
    return out;
}

ParamValue json_count(std::optional<std::uint64_t> count) {
    if (!count) return {};
    if (std::in_range<std::int64_t>(*count)) return static_cast<std::int64_t>(*count);
    return BigInt{std::to_string(*count)};
}

std::vector<std::pair<std::string, ParamValue>> flatten(const ParamMap& map) {
    std::vector<std::pair<std::string, ParamValue>> out;
    flatten_into(out, {}, map);
    return out;
}

std::string cell_text(const ParamValue& value) {
    if (value.is_null()) return "-";
    if (const auto* text = value.get_if<std::string>()) return printable(*text);
    if (const auto* number = value.get_if<double>()) return number_text(*number);
    return printable(to_json(value));
}

}  // namespace sweepctl::cli

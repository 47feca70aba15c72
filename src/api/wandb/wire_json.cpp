#include "api/wandb/wire_json.hpp"

#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <cmath>

namespace sweepctl::api {

namespace {

ParamValue strict(const ParamValue& value) {
    if (const auto* const number = value.get_if<double>()) {
        if (std::isnan(*number)) return "NaN";
        if (std::isinf(*number)) return *number < 0 ? "-Infinity" : "Infinity";
    } else if (const auto* const list = value.get_if<ParamList>()) {
        ParamList items;
        items.reserve(list->size());
        for (const ParamValue& item : *list)
            items.push_back(strict(item));
        return items;
    } else if (const auto* const map = value.get_if<ParamMap>()) {
        ParamMap entries;
        entries.reserve(map->size());
        for (const auto& [name, entry] : *map)
            entries.emplace_back(name, strict(entry));
        return entries;
    }
    return value;
}

ParamValue sorted(ParamValue value) {
    if (const auto* const map = value.get_if<ParamMap>()) {
        ParamMap entries;
        entries.reserve(map->size());
        for (const auto& [name, entry] : *map)
            entries.emplace_back(name, sorted(entry));
        std::sort(entries.begin(), entries.end(),
                  [](const auto& left, const auto& right) { return left.first < right.first; });
        return entries;
    }
    return value;
}

void append_points(std::vector<MetricPoint>& points, const std::string& prefix, ParamMap& group) {
    for (auto& [name, value] : group) {
        if (prefix.empty() && name.starts_with('_')) continue;
        std::string path = prefix.empty() ? std::move(name) : prefix + "." + name;
        auto* const inner = std::get_if<ParamMap>(&value.content());
        // An image, a table: one value, whatever its parts.
        if (inner != nullptr && find(*inner, "_type") == nullptr) {
            append_points(points, path, *inner);
        } else {
            points.push_back({std::move(path), std::move(value)});
        }
    }
}

}  // namespace

std::optional<ParamMap> json_object(std::string_view text) {
    auto parsed = parse_json(text);
    if (!parsed) return std::nullopt;
    auto* const object = std::get_if<ParamMap>(&(*parsed).content());
    if (object == nullptr) return std::nullopt;
    return std::move(*object);
}

std::string strict_json(const ParamMap& object) {
    return to_json(strict(ParamValue(object)));
}

Config plain_config(const ParamMap& client_config) {
    Config config;
    for (const auto& [name, entry] : client_config) {
        if (name == "_wandb" || name == "wandb_version") continue;
        const auto* const wrapped = entry.get_if<ParamMap>();
        const ParamValue* const value = wrapped == nullptr ? nullptr : find(*wrapped, "value");
        config.emplace_back(name, sorted(value == nullptr ? entry : *value));
    }
    std::sort(config.begin(), config.end(),
              [](const auto& left, const auto& right) { return left.first < right.first; });
    return config;
}

ParamMap client_config(const Config& config) {
    ParamMap wrapped;
    for (const auto& [name, value] : config)
        wrapped.emplace_back(name, ParamMap{{"value", value}});
    return wrapped;
}

std::vector<MetricPoint> logged_points(ParamMap logged) {
    std::vector<MetricPoint> points;
    points.reserve(logged.size());
    append_points(points, {}, logged);
    return points;
}

}  // namespace sweepctl::api

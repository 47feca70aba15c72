#include "api/wandb/wire_json.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/metrics.hpp"

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

/// Flattens groups into points, as long as there is room for their names.
class Flattening {
public:
    Flattening(std::vector<MetricPoint>& points, std::size_t& room)
        : points_(points), room_(room) {}

    /// Whether all fits.
    [[nodiscard]] bool take(ParamMap& group) {
        const std::size_t outer = path_.size();
        for (auto& [name, value] : group) {
            if (outer == 0 && name.starts_with('_')) continue;
            if (outer > 0) path_ += '.';
            if (path_.size() + name.size() > kMetricNameMax) {
                path_.resize(outer);
                continue;
            }
            path_ += name;
            auto* const inner = std::get_if<ParamMap>(&value.content());
            // An image, a table: one value, whatever its parts.
            const bool is_group = inner != nullptr && find(*inner, "_type") == nullptr;
            const bool fits = is_group ? take(*inner) : add(value);
            path_.resize(outer);
            if (!fits) return false;
        }
        return true;
    }

private:
    [[nodiscard]] bool add(ParamValue& value) {
        if (path_.size() > room_) return false;
        room_ -= path_.size();
        points_.push_back({path_, std::move(value)});
        return true;
    }

    std::vector<MetricPoint>& points_;
    std::size_t& room_;
    std::string path_;  // Of the group at hand.
};

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

std::optional<std::vector<MetricPoint>> logged_points(ParamMap logged, std::size_t& room) {
    std::vector<MetricPoint> points;
    points.reserve(logged.size());
    if (!Flattening(points, room).take(logged)) return std::nullopt;
    return points;
}

}  // namespace sweepctl::api

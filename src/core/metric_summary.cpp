#include "sweepctl/core/metric_summary.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/metrics.hpp"
#include "sweepctl/core/run_rules.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sweepctl {

namespace {

bool may_be_long(const ParamValue& value) {
    if (const auto* text = value.get_if<std::string>()) return text->size() > kMetricValueMax / 2;
    return value.get_if<ParamList>() != nullptr || value.get_if<ParamMap>() != nullptr ||
           value.get_if<BigInt>() != nullptr;
}

/// What a summary shows of a value: all of it, unless that would be long.
ParamValue shown_of(const ParamValue& value) {
    if (!may_be_long(value)) return value;
    const std::size_t size = to_json(value).size();
    if (size <= kMetricValueMax) return value;
    if (const auto* map = value.get_if<ParamMap>()) {
        // A histogram stays one.
        const ParamValue* const kind = find(*map, "_type");
        if (kind != nullptr && to_json(*kind).size() <= kMetricNameMax)
            return ParamMap{{"_type", *kind}};
    }
    return ParamValue("<" + std::to_string(size) + " bytes>");
}

void take_in(MetricSummary& entry, const ParamValue& value) {
    entry.last = shown_of(value);
    const std::optional<double> number = finite_number(value);
    if (!number) return;
    if (entry.count == 0) entry.first = entry.min = entry.max = *number;
    entry.min = std::min(entry.min, *number);
    entry.max = std::max(entry.max, *number);
    entry.latest = *number;
    ++entry.count;
}

/// Finds entries by name: by looking at each where little is to be found, else with an index.
class Entries {
public:
    Entries(std::vector<MetricSummary>& summary, std::size_t searches, std::string_view goal)
        : summary_(summary), goal_(goal), indexed_(searches > kFewSearches) {
        if (!indexed_) return;
        for (std::size_t i = 0; i < summary_.size(); ++i)
            index_.emplace(summary_[i].name, i);
    }
    /// nullptr: it is not there, and there is no room for it.
    MetricSummary* find_or_add(const std::string& name) {
        if (indexed_) {
            if (const auto known = index_.find(name); known != index_.end())
                return &summary_[known->second];
        } else {
            const auto known =
                std::find_if(summary_.begin(), summary_.end(),
                             [&](const MetricSummary& entry) { return entry.name == name; });
            if (known != summary_.end()) return &*known;
        }
        const bool room = summary_.size() < kMetricNamesMax && name.size() <= kMetricNameMax;
        if (!room && name != goal_) return nullptr;
        if (indexed_) index_.emplace(name, summary_.size());
        summary_.emplace_back().name = name;
        return &summary_.back();
    }

private:
    static constexpr std::size_t kFewSearches = 64;

    std::vector<MetricSummary>& summary_;
    std::string_view goal_;
    bool indexed_;
    std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

bool take_in(std::vector<MetricSummary>& summary,
             const std::vector<std::vector<MetricPoint>>& lines,
             std::string_view goal) {
    const bool had_room = summary.size() < kMetricNamesMax;
    std::size_t points = 0;
    for (const std::vector<MetricPoint>& line : lines)
        points += line.size();
    Entries entries(summary, points, goal);
    for (const std::vector<MetricPoint>& line : lines) {
        for (const MetricPoint& point : line) {
            if (MetricSummary* entry = entries.find_or_add(point.name))
                take_in(*entry, point.value);
        }
    }
    return had_room && summary.size() >= kMetricNamesMax;
}

void take_summary(std::vector<MetricSummary>& summary,
                  const std::vector<MetricPoint>& points,
                  std::string_view goal) {
    Entries entries(summary, points.size(), goal);
    for (const MetricPoint& point : points) {
        MetricSummary* const entry = entries.find_or_add(point.name);
        if (entry == nullptr) continue;
        const std::uint64_t count = entry->count;
        take_in(*entry, point.value);
        if (count > 0) entry->count = count;
    }
}

const MetricSummary* find(const std::vector<MetricSummary>& summary, std::string_view name) {
    const auto found = std::find_if(summary.begin(), summary.end(),
                                    [&](const MetricSummary& known) { return known.name == name; });
    return found == summary.end() ? nullptr : &*found;
}

}  // namespace sweepctl

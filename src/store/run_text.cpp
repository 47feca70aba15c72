#include "store/run_text.hpp"

#include "sweepctl/core/json_text.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>
#include <system_error>

namespace sweepctl {

namespace {

struct PlainWriter {
    std::string& out;

    bool operator()(double number) const {
        if (std::isfinite(number)) {
            append_json(out, number);
            return false;
        }
        out += std::isnan(number) ? "\"NaN\"" : number < 0 ? "\"-Infinity\"" : "\"Infinity\"";
        return true;
    }
    bool operator()(const ParamList& list) const {
        bool replaced = false;
        out.push_back('[');
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (i != 0) out.push_back(',');
            replaced |= append_plain_json(out, list[i]);
        }
        out.push_back(']');
        return replaced;
    }
    bool operator()(const ParamMap& map) const {
        bool replaced = false;
        out.push_back('{');
        for (std::size_t i = 0; i < map.size(); ++i) {
            if (i != 0) out.push_back(',');
            append_json_string(out, map[i].first);
            out.push_back(':');
            replaced |= append_plain_json(out, map[i].second);
        }
        out.push_back('}');
        return replaced;
    }
};

[[noreturn]] void unreadable(const char* what) {
    throw std::runtime_error(std::string("the stored ") + what + " is not what was written");
}

ParamMap map_from(std::string_view text, const char* what) {
    Result<ParamValue, JsonError> value = parse_json(text);
    if (!value.ok()) unreadable(what);
    ParamMap* map = std::get_if<ParamMap>(&value->content());
    if (map == nullptr) unreadable(what);
    return std::move(*map);
}

void append_unsigned(std::string& out, std::uint64_t number) {
    out += std::to_string(number);
}

std::uint64_t unsigned_from(const ParamValue& value) {
    const auto number = unsigned_number(value);
    if (!number) unreadable("summary");
    return *number;
}

double real_from(const ParamValue& value) {
    double scratch = 0.0;
    const double* number = value.number(scratch);
    if (number == nullptr) unreadable("summary");
    return *number;
}

}  // namespace

bool append_plain_json(std::string& out, const ParamValue& value) {
    const PlainWriter writer{out};
    if (const auto* number = value.get_if<double>()) return writer(*number);
    if (const auto* list = value.get_if<ParamList>()) return writer(*list);
    if (const auto* map = value.get_if<ParamMap>()) return writer(*map);
    append_json(out, value);
    return false;
}

std::optional<std::uint64_t> unsigned_number(const ParamValue& value) {
    if (const auto* small = value.get_if<std::int64_t>()) {
        if (*small < 0) return std::nullopt;
        return static_cast<std::uint64_t>(*small);
    }
    const auto* big = value.get_if<BigInt>();
    if (big == nullptr) return std::nullopt;
    std::uint64_t number = 0;
    const char* const end = big->digits.data() + big->digits.size();
    const auto [stop, error] = std::from_chars(big->digits.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

ConfigText config_text(const Config& config) {
    ConfigText text;
    if (PlainWriter{text.plain}(config)) text.exact = to_json(ParamValue(config));
    return text;
}

Config config_from_text(std::string_view plain, std::optional<std::string_view> exact) {
    return map_from(exact ? *exact : plain, "config");
}

SummaryText summary_text(const std::vector<MetricSummary>& summary) {
    SummaryText text;
    bool replaced = false;
    text.plain = "{";
    text.stats = "[";
    for (const MetricSummary& metric : summary) {
        if (text.plain.size() > 1) {
            text.plain.push_back(',');
            text.stats.push_back(',');
        }
        append_json_string(text.plain, metric.name);
        text.plain.push_back(':');
        replaced |= append_plain_json(text.plain, metric.last);
        text.stats.push_back('[');
        append_unsigned(text.stats, metric.count);
        for (const double number : {metric.first, metric.min, metric.max, metric.latest}) {
            text.stats.push_back(',');
            append_json(text.stats, number);
        }
        text.stats.push_back(']');
    }
    text.plain.push_back('}');
    text.stats.push_back(']');
    if (replaced) {
        ParamMap exact;
        for (const MetricSummary& metric : summary)
            exact.emplace_back(metric.name, metric.last);
        text.exact = to_json(ParamValue(std::move(exact)));
    }
    return text;
}

std::vector<MetricSummary> summary_from_text(std::string_view plain,
                                             std::optional<std::string_view> exact,
                                             std::string_view stats) {
    std::vector<MetricSummary> summary;
    if (plain == "{}") return summary;
    ParamMap values = map_from(exact ? *exact : plain, "summary");
    const Result<ParamValue, JsonError> numbers = parse_json(stats);
    if (!numbers.ok()) unreadable("summary");
    const auto* lists = numbers->get_if<ParamList>();
    if (lists == nullptr || lists->size() != values.size()) unreadable("summary");
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto* list = (*lists)[i].get_if<ParamList>();
        if (list == nullptr || list->size() != 5) unreadable("summary");
        MetricSummary& metric = summary.emplace_back();
        metric.name = std::move(values[i].first);
        metric.last = std::move(values[i].second);
        metric.count = unsigned_from((*list)[0]);
        metric.first = real_from((*list)[1]);
        metric.min = real_from((*list)[2]);
        metric.max = real_from((*list)[3]);
        metric.latest = real_from((*list)[4]);
    }
    return summary;
}

}  // namespace sweepctl

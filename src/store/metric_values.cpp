#include "store/metric_values.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/run_rules.hpp"

#include <algorithm>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kClientLines =
    "SELECT stream_lines.data FROM run_clients JOIN stream_lines"
    " ON stream_lines.run = run_clients.run AND stream_lines.stream = 'history'"
    " AND stream_lines.line >= run_clients.history_base"
    " WHERE run_clients.run = ?1 ORDER BY stream_lines.line";

/// Whether JSON writes it as it is: no escapes.
bool is_plain(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) {
        return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '/';
    });
}

}  // namespace

MetricLineReader::MetricLineReader(std::string metric)
    : metric_(std::move(metric)),
      last_name_(metric_.substr(metric_.rfind('.') + 1)),
      searchable_(is_plain(last_name_)) {}

std::vector<double> MetricLineReader::in_line(std::string_view line) const {
    // Most lines of most programs have the metric, but what has not even its last name is not read.
    if (searchable_ && line.find(last_name_) == std::string_view::npos) return {};
    const auto json = parse_json(line);
    const auto* object = json ? (*json).get_if<ParamMap>() : nullptr;
    return object == nullptr ? std::vector<double>{} : finite_values(*object, metric_);
}

std::vector<double> values_of_run(ReadSession& session,
                                  std::int64_t run,
                                  const MetricLineReader& metric) {
    static const std::string own_lines =
        "SELECT metrics.data FROM runs JOIN metrics ON metrics.run = runs.key WHERE runs.key = ?1"
        " AND " +
        std::string(kOfHistory) + " ORDER BY metrics.attempt, metrics.line";
    std::vector<double> values;
    for (const std::string_view sql : {std::string_view(own_lines), kClientLines}) {
        for (sqlite::Rows row = session.statement(sql).query(run); row.next();) {
            for (const double value : metric.in_line(row.text(0)))
                values.push_back(value);
        }
    }
    return values;
}

}  // namespace sweepctl

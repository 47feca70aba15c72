#pragma once

#include "sweepctl/core/value.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl::cli {

/// The columns of exported runs: their fields, then "config.*", then "summary.*" (RFC 4180). Where
/// the sweep has a metric the last one, best_column(), is the member "best" of each run.
class CsvColumns {
public:
    CsvColumns(const std::vector<std::string_view>& fields,
               const std::set<std::string>& config_names,
               const std::set<std::string>& summary_names,
               std::string metric);

    [[nodiscard]] std::string header() const;
    [[nodiscard]] std::string row(const ParamValue& run) const;

private:
    std::vector<std::string> fields_;
    std::vector<std::string> config_names_;
    std::vector<std::string> summary_names_;
    std::string metric_;
};

/// What a column is called that has each run's best value of the metric.
[[nodiscard]] std::string best_column(std::string_view metric);

/// Strings as they are, nothing for null, everything else as JSON, numbers with all their digits.
[[nodiscard]] std::string csv_text(const ParamValue& value);
/// In quotes where it has to be.
[[nodiscard]] std::string csv_cell(std::string_view text);

}  // namespace sweepctl::cli

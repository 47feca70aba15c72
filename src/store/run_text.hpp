#pragma once

#include "sweepctl/core/run.hpp"
#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A run's config and summary as columns of text: JSON that every reader takes, and beside it the
// exact text where JSON cannot say a value.

namespace sweepctl {

/// JSON as RFC 8259 has it: NaN and the infinities become the strings "NaN", "Infinity" and
/// "-Infinity". Returns whether any did.
bool append_plain_json(std::string& out, const ParamValue& value);

/// Reads an integer of up to 64 bits, as append_json writes it.
[[nodiscard]] std::optional<std::uint64_t> unsigned_number(const ParamValue& value);

struct ConfigText {
    std::string plain;
    std::optional<std::string> exact;  ///< only where it differs
};
[[nodiscard]] ConfigText config_text(const Config& config);
/// Throws std::runtime_error when the text is no JSON object.
[[nodiscard]] Config config_from_text(std::string_view plain,
                                      std::optional<std::string_view> exact);

struct SummaryText {
    std::string plain;                 ///< last value by name
    std::optional<std::string> exact;  ///< the same, only where it differs
    std::string stats;                 ///< the numbers, one list a name, in the same order
};
[[nodiscard]] SummaryText summary_text(const std::vector<MetricSummary>& summary);
/// Throws std::runtime_error when a text is not what summary_text() writes.
[[nodiscard]] std::vector<MetricSummary> summary_from_text(std::string_view plain,
                                                           std::optional<std::string_view> exact,
                                                           std::string_view stats);

}  // namespace sweepctl

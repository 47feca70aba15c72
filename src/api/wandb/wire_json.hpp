#pragma once

#include "sweepctl/core/events.hpp"
#include "sweepctl/core/value.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// JSON as W&B clients write it: configs whose entries are {"value": ...}, and numbers that JSON
// cannot say as bare words.

namespace sweepctl::api {

/// JSON text of an object as a value; nullopt: it is none.
[[nodiscard]] std::optional<ParamMap> json_object(std::string_view text);

/// JSON that every reader takes: NaN and the infinities become the strings "NaN", "Infinity",
/// "-Infinity".
[[nodiscard]] std::string strict_json(const ParamMap& object);

/// {"lr": {"value": 0.1}, "_wandb": ...} as {"lr": 0.1}, in code-point order at each level.
[[nodiscard]] Config plain_config(const ParamMap& client_config);
/// The other way round.
[[nodiscard]] ParamMap client_config(const Config& config);

/// What the names of all values of one request may come to, in bytes. A value carries the names of
/// the groups that it is in: a body of 16 MiB could otherwise fill the memory. No real one comes
/// near.
inline constexpr std::size_t kPointNamesMax = std::size_t{64} << 20;

/// The values of a logged object by name, groups joined with dots; what is the client's own (a name
/// that begins with '_') is left out, and so is what no summary has room for (a name longer than
/// kMetricNameMax). Their names are taken from `room`, in bytes; nullopt: it does not suffice.
[[nodiscard]] std::optional<std::vector<MetricPoint>> logged_points(ParamMap logged,
                                                                    std::size_t& room);

}  // namespace sweepctl::api

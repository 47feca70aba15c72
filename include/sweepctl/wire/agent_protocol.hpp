#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/agent_messages.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The agent protocol as JSON text. Unknown fields are ignored; unknown messages are refused by
// name.

namespace sweepctl {

/// Slots of one agent; a controller refuses one with more.
inline constexpr std::uint32_t kAgentSlotsMax = 4096;

[[nodiscard]] std::string encode(const AgentMessage& message);
[[nodiscard]] std::string encode(const std::vector<AgentOrder>& orders);

/// The error is one line that names what is wrong.
[[nodiscard]] Result<AgentMessage, std::string> decode_message(std::string_view text);
[[nodiscard]] Result<std::vector<AgentOrder>, std::string> decode_orders(std::string_view text);

/// The points that a metrics line stands for: numbers and other values by name, nested objects
/// flattened with '.', keys that begin with '_' left out (`preempting` is set when `_preempting` is
/// true). nullopt: not a JSON object.
struct MetricsLine {
    std::vector<MetricPoint> points;
    bool preempting = false;
};
[[nodiscard]] std::optional<MetricsLine> read_metrics_line(std::string_view text);

}  // namespace sweepctl

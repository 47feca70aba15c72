#pragma once

#include <string_view>
#include <vector>

// The field names that --json promises, in the order in which they are written.

namespace sweepctl::cli {

[[nodiscard]] const std::vector<std::string_view>& run_fields();
[[nodiscard]] const std::vector<std::string_view>& sweep_fields();
[[nodiscard]] const std::vector<std::string_view>& event_fields();
[[nodiscard]] const std::vector<std::string_view>& agent_fields();
[[nodiscard]] const std::vector<std::string_view>& status_fields();

}  // namespace sweepctl::cli

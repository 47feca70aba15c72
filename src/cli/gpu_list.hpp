#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl::cli {

/// The ids in "0,1,4-7"; empty for "none", nullopt for "auto". Throws CliError(kUsage) for anything
/// else, and for an id given twice: two runs would share it, each believing it its own.
[[nodiscard]] std::optional<std::vector<std::string>> parse_gpu_list(std::string_view words);

}  // namespace sweepctl::cli

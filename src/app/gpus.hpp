#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

/// What `--gpus` names: "0,1,4-7" as it says, "none", or "auto": CUDA_VISIBLE_DEVICES where it is
/// set, else the NVIDIA devices of this machine. Throws std::runtime_error for anything else.
[[nodiscard]] std::vector<std::string> gpu_ids_from(std::string_view words);

}  // namespace sweepctl

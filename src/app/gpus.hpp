#pragma once

#include <string>
#include <vector>

namespace sweepctl {

/// The GPUs that this process may use: CUDA_VISIBLE_DEVICES where it is set, else the NVIDIA devices
/// of this machine.
[[nodiscard]] std::vector<std::string> visible_gpu_ids();

}  // namespace sweepctl

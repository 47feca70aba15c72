#include "app/gpus.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace sweepctl {

namespace {

constexpr int kGpusMax = 1024;

std::vector<std::string> nvidia_devices() {
    std::vector<std::string> ids;
    for (int device = 0; device < kGpusMax; ++device) {
        std::error_code error;
        if (!std::filesystem::exists("/dev/nvidia" + std::to_string(device), error)) break;
        ids.push_back(std::to_string(device));
    }
    return ids;
}

/// As CUDA writes it: numbers, UUIDs or MIG names between commas. Each is given out once.
std::vector<std::string> listed(std::string_view words) {
    std::vector<std::string> ids;
    for (std::size_t at = 0; at <= words.size();) {
        const std::size_t end = std::min(words.find(',', at), words.size());
        std::string id(words.substr(at, end - at));
        if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) {
            ids.push_back(std::move(id));
        }
        at = end + 1;
    }
    return ids;
}

}  // namespace

std::vector<std::string> visible_gpu_ids() {
    if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
        const std::string_view pool(visible);
        return pool == "-1" ? std::vector<std::string>{} : listed(pool);
    }
    return nvidia_devices();
}

}  // namespace sweepctl

#include "app/gpus.hpp"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace sweepctl {

namespace {

constexpr int kGpusMax = 1024;

int number(std::string_view text) {
    int value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value < kGpusMax ? value
                                                                                        : -1;
}

std::vector<std::string> nvidia_devices() {
    std::vector<std::string> ids;
    for (int device = 0; device < kGpusMax; ++device) {
        std::error_code error;
        if (!std::filesystem::exists("/dev/nvidia" + std::to_string(device), error)) break;
        ids.push_back(std::to_string(device));
    }
    return ids;
}

std::vector<std::string> listed(std::string_view words) {
    std::vector<std::string> ids;
    while (!words.empty()) {
        const std::size_t comma = words.find(',');
        const std::string_view word = words.substr(0, comma);
        words = comma == std::string_view::npos ? std::string_view{} : words.substr(comma + 1);
        const std::size_t dash = word.find('-');
        const int first = dash == std::string_view::npos ? -1 : number(word.substr(0, dash));
        const int last = dash == std::string_view::npos ? -1 : number(word.substr(dash + 1));
        if (first >= 0 && last >= first) {
            for (int id = first; id <= last; ++id)
                ids.push_back(std::to_string(id));
        } else if (!word.empty()) {
            ids.emplace_back(word);  // Also a UUID or a MIG name, which may hold dashes.
        } else {
            throw std::runtime_error("'--gpus' takes a list like 0,1,4-7, or auto, or none");
        }
    }
    return ids;
}

}  // namespace

std::vector<std::string> gpu_ids_from(std::string_view words) {
    if (words == "none") return {};
    if (words != "auto") return listed(words);
    if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
        const std::string_view pool(visible);
        if (pool.empty() || pool == "-1") return {};
        return listed(pool);
    }
    return nvidia_devices();
}

}  // namespace sweepctl

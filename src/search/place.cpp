#include "search/place.hpp"

#include "sweepctl/base/check.hpp"

#include <utility>

namespace sweepctl {

void place(Config& config, const std::vector<std::string>& path, ParamValue value) {
    SWEEPCTL_CHECK(!path.empty());
    ParamMap* level = &config;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        if (level->empty() || level->back().first != path[i]) {
            level->emplace_back(path[i], ParamMap{});
        }
        level = std::get_if<ParamMap>(&level->back().second.content());
        SWEEPCTL_CHECK(level != nullptr);
    }
    level->emplace_back(path.back(), std::move(value));
}

const ParamValue* at_path(const Config& config, const std::vector<std::string>& path) {
    const ParamMap* level = &config;
    const ParamValue* value = nullptr;
    for (const std::string& name : path) {
        value = level == nullptr ? nullptr : find(*level, name);
        if (value == nullptr) return nullptr;
        level = value->get_if<ParamMap>();
    }
    return value;
}

}  // namespace sweepctl

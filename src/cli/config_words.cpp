#include "cli/config_words.hpp"

#include "cli/cli_error.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sweepctl::cli {

namespace {

using Path = std::vector<std::string>;

Path split_at_dots(const std::string& key) {
    Path out{""};
    for (const char c : key) {
        if (c == '.') {
            out.emplace_back();
        } else {
            out.back() += c;
        }
    }
    return out;
}

std::string joined(const Path& path) {
    std::string out;
    for (const std::string& name : path)
        out += (out.empty() ? "" : ".") + name;
    return out;
}

/// A name with dots in it goes before a path through groups, as in commands.
Path path_of(const std::string& key, const SearchSpace& space) {
    const Path whole{key};
    const Path* known = nullptr;
    for (const Parameter& parameter : space.parameters) {
        if (parameter.path.front() == key) return whole;  // a parameter, or a group given as a map
        if (joined(parameter.path) == key) known = &parameter.path;
    }
    return known != nullptr ? *known : split_at_dots(key);
}

void sort_names(ParamMap& map) {
    std::sort(map.begin(), map.end(),
              [](const auto& left, const auto& right) { return left.first < right.first; });
    for (auto& [name, value] : map) {
        if (auto* inner = std::get_if<ParamMap>(&value.content())) sort_names(*inner);
    }
}

void insert(ParamMap& map, const Path& path, const std::string& key, ParamValue value) {
    ParamMap* at = &map;
    for (std::size_t i = 0;; ++i) {
        const bool last = i + 1 == path.size();
        const auto found = std::find_if(at->begin(), at->end(),
                                        [&](const auto& entry) { return entry.first == path[i]; });
        if (path[i].empty()) {
            throw CliError(kUsage, "'" + printable(key) + "' has an empty name in it");
        }
        if (last && found == at->end()) {
            at->emplace_back(path[i], std::move(value));
            return;
        }
        if (!last && found == at->end()) {
            at->emplace_back(path[i], ParamMap{});
            at = std::get_if<ParamMap>(&at->back().second.content());
            continue;
        }
        auto* inner = std::get_if<ParamMap>(&found->second.content());
        if (last || inner == nullptr) {
            throw CliError(kUsage, "'" + printable(key) + "' is given twice");
        }
        at = inner;
    }
}

}  // namespace

Config config_from(const std::vector<Assignment>& assignments, const SearchSpace& space) {
    Config config;
    for (const Assignment& assignment : assignments) {
        insert(config, path_of(assignment.key, space), assignment.key, assignment.value);
    }
    sort_names(config);
    return config;
}

}  // namespace sweepctl::cli

#include "cli/config_words.hpp"

#include "sweepctl/base/did_you_mean.hpp"

#include "cli/cli_error.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <string>
#include <string_view>
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

/// The paths of what `map` sets, a group's members one by one. `space` tells groups from values
/// that happen to be maps.
void add_paths(std::vector<Path>& out,
               const ParamMap& map,
               const Path& above,
               const SearchSpace& space) {
    for (const auto& [name, value] : map) {
        Path path = above;
        path.push_back(name);
        const bool group = std::any_of(
            space.parameters.begin(), space.parameters.end(), [&](const Parameter& parameter) {
                return parameter.path.size() > path.size() &&
                       std::equal(path.begin(), path.end(), parameter.path.begin());
            });
        const auto* inner = value.get_if<ParamMap>();
        if (group && inner != nullptr) {
            add_paths(out, *inner, path, space);
        } else {
            out.push_back(std::move(path));
        }
    }
}

}  // namespace

std::vector<std::string> missing_parameters(const Config& config, const SearchSpace& space) {
    std::vector<Path> given;
    add_paths(given, config, {}, space);
    std::vector<std::string> names;
    for (const Parameter& parameter : space.parameters)
        names.push_back(joined(parameter.path));
    const auto known = [&](const Path& path) {
        return std::any_of(space.parameters.begin(), space.parameters.end(),
                           [&](const Parameter& parameter) { return parameter.path == path; });
    };
    for (const Path& path : given) {
        if (known(path)) continue;
        const std::string_view near =
            did_you_mean(joined(path), std::vector<std::string_view>(names.begin(), names.end()));
        throw CliError(kError, "the sweep has no parameter '" + printable(joined(path)) + "'",
                       near.empty() ? "" : "did you mean '" + printable(near) + "'?");
    }
    const auto wanted = [&](std::size_t parameter) {
        return std::none_of(space.conditions.begin(), space.conditions.end(),
                            [&](const Condition& condition) {
                                return condition.parameter == parameter && !condition.holds(config);
                            });
    };
    std::vector<std::string> missing;
    for (std::size_t i = 0; i < space.parameters.size(); ++i) {
        const Path& path = space.parameters[i].path;
        if (std::find(given.begin(), given.end(), path) == given.end() && wanted(i))
            missing.push_back(joined(path));
    }
    return missing;
}

Config config_from(const std::vector<Assignment>& assignments, const SearchSpace& space) {
    Config config;
    for (const Assignment& assignment : assignments) {
        insert(config, path_of(assignment.key, space), assignment.key, assignment.value);
    }
    sort_names(config);
    return config;
}

}  // namespace sweepctl::cli

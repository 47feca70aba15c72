#include "api/route.hpp"

#include "sweepctl/base/shown.hpp"
#include "sweepctl/wire/http_text.hpp"

#include <optional>
#include <utility>

namespace sweepctl::api {

namespace {

/// Without scheme, host, query and fragment.
std::string_view path_of(std::string_view target) {
    if (const auto scheme = target.find("://"); scheme != std::string_view::npos && scheme < 6) {
        target.remove_prefix(scheme + 3);
        target.remove_prefix(std::min(target.find_first_of("/?#"), target.size()));
    }
    return target.substr(0, target.find_first_of("?#"));
}

/// Takes the first segment off. The path begins behind a slash; nullopt: there is no more.
std::optional<std::string_view> next_segment(std::optional<std::string_view>& path) {
    if (!path) return std::nullopt;
    const auto slash = path->find('/');
    const std::string_view segment = path->substr(0, slash);
    if (slash == std::string_view::npos) {
        path.reset();
    } else {
        path->remove_prefix(slash + 1);
    }
    return segment;
}

std::string_view behind_slash(std::string_view path) {
    return path.starts_with('/') ? path.substr(1) : path;
}

bool takes_the_rest(std::string_view part) {
    return part.ends_with("...}");
}

/// Whether the pattern fits the path's segments, which are decoded already.
bool fits(std::string_view pattern, const std::vector<std::string>& segments) {
    std::optional<std::string_view> rest = behind_slash(pattern);
    for (const std::string& segment : segments) {
        const std::optional<std::string_view> part = next_segment(rest);
        if (!part) return false;
        if (part->starts_with('{') ? segment.empty() : *part != segment) return false;
        if (takes_the_rest(*part)) return true;
    }
    return !rest;
}

std::vector<std::string> arguments_of(std::string_view pattern, std::vector<std::string> segments) {
    std::vector<std::string> arguments;
    std::optional<std::string_view> rest = behind_slash(pattern);
    bool in_the_rest = false;
    for (std::string& segment : segments) {
        if (in_the_rest) {
            arguments.back() += "/" + segment;
            continue;
        }
        const std::string_view part = *next_segment(rest);
        in_the_rest = takes_the_rest(part);
        if (part.starts_with('{')) arguments.push_back(std::move(segment));
    }
    return arguments;
}

bool serves(const Route& route, std::string_view method) {
    return route.method == method || (method == "HEAD" && route.method == "GET");
}

}  // namespace

Result<Match, NoMatch> find_route(std::string_view method, std::string_view raw_target) {
    const std::string_view path = path_of(raw_target);
    std::vector<std::string> segments;
    std::optional<std::string_view> rest = behind_slash(path);
    while (const std::optional<std::string_view> segment = next_segment(rest)) {
        std::optional<std::string> decoded = percent_decode(*segment, Plus::is_plus);
        if (!decoded)
            return Failure{NoMatch{{400, "the path is not percent-encoded properly"}, {}}};
        segments.push_back(std::move(*decoded));
    }
    const Route* found = nullptr;
    std::string allow;
    for (const Route& route : all_routes()) {
        if (!fits(route.pattern, segments)) continue;
        if (serves(route, method)) {
            found = &route;
            break;
        }
        if (!allow.empty()) allow += ", ";
        allow += route.method;
        if (route.method == "GET") allow += ", HEAD";
    }
    if (found != nullptr) return Match{found, arguments_of(found->pattern, std::move(segments))};
    if (allow.empty()) {
        return Failure{NoMatch{
            {404, "there is no '" + shown(path) + "'; /api/v1/openapi.json says what there is"},
            {}}};
    }
    return Failure{NoMatch{
        {405, "'" + shown(path) + "' takes " + allow + ", not '" + shown(method) + "'"}, allow}};
}

}  // namespace sweepctl::api

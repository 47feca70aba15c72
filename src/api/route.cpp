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

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    if (!path.empty() && path.front() == '/') path.remove_prefix(1);
    for (;;) {
        const auto slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return segments;
        path.remove_prefix(slash + 1);
    }
}

/// The arguments when the pattern fits. Segments are decoded already.
std::optional<std::vector<std::string>> fit(std::string_view pattern,
                                            const std::vector<std::string>& segments) {
    const std::vector<std::string_view> parts = segments_of(pattern);
    if (parts.size() != segments.size()) return std::nullopt;
    std::vector<std::string> arguments;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].starts_with('{')) {
            if (segments[i].empty()) return std::nullopt;
            arguments.push_back(segments[i]);
        } else if (parts[i] != segments[i]) {
            return std::nullopt;
        }
    }
    return arguments;
}

bool serves(const Route& route, std::string_view method) {
    return route.method == method || (method == "HEAD" && route.method == "GET");
}

}  // namespace

Result<Match, NoMatch> find_route(std::string_view method, std::string_view raw_target) {
    std::vector<std::string> segments;
    for (const std::string_view segment : segments_of(path_of(raw_target))) {
        std::optional<std::string> decoded = percent_decode(segment, Plus::is_plus);
        if (!decoded)
            return Failure{NoMatch{{400, "the path is not percent-encoded properly"}, {}}};
        segments.push_back(std::move(*decoded));
    }
    std::optional<Match> fitting;
    std::string allow;
    for (const Route& route : all_routes()) {
        std::optional<std::vector<std::string>> arguments = fit(route.pattern, segments);
        if (!arguments) continue;
        // A pattern without a name in that place wins: agents/connect is not an agent's id.
        if (serves(route, method) && (!fitting || arguments->size() < fitting->arguments.size())) {
            fitting = Match{&route, std::move(*arguments)};
        }
        if (!allow.empty()) allow += ", ";
        allow += route.method;
        if (route.method == "GET") allow += ", HEAD";
    }
    if (fitting) return std::move(*fitting);
    if (allow.empty()) {
        return Failure{NoMatch{{404, "there is no '" + shown(path_of(raw_target)) +
                                         "'; /api/v1/openapi.json says what there is"},
                               {}}};
    }
    return Failure{NoMatch{{405, "'" + shown(path_of(raw_target)) + "' takes " + allow + ", not '" +
                                     shown(method) + "'"},
                           allow}};
}

}  // namespace sweepctl::api

#pragma once

#include "sweepctl/base/result.hpp"

#include "api/problem.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The table of what can be asked. It serves the requests and describes them: the OpenAPI document
// is made of it, and a parameter that is not in it is refused.

namespace sweepctl::api {

class Call;
using CallPtr = std::shared_ptr<Call>;  // Shared by whoever still owes it an answer.

struct RouteParameter {
    std::string_view name;
    std::string_view schema;  ///< JSON Schema, as JSON
    std::string_view description{};
};

struct RouteAnswer {
    int status = 200;
    std::string_view schema;  ///< name among the components; empty: no JSON
    std::string_view media_type = "application/json";
    std::string_view description{};
};

struct Route {
    std::string_view method;
    /// A segment {name} takes any one segment, {name...} at the end all that are left.
    std::string_view pattern;
    void (*serve)(const CallPtr& call) = nullptr;

    std::string_view name;  ///< of the operation, unique
    std::string_view summary{};
    std::string_view description{};
    std::vector<RouteParameter> query{};
    std::string_view body{};  ///< name of its schema among the components; empty: none is read
    RouteAnswer answer{};
    /// That it may answer with, beside those that every route may, and those that its pattern, its
    /// query and its body imply.
    std::vector<int> problems{};

    /// Changes what is stored: refused while nothing can be stored, and while leaving.
    bool changes = false;
    bool needs_token = true;
    /// The body is a file, which does not go through memory.
    bool takes_file = false;
    /// Part of the API that is ours to describe; otherwise W&B's, whose clients know it.
    bool described = true;
    std::size_t body_limit = std::size_t{1} << 20;
};

[[nodiscard]] std::span<const Route> all_routes();

/// A route and what its {name}s stand for, decoded, in order.
struct Match {
    const Route* route = nullptr;
    std::vector<std::string> arguments;
};
/// `raw_target` as sent: split before it is decoded, so that %2F separates nothing. A HEAD is
/// served by what serves GET. The problem is 404, or 405 with the methods that there are.
struct NoMatch {
    Problem problem;
    std::string allow;  ///< for the header of a 405
};
[[nodiscard]] Result<Match, NoMatch> find_route(std::string_view method,
                                                std::string_view raw_target);

}  // namespace sweepctl::api

#pragma once

#include "api/graphql/document.hpp"
#include "api/graphql/graphql.hpp"
#include "api/graphql/parser.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sweepctl::graphql {

/// One member of "errors". `path` is JSON: ["runs",3,"name"]; empty when the error has none.
void append_error(std::string& out,
                  std::string_view message,
                  const std::vector<Place>& places,
                  std::string_view path);

/// A request that is not executed: no "data".
[[nodiscard]] Response refusal(const std::vector<DocumentError>& errors, int status = 400);

}  // namespace sweepctl::graphql

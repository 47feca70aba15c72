#pragma once

#include <string_view>

namespace sweepctl::api {

/// The schemas of what is said and answered, by name, as a JSON object.
[[nodiscard]] std::string_view openapi_schemas();

}  // namespace sweepctl::api

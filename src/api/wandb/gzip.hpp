#pragma once

#include "api/problem.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sweepctl::api {

/// What was packed with gzip. 413 when that is more than `limit` bytes, of which no more are ever
/// unpacked; 400 when it is not gzip or not whole.
[[nodiscard]] Result<std::string, Problem> unpack_gzip(std::string_view packed, std::size_t limit);

}  // namespace sweepctl::api

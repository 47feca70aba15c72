#pragma once

#include "sweepctl/core/ids.hpp"

#include "api/problem.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace sweepctl::api {

/// Where a run's output lies; empty when its ids cannot be file names.
[[nodiscard]] std::string log_path(const std::string& home,
                                   const SweepId& sweep,
                                   const RunId& run,
                                   std::uint32_t attempt);

struct LogPiece {
    bool there = false;      ///< the file exists
    std::uint64_t size = 0;  ///< of the whole file
    std::string bytes;
};
/// At most `limit` bytes from `offset` on; none past the end.
[[nodiscard]] Result<LogPiece, Problem> read_log(const std::string& path,
                                                 std::uint64_t offset,
                                                 std::size_t limit);

}  // namespace sweepctl::api

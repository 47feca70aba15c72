#pragma once

#include "sweepctl/store/reader.hpp"

#include "store/read_session.hpp"
#include "store/run_json.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sweepctl {

struct ScannedPage {
    std::vector<std::uint64_t> numbers;  ///< of the page's runs, in order
    std::string next_cursor;
};

/// The page of a query with a filter, or sorted by values: looks at the sweep's runs one by one and
/// keeps no more of them than the page is long.
[[nodiscard]] Result<ScannedPage, QueryError> scan_runs(ReadSession& session,
                                                        const SweepNames& sweep,
                                                        const RunsQuery& query);

}  // namespace sweepctl

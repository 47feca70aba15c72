#pragma once

#include "sweepctl/store/run_filter.hpp"

#include "store/read_session.hpp"
#include "store/run_json.hpp"

#include <optional>
#include <vector>

namespace sweepctl {

/// Decides for each bare name among `keys` whether it is a parameter or a metric of this sweep's
/// runs; the error when one is both or neither. In a sweep without runs they are metrics.
[[nodiscard]] std::optional<FilterError> settle_keys(ReadSession& session,
                                                     const SweepNames& sweep,
                                                     const std::vector<RunKey*>& keys);

}  // namespace sweepctl

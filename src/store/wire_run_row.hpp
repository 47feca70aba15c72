#pragma once

#include "sweepctl/store/project_reads.hpp"

#include "store/read_session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sweepctl {

/// The run with this key, as clients are shown it; nullopt: it is gone. In a list one does not look
/// through its history for the highest step.
[[nodiscard]] std::optional<WireRun> wire_run_of(ReadSession& session,
                                                 std::int64_t key,
                                                 const RunColumns& wanted,
                                                 bool in_list);

/// {"lr": {"value": 0.1}} of our {"lr": 0.1}, and what `client_config` has beyond that.
[[nodiscard]] std::string wrapped_config(std::string_view config, std::string_view client_config);

/// The members of `first`, then those of `second` that `first` has not.
[[nodiscard]] std::string merged_objects(std::string_view first, std::string_view second);

}  // namespace sweepctl

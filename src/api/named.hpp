#pragma once

#include "sweepctl/store/reader.hpp"

#include "api/call.hpp"

#include <functional>

// From what a person typed for an id to the one that is meant.

namespace sweepctl::api {

/// Beside the store, for queries. 404, or 409 with the candidates.
[[nodiscard]] Result<SweepId, Problem> match_sweep(ReadSession& session, const IdQuery& query);
[[nodiscard]] Result<RunId, Problem> match_run(ReadSession& session, const IdQuery& query);

/// For changes: calls `then` with the sweep, now or later, or refuses the call.
void with_sweep(const CallPtr& call, std::function<void(const SweepId&)> then);
void with_run(const CallPtr& call, std::function<void(const RunId&)> then);
void with_agent(const CallPtr& call, const std::function<void(const AgentId&)>& then);

}  // namespace sweepctl::api

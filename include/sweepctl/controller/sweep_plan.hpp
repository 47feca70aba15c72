#pragma once

#include "sweepctl/controller/controller.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include <cstdint>
#include <optional>

// What is made of a sweep's spec. One place, so that a sweep goes on after a restart exactly as it
// was launched.

namespace sweepctl {

/// Whether there is a search for the method.
[[nodiscard]] constexpr bool can_search(Method method) {
    return method == Method::grid || method == Method::random;
}

/// How the runs of `spec` are created: its policy and, with the seed in use, its search. The
/// spec's method must be one that can_search().
[[nodiscard]] SweepSetup setup_of(const SweepSpec& spec, std::uint64_t seed);

/// The plan of a stored sweep, for Controller. `parallel` and `run_cap` of the record win over the
/// spec's, since a launch may override them. nullopt: its spec cannot be read any more, or no
/// search for it is there.
[[nodiscard]] std::optional<SweepPlan> plan_of(const NewSweep& sweep);

}  // namespace sweepctl

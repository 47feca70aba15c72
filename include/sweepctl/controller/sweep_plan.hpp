#pragma once

#include "sweepctl/controller/controller.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include <cstdint>
#include <optional>

// What is made of a sweep's spec. One place, so that a sweep goes on after a restart exactly as it
// was launched.

namespace sweepctl {

/// How the runs of `spec` are created: its policy and, with the seed in use, its search. parse_spec
/// lets no method pass that make_strategy does not know.
[[nodiscard]] SweepSetup setup_of(const SweepSpec& spec, std::uint64_t seed);

/// The plan of a stored sweep, for Controller. `parallel` and `run_cap` of the record win over the
/// spec's, since a launch may override them. nullopt: its spec cannot be read any more.
[[nodiscard]] std::optional<SweepPlan> plan_of(const NewSweep& sweep);

}  // namespace sweepctl

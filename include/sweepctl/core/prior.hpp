#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/run.hpp"
#include "sweepctl/core/search_strategy.hpp"
#include "sweepctl/core/sweep_policy.hpp"
#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What is known before a sweep begins: ended runs from elsewhere. A search that learns learns from
// them, a grid takes their cells for done, and none of them is ever executed.

namespace sweepctl {

struct PriorRun {
    std::string name;
    RunState state = RunState::finished;
    std::optional<EndReason> end_reason;
    Config config;
    std::optional<MetricValues> metric;

    bool operator==(const PriorRun&) const = default;
};

/// Fixed at launch, and then the sweep's own: where it came from may go.
struct Prior {
    std::string source;          ///< for people: a file's name, or "sweep k3f9x2ab"
    std::string metric;          ///< whose values the runs have; empty: none
    std::vector<PriorRun> runs;  ///< the search knows them in this order

    bool operator==(const Prior&) const = default;
};

/// Of an ended run, with its values of `metric`.
[[nodiscard]] PriorRun prior_run_of(const Run& run, std::string_view metric);

/// Adds the runs of `more`. They are in an order that depends on nothing but the runs, so that the same
/// set of them teaches the same, however it was put together.
void add(Prior& prior, Prior more);

/// How many of the runs have a value.
[[nodiscard]] std::uint64_t valued(const Prior& prior);

/// What a search may know of the `index`-th run; nullopt of one that tells nothing. Values of
/// another metric than `metric` are none.
[[nodiscard]] std::optional<Observation> observation_of(const Prior& prior,
                                                        std::size_t index,
                                                        const std::optional<MetricGoal>& metric);

/// A run in the form that told_run_from() reads: what it logged is cut down to what a search looks at.
[[nodiscard]] ParamMap told(const PriorRun& run, const std::string& metric);
/// The runs as JSON Lines, in the form of told().
[[nodiscard]] std::string to_json_lines(const Prior& prior);
/// Its runs again. Fails with words for a person where a line is none of them.
[[nodiscard]] Result<std::vector<PriorRun>, std::string> prior_runs_from(std::string_view lines,
                                                                         const std::string& metric);

}  // namespace sweepctl

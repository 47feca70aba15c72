#pragma once

#include "sweepctl/agent/agent.hpp"
#include "sweepctl/cli/daemon_entry.hpp"

#include <cstdint>
#include <optional>
#include <string>

// When an agent that a person started stops by itself (sweep-semantics 6.2). Pure.

namespace sweepctl {

/// 0 is no limit, as with W&B's agents.
[[nodiscard]] std::optional<std::uint64_t> count_limit(std::optional<std::uint64_t> given);

struct GiveUpRules {
    bool flapping = true;  ///< 3 failures within the first 60 s
    std::uint64_t initial_failures =
        5;                          ///< so many failures and no more ends than failures; 0: off
    std::uint64_t consecutive = 5;  ///< in a row; 0: off
    std::optional<std::uint64_t> count;
    std::optional<std::uint64_t> count_successful;

    /// The options, with WANDB_AGENT_DISABLE_FLAPPING, WANDB_AGENT_MAX_INITIAL_FAILURES and their
    /// SWEEPCTL_ twins. Throws std::runtime_error for values that are no numbers.
    [[nodiscard]] static GiveUpRules from_environment(const AgentOptions& options);
};

class GiveUp {
public:
    GiveUp(GiveUpRules rules, SteadyTime start) : rules_(rules), start_(start) {}

    struct Verdict {
        std::string message;  ///< empty: go on
        bool failed = false;  ///< gave up, as opposed to having done enough
    };
    [[nodiscard]] Verdict take(const Agent::EndSeen& end, SteadyTime now);

private:
    GiveUpRules rules_;
    SteadyTime start_;
    std::uint64_t ended_ = 0;
    std::uint64_t succeeded_ = 0;
    std::uint64_t failed_ = 0;  ///< exit codes above 0, as W&B counts
    std::uint64_t in_a_row_ = 0;
};

}  // namespace sweepctl

#include "app/give_up.hpp"

#include "sweepctl/base/counted.hpp"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace sweepctl {

namespace {

constexpr std::uint64_t kFlappingFailures = 3;
constexpr Duration kFlappingAge = std::chrono::seconds{60};

const char* either(const char* ours, const char* theirs) {
    const char* value = std::getenv(ours);
    return value != nullptr ? value : std::getenv(theirs);
}

}  // namespace

std::optional<std::uint64_t> count_limit(std::optional<std::uint64_t> given) {
    return given == 0U ? std::nullopt : given;
}

GiveUpRules GiveUpRules::from_environment(const AgentOptions& options) {
    GiveUpRules rules;
    rules.count = count_limit(options.count);
    rules.count_successful = count_limit(options.count_successful);
    rules.consecutive = options.max_consecutive_failed_runs.value_or(rules.consecutive);
    if (const char* off =
            either("SWEEPCTL_AGENT_DISABLE_FLAPPING", "WANDB_AGENT_DISABLE_FLAPPING")) {
        rules.flapping = std::string_view(off) != "true" && std::string_view(off) != "1";
    }
    if (const char* text =
            either("SWEEPCTL_AGENT_MAX_INITIAL_FAILURES", "WANDB_AGENT_MAX_INITIAL_FAILURES")) {
        const std::string_view word(text);
        const auto [end, error] =
            std::from_chars(word.data(), word.data() + word.size(), rules.initial_failures);
        if (error != std::errc{} || end != word.data() + word.size()) {
            throw std::runtime_error("WANDB_AGENT_MAX_INITIAL_FAILURES must be a number, not '" +
                                     std::string(word) + "'");
        }
    }
    return rules;
}

GiveUp::Verdict GiveUp::take(const Agent::EndSeen& end, SteadyTime now) {
    const bool exit_code = !end.success && !end.signaled && !end.spawn_error;
    if (end.success) ++succeeded_;
    if (exit_code && !end.ordered) ++failed_;
    in_a_row_ = end.success || end.ordered ? 0 : in_a_row_ + 1;

    Verdict verdict;
    if (rules_.flapping && now - start_ < kFlappingAge && failed_ >= kFlappingFailures) {
        verdict = {
            "detected 3 failed runs in the first 60 seconds, shutting down; to disable this check "
            "set "
            "SWEEPCTL_AGENT_DISABLE_FLAPPING=true",
            true};
    } else if (rules_.initial_failures > 0 && failed_ >= rules_.initial_failures &&
               failed_ >= ended_) {
        verdict = {"detected " + std::to_string(failed_) +
                       " failed runs in a row, shutting down; to change this "
                       "value set SWEEPCTL_AGENT_MAX_INITIAL_FAILURES",
                   true};
    } else if (rules_.consecutive > 0 && in_a_row_ >= rules_.consecutive) {
        verdict = {
            "detected " + std::to_string(in_a_row_) + " consecutive failed runs, shutting down",
            true};
    }
    ++ended_;
    if (!verdict.message.empty()) return verdict;
    if (rules_.count && ended_ >= *rules_.count) {
        return {counted(ended_, "run") + " ended, as many as asked for", false};
    }
    if (rules_.count_successful && succeeded_ >= *rules_.count_successful) {
        return {counted(succeeded_, "run") + " finished, as many as asked for", false};
    }
    return {};
}

}  // namespace sweepctl

#include "cli/commands/commands.hpp"
#include "cli/verb.hpp"

#include <algorithm>
#include <array>

namespace sweepctl::cli {

namespace {

// By what people want to do, the most common first; the last is for the completions.
constexpr std::array kVerbs{
    &kLaunchVerb, &kLsVerb, &kShowVerb, &kRunsVerb, &kRunVerb, &kWatchVerb, &kWaitVerb,
    &kLogsVerb, &kEventsVerb, &kExplainVerb, &kPauseVerb, &kResumeVerb, &kStopVerb,
    &kCancelVerb, &kStopRunVerb, &kRetryVerb, &kEnqueueVerb, &kRmVerb, &kExportVerb,
    &kValidateVerb, &kPlanVerb, &kSuggestVerb, &kEarlyStopVerb, &kLogVerb, &kAgentVerb,
    &kAgentsVerb, &kDrainVerb, &kServeVerb, &kStatusVerb, &kShutdownVerb, &kFsckVerb,
    &kWandbEnvVerb, &kCompletionVerb, &kListIdsVerb,
};

}  // namespace

std::span<const Verb* const> all_verbs() {
    return kVerbs;
}

const Verb* find_verb(std::string_view name) {
    const auto found = std::find_if(kVerbs.begin(), kVerbs.end(),
                                    [&](const Verb* verb) { return verb->name == name; });
    return found == kVerbs.end() ? nullptr : *found;
}

}  // namespace sweepctl::cli

#pragma once

#include "cli/verb.hpp"

// One file a verb, each defining one of these; verbs.cpp puts them in order.

namespace sweepctl::cli {

extern const Verb kAgentVerb;
extern const Verb kAgentsVerb;
extern const Verb kCancelVerb;
extern const Verb kCompletionVerb;
extern const Verb kDrainVerb;
extern const Verb kEarlyStopVerb;
extern const Verb kEnqueueVerb;
extern const Verb kEventsVerb;
extern const Verb kExplainVerb;
extern const Verb kExportVerb;
extern const Verb kFsckVerb;
extern const Verb kLaunchVerb;
extern const Verb kListIdsVerb;
extern const Verb kLogVerb;
extern const Verb kLogsVerb;
extern const Verb kLsVerb;
extern const Verb kPauseVerb;
extern const Verb kPlanVerb;
extern const Verb kResumeVerb;
extern const Verb kRetryVerb;
extern const Verb kRmVerb;
extern const Verb kRunVerb;
extern const Verb kRunsVerb;
extern const Verb kServeVerb;
extern const Verb kShowVerb;
extern const Verb kShutdownVerb;
extern const Verb kStatusVerb;
extern const Verb kWandbEnvVerb;
extern const Verb kStopRunVerb;
extern const Verb kStopVerb;
extern const Verb kSuggestVerb;
extern const Verb kValidateVerb;
extern const Verb kWaitVerb;
extern const Verb kWatchVerb;

}  // namespace sweepctl::cli

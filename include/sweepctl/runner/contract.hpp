#pragma once

#include <cstddef>
#include <cstdint>

// What the agent and the runner have agreed on. The runner is built without any library, so this
// header keeps to constants and one function.
//
// The runner is started as
//     sweepctl-runner PARAMS PROGRAM [ARGUMENT...]
// with the program's environment, as the leader of a session of its own, with all signals blocked,
// and with these descriptors: 0 /dev/null, 1 and 2 the output file, 3 the journal (O_APPEND).
//
// PARAMS is one string of fields, one space between two of them:
//     VERSION RUN ATTEMPT FENCE AGENT_PID LEASE_MS KILL_DELAY_MS STRAGGLER_GRACE_MS BOOT_ID CWD
// RUN is a run id in which every byte but letters, digits, '-', '_' and '.' is written %XX.
// LEASE_MS is by CLOCK_BOOTTIME, 0 for no limit. CWD is everything to the end of the string.
//
// A journal record is a newline, fields with one space between two of them, a space, the checksum
// of what stands between that newline and that space (16 hexadecimal digits), and a newline:
//     S RUN ATTEMPT FENCE PID START_TIME BOOT_ID AT_MS
//     E RUN ATTEMPT FENCE HOW A B ORDERED AT_MS FORWARDED AT_MS STARTED_MS ENDED_MS USER_US
//     SYSTEM_US
//       MAX_RSS_KIB DRAINED
//     D RUN ATTEMPT FENCE AT_MS KILLED
// HOW A B is one of `exit CODE 0`, `signal NUMBER CORE`, `spawn STAGE ERRNO` (kStage... below),
// `lease 0 0`. CORE and DRAINED are 0 or 1. ORDERED and FORWARDED are signal numbers; 0 (at 0)
// means there was none. Times are UTC milliseconds.

namespace sweepctl::contract {

inline constexpr unsigned kParamsVersion = 1;
inline constexpr std::size_t kRunTokenMax = 1024;
inline constexpr std::size_t kBootIdMax = 64;
/// No record is longer: one write of it is one piece of the file.
inline constexpr std::size_t kRecordMax = 2048;

inline constexpr int kJournalFd = 3;

// Which step of starting the program failed.
inline constexpr unsigned kStageClone = 0;
inline constexpr unsigned kStageChdir = 1;
inline constexpr unsigned kStageExec = 2;

// Orders are signals to the runner.
inline constexpr int kOrderStop = 15;      ///< SIGTERM
inline constexpr int kOrderKill = 34;      ///< SIGRTMIN as programs know it
inline constexpr int kOrderStopWith = 35;  ///< with the signal's number as its value (SI_QUEUE)
inline constexpr int kOrderForward = 36;   ///< likewise

// How the runner exits. From kExitNoStartRecord on: the start record could not be appended, so the
// program was not started; what lies above is the errno.
inline constexpr int kExitDone = 0;        ///< whatever became of the program, it is in the journal
inline constexpr int kExitUsage = 64;      ///< PARAMS are not understood
inline constexpr int kExitAgentGone = 65;  ///< the agent died before the start record
inline constexpr int kExitNoProc = 66;     ///< /proc does not tell the runner's own start time
inline constexpr int kExitNoStartRecord = 128;

/// FNV-1a, 64 bit: a change of any one byte always changes it.
constexpr std::uint64_t checksum(const char* text, std::size_t length) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (std::size_t i = 0; i < length; ++i) {
        hash ^= static_cast<unsigned char>(text[i]);
        hash *= 0x100000001b3U;
    }
    return hash;
}

}  // namespace sweepctl::contract

#pragma once

#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/core/ids.hpp"
#include "sweepctl/core/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// The exit journal: an append-only text file into which every runner of an agent writes what became
// of its run. It is what makes a run's end known when the agent, or the controller, was dead at
// that moment: whoever comes next reads it.
//
// Runners append whole records with one write each to a shared O_APPEND descriptor. A record is a
// line that begins *and* ends with a newline, so that what a torn write left behind never merges
// with the record after it, and it carries a checksum, so that a damaged line is skipped. The
// format itself is described in runner/contract.hpp, which the runner shares.

namespace sweepctl {

/// Names one process for good: the pid alone is reused, with the start time and the boot it is not.
struct RunnerIdentity {
    int pid = 0;
    std::uint64_t start_time = 0;  ///< clock ticks since boot, field 22 of /proc/PID/stat
    std::string boot_id;

    bool operator==(const RunnerIdentity&) const = default;
};

/// Written before the program is started. No start record: nothing was started.
struct Started {
    RunId run;
    std::uint32_t attempt = 0;
    Fence fence = 0;
    RunnerIdentity runner;
    WallTime at;

    bool operator==(const Started&) const = default;
};

/// The program called exit, or returned from main.
struct ProgramExited {
    int code = 0;
    bool operator==(const ProgramExited&) const = default;
};

/// The program died of a signal.
struct ProgramSignaled {
    int signal = 0;
    bool core_dumped = false;
    bool operator==(const ProgramSignaled&) const = default;
};

/// Which step of starting the program failed.
enum class SpawnStage : std::uint8_t {
    clone,  ///< no new process: the machine's or the user's limit was reached
    chdir,  ///< the working directory cannot be entered
    exec,   ///< the program was not found or cannot be run
};

/// The program could not be started.
struct SpawnError {
    SpawnStage stage = SpawnStage::exec;
    int error = 0;  ///< errno
    bool operator==(const SpawnError&) const = default;
};

/// The claim's lease had run out, so the program was not started.
struct NotStarted {
    bool operator==(const NotStarted&) const = default;
};

using ProgramEnd = std::variant<ProgramExited, ProgramSignaled, SpawnError, NotStarted>;

/// A signal that the runner sent to the program while it was alive.
struct SentSignal {
    int signal = 0;
    WallTime at;
    bool operator==(const SentSignal&) const = default;
};

/// Written the moment the program ended.
struct Ended {
    RunId run;
    std::uint32_t attempt = 0;
    Fence fence = 0;
    ProgramEnd how;
    /// The first signal of a stop or kill order. Empty when no order came, or when it came too
    /// late: the program was already exiting, so its natural result stands.
    std::optional<SentSignal> ordered;
    /// The last signal passed on by a forward order.
    std::optional<SentSignal> forwarded;
    WallTime started_at;
    WallTime ended_at;
    std::chrono::microseconds user_time{};    ///< of the program and the children it waited for
    std::chrono::microseconds system_time{};  ///< likewise
    std::uint64_t max_rss_kib = 0;            ///< likewise
    /// Nothing that the run started was alive any more. When false a Drained record follows.
    bool drained = true;

    bool operator==(const Ended&) const = default;
};

/// Written when the last straggler is gone; only after an Ended with `drained == false`.
struct Drained {
    RunId run;
    std::uint32_t attempt = 0;
    Fence fence = 0;
    WallTime at;
    std::uint32_t killed = 0;  ///< stragglers that did not go by themselves

    bool operator==(const Drained&) const = default;
};

using JournalRecord = std::variant<Started, Ended, Drained>;

[[nodiscard]] std::string_view to_string(SpawnStage stage);

/// The run and attempt that a record is about.
[[nodiscard]] const RunId& run_of(const JournalRecord& record);
[[nodiscard]] std::uint32_t attempt_of(const JournalRecord& record);

/// A record as the runner writes it, newlines and checksum included.
[[nodiscard]] std::string format_record(const JournalRecord& record);

struct JournalChunk {
    std::vector<JournalRecord> records;
    std::size_t consumed =
        0;                    ///< bytes never to be looked at again; the rest is an incomplete line
    std::size_t damaged = 0;  ///< complete lines that were skipped
};

/// Reads the records of a piece of a journal. Total: any bytes will do.
[[nodiscard]] JournalChunk parse_journal(std::string_view chunk);

/// Follows one journal file from its beginning.
class JournalReader {
public:
    /// Throws std::system_error when the file cannot be opened.
    explicit JournalReader(const std::string& path);

    /// What was appended since the last call. Throws std::system_error when reading fails.
    [[nodiscard]] JournalChunk read_new();
    [[nodiscard]] std::uint64_t offset() const { return offset_; }

private:
    UniqueFd file_;
    std::uint64_t offset_ = 0;
    std::string buffer_;
};

/// The journals of an agent are the files `journal-N` of one directory; the highest N is written
/// to.
[[nodiscard]] std::string journal_path(const std::string& directory, std::uint64_t number);
/// Their numbers in ascending order; empty when the directory does not exist.
[[nodiscard]] std::vector<std::uint64_t> list_journals(const std::string& directory);
/// Makes the directory if need be and begins journal `number`, readable by the owner only. Throws
/// std::system_error, also when that journal exists.
[[nodiscard]] UniqueFd begin_journal(const std::string& directory, std::uint64_t number);
/// Throws std::system_error unless the journal is gone afterwards.
void delete_journal(const std::string& directory, std::uint64_t number);

/// This boot of this machine.
[[nodiscard]] std::string boot_id();
/// Field 22 of /proc/PID/stat; empty when there is no such process, or only its zombie.
[[nodiscard]] std::optional<std::uint64_t> process_start_time(int pid);

}  // namespace sweepctl

#pragma once

#include "sweepctl/core/time.hpp"
#include "sweepctl/core/value.hpp"

#include "cli/terminal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What a sweep or a run, as the controller describes it, looks like to a person.

namespace sweepctl::cli {

[[nodiscard]] WallTime wall_now();
/// The moment in that field; nullopt when there is none.
[[nodiscard]] std::optional<WallTime> time_field(const ParamValue& object, std::string_view name);

/// Runs of a sweep by state.
struct Counts {
    std::uint64_t pending = 0;
    std::uint64_t running = 0;
    std::uint64_t finished = 0;
    std::uint64_t failed = 0;
    std::uint64_t crashed = 0;
    std::uint64_t killed = 0;

    [[nodiscard]] std::uint64_t ended() const { return finished + failed + crashed + killed; }
    [[nodiscard]] std::uint64_t unfinished() const { return failed + crashed + killed; }
    [[nodiscard]] std::uint64_t total() const { return pending + running + ended(); }
    bool operator==(const Counts&) const = default;
};
[[nodiscard]] Counts counts_of(const ParamValue& sweep);
/// "3 running, 40 finished, 1 failed"; "no runs".
[[nodiscard]] std::string counts_text(const Counts& counts);

/// "44/100", or "44" where the total is not known.
[[nodiscard]] std::string progress_text(const ParamValue& sweep);
/// "0.0123 (run k3f...)"; "-" when there is none.
[[nodiscard]] std::string best_text(const ParamValue& sweep);

/// That no run has logged the sweep's metric although several have ended; empty when all is well.
[[nodiscard]] std::string metric_warning(const ParamValue& sweep);

/// "running (stopping)"
[[nodiscard]] std::string run_state_text(const ParamValue& run);
/// Why a run ended, short: "exit 1", "SIGKILL", "timeout"; empty while it has not, and where its
/// state says it all.
[[nodiscard]] std::string run_end_text(const ParamValue& run);
/// From its start to its end, or to now.
[[nodiscard]] std::string run_time_text(const ParamValue& run);
/// "SIGKILL", or "signal 77".
[[nodiscard]] std::string signal_text(std::int64_t number);

}  // namespace sweepctl::cli

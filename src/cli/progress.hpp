#pragma once

#include "sweepctl/core/time.hpp"
#include "sweepctl/core/value.hpp"

#include "cli/terminal.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What the live display shows, apart from how it gets to the screen.

namespace sweepctl::cli {

/// One of the latest runs that ended.
struct EndedRun {
    WallTime time;
    std::string id;
    std::string state;
    std::string end;     ///< "exit 1"; may be empty
    std::string config;  ///< "lr=0.1 depth=3"; empty until known
    std::string metric;  ///< "loss=0.3"; empty until known
};

/// How fast runs end, over the last minute.
class Pace {
public:
    void add(WallTime time, std::uint64_t ended);
    /// How long `remaining` more will take; nullopt while that cannot be told.
    [[nodiscard]] std::optional<Duration> time_for(std::uint64_t remaining) const;

private:
    std::deque<std::pair<WallTime, std::uint64_t>> samples_;
};

struct Progress {
    ParamValue sweep;
    std::deque<EndedRun> latest;  ///< the newest first
    Pace pace;
    std::string note;  ///< about the connection; empty: nothing
};

/// The display's lines, each within the terminal's width; at most `height_max`.
[[nodiscard]] std::vector<std::string> progress_lines(const Progress& progress,
                                                      const Terminal& terminal,
                                                      WallTime now,
                                                      std::size_t height_max);

/// "[#####-----]" with `width` columns between the brackets, `done` of `whole` filled.
[[nodiscard]] std::string progress_bar(std::uint64_t done,
                                       std::uint64_t whole,
                                       std::size_t width,
                                       bool unicode);

/// "lr=0.1 depth=3"
[[nodiscard]] std::string config_text(const ParamMap& config);

}  // namespace sweepctl::cli
